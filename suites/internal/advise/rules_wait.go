package advise

import (
	"fmt"
	"time"

	"github.com/logperf/logperf/suites/internal/metric"
	"github.com/logperf/logperf/suites/internal/stat"
)

// fullQueue finds callers who wait because the queue is small. A queue of the
// default size or more that is full has a slow sink behind it: a larger one
// would only put the wait off.
func (f *finder) fullQueue() {
	small := f.settings.Queue.Capacity < defaults().Queue.Capacity
	for _, name := range []string{steady, burst} {
		r := f.rows[name]
		if !r.has() {
			continue
		}
		w := f.waiting(r)
		f.looked(r, "%s", w)
		switch {
		case f.rows[steady].lost() > 0 || f.rows[burst].lost() > 0: // that is said already
		case small && (w.calls || w.queue):
			f.smallQueue(r, w)
			return
		case !small && w.calls && w.queue && !r.doubtful() && f.slow == nil:
			f.add(r.Scenario, Advice{
				Cause: "the queue is large and full all the same: the sink is slower than the load", Evidence: []Evidence{r.evidence("%s", w)},
				Do: "measure the knee (load/settings/knee) and offer less, log fewer levels, or take a faster sink; a larger queue only puts the wait off",
			})
			return
		}
	}
}

// wait is how callers wait under a load.
type wait struct {
	// blocked is the time in calls longer than a tick over the length of the load,
	// and may exceed 1 where the load is over before they return; filled is the share
	// of the looks at the queue that found it full.
	blocked, filled float64
	looks, places   int
	p99, plain      float64 // of a call, in ns, and that with the defaults
	longer          stat.Interval
	known           bool // longer is
	// calls is set where calls are longer than with the defaults, queue where the
	// queue is full more often. A busy machine makes both full.
	calls, queue bool
}

func (f *finder) waiting(r row) wait {
	w := wait{blocked: r.median("blocked-share"), p99: r.median("service-p99-ns"), plain: r.plainMedian("service-p99-ns"), places: f.settings.Queue.Capacity}
	w.filled, w.looks = full(r.Timelines, w.places)
	w.longer, w.known = r.worse("service-p99-ns")
	beside := 0.0
	if r.plain != nil {
		beside, _ = full(r.plain.Timelines, defaults().Queue.Capacity)
	}
	w.queue = w.filled > mostFull+2*beside
	w.calls = !r.doubtful() && (w.blocked > mostBlocked+2*r.plainMedian("blocked-share") || w.known && w.longer.Lo > leastLonger)
	return w
}

func (w wait) String() string {
	ns := metric.Nanoseconds.Format
	return fmt.Sprintf("in calls longer than 1 ms callers spent %s of the load's length, the queue of %d places was full in %s of %d looks, p99 of a call %s, with the defaults %s",
		percent(w.blocked), w.places, percent(w.filled), w.looks, ns(w.p99), ns(w.plain))
}

func (f *finder) smallQueue(r row, w wait) {
	a := Advice{
		Set: []Change{capacity(defaults().Queue.Capacity)}, Evidence: []Evidence{r.evidence("%s", w)},
		Cause: fmt.Sprintf("the queue of %d places is too small for what comes at once", w.places),
	}
	if w.calls {
		a.Cause += ", so that callers wait"
	}
	if w.known && w.longer.Center > 1 {
		a.Gain = &Gain{What: "99th percentile of a call", Scenario: r.Scenario, Factor: w.longer, Together: f.slow != nil}
	}
	f.add(r.Scenario, a)
}

// lateRecords finds records that wait for their batch. Where it is seen at a
// trickle, batches do not fill in time.
func (f *finder) lateRecords() {
	r := f.rows[trickle]
	if !r.has() {
		return
	}
	waited := lags(r.Timelines)
	if len(waited) == 0 {
		return
	}
	mean := stat.MedianOf(seconds(waited))
	f.looked(r, "a record reached the sink %s after its call, on average", metric.Nanoseconds.Format(mean*1e9))
	d := defaults().Batch.Delay
	if mean < mostLag.Seconds() || f.settings.Batch.Delay <= d {
		return
	}
	a := Advice{
		Set: []Change{batchDelay(d)}, Cause: "records wait for a batch that does not fill",
		Evidence: []Evidence{r.evidence("at %s a batch of %s takes %s to fill, and may wait for %s; records were %s on their way, on average",
			metric.PerSecond.Format(r.median("offered-records/s")), size(f.settings.Batch.Bytes), f.fills(r), span(f.settings.Batch.Delay), metric.Nanoseconds.Format(mean*1e9))},
		Costs: []string{"more writes where little is logged"},
	}
	if gain, ok := sooner(r); ok {
		a.Gain = &gain
	}
	f.add(r.Scenario, a)
}

// fills is how long a batch takes to fill at the rate of the row.
func (f *finder) fills(r row) string {
	perSecond := r.median("offered-records/s") * r.median("line-B/op")
	if perSecond <= 0 {
		return "for ever"
	}
	return metric.Nanoseconds.Format(float64(f.settings.Batch.Bytes) / perSecond * 1e9)
}

// sooner is the gain of the reference, whose timelines stand beside.
func sooner(r row) (Gain, bool) {
	if r.plain == nil {
		return Gain{}, false
	}
	a, b := seconds(lags(r.Timelines)), seconds(lags(r.plain.Timelines))
	return lagGain(r.Scenario, a, b)
}

// lagGain compares lags of arms that ran in turns.
func lagGain(scenario string, slow, fast []float64) (Gain, bool) {
	if len(slow) == 0 || len(slow) != len(fast) {
		return Gain{}, false
	}
	var ratios []float64
	for i := range slow {
		if slow[i] <= 0 || fast[i] <= 0 {
			return Gain{}, false
		}
		ratios = append(ratios, slow[i]/fast[i])
	}
	return Gain{What: "time until the sink has a record", Scenario: scenario, Factor: stat.Median(ratios, confidence)}, true
}

func seconds(all []time.Duration) []float64 {
	var s []float64
	for _, d := range all {
		s = append(s, d.Seconds())
	}
	return s
}
