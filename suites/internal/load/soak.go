package load

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/logperf/logperf/fixtures/workload"
	"github.com/logperf/logperf/suites/internal/experiment"
	"github.com/logperf/logperf/suites/internal/stat"
)

const (
	// soakSegments is in how many parts a soak is looked at; a check takes too few
	// for a trend.
	soakSegments  = 60
	checkSegments = 3
	// soakConfidence is that of the trends: four of them, and a run of half an hour
	// should not be thrown away by chance.
	soakConfidence = 0.999
	// soakRate is what an ordinary service logs, a few per cent of the knee.
	soakRate = 20_000
)

// Soak is the table of the loads that take long.
func Soak() []experiment.Scenario {
	return from([]experiment.Scenario{{
		Name: "load/stress/soak", Tier: "soak", Measure: "cost", Repetitions: 1,
		Title:   "takes no more memory, goroutines, files and time after a long while",
		Metrics: common("rss-drift", "goroutine-drift", "descriptor-drift", "latency-drift"),
		Arms:    ours(openSoak),
	}}, "soak.go")
}

// soak is a drive in segments, with a look at the process after each.
type soak struct {
	*drive
	segment experiment.Load
	count   int    // of segments
	doubt   string // of the first segment that has one
	late    int    // how many segments have one
	series  map[string][]float64
	history []experiment.Point
}

func openSoak(_ context.Context, o experiment.Options) (experiment.Subject, error) {
	length, count := o.Soak/soakSegments, soakSegments
	if o.Check {
		length, count = 20*experiment.DefaultTick, checkSegments
	}
	length = length.Truncate(experiment.DefaultTick)
	if length < experiment.DefaultTick {
		return nil, fmt.Errorf("a soak of %v is too short: want %v or more", o.Soak, soakSegments*experiment.DefaultTick)
	}
	// A collector counts the records and keeps none: a file would grow by 14 GB an
	// hour.
	input, err := workload.Mix(o.Seed, records, map[string]float64{"web-service": 7, "batch-job": 2, "audit": 1})
	if err != nil {
		return nil, err
	}
	t, err := openTarget(o, opening{far: toHTTP, producers: 4, inputs: []*workload.Stream{input}})
	if err != nil {
		return nil, err
	}
	load := experiment.Load{Producers: 4, Sleep: experiment.Nanosleep, Phases: []experiment.Phase{
		{Name: "steady", Duration: length, Rate: soakRate, Measured: true},
	}}
	return &soak{
		drive:   &drive{plan: plan{target: t, lossless: true}},
		segment: load, count: count, series: map[string][]float64{},
	}, nil
}

func (s *soak) Size() int { return s.count * s.segment.Arrivals() }

func (s *soak) Lasts() time.Duration { return time.Duration(s.count) * s.segment.Duration() }

// Run plays segment after segment. The first is left out of the trends: there
// the process grows to its size.
func (s *soak) Run(ctx context.Context, _ int) error {
	s.loads = []part{{load: s.segment}}
	for i := range s.count {
		if err := s.drive.Run(ctx, 0); err != nil {
			return err
		}
		if why := s.drive.Doubt(); why != "" {
			s.doubt = cmp.Or(s.doubt, why)
			s.late++
		}
		values := map[string]float64{}
		s.sample(values)
		open, err := descriptors()
		if err != nil {
			return err
		}
		values["descriptors"] = float64(open)
		values["service-p50-ns"] = s.traffic[0].Service.Quantile(0.5)
		s.history = append(s.history, experiment.Point{At: time.Duration(i+1) * s.segment.Duration(), Values: values})
		if i > 0 {
			for name, v := range values {
				s.series[name] = append(s.series[name], v)
			}
		}
	}
	return nil
}

// Doubt is that of the first segment that has one, where more than a tenth have: a
// trend by the median of slopes is not moved by fewer.
func (s *soak) Doubt() string {
	if s.late*10 <= s.count {
		return ""
	}
	return s.doubt
}

// Doubts puts the trend of the times in doubt where the times are: the limit on it
// is exact, and a neighbour that grows busy would fail a soak.
func (s *soak) Doubts() map[string]string {
	if s.Doubt() == "" {
		return nil
	}
	return map[string]string{"latency-drift": s.doubt}
}

func (s *soak) Timeline() []experiment.Point { return s.history }

func (s *soak) Report(values map[string]float64) error {
	if err := s.drive.Report(values); err != nil {
		return err
	}
	for name, series := range map[string]string{
		"rss-drift": "rss-B", "goroutine-drift": "goroutines", "descriptor-drift": "descriptors", "latency-drift": "service-p50-ns",
	} {
		values[name] = drift(s.series[series])
	}
	return nil
}

// drift is by which share of its median a series has grown from its beginning to
// its end, as far as the trend is certain: the lower bound of its slope.
func drift(series []float64) float64 {
	slope, err := stat.TheilSen(series, soakConfidence)
	if err != nil || slope.Lo <= 0 {
		return 0
	}
	return slope.Lo * float64(len(series)-1) / max(stat.MedianOf(series), 1)
}
