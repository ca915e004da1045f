package experiment

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"go.uber.org/goleak"
)

// A Slice is one measured call of Subject.Run.
type Slice struct {
	// N is the number of operations.
	N int
	// Wall is the time from call to return.
	Wall time.Duration
	// CPU is the processor time of the whole process in that time.
	CPU time.Duration
	// Around is what the arm did for it before and after, such as truncating a file:
	// no part of Wall. Who serves the arm sets it.
	Around time.Duration
	// Laps are the parts, in the order of Scenario.Laps; nil where the subject
	// has none. They belong to the runner and last until its next slice.
	Laps []time.Duration
}

// A Runner runs one arm of one scenario through a repetition: Open, Calibrate,
// warm-up slices, Begin, measured slices, Finish. It is not safe for
// concurrent use.
type Runner struct {
	scenario Scenario
	arm      string
	check    bool
	subject  Subject
	leaks    goleak.Option

	// What a subject offers beside Run is asserted once, so that the loop
	// around a slice makes no interface checks.
	lapper   Lapper
	resetter Resetter
	laps     []time.Duration

	barrier time.Duration
	began   bool
	n       int // operations in measured slices
	memory  runtime.MemStats
	usage   usage
	latency []byte // encoded: what was recorded before the first measured slice
}

// Open makes the subject of the named arm. The scenario's goroutine leaks are
// counted from here.
func Open(ctx context.Context, s Scenario, arm string, o Options) (*Runner, error) {
	a, err := s.Arm(arm)
	if err != nil {
		return nil, err
	}
	r := &Runner{scenario: s, arm: arm, check: o.Check, leaks: goleak.IgnoreCurrent()}
	if r.subject, err = a.Open(ctx, o); err != nil {
		return nil, fmt.Errorf("it cannot be opened: %w", err)
	}
	r.resetter, _ = r.subject.(Resetter)
	if len(s.Laps) == 0 {
		return r, nil
	}
	r.lapper, _ = r.subject.(Lapper)
	switch {
	case r.lapper != nil:
		r.laps = make([]time.Duration, len(s.Laps))
	case arm == s.Arms[0].Name:
		err := fmt.Errorf("its %T has no method Laps, which the laps of the scenario need", r.subject)
		return nil, errors.Join(err, r.subject.Close(ctx))
	}
	return r, nil
}

// Laps returns how many laps each slice has.
func (r *Runner) Laps() int { return len(r.laps) }

// Slice runs n operations between two readings of the clocks. It allocates
// nothing itself. After Begin the slice counts.
func (r *Runner) Slice(ctx context.Context, n int) (Slice, error) {
	if r.resetter != nil {
		if err := r.resetter.Reset(); err != nil {
			return Slice{}, fmt.Errorf("it cannot be reset for a slice: %w", err)
		}
	}
	if r.began {
		r.usage.start()
	}
	// The monotonic readings are the inner ones: the processor clock is a system
	// call of several hundred nanoseconds.
	cpu := CPUClock()
	began := time.Now()
	err := r.subject.Run(ctx, n)
	wall := time.Since(began)
	cpu = CPUClock() - cpu
	if err != nil {
		return Slice{}, fmt.Errorf("a slice of %d operations failed: %w", n, err)
	}
	if r.began {
		r.usage.stop()
		r.n += n
	}
	if r.lapper != nil {
		r.lapper.Laps(r.laps)
	}
	return Slice{N: n, Wall: wall, CPU: cpu, Laps: r.laps}, nil
}

// Begin starts the measured slices: it keeps apart the latencies so far,
// collects the garbage of opening and warm-up, so that each repetition begins
// alike, and reads the samplers.
func (r *Runner) Begin() error {
	if r.began {
		return errors.New("the measured slices have begun already")
	}
	var err error
	if r.latency, err = encodedLatency(r.subject); err != nil {
		return err
	}
	runtime.GC()
	resetPeakRSS()
	r.began = true
	runtime.ReadMemStats(&r.memory)
	return nil
}

// close ends the subject and looks for goroutines that it left behind.
func (r *Runner) close(ctx context.Context) (leaked int, stacks string, err error) {
	if err := r.subject.Close(ctx); err != nil {
		return 0, "", fmt.Errorf("it cannot be closed: %w", err)
	}
	leaked, stacks = findLeaks(r.leaks)
	return leaked, stacks, nil
}
