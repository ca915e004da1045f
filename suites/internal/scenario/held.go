package scenario

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/suites/internal/experiment"
)

// gate is a filter that holds the logger's worker back while it is closed, so
// that a queue can be filled with nobody emptying it. Open, it costs the worker
// one atomic load a record; a mutex would cost ten times that.
type gate struct {
	closed atomic.Pointer[chan struct{}] // nil while open
}

// Keep implements logging.Filter.
func (g *gate) Keep(*logging.Entry) bool {
	if wait := g.closed.Load(); wait != nil {
		<-*wait
	}
	return true
}

func (g *gate) shut() {
	wait := make(chan struct{})
	g.closed.Store(&wait)
}

func (g *gate) open() {
	if wait := g.closed.Swap(nil); wait != nil {
		close(*wait)
	}
}

// held is the subject that takes the caller's and the worker's part apart: the
// callers fill the queue while the worker waits at the gate, then the worker
// drains it while the callers wait.
type held struct {
	*end
	gate   *gate
	cpu    bool // the parts in CPU time, else in wall time
	caller time.Duration
	worker time.Duration
}

func heldArm(eo endOptions, cpu bool) experiment.Arm {
	return experiment.Arm{Name: "logperf", Open: func(_ context.Context, o experiment.Options) (experiment.Subject, error) {
		return openHeld(eo, cpu, o)
	}}
}

func openHeld(eo endOptions, cpu bool, o experiment.Options) (*held, error) {
	g := &gate{}
	eo.stages.Filters = append([]logging.Filter{g}, eo.stages.Filters...)
	e, err := openEnd(eo, o)
	if err != nil {
		return nil, err
	}
	return &held{end: e, gate: g, cpu: cpu}, nil
}

func (h *held) Run(ctx context.Context, n int) error {
	clock := wallClock
	if h.cpu {
		clock = experiment.CPUClock
	}
	h.gate.shut()
	began := clock()
	h.log(h.logger, n)
	filled := clock()
	h.gate.open()
	h.offered += n
	err := h.logger.Flush(ctx)
	h.caller, h.worker = filled-began, clock()-filled
	return err
}

func (h *held) Laps(dst []time.Duration) {
	copy(dst, []time.Duration{h.caller, h.worker})
}

// epoch makes wallClock a difference of monotonic readings.
var epoch = time.Now()

func wallClock() time.Duration { return time.Since(epoch) }
