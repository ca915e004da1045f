package scenario

import (
	"context"
	"errors"
	"runtime"
	"syscall"
	"time"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/suites/internal/experiment"
)

const (
	// idleFor is how long an open logger without records is watched.
	idleFor = 2 * time.Second
	// restFor is how long it gets to come to rest before.
	restFor = idleFor / 10
)

// CPU is the table of processor time: for a record, taken apart into caller
// and worker, and for a logger that has nothing to do.
func CPU() []experiment.Scenario {
	metrics := []string{
		"cpu-ns/op", "user-ns/op", "sys-ns/op", "caller-cpu-ns/op", "worker-cpu-ns/op", "switches/1k-op", "lost-records",
	}
	laps := []string{"caller-cpu-ns/op", "worker-cpu-ns/op"}
	rows := []experiment.Scenario{
		{
			Name: "cpu/record/discard", Title: "is used for a record with 10 attributes on its way to a sink that discards",
			Tier: "smoke", Measure: "cost", Metrics: metrics, Laps: laps, Slice: handOver, MaxOps: queueRoom,
			Arms: []experiment.Arm{heldArm(endOptions{log: logF10}, true)},
		},
		{
			Name: "cpu/record/file", Title: "is used for a record with 10 attributes on its way to a file",
			Tier: "smoke", Measure: "cost", Metrics: metrics, Laps: laps, Slice: handOver, MaxOps: queueRoom,
			Arms: []experiment.Arm{heldArm(endOptions{log: logF10, file: true}, true)},
		},
		{
			Name: "cpu/idle", Title: "is used in 2 s by an open logger without records",
			Tier: "smoke", Measure: "cost", Metrics: []string{"idle-cpu-ns/s", "idle-switches/s", "lost-records"},
			Slice: restFor + idleFor, Ops: 1, Slices: 1,
			Arms: []experiment.Arm{idleArm()},
		},
	}
	return from("cpu", rows,
		"cpu.go", "crew.go", "f10.go", "held.go", "logger.go", "pipeline.go", "sink.go")
}

// idle logs and flushes, waits until the logger has come to rest, and then
// reads what the process uses while nothing is logged. Its one operation is
// the whole watch.
type idle struct {
	*end
	rest     time.Duration
	watch    time.Duration
	cpu      float64 // ns in a second
	switches float64 // in a second
}

func idleArm() experiment.Arm {
	return experiment.Arm{Name: "logperf", Open: func(_ context.Context, o experiment.Options) (experiment.Subject, error) {
		e, err := openEnd(endOptions{log: logF10, settings: logging.Settings{}}, o)
		if o.Check {
			return &idle{end: e, rest: time.Millisecond, watch: 10 * time.Millisecond}, err
		}
		return &idle{end: e, rest: restFor, watch: idleFor}, err
	}}
}

func (i *idle) Run(ctx context.Context, n int) error {
	err := i.end.Run(ctx, 64*n)
	if n == 0 || err != nil {
		return err
	}
	// The runtime's own threads come to rest after a collection; what they do
	// for it is not the logger's.
	runtime.GC()
	select {
	case <-time.After(i.rest):
	case <-ctx.Done():
		return ctx.Err()
	}
	var before, after syscall.Rusage
	cpu, began := experiment.CPUClock(), time.Now()
	err = syscall.Getrusage(syscall.RUSAGE_SELF, &before)
	select {
	case <-time.After(i.watch):
	case <-ctx.Done():
		return ctx.Err()
	}
	err = errors.Join(err, syscall.Getrusage(syscall.RUSAGE_SELF, &after))
	seconds := time.Since(began).Seconds()
	i.cpu = float64(experiment.CPUClock()-cpu) / seconds
	i.switches = float64(after.Nvcsw+after.Nivcsw-before.Nvcsw-before.Nivcsw) / seconds
	return err
}

func (i *idle) Report(values map[string]float64) error {
	values["idle-cpu-ns/s"] = i.cpu
	values["idle-switches/s"] = i.switches
	return i.end.Report(values)
}
