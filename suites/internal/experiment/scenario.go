// Package experiment is what runs inside an arm: the scenario and its subject,
// the calibrated slice, and the samplers around the measured slices. It knows
// nothing of logging and nothing of how arms are started, so that a maintainer
// of another library could use it.
package experiment

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/logperf/logperf/suites/internal/metric"
)

const (
	// defaultSlice is long against the two clock readings around a slice and
	// short against the disturbances of a shared machine, so that those hit
	// single slices, which the median leaves out.
	defaultSlice = time.Millisecond
	// checkOps is how many operations a repetition does in check mode.
	checkOps = 64
)

// A Scenario is a row of a table: one question about a subject, asked of the
// references as well. It is plain data and safe to copy.
type Scenario struct {
	// Name identifies the scenario in limits and results, such as
	// "sink/file/block=64KiB/sync=false": words separated by "/", each of
	// a-z, 0-9, "." and "-"; a word may have a value behind "=", where units
	// bring capital letters.
	Name string
	// Subject is one of queue, sink, pipeline, memory, cpu, harness, peers, load.
	Subject string
	// Tier is one of smoke, full, soak.
	Tier string
	// Measure is one of cost, latency, throughput.
	Measure string
	// Title reads on from the text of the Describe around the table: "puts and
	// takes with 8 producers".
	Title string
	// Metrics are the names of all metrics that the scenario emits. The subject
	// must have each; a reference may lack those that only a subject reports.
	Metrics []string
	// Laps are the metrics that the parts of a slice stand for, in the order
	// of Lapper; each is among Metrics.
	Laps []string
	// Arms are what is compared. The first is the subject, the others are its
	// references.
	Arms []Arm
	// Slice is how long a slice should last; 0 means 1 ms.
	Slice time.Duration
	// Paired is how long the slices of one arm last together in a pair of the gate;
	// 0 means as long as others of the kind. Longer pairs cost time and are for what
	// swings from slice to slice.
	Paired time.Duration
	// MaxOps is the most operations that a slice may have, such as the free
	// capacity of a queue; 0 means no limit. It goes before Slice.
	MaxOps int
	// Ops fixes the operations of a slice; 0 means that calibration finds them.
	Ops int
	// Sized is set where the subjects say how many operations a slice has.
	Sized bool
	// Knee names the scenario whose knee-records/s the arms are opened with.
	Knee string
	// Slices fixes the number of slices of a repetition, without any warm-up
	// where it is 1; 0 means as many as the duration holds.
	Slices int
	// Repetitions is the most repetitions that a run makes, for scenarios that take
	// long; 0 means as many as the settings say. With fewer than six, figures with
	// noise have no interval and are not judged.
	Repetitions int
	// Memory is the hard limit on the memory of each arm, in bytes; 0 means none.
	// GOMEMLIMIT of the arm is then GoMemory.
	Memory int64
	// Proxied is set where the arms send through a network proxy, which they start
	// from Options.Proxy.
	Proxied bool
	// Lossy is set where references may lose records: their losses are shown, and
	// no limit may compare with them.
	Lossy bool
	// Input is set where the scenario consumes the workload or the user's corpus.
	Input bool
	// Source is the SHA-256 of the file that defines the scenario, in hex.
	Source string
}

// An Arm is one of the things compared. Each runs in a process of its own.
type Arm struct {
	// Name tells the arm from the others of its scenario: "zerolog".
	Name string
	// Open makes the subject. It is called once in a process.
	Open func(ctx context.Context, o Options) (Subject, error)
}

// Options is what an arm is opened with.
type Options struct {
	// Seed of the workload, the same in all arms and repetitions, so that they
	// do the same work.
	Seed uint64
	// Corpus is the path of the user's own log; empty without one.
	Corpus string
	// Knee is the rate at the knee of the scenario's sink, in records a second; 0
	// where the scenario needs none, and in check mode.
	Knee float64
	// KneeP99 is what the 99th percentile of the response time has to hold where a
	// knee is searched; 0 means the default of the search, 5 ms.
	KneeP99 time.Duration
	// Settings is what the user has configured of what is measured, by the names of
	// its fields, as far as scenarios read it: their subject alone knows what it
	// means. Empty: nothing.
	Settings map[string]any `json:",omitempty"`
	// Dir is the scratch folder of this arm; it is removed afterwards.
	Dir string
	// Proxy is the path of the network proxy's program, for a scenario that is
	// Proxied.
	Proxy string
	// Limiter says what holds the arm to Scenario.Memory, in words; empty without
	// such a limit. Hard is set where it kills an arm that needs more.
	Limiter string
	Hard    bool
	// Speedup is by what the times between the records of the user's log are divided
	// where it is replayed; 0 leaves the factor to the scenario.
	Speedup float64
	// Soak is how long a scenario of the tier soak lasts; 0 where none is to run.
	Soak time.Duration
	// Check is set where nothing is measured and few operations are done.
	Check bool
}

// Labels returns the labels that filters select by. A load scenario has one
// more, the kind of load, which is the second word of its name.
func (s Scenario) Labels() []string {
	labels := []string{"subject:" + s.Subject, "tier:" + s.Tier, "measure:" + s.Measure}
	if words := strings.Split(s.Name, "/"); s.Subject == "load" && len(words) > 1 {
		labels = append(labels, "scenario:"+words[1])
	}
	return labels
}

// Aim is how long a slice should last, with the default applied.
func (s Scenario) Aim() time.Duration {
	if s.Slice == 0 {
		return defaultSlice
	}
	return s.Slice
}

// Emits reports whether the scenario declares the metric.
func (s Scenario) Emits(name string) bool { return slices.Contains(s.Metrics, name) }

// GoMemory is the soft limit of Go's runtime in an arm with a hard one: three
// quarters of it, so that the collector works before the kernel kills. The rest
// is for what the runtime does not count, such as the pages of the program.
func (s Scenario) GoMemory() int64 { return s.Memory / 4 * 3 }

// Once reports whether a repetition is a single slice, which gets neither
// warm-up nor calibration nor barrier: it may be all that the subject can do.
func (s Scenario) Once() bool { return s.Slices == 1 }

// References returns the names of the arms that a limit may compare the subject
// with: none where they may lose records, because what is lost costs nothing to
// write.
func (s Scenario) References() []string {
	if s.Lossy {
		return nil
	}
	var names []string
	for _, arm := range s.Arms[min(1, len(s.Arms)):] {
		names = append(names, arm.Name)
	}
	return names
}

// Arm returns the arm of that name.
func (s Scenario) Arm(name string) (Arm, error) {
	names := make([]string, 0, len(s.Arms))
	for _, a := range s.Arms {
		if a.Name == name {
			return a, nil
		}
		names = append(names, a.Name)
	}
	return Arm{}, fmt.Errorf("scenario %s has no arm %q; its arms are %s", s.Name, name, strings.Join(names, ", "))
}

// fixedOps returns the operations of a slice where they need no calibration,
// and 0 where they do.
func (s Scenario) fixedOps(check bool) int {
	if !check {
		return s.Ops
	}
	n := checkOps
	for _, most := range []int{s.Ops, s.MaxOps} {
		if most > 0 {
			n = min(n, most)
		}
	}
	return n
}

var (
	subjects = []string{"queue", "sink", "pipeline", "memory", "cpu", "harness", "peers", "load"}
	tiers    = []string{"smoke", "full", "soak"}
	measures = []string{"cost", "latency", "throughput"}

	nameGrammar = regexp.MustCompile(`^[a-z][a-z0-9.-]*(/[a-z0-9][a-z0-9.-]*(=[A-Za-z0-9.-]+)?)*$`)
	armGrammar  = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]*$`)
	// processors is what the Go benchmark format reads as the number of
	// processors at the end of a name, and would cut off.
	processors = regexp.MustCompile(`-[0-9]+$`)
)

// Validate reports all faults of the scenario at once; nil if there are none.
func (s Scenario) Validate() error {
	faults := slices.Concat(s.nameFaults(), s.metricFaults(), s.armFaults(), s.sizeFaults())
	if len(faults) == 0 {
		return nil
	}
	for i, fault := range faults {
		faults[i] = fmt.Errorf("scenario %q: %w", s.Name, fault)
	}
	return errors.Join(faults...)
}

func (s Scenario) nameFaults() []error {
	var faults []error
	if !nameGrammar.MatchString(s.Name) {
		faults = append(faults, errors.New(`the name does not consist of words of a-z, 0-9, "." and "-" separated by "/", such as sink/file/block=64KiB`))
	} else if processors.MatchString(s.Name) {
		faults = append(faults, errors.New(`the name ends with "-" and digits, which the benchmark format reads as a number of processors`))
	}
	for _, one := range []struct {
		what, value string
		legal       []string
	}{{"subject", s.Subject, subjects}, {"tier", s.Tier, tiers}, {"measure", s.Measure, measures}} {
		if !slices.Contains(one.legal, one.value) {
			faults = append(faults, fmt.Errorf("the %s is %q: want one of %s", one.what, one.value, strings.Join(one.legal, ", ")))
		}
	}
	if s.Title == "" {
		faults = append(faults, errors.New("it has no title"))
	}
	return faults
}

func (s Scenario) metricFaults() []error {
	var faults []error
	if len(s.Metrics) == 0 {
		faults = append(faults, errors.New("it emits no metric"))
	}
	known := metric.Names()
	for i, name := range s.Metrics {
		if !slices.Contains(known, name) {
			faults = append(faults, fmt.Errorf("the metric %q is unknown; the nearest are %s", name, strings.Join(metric.Nearest(name, known), ", ")))
		}
		if slices.Contains(s.Metrics[:i], name) {
			faults = append(faults, fmt.Errorf("the metric %q is declared twice", name))
		}
	}
	for i, name := range s.Laps {
		if !s.Emits(name) {
			faults = append(faults, fmt.Errorf("the lap %q is not among its metrics", name))
		}
		if slices.Contains(s.Laps[:i], name) {
			faults = append(faults, fmt.Errorf("the lap %q is declared twice", name))
		}
	}
	if s.Emits("spread") && (len(s.Arms) < 2 || !s.Emits("ns/op")) {
		faults = append(faults, errors.New("it emits spread, which needs ns/op and a second arm"))
	}
	return faults
}

func (s Scenario) armFaults() []error {
	var faults []error
	if len(s.Arms) == 0 {
		faults = append(faults, errors.New("it has no arm"))
	}
	seen := map[string]bool{}
	for _, a := range s.Arms {
		if !armGrammar.MatchString(a.Name) {
			faults = append(faults, fmt.Errorf(`the arm name %q does not consist of a-z, 0-9, "." and "-"`, a.Name))
		}
		if seen[a.Name] {
			faults = append(faults, fmt.Errorf("two arms are named %q", a.Name))
		}
		if a.Open == nil {
			faults = append(faults, fmt.Errorf("the arm %q cannot be opened: its Open is nil", a.Name))
		}
		seen[a.Name] = true
	}
	return faults
}

func (s Scenario) sizeFaults() []error {
	var faults []error
	for _, one := range []struct {
		what  string
		value int64
	}{{"Slice", int64(s.Slice)}, {"MaxOps", int64(s.MaxOps)}, {"Ops", int64(s.Ops)}, {"Slices", int64(s.Slices)}, {"Repetitions", int64(s.Repetitions)}, {"Memory", s.Memory}} {
		if one.value < 0 {
			faults = append(faults, fmt.Errorf("%s is %d: want 0 or more", one.what, one.value))
		}
	}
	if s.Once() && s.Ops == 0 && !s.Sized {
		faults = append(faults, errors.New("a single slice needs a number of operations: set Ops or Sized"))
	}
	if s.MaxOps > 0 && s.Ops > s.MaxOps {
		faults = append(faults, fmt.Errorf("Ops is %d, more than MaxOps %d", s.Ops, s.MaxOps))
	}
	return faults
}
