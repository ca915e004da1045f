package load

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/logperf/logperf/fixtures/workload"
	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/queue"
	"github.com/logperf/logperf/suites/internal/experiment"
)

// Stress is the table of the loads that are too much, and of what happens to a
// logger while it works.
func Stress() []experiment.Scenario {
	var rows []experiment.Scenario
	for _, c := range []struct {
		producers, share int
		tier             string
	}{{1000, 120, "full"}, {1000, 200, "smoke"}, {1000, 500, "full"}, {10_000, 200, "full"}} {
		rows = append(rows, experiment.Scenario{
			Name: fmt.Sprintf("load/stress/overload/producers=%d/knee=%dpct", c.producers, c.share), Tier: c.tier,
			Title: fmt.Sprintf("loses nothing at %d %% of the rate at the knee from %d producers", c.share, c.producers),
			Knee:  kneeFile, Input: true,
			Arms: ours(func(_ context.Context, o experiment.Options) (experiment.Subject, error) {
				return openOverload(o, c.producers, float64(c.share)/100)
			}),
		})
	}
	rows = append(
		rows,
		experiment.Scenario{
			Name: "load/stress/faulty-sink", Tier: "smoke",
			Title: "accounts for each record while its sink fails, stands still and comes back",
			Arms:  ours(openFaulty),
		},
		experiment.Scenario{
			Name: "load/stress/level", Tier: "full",
			Title: "loses none of the records that it took while its level changes",
			Arms:  ours(openLevel),
		},
		experiment.Scenario{
			Name: "load/stress/close", Tier: "full",
			Title: "writes all that it took when it is closed under fire",
			Arms:  ours(openClosed),
		},
	)
	for i := range rows {
		rows[i].Measure, rows[i].Metrics, rows[i].Repetitions = "throughput", common(), exactRepetitions
	}
	return from(rows, "stress.go", "faulty.go", "highthroughput.go", "knee.go")
}

func openOverload(o experiment.Options, producers int, share float64) (experiment.Subject, error) {
	rate, err := shareOf(o, share)
	if err != nil {
		return nil, err
	}
	t, err := openTarget(o, opening{far: toFile, producers: producers})
	if err != nil {
		return nil, err
	}
	return &drive{plan: plan{target: t, lossless: true, loads: []part{{load: steadily(producers, rate, shorter(o, 300*time.Millisecond))}}}}, nil
}

// openFaulty is a sink that fails, stands still and comes back, in turn.
func openFaulty(_ context.Context, o experiment.Options) (experiment.Subject, error) {
	inputs, err := generated(o, workload.Mixed)
	if err != nil {
		return nil, err
	}
	sink := new(faulty)
	t, err := openTarget(o, opening{far: through(sink, toFile), producers: 4, inputs: inputs})
	if err != nil {
		return nil, err
	}
	step := shorter(o, 150*time.Millisecond)
	before := uint64(0) // written when the sink came back for the last time
	return &drive{plan: plan{
		target: t, loads: []part{{load: steadily(4, slower(o, 100_000), 5*step)}},
		trouble: func(ctx context.Context, d *drive) error {
			release := func() {}
			for _, state := range []func(){
				func() {},
				func() { sink.failing.Store(true) },
				func() { sink.failing.Store(false) },
				func() { release = sink.stall() },
				func() { before = d.logger.Stats().Written; release(); release = func() {} },
			} {
				state()
				if err := pause(ctx, step); err != nil {
					release()
					return err
				}
			}
			return nil
		},
		expect: func(d *drive) error {
			s := d.logger.Stats()
			if !o.Check && (s.Failed == 0 || sink.stalled.Load() == 0) {
				return fmt.Errorf("%d records failed and %d writes waited: want some of both", s.Failed, sink.stalled.Load())
			}
			if s.Written <= before {
				return fmt.Errorf("%d records were written before the sink came back, and none since", before)
			}
			return respects(s, queue.Block)
		},
	}}, nil
}

// passed counts the records at error or above that reach the pipeline, and lets
// all pass. The worker alone calls it.
type passed struct{ high atomic.Uint64 }

func (p *passed) Keep(e *logging.Entry) bool {
	if e.Level >= slog.LevelError {
		p.high.Add(1)
	}
	return true
}

// openLevel changes the level every few milliseconds between the lowest and
// error. What is at error or above has to arrive in any case.
func openLevel(_ context.Context, o experiment.Options) (experiment.Subject, error) {
	inputs, err := generated(o, "web-service")
	if err != nil {
		return nil, err
	}
	seen := new(passed)
	t, err := openTarget(o, opening{far: toFile, producers: 4, inputs: inputs, filters: []logging.Filter{seen}})
	if err != nil {
		return nil, err
	}
	length := shorter(o, time.Second)
	return &drive{plan: plan{
		target: t, lossless: true, loads: []part{{load: steadily(4, slower(o, 100_000), length)}},
		trouble: func(ctx context.Context, d *drive) error {
			defer d.logger.SetLevel(workload.LowestLevel)
			for elapsed := time.Duration(0); elapsed < length; elapsed += 10 * time.Millisecond {
				d.logger.SetLevel([]slog.Level{workload.LowestLevel, slog.LevelError}[elapsed/(10*time.Millisecond)%2])
				if err := pause(ctx, 10*time.Millisecond); err != nil {
					return err
				}
			}
			return nil
		},
		below: func() int { return t.calls() - int(t.logger.Stats().Offered) },
		expect: func(d *drive) error {
			s, high := d.logger.Stats(), uint64(0)
			for _, p := range d.producers {
				high += p.high
			}
			if got := seen.high.Load(); got != high {
				return fmt.Errorf("%d calls were at error or above, which no level holds back, and %d of them came through the queue", high, got)
			}
			if s.Offered == uint64(d.calls()) && !o.Check {
				return errors.New("no record was below the level: it has not changed")
			}
			return nil
		},
	}}, nil
}

// openClosed closes the logger in the middle of the load. What it took before
// has to arrive, what comes after is rejected.
func openClosed(_ context.Context, o experiment.Options) (experiment.Subject, error) {
	input, err := workload.Mix(o.Seed, records, map[string]float64{"web-service": 7, "chatty-debug": 2, "batch-job": 1})
	if err != nil {
		return nil, err
	}
	t, err := openTarget(o, opening{far: toFile, producers: 8, inputs: []*workload.Stream{input}})
	if err != nil {
		return nil, err
	}
	length := shorter(o, 500*time.Millisecond)
	return &drive{plan: plan{
		target: t, loads: []part{{load: steadily(8, slower(o, 200_000), length)}},
		trouble: func(ctx context.Context, d *drive) error {
			return errors.Join(pause(ctx, length/2), d.logger.Close(ctx))
		},
		expect: func(d *drive) error {
			switch s := d.logger.Stats(); {
			case s.Rejected == 0 && !o.Check:
				return errors.New("no record was rejected: the logger was not closed under fire")
			case s.Failed > 0 || s.Evicted > 0 || s.Filtered > 0:
				return fmt.Errorf("%d records failed, %d were evicted, %d filtered: a close with time enough writes all", s.Failed, s.Evicted, s.Filtered)
			}
			return nil
		},
	}}, nil
}

var _ logging.Sink = (*faulty)(nil)
