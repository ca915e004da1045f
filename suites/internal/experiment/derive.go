package experiment

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/logperf/logperf/suites/internal/stat"
)

// Totals are the sums over the slices of a repetition.
type Totals struct {
	N         int
	Wall, CPU time.Duration
	Laps      []time.Duration
}

// Sum adds up the slices. All of them have the same number of laps.
func Sum(all []Slice) Totals {
	var t Totals
	for _, s := range all {
		if t.Laps == nil {
			t.Laps = make([]time.Duration, len(s.Laps))
		}
		t.N += s.N
		t.Wall += s.Wall
		t.CPU += s.CPU
		for i, lap := range s.Laps {
			t.Laps[i] += lap
		}
	}
	return t
}

// Derive computes the metrics of one repetition of one arm from its slices and
// its report. It returns all that can be told, declared by the scenario or not;
// what the subject reports itself goes before what is derived.
//
//	ns/op, laps        median over the slices of time / n
//	total-ns/op        sum of the times / sum of n; records/s is its inverse
//	cpu-ns/op          sum of the processor time / sum of n
//	user-, sys-ns/op   cpu-ns/op divided as rusage divides user and system time
//	allocs/op, B/op    growth over the slices / sum of n, rounded down as testing does
//	gc/1M-op and so on growth / sum of n, times 1e6
//	MB/s               line-B/op times records/s, in 1e6 bytes
//	slice-overhead     median slice / aim, which says something only of a subject that does nothing
func Derive(s Scenario, all []Slice, p Report) (map[string]float64, error) {
	t := Sum(all)
	if t.N == 0 {
		return nil, errors.New("no operation was measured")
	}
	if p.N != t.N {
		return nil, fmt.Errorf("its report counts %d operations in the measured slices, which had %d", p.N, t.N)
	}
	values := map[string]float64{}
	times(s, all, t, p.Barrier, values)
	counts(t, p, values)
	if err := latencyValues(p.Latency, values); err != nil {
		return nil, err
	}
	for name, v := range p.Values {
		values[name] = v
	}
	if line, ok := values["line-B/op"]; ok && values["records/s"] > 0 {
		if _, reported := p.Values["MB/s"]; !reported {
			values["MB/s"] = line * values["records/s"] / 1e6
		}
	}
	return values, checkValues(values)
}

// times sets what follows from the clocks.
func times(s Scenario, all []Slice, t Totals, barrier time.Duration, values map[string]float64) {
	n := float64(t.N)
	values["ns/op"] = medianOf(all, Slice.wallPerOp)
	values["total-ns/op"] = float64(t.Wall) / n
	values["cpu-ns/op"] = float64(t.CPU) / n
	for i := range t.Laps {
		values[s.Laps[i]] = medianOf(all, func(one Slice) float64 { return float64(one.Laps[i]) / float64(one.N) })
	}
	if t.Wall > 0 {
		values["records/s"] = n / t.Wall.Seconds()
	}
	wall := medianOf(all, func(one Slice) float64 { return float64(one.Wall) })
	values["slice-overhead"] = wall / float64(s.Aim())
	values["barrier-ns"] = float64(barrier)
	if wall > 0 {
		values["barrier-share"] = float64(barrier) / wall
	}
}

func (s Slice) wallPerOp() float64 { return float64(s.Wall) / float64(s.N) }

func medianOf(all []Slice, of func(Slice) float64) float64 {
	values := make([]float64, len(all))
	for i, one := range all {
		values[i] = of(one)
	}
	slices.Sort(values)
	return stat.Quantile(values, 0.5)
}

// counts sets what follows from the samplers.
func counts(t Totals, p Report, values map[string]float64) {
	n := float64(t.N)
	values["allocs/op"] = math.Floor(float64(p.Mallocs) / n)
	values["B/op"] = math.Floor(float64(p.Bytes) / n)
	values["gc/1M-op"] = float64(p.GCs) / n * 1e6
	values["gc-pause-ns/1M-op"] = float64(p.GCPause) / n * 1e6
	values["switches/1k-op"] = float64(p.Switches) / n * 1e3
	values["leaked-goroutines"] = float64(p.Leaked)
	if p.PeakRSS > 0 {
		values["peak-RSS-B"] = float64(p.PeakRSS)
	}
	// rusage splits user and system time by ticks on many kernels, and its sum
	// may differ from the process's clock: only the proportion is taken from it.
	// What is too short for it to have seen at all counts as user time.
	cpu, system := float64(t.CPU)/n, 0.0
	if both := p.User + p.System; both > 0 {
		system = cpu * float64(p.System) / float64(both)
	}
	values["user-ns/op"], values["sys-ns/op"] = cpu-system, system
}
