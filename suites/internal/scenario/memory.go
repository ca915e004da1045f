package scenario

import (
	"context"
	"errors"
	"runtime"
	"time"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/suites/internal/experiment"
)

// burst is how many records the burst scenario logs in one go.
const burst = 200_000

// Memory is the table of what records cost in memory: on the way, while they
// wait, in a burst, and after Close.
func Memory() []experiment.Scenario {
	rows := []experiment.Scenario{
		{
			Name: "memory/record/f10", Title: "is allocated for a record with 10 attributes from the call to the sink",
			Tier: "smoke", Measure: "cost", Metrics: []string{"allocs/op", "B/op", "ns/op", "lost-records"},
			Slice: handOver, MaxOps: queueRoom,
			Arms: append([]experiment.Arm{endArm(endOptions{log: logF10})}, peerArms(peer.logF10, "zerolog", "zap", "slog")...),
		},
		{
			Name: "memory/record/workload", Title: "is allocated for the workload's records from the call to the sink",
			Tier: "smoke", Measure: "cost", Metrics: []string{"allocs/op", "B/op", "ns/op", "lost-records"},
			Slice: handOver, MaxOps: queueRoom, Input: true,
			Arms: []experiment.Arm{endArm(endOptions{log: logWorkload, settings: everyLevel()})},
		},
		{
			Name: "memory/queued", Title: "is retained for each record that waits in the queue",
			Tier: "smoke", Measure: "cost", Metrics: []string{"heap-B/op", "lost-records"},
			Ops: queueRoom, Slices: 1,
			Arms: []experiment.Arm{queuedArm()},
		},
		{
			Name: "memory/burst", Title: "is needed for a burst of 200,000 records with 10 attributes",
			Tier: "smoke", Measure: "cost",
			Metrics: []string{"peak-RSS-B", "gc/1M-op", "gc-pause-ns/1M-op", "allocs/op", "lost-records"},
			Slice:   300 * time.Millisecond, Ops: burst, Slices: 1,
			Arms: []experiment.Arm{endArm(endOptions{log: logF10})},
		},
		{
			Name: "memory/closed", Title: "is retained by a logger after Close",
			Tier: "smoke", Measure: "cost", Metrics: []string{"retained-B", "lost-records", "leaked-goroutines"},
			Ops: queueRoom, Slices: 1,
			Arms: []experiment.Arm{closedArm()},
		},
	}
	return from("memory", rows,
		"memory.go", "crew.go", "encoders.go", "f10.go", "held.go", "logger.go", "pipeline.go", "sink.go", "workload.go")
}

// heap returns the bytes of live objects after a full collection. Two runs:
// the first moves the victims of the pools, the second frees them.
func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// queued fills the queue while the worker waits at the gate and reads what the
// heap has grown by, the ring itself included: that is what a user's capacity
// setting costs.
type queued struct {
	*held
	before   uint64
	retained float64
}

func queuedArm() experiment.Arm {
	return experiment.Arm{Name: "logperf", Open: func(_ context.Context, o experiment.Options) (experiment.Subject, error) {
		before := heap()
		h, err := openHeld(endOptions{log: logF10, settings: logging.Settings{
			Queue: logging.QueueSettings{Capacity: queueRoom},
		}}, false, o)
		if err != nil {
			return nil, err
		}
		return &queued{held: h, before: before}, nil
	}}
}

func (q *queued) Run(ctx context.Context, n int) error {
	q.gate.shut()
	q.log(q.logger, n)
	q.offered += n
	if n > 0 {
		q.retained = (float64(heap()) - float64(q.before)) / float64(n)
	}
	q.gate.open()
	return q.logger.Flush(ctx)
}

func (q *queued) Report(values map[string]float64) error {
	values["heap-B/op"] = q.retained
	return q.held.Report(values)
}

// closed logs through a logger of its own, closes it and reads what stays.
type closed struct {
	options experiment.Options
	offered int
	lost    float64
	before  uint64
	after   uint64
}

func closedArm() experiment.Arm {
	return experiment.Arm{Name: "logperf", Open: func(_ context.Context, o experiment.Options) (experiment.Subject, error) {
		return &closed{options: o}, nil
	}}
}

func (c *closed) Run(ctx context.Context, n int) error {
	if n == 0 {
		return nil
	}
	c.before = heap()
	err := c.lifetime(ctx, n)
	c.after = heap()
	return err
}

// lifetime keeps the logger in a frame of its own, so that nothing on the
// stack refers to it when the heap is read.
//
//go:noinline
func (c *closed) lifetime(ctx context.Context, n int) error {
	e, err := openEnd(endOptions{log: logF10}, c.options)
	if err != nil {
		return err
	}
	err = errors.Join(e.Run(ctx, n), e.Close(ctx), e.Check())
	values := map[string]float64{}
	err = errors.Join(err, e.Report(values))
	c.offered += n
	c.lost += values["lost-records"]
	return err
}

func (c *closed) Close(context.Context) error { return nil }

func (c *closed) Counts() map[string]int64 { return map[string]int64{"offered": int64(c.offered)} }

func (c *closed) Report(values map[string]float64) error {
	values["retained-B"] = max(0, float64(c.after)-float64(c.before))
	values["lost-records"] = c.lost
	return nil
}
