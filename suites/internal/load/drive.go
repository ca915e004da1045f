package load

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/queue"
	"github.com/logperf/logperf/suites/internal/experiment"
)

// A plan is a logger with its far end, and what it is put under.
type plan struct {
	*target
	// before is a load on the same logger before the trouble begins; its times are
	// what those of the others are compared with. None where it has no phases.
	before experiment.Load
	// loads run at the same time; the first is the one whose times are reported.
	loads []part
	// trouble runs beside the loads, and ends before the logger has to come to rest.
	trouble func(ctx context.Context, d *drive) error
	// patience is how long the logger may take to come to rest; 0: restWithin.
	patience time.Duration
	// watch is how often the load is looked at; 0 means watchEvery.
	watch time.Duration
	// limiter says what limits the load, in words; empty: nothing.
	limiter string
	// lossless is set where each call has to arrive. Otherwise what the logger
	// counts as not written need not.
	lossless bool
	// below is how many calls were below the level of the logger; nil: none.
	below func() int
	// expect holds what came of it against what has to come, once all is closed.
	expect func(d *drive) error
	// extra sets the metrics that only this plan has.
	extra func(d *drive, values map[string]float64)
}

// part is a load of some of the target's producers.
type part struct {
	load  experiment.Load
	first int // number of its first producer
}

// drive is the subject of a plan.
type drive struct {
	plan
	healthy experiment.Traffic
	traffic []experiment.Traffic // of the loads
	drain   time.Duration        // from the end of the loads until the sink had all
	points  []experiment.Point
}

// Size is the number of arrivals, which follow from the plan.
func (d *drive) Size() int {
	n := d.before.Arrivals()
	for _, p := range d.loads {
		n += p.load.Arrivals()
	}
	return max(n, 1)
}

// Lasts is the time of the schedule.
func (d *drive) Lasts() time.Duration {
	var longest time.Duration
	for _, p := range d.loads {
		longest = max(longest, p.load.Duration())
	}
	return d.before.Duration() + longest
}

// Run plays the loads and waits until the sink has everything.
func (d *drive) Run(ctx context.Context, _ int) error {
	stop := experiment.Watch(ctx, cmp.Or(d.watch, watchEvery), d.sample)
	d.peak.begin()
	if err := d.play(ctx); err != nil {
		stop()
		return err
	}
	began := time.Now()
	err := d.rest(ctx, cmp.Or(d.patience, restWithin))
	d.drain = time.Since(began)
	d.peak.end()
	d.points = stop()
	if errors.Is(err, logging.ErrClosed) || planned(err) {
		return nil
	}
	return err
}

// restWithin is how long a logger may take until its sink has everything: a far
// end that has died would hold a flush up for good.
const restWithin = 20 * time.Second

// rest flushes the logger.
func (t *target) rest(ctx context.Context, within time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	err := t.logger.Flush(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("the sink has not come to rest within %v of the load's end: %w", within, err)
	}
	return err
}

func (d *drive) play(ctx context.Context) error {
	if len(d.before.Phases) > 0 {
		var err error
		if d.healthy, err = d.before.Play(ctx, d.log); err != nil {
			return err
		}
	}
	d.traffic = make([]experiment.Traffic, len(d.loads))
	errs := make([]error, len(d.loads)+1)
	var running sync.WaitGroup
	for i, p := range d.loads {
		running.Go(func() {
			d.traffic[i], errs[i] = p.load.Play(ctx, func(ctx context.Context, number int, n uint64) { d.log(ctx, p.first+number, n) })
		})
	}
	if d.trouble != nil {
		running.Go(func() { errs[len(d.loads)] = d.trouble(ctx, d) })
	}
	running.Wait()
	return errors.Join(errs...)
}

func (d *drive) Timeline() []experiment.Point { return d.points }
func (d *drive) Close(ctx context.Context) error {
	return d.close(ctx)
}
func (d *drive) Counts() map[string]int64 { return d.counts() }

// Limiter is none where the load has all the machine.
func (d *drive) Limiter() string { return cmp.Or(d.limiter, "none") }

// Doubt is that of the load whose times are reported.
func (d *drive) Doubt() string { return doubt(d.traffic[0]) }

func (d *drive) Check() error {
	if err := d.check(d.offers()); err != nil {
		return err
	}
	if d.expect != nil {
		return d.expect(d)
	}
	return nil
}

// offers is how many of the calls were offered: those below the level of the
// logger are not.
func (d *drive) offers() int {
	if d.below == nil {
		return d.calls()
	}
	return d.calls() - d.below()
}

func (d *drive) Report(values map[string]float64) error {
	times(d.traffic[0], values)
	s := d.logger.Stats()
	expected := int(s.Accepted - s.Filtered - s.Evicted - s.Failed)
	if d.lossless {
		expected = d.offers()
	}
	d.report(expected, values)
	values["drain-ns"] = float64(d.drain)
	d.peak.report(values)
	if d.extra != nil {
		d.extra(d, values)
	}
	return nil
}

// common are the metrics of every drive.
func common(more ...string) []string {
	return slices.Concat([]string{
		"service-p50-ns", "service-p99-ns", "service-p99.9-ns",
		"response-p50-ns", "response-p99-ns", "response-p99.9-ns", "response-max-ns",
		"offered-records/s", "achieved", "blocked-share", "missed-share", "lateness-p99-ns", "drain-ns", "cpu-ns/op",
		"peak-RSS-B", "lost-records", "duplicated-records", "disordered-records", "leaked-goroutines", "leaked-descriptors",
	}, more)
}

// ours is the one arm of a scenario that only the library has.
func ours(open func(ctx context.Context, o experiment.Options) (experiment.Subject, error)) []experiment.Arm {
	return []experiment.Arm{{Name: "logperf", Open: open}}
}

// steadily is a constant rate, with a warm-up of a fifth of the time before it.
func steadily(producers int, rate float64, length time.Duration) experiment.Load {
	return experiment.Load{Producers: producers, Sleep: experiment.Nanosleep, Phases: []experiment.Phase{
		{Name: "warm-up", Duration: (length / 5).Truncate(experiment.DefaultTick), Rate: rate},
		{Name: "steady", Duration: length, Rate: rate, Measured: true},
	}}
}

// shorter makes a time fit for check mode.
func shorter(o experiment.Options, d time.Duration) time.Duration {
	if o.Check {
		return max((d / 20).Truncate(10*experiment.DefaultTick), 10*experiment.DefaultTick)
	}
	return d
}

// fewer is a number of records fit for check mode.
func fewer(o experiment.Options, n int) int {
	if o.Check {
		return max(n/100, 1)
	}
	return n
}

// slower is a rate fit for check mode.
func slower(o experiment.Options, rate float64) float64 {
	if o.Check {
		return min(rate, checkRate)
	}
	return rate
}

// pause waits for a moment of the schedule.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// mostRefused is the share of the records that drop-oldest may reject: it never
// waits, so it rejects where the oldest place is just being filled.
const mostRefused = 0.01

// respects holds the counters against the policy of a full queue.
func respects(s logging.Stats, p queue.Policy) error {
	refused := uint64(0)
	if p == queue.DropOldest {
		refused = uint64(mostRefused * float64(s.Offered))
	}
	switch {
	case p != queue.DropNewest && s.Rejected > refused:
		return fmt.Errorf("%d records were rejected under %v: want at most %d", s.Rejected, p, refused)
	case p != queue.DropOldest && s.Evicted > 0:
		return fmt.Errorf("%d records were evicted under %v: want none", s.Evicted, p)
	}
	return nil
}

// times sets what a load tells of its times.
func times(t experiment.Traffic, values map[string]float64) {
	for prefix, h := range map[string]interface{ Quantile(float64) float64 }{"service": t.Service, "response": t.Response} {
		values[prefix+"-p50-ns"] = h.Quantile(0.5)
		values[prefix+"-p99-ns"] = h.Quantile(0.99)
		values[prefix+"-p99.9-ns"] = h.Quantile(0.999)
	}
	values["response-max-ns"] = t.Response.Max()
	values["offered-records/s"] = t.Offered
	if t.Offered > 0 {
		values["achieved"] = t.Achieved / t.Offered
	}
	values["blocked-share"] = t.BlockedShare
	values["missed-share"] = t.MissedShare()
	values["lateness-p99-ns"] = t.Lateness.Quantile(0.99)
}

// doubt is why the times of a load say nothing.
func doubt(t experiment.Traffic) string {
	if share := t.MissedShare(); share > mostMissed {
		return fmt.Sprintf("the pacer was late: %.1f %% of the arrivals began more than a tick late though their producer was free, want at most %.0f %%", 100*share, 100*mostMissed)
	}
	return ""
}
