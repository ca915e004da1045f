package experiment

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/logperf/logperf/suites/internal/metric"
)

// A Report is what an arm knows at the end of a repetition, beside its slices.
// It travels as JSON.
type Report struct {
	// N is the sum of the operations of the measured slices.
	N int
	// Barrier is the median time of Run(ctx, 0) in calibration; 0 without.
	Barrier time.Duration
	// Mallocs, Bytes, GCs and GCPause are the growth of runtime.MemStats from
	// before the first measured slice to behind the last.
	Mallocs, Bytes uint64
	GCs            uint32
	GCPause        time.Duration
	// User, System and Switches (voluntary and not) are rusage summed over the
	// measured slices alone.
	User, System time.Duration
	Switches     int64
	// PeakRSS is the largest resident size in bytes since the first measured
	// slice, or of the whole life where the kernel does not allow to reset it.
	PeakRSS int64
	// Leaked counts the goroutines that outlived Close, Stacks shows them.
	Leaked int
	Stacks string `json:",omitempty"`
	// Latency holds the times of the operations of the measured slices, as
	// stat.Histogram encodes them; empty for a subject that takes none.
	Latency []byte `json:",omitempty"`
	// Histograms are the times of the calls of a load by what they time, encoded
	// like Latency. They are kept and not judged.
	Histograms map[string][]byte `json:",omitempty"`
	// Values are the metrics that the subject measured itself.
	Values map[string]float64 `json:",omitempty"`
	// Counts are the subject's counters of conservation.
	Counts map[string]int64 `json:",omitempty"`
	// Timeline is what the subject looked like during its load, where it was
	// watched.
	Timeline []Point `json:",omitempty"`
	// Curve is what became of the rates that the subject tried, by rising rate.
	Curve []CurvePoint `json:",omitempty"`
	// Doubt is why the times say nothing; empty if they do.
	Doubt string `json:",omitempty"`
	// Doubts are why single metrics say nothing, by their names.
	Doubts map[string]string `json:",omitempty"`
	// Limiter says what limited the subject, as far as it knows.
	Limiter string `json:",omitempty"`
	// Fault is what the subject's check found, or that times were longer than
	// Latency can hold; empty if all is well.
	Fault string `json:",omitempty"`
}

// Finish reads the samplers, closes the subject and asks it for what it knows.
// The Runner is of no use afterwards. ctx bounds the closing.
func (r *Runner) Finish(ctx context.Context) (Report, error) {
	var after runtime.MemStats
	runtime.ReadMemStats(&after)
	if !r.began {
		return Report{}, errors.Join(errors.New("no measured slice has begun"), r.subject.Close(ctx))
	}
	p := Report{
		N: r.n, Barrier: r.barrier, PeakRSS: PeakRSS(),
		Mallocs: after.Mallocs - r.memory.Mallocs, Bytes: after.TotalAlloc - r.memory.TotalAlloc,
		GCs: after.NumGC - r.memory.NumGC, GCPause: time.Duration(after.PauseTotalNs - r.memory.PauseTotalNs),
		User: r.usage.user, System: r.usage.system, Switches: r.usage.switches,
	}
	var err error
	if p.Latency, err = r.recorded(); err != nil {
		return Report{}, errors.Join(err, r.subject.Close(ctx))
	}
	p.Fault = tooLong(r.subject)
	if p.Leaked, p.Stacks, err = r.close(ctx); err != nil {
		return Report{}, err
	}
	return p, r.ask(&p)
}

// ask takes what the subject says about itself after Close.
func (r *Runner) ask(p *Report) error {
	if c, ok := r.subject.(Checker); ok {
		if err := c.Check(); err != nil {
			p.blame(err.Error())
		}
	}
	if t, ok := r.subject.(Timed); ok {
		var err error
		if p.Histograms, err = encodeAll(t.Times()); err != nil {
			return err
		}
	}
	if w, ok := r.subject.(Watched); ok {
		p.Timeline = w.Timeline()
	}
	if c, ok := r.subject.(Curved); ok {
		p.Curve = c.Curve()
	}
	if d, ok := r.subject.(Doubter); ok {
		p.Doubt = d.Doubt()
	}
	if d, ok := r.subject.(PartDoubter); ok {
		p.Doubts = d.Doubts()
	}
	if l, ok := r.subject.(Limited); ok {
		p.Limiter = l.Limiter()
	}
	if c, ok := r.subject.(Counter); ok {
		p.Counts = c.Counts()
	}
	reporter, ok := r.subject.(Reporter)
	if !ok {
		return nil
	}
	p.Values = map[string]float64{}
	if err := reporter.Report(p.Values); err != nil {
		return fmt.Errorf("it cannot report: %w", err)
	}
	// The subject's losses have a limit. A reference that loses records has not
	// done the work that the subject is compared by, unless losing is what the
	// scenario shows.
	if lost := p.Values["lost-records"]; lost > 0 && !r.scenario.Lossy && r.arm != r.scenario.Arms[0].Name {
		p.blame(fmt.Sprintf("the reference has lost %g records, and is no measure for what loses none", lost))
	}
	return checkValues(p.Values)
}

// blame adds to what the checks found.
func (p *Report) blame(fault string) {
	p.Fault = strings.TrimPrefix(p.Fault+"; "+fault, "; ")
}

// checkValues refuses what could not be judged.
func checkValues(values map[string]float64) error {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if _, known := metric.Lookup(name); !known {
			return fmt.Errorf("it reports the unknown metric %q; the nearest are %s", name, strings.Join(metric.Nearest(name, metric.Names()), ", "))
		}
		if v := values[name]; math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("its %s is %v: want a finite number", name, v)
		}
	}
	return nil
}

// Check refuses a report that no honest arm sends.
func (p Report) Check() error {
	for _, one := range []struct {
		what  string
		value int64
	}{
		{"operations", int64(p.N)},
		{"barrier", int64(p.Barrier)},
		{"GC pause", int64(p.GCPause)},
		{"user time", int64(p.User)},
		{"system time", int64(p.System)},
		{"context switches", p.Switches},
		{"peak RSS", p.PeakRSS},
		{"leaked goroutines", int64(p.Leaked)},
	} {
		if one.value < 0 {
			return fmt.Errorf("its report has %d for %s: want 0 or more", one.value, one.what)
		}
	}
	for _, point := range p.Curve {
		if err := point.Check(); err != nil {
			return err
		}
	}
	return checkValues(p.Values)
}
