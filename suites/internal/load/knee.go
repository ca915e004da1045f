package load

import (
	"context"
	"errors"
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
	// the knee: five ticks, far from what a call takes and far below what a
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
			t, err := openTarget(o, open, kneeProducers)
			if err != nil {
				return nil, err
			}
			return &search{target: t, brief: o.Check}, nil
		}}},
	}
}

// search looks for the knee of one target.
type search struct {
	*target
	brief bool
	calls int
	knee  float64
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
		t, drain, err := s.play(ctx, experiment.Phase{Name: "steady", Duration: length, Rate: rate, Measured: true})
		if err != nil {
			return err
		}
		if holds(t, drain) {
			low = rate
		} else {
			high = rate
		}
	}
	s.knee = low
	return nil
}

// holds reports whether the load was below the knee.
func holds(t experiment.Traffic, drain time.Duration) bool {
	return t.Response.Quantile(0.99) <= float64(kneeBound) && t.Achieved >= kneeAchieved*t.Offered && drain <= kneeDrain
}

// play runs one phase and lets the logger come to rest, which takes the drain.
func (s *search) play(ctx context.Context, p experiment.Phase) (t experiment.Traffic, drain time.Duration, err error) {
	t, err = experiment.Load{Producers: kneeProducers, Sleep: experiment.Nanosleep, Phases: []experiment.Phase{p}}.Play(ctx, s.log)
	s.calls += t.Calls
	began := time.Now()
	err = errors.Join(err, s.logger.Flush(ctx))
	return t, time.Since(began), err
}

func (s *search) Close(ctx context.Context) error { return s.close(ctx) }
func (s *search) Counts() map[string]int64        { return s.counts() }
func (s *search) Check() error                    { return s.check(s.calls) }
func (s *search) Report(v map[string]float64) error {
	s.report(s.calls, v)
	v["knee-records/s"] = s.knee
	return nil
}
