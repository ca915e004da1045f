// Package doctor tells whether a machine is fit to measure: what it is made of,
// who else works on it, how far two arms of the same code differ on it, and which
// scenarios it can run. Each finding says what to do about it.
//
// It reads the files of the kernel through an fs.FS and changes nothing.
package doctor

import (
	"context"
	"io/fs"
	"strings"
	"time"

	"github.com/logperf/logperf/suites/internal/result"
)

// Rating says how much a finding matters.
type Rating string

// The ratings.
const (
	// OK is as it should be, or cannot be seen from here.
	OK Rating = "ok"
	// Warn makes some figures worse, or some scenarios impossible.
	Warn Rating = "warn"
	// Bad makes figures worthless.
	Bad Rating = "bad"
)

// Finding is one thing that was looked at.
type Finding struct {
	About  string `json:"about"`
	Rating Rating `json:"rating"`
	// Value is what was found.
	Value string `json:"value"`
	// Advice is what to do about it; empty where it is as it should be.
	Advice string `json:"advice,omitempty"`
}

// Report is all that was found.
type Report struct {
	// Fit is false where a finding is bad.
	Fit bool `json:"fit"`
	// Machine is what it is and who else works on it, Noise what it does to two
	// arms of the same code, Can what it is able to run.
	Machine     []Finding          `json:"machine"`
	Noise       []Finding          `json:"noise"`
	Can         []Finding          `json:"can"`
	Environment result.Environment `json:"environment"`
}

// Judge sets Fit by the findings, and counts those that are not ok.
func (r *Report) Judge() (warnings, bad int) {
	for _, list := range [][]Finding{r.Machine, r.Noise, r.Can} {
		for _, f := range list {
			switch f.Rating {
			case Warn:
				warnings++
			case Bad:
				bad++
			}
		}
	}
	r.Fit = bad == 0
	return warnings, bad
}

// Machine is what the doctor looks at. All fields but Flags are needed.
type Machine struct {
	// Root is the root of the file system, os.DirFS("/") but in tests.
	Root fs.FS
	// Environment is what figures would be stored with.
	Environment result.Environment
	// Environ is the environment of the arms, Flags the GOFLAGS of their build.
	Environ []string
	Flags   string
	// Temp and Results are absolute paths: the folder for the arms' scratch files
	// and that of the stored runs.
	Temp, Results string
	// Free is how many bytes a file in the folder may have.
	Free func(path string) (uint64, error)
	// Clock is what one reading of the clock takes.
	Clock func() time.Duration
	// Wait passes the time between two readings of the kernel's counters.
	Wait func(ctx context.Context, d time.Duration) error
}

// Examine looks at the machine, which takes a second. The end of ctx makes what
// has to be waited for a warning.
func Examine(ctx context.Context, m Machine) []Finding {
	return []Finding{
		m.cores(), m.quota(), m.governor(), m.turbo(),
		m.load(), m.others(ctx),
		m.memory(), m.swap(), m.hugePages(),
		m.clockSource(), m.clockCost(),
		m.scratch(), m.results(), m.descriptors(),
		m.flags(), m.runtime(),
	}
}

// text is a file of the kernel's without the space around it; empty where it
// cannot be read.
func (m Machine) text(path string) string {
	data, err := fs.ReadFile(m.Root, path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}

// variable is what the environment says; the last of a name counts.
func (m Machine) variable(name string) string {
	last := ""
	for _, one := range m.Environ {
		if text, ok := strings.CutPrefix(one, name+"="); ok {
			last = text
		}
	}
	return last
}

// hidden is the value of what the kernel does not show, as in most virtual
// machines: nothing can be done about it from here.
const hidden = "not shown by the kernel"

// graded rates a figure of which less is better.
func graded(value, warn, bad float64) Rating {
	switch {
	case value > bad:
		return Bad
	case value > warn:
		return Warn
	}
	return OK
}

// advised is a finding whose advice is only given where it is needed.
func advised(about string, r Rating, value, advice string) Finding {
	f := Finding{About: about, Rating: r, Value: value}
	if r != OK {
		f.Advice = advice
	}
	return f
}
