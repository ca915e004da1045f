package load

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/logperf/logperf/fixtures/workload"
	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/queue"
	"github.com/logperf/logperf/suites/internal/experiment"
)

const (
	// hardLimit is the memory that the process of a memory-constrained load has.
	hardLimit = 64 << 20
	// burstSize is the number of records that come at once.
	burstSize = 1_000_000
	// largeRecord is the size of a message that no one expects.
	largeRecord = 100 << 10
	// largeCapacity is a queue whose places may all hold one.
	largeCapacity = 32
	// smallRecord is more than the texts of nearly all generated records take.
	smallRecord = 1 << 10
	// smallCapacity is a queue whose bound, with records of that size, is a few
	// MiB.
	smallCapacity = 1024
	// slowWrite is how much longer a write of a slow sink takes: blocks of 64 KiB
	// are then some 8,000 records a second, a sixth of what comes.
	slowWrite = 20 * time.Millisecond
)

// MemoryConstrained is the table of the loads in a process of 64 MiB.
func MemoryConstrained() []experiment.Scenario {
	rows := []experiment.Scenario{
		{
			Name: "load/memory-constrained/stall", Tier: "full",
			Title: "keeps its bound in 64 MiB while the sink stands still and then is slow",
			Arms:  ours(openStall),
		},
		{
			Name: "load/memory-constrained/records=100KiB", Tier: "full",
			Title: "keeps its bound in 64 MiB with records of 100 KiB",
			Arms:  ours(openLarge),
		},
	}
	for _, policy := range []queue.Policy{queue.Block, queue.DropNewest, queue.DropOldest} {
		row := experiment.Scenario{
			Name: fmt.Sprintf("load/memory-constrained/burst/policy=%v", policy), Tier: "full",
			Title: fmt.Sprintf("keeps its bound in 64 MiB with %d records at once under %v", burstSize, policy),
			Arms: ours(func(_ context.Context, o experiment.Options) (experiment.Subject, error) {
				return openBurst(o, policy)
			}),
		}
		if policy == queue.Block {
			row.Tier = "smoke"
		}
		rows = append(rows, row)
	}
	for i := range rows {
		rows[i].Measure, rows[i].Memory = "cost", hardLimit
		rows[i].Metrics = common("gc-cpu-share", "bound-share", "survived")
	}
	return from(rows, "memory.go", "faulty.go")
}

// confined is the subject of a process with little memory.
type confined struct {
	*drive
	o experiment.Options
}

// Doubts says that nothing was survived where nothing would have killed.
func (c *confined) Doubts() map[string]string {
	if c.o.Hard {
		return nil
	}
	why := "the process has no hard limit on its memory"
	if c.o.Limiter != "" {
		why = c.o.Limiter
	}
	return map[string]string{"survived": why}
}

// confine makes the subject, whose logger has the bound that its settings state
// for records of that size. It holds in each repetition: the limit on bound-share
// is one on the median, and shows the room that is left.
func confine(o experiment.Options, p plan, s logging.Settings, record int) *confined {
	p.peak.bound = s.MemoryBound(record)
	more := p.expect
	p.expect = func(d *drive) error {
		if !o.Check && d.peak.grown > 1 {
			return fmt.Errorf("the resident memory has grown to %.2f times what the settings and the collector allow: want at most 1", d.peak.grown)
		}
		return more(d)
	}
	p.extra = func(_ *drive, values map[string]float64) { values["survived"] = 1 }
	return &confined{drive: &drive{plan: p}, o: o}
}

func smallSettings(policy queue.Policy, capacity int) logging.Settings {
	return logging.Settings{
		Level: workload.LowestLevel.String(),
		Queue: logging.QueueSettings{Capacity: capacity, Overflow: policy},
	}
}

// openStall is a steady load to a sink that stands still for a while and is slow
// thereafter. Nothing is lost: callers wait.
func openStall(ctx context.Context, o experiment.Options) (experiment.Subject, error) {
	inputs, err := generated(o, workload.Mixed)
	if err != nil {
		return nil, err
	}
	s := smallSettings(queue.Block, smallCapacity)
	sink := new(faulty)
	t, err := openTarget(o, opening{far: through(sink, toFile), producers: 2, settings: s, inputs: inputs})
	if err != nil {
		return nil, err
	}
	stalls, slow, length := shorter(o, 400*time.Millisecond), shorter(o, 300*time.Millisecond), shorter(o, time.Second)
	return confine(o, plan{
		target: t, lossless: true,
		loads: []part{{load: steadily(2, slower(o, 50_000), length)}},
		trouble: func(ctx context.Context, _ *drive) error {
			if err := pause(ctx, length/5); err != nil {
				return err
			}
			release := sink.stall()
			err := pause(ctx, stalls)
			sink.pace.Store(int64(slowWrite))
			release()
			if err == nil {
				err = pause(ctx, slow)
			}
			sink.pace.Store(0)
			return err
		},
		expect: func(*drive) error {
			if sink.stalled.Load() == 0 && !o.Check {
				return fmt.Errorf("no write met the sink while it stood still: the load came too late for it")
			}
			return nil
		},
	}, s, smallRecord), nil
}

// openBurst is a million records at once, to a file.
func openBurst(o experiment.Options, policy queue.Policy) (experiment.Subject, error) {
	inputs, err := generated(o, workload.Mixed)
	if err != nil {
		return nil, err
	}
	s := smallSettings(policy, smallCapacity)
	t, err := openTarget(o, opening{far: toFile, producers: 2, settings: s, inputs: inputs})
	if err != nil {
		return nil, err
	}
	size := fewer(o, burstSize)
	load := experiment.Load{Producers: 2, Sleep: experiment.Nanosleep, Phases: []experiment.Phase{
		{Name: "burst", Duration: shorter(o, 400*time.Millisecond), Burst: size, Measured: true},
		{Name: "drain", Duration: shorter(o, 200*time.Millisecond)},
	}}
	return confine(o, plan{
		target: t, lossless: policy == queue.Block, loads: []part{{load: load}},
		expect: func(d *drive) error {
			stats := d.logger.Stats()
			switch {
			case stats.Failed > 0 || stats.Written == 0:
				return fmt.Errorf("%d records failed and %d were written: no sink is in trouble", stats.Failed, stats.Written)
			case policy != queue.Block && stats.Rejected+stats.Evicted == 0 && !o.Check:
				return fmt.Errorf("no record was dropped: the burst was too small for a queue of %d", smallCapacity)
			}
			return respects(stats, policy)
		},
	}, s, smallRecord), nil
}

// openLarge makes a new message of 100 KiB for each record, as who logs whole
// bodies does, while the sink stands still for long enough that they fill the
// queue.
func openLarge(_ context.Context, o experiment.Options) (experiment.Subject, error) {
	inputs, err := generated(o, workload.Mixed)
	if err != nil {
		return nil, err
	}
	s := smallSettings(queue.Block, largeCapacity)
	large := func() string { return strings.Repeat("0123456789abcdef", largeRecord/16) }
	sink := new(faulty)
	t, err := openTarget(o, opening{far: through(sink, toFile), producers: 2, settings: s, inputs: inputs, message: large})
	if err != nil {
		return nil, err
	}
	length := shorter(o, time.Second)
	deepest := 0
	return confine(o, plan{
		target: t, lossless: true,
		loads: []part{{load: steadily(2, slower(o, 500), length)}},
		trouble: func(ctx context.Context, d *drive) error {
			release := func() {}
			err := pause(ctx, length/2)
			if err == nil {
				release = sink.stall()
				err = pause(ctx, length/4)
			}
			deepest = d.logger.Stats().QueueDepth
			release()
			return err
		},
		expect: func(*drive) error {
			if deepest < largeCapacity && !o.Check {
				return fmt.Errorf("%d records stood in the queue at the end of the stall: want all its %d places taken", deepest, largeCapacity)
			}
			return nil
		},
	}, s, largeRecord+smallRecord), nil
}

// through puts the faulty sink before that of a far end.
func through(sink *faulty, open openFar) openFar {
	return func(o experiment.Options) (far, error) {
		f, err := open(o)
		sink.Sink = f.sink
		f.sink = sink
		return f, err
	}
}
