package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/logperf/logperf/suites/internal/experiment"
)

const (
	// countSeed is that of the workload: each count does the same work.
	countSeed = 1
	// countSlice is the most operations of one slice. It is fixed, as calibration
	// would make the number of slices depend on the machine's speed.
	countSlice = 500
	// countWarmup is the number of slices before those that count, so that what is
	// allocated once is in both counts of a difference alike.
	countWarmup = 2
)

// count opens the subject of a scenario, warms it up, runs n operations and
// closes it.
func count(ctx context.Context, scenarios []experiment.Scenario, name string, n int) error {
	i := slices.IndexFunc(scenarios, func(s experiment.Scenario) bool { return s.Name == name })
	if i < 0 {
		return fmt.Errorf("this binary has no scenario %q", name)
	}
	s := scenarios[i]
	if s.Once() || s.Sized {
		return fmt.Errorf("the scenario %s does all its operations at once: they cannot be counted by their number", name)
	}
	dir, err := os.MkdirTemp("", "logperf-count-")
	if err != nil {
		return fmt.Errorf("the arm gets no scratch folder: %w", err)
	}
	err = countIn(ctx, s, n, dir)
	return errors.Join(err, os.RemoveAll(dir))
}

func countIn(ctx context.Context, s experiment.Scenario, n int, dir string) error {
	r, err := experiment.Open(ctx, s, s.Arms[0].Name, experiment.Options{Seed: countSeed, Dir: dir})
	if err != nil {
		return err
	}
	piece := countSlice
	for _, most := range []int{s.Ops, s.MaxOps} {
		if most > 0 {
			piece = min(piece, most)
		}
	}
	slice := func(n int) {
		if err == nil {
			_, err = r.Slice(ctx, n)
		}
	}
	for range countWarmup {
		slice(piece)
	}
	if err == nil {
		err = r.Begin()
	}
	for left := n; left > 0; left -= piece {
		slice(min(piece, left))
	}
	p, failed := r.Finish(ctx)
	if err = errors.Join(err, failed); err == nil && p.Fault != "" {
		err = fmt.Errorf("the check of the subject failed: %s", p.Fault)
	}
	return err
}
