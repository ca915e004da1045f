package scenario

import (
	"context"
	"time"

	"github.com/logperf/logperf/suites/internal/experiment"
	"github.com/logperf/logperf/suites/internal/stat"
)

// Harness is the table of what measuring itself costs and how far two
// measurements of the same code differ.
func Harness() []experiment.Scenario {
	encode := encodeArm()
	again := encode
	again.Name = "self"
	whole := endArm(endOptions{log: logF10})
	wholeAgain := whole
	wholeAgain.Name = "self"
	rows := []experiment.Scenario{
		{
			Name: "harness/closed-loop", Title: "takes of a slice in closed loop",
			Tier: "smoke", Measure: "cost", Metrics: []string{"slice-overhead", "allocs/op"},
			Ops: 1, Arms: []experiment.Arm{nullArm()},
		},
		{
			Name: "harness/latency", Title: "adds to an operation that is timed by itself",
			Tier: "smoke", Measure: "latency", Metrics: []string{"latency-overhead-ns", "clock-ns", "allocs/op"},
			Arms: []experiment.Arm{timedNullArm()},
		},
		{
			Name: "harness/barrier", Title: "waits for the last record of a slice to reach the sink",
			Tier: "smoke", Measure: "cost", Metrics: []string{"barrier-ns", "barrier-share", "lost-records"},
			Slice: handOver, MaxOps: queueRoom, Arms: []experiment.Arm{whole},
		},
		{
			Name: "harness/self/encode", Title: "reads two arms of the same encoder as equal",
			Tier: "smoke", Measure: "cost", Metrics: []string{"ns/op", "total-ns/op", "spread", "allocs/op"},
			Arms: []experiment.Arm{encode, again},
		},
		{
			Name: "harness/self/end-to-end", Title: "reads two arms of the same logger as equal",
			Tier: "smoke", Measure: "cost", Metrics: []string{"ns/op", "total-ns/op", "spread", "lost-records"},
			Slice: handOver, MaxOps: queueRoom, Arms: []experiment.Arm{whole, wholeAgain},
		},
	}
	return from("harness", rows,
		"harness.go", "crew.go", "f10.go", "logger.go", "pipeline.go", "sink.go")
}

// null does nothing: all that its slices last is the harness.
type null struct{}

func nullArm() experiment.Arm {
	return experiment.Arm{Name: "logperf", Open: func(context.Context, experiment.Options) (experiment.Subject, error) {
		return null{}, nil
	}}
}

func (null) Run(context.Context, int) error { return nil }
func (null) Close(context.Context) error    { return nil }

// timedNull times operations that do nothing, one by one, as the latency
// scenarios do, and the two clock readings alone beside them.
type timedNull struct {
	latency             *stat.Histogram
	timed, clocks       time.Duration
	operations, elapsed int64
}

func timedNullArm() experiment.Arm {
	return experiment.Arm{Name: "logperf", Open: func(context.Context, experiment.Options) (experiment.Subject, error) {
		return &timedNull{latency: stat.NewHistogram()}, nil
	}}
}

func (s *timedNull) Run(_ context.Context, n int) error {
	began := time.Now()
	for range n {
		call := time.Now()
		s.latency.Record(int64(time.Since(call)))
	}
	timed := time.Now()
	for range n {
		call := time.Now()
		s.elapsed += int64(time.Since(call))
	}
	s.clocks += time.Since(timed)
	s.timed += timed.Sub(began)
	s.operations += int64(n)
	return nil
}

func (s *timedNull) Close(context.Context) error { return nil }

func (s *timedNull) Report(values map[string]float64) error {
	operations := float64(max(s.operations, 1))
	values["clock-ns"] = float64(s.clocks) / operations
	values["latency-overhead-ns"] = float64(s.timed-s.clocks) / operations
	return nil
}
