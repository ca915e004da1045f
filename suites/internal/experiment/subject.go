package experiment

import (
	"context"
	"time"

	"github.com/logperf/logperf/suites/internal/stat"
)

// A Subject is what an arm measures. All its methods are called from one
// goroutine, one at a time.
//
// A subject is idle between its slices: no running timer, no polling. The arms
// of a scenario take turns on the same cores, and a busy one slows the other.
type Subject interface {
	// Run does n operations and returns when the last is complete; for an
	// asynchronous subject that means handed to its sink. Run(ctx, 0) is the
	// barrier alone: it waits for what is under way and does nothing else.
	Run(ctx context.Context, n int) error
	// Close releases everything. It is called once, after the last slice.
	Close(ctx context.Context) error
}

// A Lapper takes its slices apart. A scenario with laps needs it of its
// subject; a reference without it has no laps.
type Lapper interface {
	// Laps sets dst to the parts of the last slice, in the order of
	// Scenario.Laps. It must not allocate and must not keep dst.
	Laps(dst []time.Duration)
}

// A Counter has counters of conservation, such as offered, accepted and
// written. They cover the whole life of the subject, warm-up included.
type Counter interface {
	// Counts is called after Close.
	Counts() map[string]int64
}

// A Checker knows whether nothing was lost.
type Checker interface {
	// Check is called after Close; its error fails the scenario.
	Check() error
}

// A Latencies subject has timed its operations one by one.
type Latencies interface {
	// Latency returns all times so far, merged over the goroutines of the
	// subject, or nil where there are none. It is called before the first
	// measured slice and after the last, always before Close; only what was
	// added between the two counts. The runner does not change the histogram.
	Latency() *stat.Histogram
}

// A Timed subject has timed the calls of a load.
type Timed interface {
	// Times is called after Close and returns histograms by what they time: service,
	// response. The runner does not change them.
	Times() map[string]*stat.Histogram
}

// A Sizer knows how many operations its slice has, because they follow from what
// it was opened with. A scenario that is Sized needs it of each arm.
type Sizer interface {
	// Size is called once, in place of calibration. It is at least 1.
	Size() int
}

// A Doubter knows of a reason why its times say nothing, such as a pacer that
// was late.
type Doubter interface {
	// Doubt is called after Close; empty if there is none. What depends on the speed
	// of the machine is then INCONCLUSIVE; what was lost stays lost.
	Doubt() string
}

// A PartDoubter knows of single metrics that say nothing, such as whether a limit
// was survived that was not in force.
type PartDoubter interface {
	// Doubts is called after Close and gives the reasons by metric. Limits on
	// these metrics are INCONCLUSIVE, exact ones too.
	Doubts() map[string]string
}

// A Limited subject says what limits it, in words, where the coordinator does not
// know: the network, for one.
type Limited interface {
	// Limiter is called after Close.
	Limiter() string
}

// A Lasting subject knows how long its slice will last, where that is beyond
// what Scenario.Slice would allow for.
type Lasting interface {
	// Lasts is called once, in calibration.
	Lasts() time.Duration
}

// A Watched subject has kept a timeline of its slice.
type Watched interface {
	// Timeline is called after Close.
	Timeline() []Point
}

// A Curved subject has tried several rates in its slice.
type Curved interface {
	// Curve is called after Close. Its points are sorted by the offered rate, and
	// their numbers are finite.
	Curve() []CurvePoint
}

// A Reporter measures some metrics itself, such as bytes of a line.
type Reporter interface {
	// Report is called after Close and sets values by metric name. A value that
	// the runner would derive as well is replaced by the reported one.
	Report(values map[string]float64) error
}

// A Resetter prepares each slice, the warm-up included.
type Resetter interface {
	// Reset is called before each slice and is not timed. It must not allocate
	// where the scenario emits allocations.
	Reset() error
}
