package experiment

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"
)

const (
	// barriersPerSlice keeps the wait for the last operation below 5 % of a
	// slice, so that a slice is mostly work.
	barriersPerSlice = 20
	barrierReadings  = 9
	sizeReadings     = 3
	// mostOps ends calibration for subjects that take no time at all.
	mostOps = 1 << 30
)

// A Calibration is the size of a slice.
type Calibration struct {
	// N is the number of operations, at least 1.
	N int
	// Barrier is the median time of Run(ctx, 0); 0 where it was not measured.
	Barrier time.Duration
	// Lasts is how long a slice will last, where the subject knows; else 0.
	Lasts time.Duration
}

// Calibrate finds how many operations make a slice: it doubles n until a slice
// lasts what the scenario aims at and 20 barriers, or MaxOps is reached. Fixed
// operations and check mode need no search; a scenario of a single slice
// is not touched unless it emits its barrier.
func (r *Runner) Calibrate(ctx context.Context) (Calibration, error) {
	if r.scenario.Sized {
		sizer, ok := r.subject.(Sizer)
		if !ok {
			return Calibration{}, fmt.Errorf("its %T has no method Size, which a scenario that is Sized needs", r.subject)
		}
		c := Calibration{N: sizer.Size()}
		if l, ok := r.subject.(Lasting); ok {
			c.Lasts = l.Lasts()
		}
		return c, nil
	}
	fixed := r.scenario.fixedOps(r.check)
	if fixed == 0 || r.scenario.Emits("barrier-ns") || r.scenario.Emits("barrier-share") {
		barrier, err := r.wait(ctx)
		if err != nil {
			return Calibration{}, fmt.Errorf("the barrier alone: %w", err)
		}
		r.barrier = barrier
	}
	if fixed > 0 {
		return Calibration{N: fixed, Barrier: r.barrier}, nil
	}
	n, err := r.search(ctx, max(r.scenario.Aim(), barriersPerSlice*r.barrier))
	return Calibration{N: n, Barrier: r.barrier}, err
}

// search returns the smallest n whose slices last the aim.
func (r *Runner) search(ctx context.Context, aim time.Duration) (int, error) {
	most := mostOps
	if r.scenario.MaxOps > 0 {
		most = r.scenario.MaxOps
	}
	for n := 1; ; n = min(2*n, most) {
		took, err := r.least(ctx, n, aim)
		if err != nil {
			return 0, err
		}
		if took >= aim {
			// The last doubling may have gone up to twice too far.
			exact := int(math.Ceil(float64(n) * float64(aim) / float64(took)))
			return min(max(exact, n/2, 1), n), nil
		}
		if n == most {
			return n, nil
		}
	}
}

// least is the shortest of a few slices of n operations, or the first that is
// shorter than the aim. It is not their median: what disturbs the machine only
// makes slices longer, and would end the search far too early.
func (r *Runner) least(ctx context.Context, n int, aim time.Duration) (time.Duration, error) {
	least := time.Duration(math.MaxInt64)
	for range sizeReadings {
		s, err := r.Slice(ctx, n)
		if err != nil {
			return 0, err
		}
		if least = min(least, s.Wall); least < aim {
			break
		}
	}
	return least, nil
}

// wait is the median time of the barrier alone.
func (r *Runner) wait(ctx context.Context) (time.Duration, error) {
	walls := make([]time.Duration, barrierReadings)
	for i := range walls {
		s, err := r.Slice(ctx, 0)
		if err != nil {
			return 0, err
		}
		walls[i] = s.Wall
	}
	slices.Sort(walls)
	return walls[barrierReadings/2], nil
}
