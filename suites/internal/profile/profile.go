// Package profile reads profiles of processor time and allocations and tells
// where they went: the heaviest functions, the stages of the work, and what
// differs between two profiles. It knows Go's profiles alone, not what was
// profiled: which functions make up a stage is told by its caller.
package profile

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	pprof "github.com/google/pprof/profile"

	"github.com/logperf/logperf/suites/internal/metric"
)

// The kinds of profile, by which results name their files.
const (
	CPU    = "cpu"
	Allocs = "allocs"
)

// ErrEmpty is the error of a profile without samples. It is no fault of the
// file: what allocates nothing has such a profile of its allocations, and what
// is over within 10 ms one of its processor time.
var ErrEmpty = errors.New("has no samples")

// Profile is a profile that has been read. It is not changed afterwards, but
// for Operations, which belongs to the caller; otherwise it is safe for
// concurrent use.
type Profile struct {
	// Path of its file.
	Path string
	// Kind is CPU or Allocs.
	Kind string
	// Unit of its figures: nanoseconds of processor time, or bytes allocated.
	Unit metric.Unit
	// Total over all samples, in Unit.
	Total int64
	// Samples is how often the program was looked at: the processor time over
	// 10 ms for CPU, the distinct stacks for Allocs. A share of time of less than
	// a few samples says nothing.
	Samples int64
	// Operations is how many operations the profile is of. 0 means that nobody
	// has said; Diff needs it to compare costs of one operation.
	Operations int64

	stacks []stack
}

// stack is one sample: the functions from the innermost to the outermost, with
// those that were inlined.
type stack struct {
	functions []*pprof.Function
	value     int64
}

// Function is what one function costs.
type Function struct {
	// Name is the whole name, with the import path of its package.
	Name string
	// File that defines it, as the compiler knew it; empty where it did not.
	File string
	// Flat is what it costs itself, Cum with all that it calls, in the profile's
	// unit. A recursive function counts once in each sample.
	Flat, Cum int64
	// Share is Flat over the profile's total, 0 to 1.
	Share float64
}

// Short is the name without the path to its package: "logging.appendString".
func (f Function) Short() string { return short(f.Name) }

// Read reads a profile of processor time (runtime/pprof.StartCPUProfile) or of
// allocations (the profiles "allocs" and "heap", of which it takes alloc_space).
// What taking the profile cost itself is left out, and what Go's runtime allocates
// on its own account, such as threads.
// The error names the file and says what is wrong with it in one sentence; it is
// ErrEmpty where the profile has no samples.
func Read(path string) (*Profile, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		var at *fs.PathError
		if errors.As(err, &at) {
			err = at.Err
		}
		return nil, fmt.Errorf("the profile %s cannot be read: %w", path, err)
	}
	return parse(path, data)
}

// parse reads the bytes of a profile; path is for the message alone.
func parse(path string, data []byte) (*Profile, error) {
	if len(data) == 0 {
		return nil, fmt.Errorf("the profile %s is an empty file: its process ended before it was written", path)
	}
	p, err := pprof.Parse(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("the profile %s is damaged or cut short: %w", path, err)
	}
	return from(path, p)
}

// from takes what is needed of the whole profile.
func from(path string, raw *pprof.Profile) (*Profile, error) {
	p := &Profile{Path: path}
	value, count := -1, -1
	var types []string
	for i, t := range raw.SampleType {
		types = append(types, t.Type+"/"+t.Unit)
		switch t.Type + "/" + t.Unit {
		case "cpu/nanoseconds":
			p.Kind, p.Unit, value = CPU, metric.Nanoseconds, i
		case "alloc_space/bytes":
			p.Kind, p.Unit, value = Allocs, metric.Bytes, i
		case "samples/count":
			count = i
		}
	}
	if value < 0 {
		return nil, fmt.Errorf("the profile %s has the values %s: want cpu/nanoseconds or alloc_space/bytes", path, strings.Join(types, ", "))
	}
	for _, s := range raw.Sample {
		one := stack{functions: functions(s), value: s.Value[value]}
		if one.value <= 0 || len(one.functions) == 0 || one.ofTheProfiler() || p.Kind == Allocs && one.ofTheRuntime() {
			continue
		}
		p.stacks = append(p.stacks, one)
		p.Total += one.value
		if count >= 0 {
			p.Samples += s.Value[count]
		} else {
			p.Samples++
		}
	}
	if p.Total == 0 {
		return nil, fmt.Errorf("the profile %s %w", path, ErrEmpty)
	}
	return p, nil
}

// ofTheProfiler reports whether the sample is of taking the profile.
func (s stack) ofTheProfiler() bool {
	return slices.ContainsFunc(s.functions, func(f *pprof.Function) bool { return strings.HasPrefix(f.Name, "runtime/pprof.") })
}

// ofTheRuntime reports whether no one called the runtime.
func (s stack) ofTheRuntime() bool {
	return !slices.ContainsFunc(s.functions, func(f *pprof.Function) bool {
		return !strings.HasPrefix(f.Name, "runtime.") && !strings.HasPrefix(f.Name, "internal/runtime/")
	})
}

// interrupted stands before the function that was at work when the scheduler took
// the processor from it. On a busy machine half of the samples may fall there; the
// time is that function's.
const interrupted = "runtime.asyncPreempt"

// functions are those of a sample, the innermost first; within a location the
// inlined ones stand before their callers.
func functions(s *pprof.Sample) []*pprof.Function {
	var all []*pprof.Function
	for _, l := range s.Location {
		for _, line := range l.Line {
			if line.Function != nil {
				all = append(all, line.Function)
			}
		}
	}
	if len(all) > 1 && all[0].Name == interrupted {
		all = all[1:]
	}
	return all
}

// Top returns the n functions that cost most by themselves, the heaviest first;
// all of them where n is 0 or there are fewer.
func Top(p *Profile, n int) []Function {
	all := slices.Collect(values(p))
	slices.SortFunc(all, func(a, b Function) int {
		return cmp.Or(cmp.Compare(b.Flat, a.Flat), cmp.Compare(b.Cum, a.Cum), cmp.Compare(a.Name, b.Name))
	})
	if n > 0 && len(all) > n {
		all = all[:n]
	}
	return all
}

// values yields the cost of each function, in no order.
func values(p *Profile) func(yield func(Function) bool) {
	byName := map[string]*Function{}
	at := func(f *pprof.Function) *Function {
		one, known := byName[f.Name]
		if !known {
			one = &Function{Name: f.Name, File: f.Filename}
			byName[f.Name] = one
		}
		return one
	}
	for _, s := range p.stacks {
		at(s.functions[0]).Flat += s.value
		for i, f := range s.functions {
			again := slices.ContainsFunc(s.functions[:i], func(g *pprof.Function) bool { return g.Name == f.Name })
			if !again {
				at(f).Cum += s.value
			}
		}
	}
	return func(yield func(Function) bool) {
		for _, f := range byName {
			f.Share = float64(f.Flat) / float64(p.Total)
			if !yield(*f) {
				return
			}
		}
	}
}

// short cuts the path to the package off a function's name. Type parameters may
// hold paths of their own, so what stands in brackets is left as it is.
func short(name string) string {
	head, _, _ := strings.Cut(name, "[")
	return name[strings.LastIndexByte(head, '/')+1:]
}
