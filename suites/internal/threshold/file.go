// Package threshold reads the limits of thresholds.yaml, holds them against
// the scenarios, and judges results by them.
package threshold

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/logperf/logperf/suites/internal/metric"
	"github.com/logperf/logperf/suites/internal/result"
)

// DefaultTotals is by which factor the limit on the ratio of the totals is
// wider than that on the ratio of the slices: totals contain the pauses of the
// whole machine.
const DefaultTotals = 1.25

// Kind says on which side of the limit a value has to be.
type Kind string

// The kinds of limit, by their key in the file.
const (
	Max Kind = "max"
	Min Kind = "min"
	Vs  Kind = "vs"
)

// Limit is one limit on one metric of one scenario.
type Limit struct {
	Scenario string
	Metric   metric.Metric
	Kind     Kind
	Against  string  // the reference of a ratio
	Value    float64 // in the metric's unit, or the ratio
	Totals   float64 // factor by which the ratio of the totals may be wider
	Why      string
	Expires  time.Time // zero: never
	Profile  string    // the profile it stands under; empty: every machine
	// Applies is false for the limit of a profile that is not this machine's.
	Applies bool
	// Shape is the profile's machine, for the note of a limit that does not apply.
	Shape string
	File  string
	Line  int
	Col   int
}

// Class is how the limit is judged: exact, ratio or absolute.
func (l Limit) Class() string {
	switch {
	case l.Kind == Vs:
		return "ratio"
	case l.Metric.Exact:
		return "exact"
	default:
		return "absolute"
	}
}

// Text is the limit as a reader of the table sees it: "max 20.0 us".
func (l Limit) Text() string {
	if l.Kind == Vs {
		sign := "<="
		if l.Metric.Better == metric.Higher {
			sign = ">="
		}
		return fmt.Sprintf("%s %.3g x %s", sign, l.Value, l.Against)
	}
	return string(l.Kind) + " " + l.Metric.Unit.Format(l.Value)
}

// At is where the limit stands: "thresholds.yaml:12".
func (l Limit) At() string { return fmt.Sprintf("%s:%d", l.File, l.Line) }

// profile is the machines that absolute limits were measured on: one number of
// cores, one or more processors.
type profile struct {
	name  string
	cpus  []string
	cores int
	line  int
}

func (p profile) matches(env result.Environment, forced string) bool {
	if forced != "" {
		return p.name == forced
	}
	return slices.Contains(p.cpus, env.CPU) && p.cores == env.Cores
}

// File is a file of limits that has been read without a fault.
type File struct {
	name        string
	limits      []Limit
	regressions []Regression
	profiles    []profile
	places      map[string]place // of each scenario named in the file
}

// place is where something stands.
type place struct{ line, col int }

// Load reads a file of limits. now decides which limits have expired. The
// error lists every fault of the file, each with line and column.
func Load(path string, now time.Time) (*File, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the limits cannot be read: %w", err)
	}
	name := path
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		name = path[i+1:]
	}
	return Parse(name, data, now)
}

// Parse reads the text of a file of limits; name is for the messages.
func Parse(name string, data []byte, now time.Time) (*File, error) {
	p := &parser{file: &File{name: name, places: map[string]place{}}, now: now}
	p.parse(data)
	if len(p.faults) > 0 {
		return nil, p.faults.join()
	}
	return p.file, nil
}

// Limits returns the limits of a scenario in the order of the file. Those of a
// profile apply where the environment is that machine, or where forced names
// the profile.
func (f *File) Limits(scenario string, env result.Environment, forced string) []Limit {
	var limits []Limit
	for _, l := range f.limits {
		if l.Scenario != scenario {
			continue
		}
		l.Applies = true
		if i := slices.IndexFunc(f.profiles, func(p profile) bool { return p.name == l.Profile }); i >= 0 {
			p := f.profiles[i]
			l.Applies = p.matches(env, forced)
			l.Shape = fmt.Sprintf("%s with %d cores", strings.Join(p.cpus, " or "), p.cores)
		}
		limits = append(limits, l)
	}
	return limits
}

// Len is the number of limits.
func (f *File) Len() int { return len(f.limits) }

// HasProfile reports whether the file has a profile of that name, and lists all.
func (f *File) HasProfile(name string) (found bool, all []string) {
	for _, p := range f.profiles {
		all = append(all, p.name)
		found = found || p.name == name
	}
	return found, all
}

// Fitting names the profiles whose limits apply on the machine, or where forced
// names one that.
func (f *File) Fitting(env result.Environment, forced string) []string {
	var names []string
	for _, p := range f.profiles {
		if p.matches(env, forced) {
			names = append(names, p.name)
		}
	}
	return names
}

// fault is one thing that is wrong, and where.
type fault struct {
	place
	text string
}

type faults []fault

// join makes one error of the faults of a file, in the order of its lines.
func (f faults) join() error {
	slices.SortStableFunc(f, func(a, b fault) int {
		if a.line != b.line {
			return a.line - b.line
		}
		return a.col - b.col
	})
	errs := make([]error, 0, len(f))
	for _, fault := range f {
		errs = append(errs, errors.New(fault.text))
	}
	return errors.Join(errs...)
}

// didYouMean is the tail of a message on an unknown word.
func didYouMean(word string, known []string) string {
	nearest := metric.Nearest(word, known)
	if len(nearest) == 0 {
		return ""
	}
	return "; did you mean " + strings.Join(nearest, ", ") + "?"
}
