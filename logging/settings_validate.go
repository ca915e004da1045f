package logging

import (
	"cmp"
	"fmt"
	"log/slog"
	"maps"
	"math/bits"
	"slices"
	"strings"
	"time"

	"github.com/logperf/logperf/logging/queue"
)

// maxQueueCapacity is lower than queue.MaxCapacity: with the room for
// attributes that a logger gives to each place, more would take over 3 GiB.
const maxQueueCapacity = 1 << 22

// A Fault is one setting that cannot be used.
type Fault struct {
	// Path leads to the setting, as in queue.capacity or redact.fields[1].
	Path string
	// Value is what it holds; texts are quoted. What may be a secret is called by
	// what it is, as in "the URL".
	Value string
	// Problem says what is wrong with the value, as in "is out of range".
	Problem string
	// Want says what would be right.
	Want string
}

// Error returns path, value, problem and what would be right as one sentence.
func (f *Fault) Error() string {
	return fmt.Sprintf("%s: %s %s: want %s", f.Path, f.Value, f.Problem, f.Want)
}

// A SettingsError holds every fault that Validate found, in the order of the
// fields of Settings; it is never empty.
type SettingsError struct {
	Faults []*Fault
}

// Error returns one line for each fault.
func (e *SettingsError) Error() string {
	lines := make([]string, len(e.Faults))
	for i, f := range e.Faults {
		lines[i] = f.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the faults.
func (e *SettingsError) Unwrap() []error {
	errs := make([]error, len(e.Faults))
	for i, f := range e.Faults {
		errs[i] = f
	}
	return errs
}

// Validate returns a *SettingsError with every setting that is out of its
// range, or nil. Zero values stand for their defaults and are no faults, so it
// does not matter whether WithDefaults comes before.
func (s Settings) Validate() error {
	var f faults
	f.level("level", s.Level)
	f.capacity("queue.capacity", s.Queue.Capacity)
	f.policy("queue.overflow", s.Queue.Overflow)
	within(&f, "queue.block_timeout", s.Queue.BlockTimeout, 0, time.Hour)
	within(&f, "batch.bytes", s.Batch.Bytes, 1, 16<<20)
	within(&f, "batch.delay", s.Batch.Delay, time.Microsecond, time.Hour)
	f.names(s.Enrich, s.Redact)
	f.sink(s.Sink)
	within(&f, "benchmark.warmup", s.Benchmark.Warmup, 1, 100_000)
	within(&f, "benchmark.repetitions", s.Benchmark.Repetitions, 1, 1000)
	within(&f, "benchmark.duration", s.Benchmark.Duration, time.Millisecond, 10*time.Minute)
	within(&f, "benchmark.confidence", s.Benchmark.Confidence, 0.5, 0.999)
	within(&f, "benchmark.timeout", s.Benchmark.Timeout, time.Second, time.Hour)
	if len(f) == 0 {
		return nil
	}
	return &SettingsError{Faults: f}
}

// faults gathers what Validate finds.
type faults []*Fault

func (f *faults) add(path string, value any, problem, want string) {
	text := fmt.Sprint(value)
	if s, ok := value.(string); ok {
		text = fmt.Sprintf("%q", s)
	}
	f.unquoted(path, text, problem, want)
}

func (f *faults) unquoted(path, value, problem, want string) {
	*f = append(*f, &Fault{Path: path, Value: value, Problem: problem, Want: want})
}

// atLeast checks lo <= v for a v that is set.
func atLeast[T cmp.Ordered](f *faults, path string, v, lo T) {
	var zero T
	if v != zero && v < lo {
		f.add(path, v, "is out of range", fmt.Sprintf("%v and more", lo))
	}
}

// within checks lo <= v <= hi for a v that is set; NaN is in no range.
func within[T cmp.Ordered](f *faults, path string, v, lo, hi T) {
	var zero T
	if v == zero || v >= lo && v <= hi {
		return
	}
	f.add(path, v, "is out of range", fmt.Sprintf("%v to %v", lo, hi))
}

func (f *faults) level(path, text string) {
	var level slog.Level
	if text == "" {
		return
	}
	if err := level.UnmarshalText([]byte(text)); err != nil {
		f.add(path, text, "is no level", "debug, info, warn, error, or one with an offset as in info+2")
	}
}

func (f *faults) capacity(path string, n int) {
	want := fmt.Sprintf("%d to %d", queue.MinCapacity, maxQueueCapacity)
	switch {
	case n == 0:
	case n < queue.MinCapacity || n > maxQueueCapacity:
		f.add(path, n, "is out of range", "a power of two, "+want)
	case bits.OnesCount(uint(n)) != 1:
		f.add(path, n, "is not a power of two", want)
	}
}

func (f *faults) policy(path string, p queue.Policy) {
	if _, err := p.MarshalText(); err != nil {
		f.add(path, p, "is no policy", "block, drop-newest or drop-oldest")
	}
}

// names checks the names of attributes: an empty one can be neither read back
// nor masked.
func (f *faults) names(e EnrichSettings, r RedactSettings) {
	for _, name := range slices.Sorted(maps.Keys(e.Static)) {
		if strings.TrimSpace(name) == "" {
			f.add("enrich.static", name, "is no name", "attributes with a name, as in service: checkout")
		}
	}
	for i, name := range r.Fields {
		if strings.TrimSpace(name) == "" {
			f.add(fmt.Sprintf("redact.fields[%d]", i), name, "is no name", "the name of an attribute, as in password")
		}
	}
}
