package doctor

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/logperf/logperf/suites/internal/experiment"
	"github.com/logperf/logperf/suites/internal/lockstep"
	"github.com/logperf/logperf/suites/internal/metric"
	"github.com/logperf/logperf/suites/internal/stat"
)

const (
	// leastPairs gives a median an interval at a confidence of 0.95.
	leastPairs = 6
	// Two arms of the same code read as equal within these on an idle machine, as
	// a distance of the interval's far bound from 1: the readings of one pair stay
	// within 2 % where one goroutine works, and 6 % where goroutines hand work to
	// each other. Beyond the second the limits of the suite would fail by chance.
	aloneWarn, aloneBad   = 0.02, 0.06
	handedWarn, handedBad = 0.06, 0.15
)

// Noise is how far arms of the same code differ on this machine.
type Noise struct {
	Scenario string `json:"scenario"`
	// Ratio of the two arms in lockstep: the median over the pairs of processes of
	// the median over the pairs of slices, with its interval.
	Ratio stat.Interval `json:"ratio"`
	// Single is the standard deviation of the time of one operation from process
	// to process, as a share of its mean: what a benchmark that is run alone shows.
	Single float64 `json:"single"`
	// handed is set where goroutines hand work to each other.
	handed bool
}

// Repeat is one repetition of a scenario, as lockstep.Repeat makes it.
type Repeat func(ctx context.Context, s experiment.Scenario, number int) (*lockstep.Repetition, error)

// Self measures the first two arms of the scenario, which are of the same code,
// against each other for about that long, in fresh processes each time and at
// least six times.
func Self(ctx context.Context, s experiment.Scenario, lasts time.Duration, repeat Repeat) (Noise, error) {
	if len(s.Arms) < 2 {
		return Noise{}, fmt.Errorf("scenario %s has one arm: want one that is measured against itself", s.Name)
	}
	var all []*lockstep.Repetition
	for began := time.Now(); len(all) < leastPairs || time.Since(began) < lasts; {
		r, err := repeat(ctx, s, len(all))
		if err != nil {
			return Noise{}, err
		}
		all = append(all, r)
	}
	rows, err := lockstep.Collect(s, all)
	if err != nil {
		return Noise{}, err
	}
	n := Noise{Scenario: s.Name, handed: s.Aim() > time.Millisecond}
	for _, r := range rows[0].Ratios {
		if r.Metric == "ns/op" && r.Against == s.Arms[1].Name {
			n.Ratio = stat.Median(r.Slices, 0.95)
		}
	}
	if !n.Ratio.Bounded() {
		return Noise{}, fmt.Errorf("scenario %s has no ratio of ns/op to %s", s.Name, s.Arms[1].Name)
	}
	n.Single = variation(append(rows[0].Values["ns/op"], rows[1].Values["ns/op"]...))
	return n, nil
}

// variation is the standard deviation over the mean; 0 for fewer than two values.
func variation(values []float64) float64 {
	if len(values) < 2 {
		return 0
	}
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	mean := sum / float64(len(values))
	squares := 0.0
	for _, v := range values {
		squares += (v - mean) * (v - mean)
	}
	return math.Sqrt(squares/float64(len(values)-1)) / mean
}

// Finding rates the noise.
func (n Noise) Finding() Finding {
	far := max(math.Abs(n.Ratio.Lo-1), math.Abs(n.Ratio.Hi-1))
	warn, bad := aloneWarn, aloneBad
	if n.handed {
		warn, bad = handedWarn, handedBad
	}
	value := fmt.Sprintf("%s [%s .. %s] in lockstep (n=%d), single processes vary by %.1f %%", metric.Ratio.Format(n.Ratio.Center),
		metric.Ratio.Format(n.Ratio.Lo), metric.Ratio.Format(n.Ratio.Hi), n.Ratio.N, 100*n.Single)
	return advised(n.Scenario, graded(far, warn, bad), value,
		fmt.Sprintf("two arms of the same code should agree within %.0f %%: look at load, others and governor above, then measure again", 100*warn))
}
