package load

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/logperf/logperf/suites/internal/experiment"
)

// The scenarios of the knees of the ways to a file and to a collector.
const (
	kneeFile = "load/knee/file"
	kneeHTTP = "load/knee/http"
)

const (
	// kneeBound is what the 99th percentile of the response time has to hold at
	// the knee where nothing else is asked for: five ticks, far from what a call takes and far below what a
	// queue that has begun to grow makes of it.
	kneeBound = 5 * time.Millisecond
	// kneeAchieved is the share of the arrivals that has to have returned in time.
	kneeAchieved = 0.99
	// kneeDrain is how soon after the last arrival the sink has to have all: what
	// takes longer has grown in the queue and in the sink's buffer, which would
	// hide a rate that is too high for as long as they have room.
	kneeDrain = 20 * time.Millisecond
	// kneeProducers are as many as the processors that an arm has at most.
	kneeProducers = 2
	// kneeSteps halve the range in which the knee is looked for, to 1/32 of it.
	// Where no rate has held by then, as with giant records that come in lumps,
	// up to kneeMost look further down.
	kneeSteps = 5
	kneeMost  = 15
)

// Knees is the table of the knees: the highest rate at which the 99th percentile
// of the response time holds its bound and nothing is lost.
func Knees() []experiment.Scenario {
	return from([]experiment.Scenario{
		knee(kneeFile, "a file", toFile),
		knee(kneeHTTP, "a collector over HTTP", toHTTP),
	}, "knee.go", "highthroughput.go")
}

func knee(name, where string, open openFar) experiment.Scenario {
	return experiment.Scenario{
		Name: name, Title: "reaches its knee with 2 producers to " + where,
		Tier: "smoke", Measure: "throughput", Input: true,
		Metrics: []string{"knee-records/s", "lost-records", "duplicated-records", "disordered-records", "leaked-goroutines", "leaked-descriptors"},
		Arms: []experiment.Arm{{Name: "logperf", Open: func(_ context.Context, o experiment.Options) (experiment.Subject, error) {
			t, err := openTarget(o, opening{far: open, producers: kneeProducers})
			if err != nil {
				return nil, err
			}
			return &search{target: t, brief: o.Check, bound: cmp.Or(o.KneeP99, kneeBound)}, nil
		}}},
	}
}

// search looks for the knee of one target.
type search struct {
	*target
	brief bool
	bound time.Duration // of the 99th percentile of the response time
	knee  float64
	curve []experiment.CurvePoint // in the order in which the rates were tried
	late  string                  // why the search may have ended too low
}

func (s *search) Size() int { return 1 }

// Run measures how fast two users can log, who call again as soon as they can,
// and halves the range up to a third beyond that.
func (s *search) Run(ctx context.Context, _ int) error {
	length := 100 * time.Millisecond
	if s.brief {
		length = 10 * time.Millisecond
	}
	closed, _, err := s.play(ctx, experiment.Phase{Name: "users", Duration: length, Users: kneeProducers, Measured: true})
	if err != nil {
		return err
	}
	low, high := 0.0, 1.3*closed.Achieved
	for step := 0; step < kneeSteps || low == 0 && step < kneeMost; step++ {
		rate := (low + high) / 2
		t, drain, held, err := s.try(ctx, experiment.Phase{Name: "steady", Duration: length, Rate: rate, Measured: true})
		if err != nil {
			return err
		}
		if held {
			low = rate
		} else {
			high = rate
			s.late = cmp.Or(s.late, doubt(t))
		}
		// At the lowest rates no arrival may be due, and then there are no times.
		if t.Measured > 0 {
			s.curve = append(s.curve, curvePoint(t, drain, held))
		}
	}
	s.knee = low
	return nil
}

// kneeTries is how often a rate is tried where the machine disturbed it.
const kneeTries = 3

// try plays a rate, again where it does not hold and the pacer was late: a single
// disturbance would else halve the range for good.
func (s *search) try(ctx context.Context, p experiment.Phase) (t experiment.Traffic, drain time.Duration, held bool, err error) {
	for range kneeTries {
		if t, drain, err = s.play(ctx, p); err != nil {
			break
		}
		if held = holds(t, drain, s.bound); held || t.MissedShare() <= mostMissed {
			break
		}
	}
	return t, drain, held, err
}

// holds reports whether the load was below the knee. One without arrivals tells
// nothing, and is no rate that was borne.
func holds(t experiment.Traffic, drain, bound time.Duration) bool {
	return t.Measured > 0 && t.Response.Quantile(0.99) <= float64(bound) && t.Achieved >= kneeAchieved*t.Offered && drain <= kneeDrain
}

func curvePoint(t experiment.Traffic, drain time.Duration, held bool) experiment.CurvePoint {
	return experiment.CurvePoint{
		Offered: t.Offered, Achieved: t.Achieved,
		ServiceP50: t.Service.Quantile(0.5), ServiceP99: t.Service.Quantile(0.99),
		ResponseP50: t.Response.Quantile(0.5), ResponseP99: t.Response.Quantile(0.99), ResponseP999: t.Response.Quantile(0.999),
		Drain: drain, Held: held, Missed: t.MissedShare(),
	}
}

// play runs one phase and lets the logger come to rest, which takes the drain.
func (s *search) play(ctx context.Context, p experiment.Phase) (t experiment.Traffic, drain time.Duration, err error) {
	t, err = experiment.Load{Producers: kneeProducers, Sleep: experiment.Nanosleep, Phases: []experiment.Phase{p}}.Play(ctx, s.log)
	began := time.Now()
	if err == nil {
		err = s.rest(ctx, restWithin)
	}
	return t, time.Since(began), err
}

// Doubt is that of the first rate that did not hold while the pacer was late: the
// knee may lie above it.
func (s *search) Doubt() string                   { return s.late }
func (s *search) Close(ctx context.Context) error { return s.close(ctx) }
func (s *search) Counts() map[string]int64        { return s.counts() }
func (s *search) Check() error                    { return s.check(s.calls()) }

// Curve returns the rates that were tried, by rising rate.
func (s *search) Curve() []experiment.CurvePoint {
	return slices.SortedStableFunc(slices.Values(s.curve), func(a, b experiment.CurvePoint) int {
		return cmp.Compare(a.Offered, b.Offered)
	})
}

func (s *search) Report(v map[string]float64) error {
	s.report(s.calls(), v)
	v["knee-records/s"] = s.knee
	return nil
}
