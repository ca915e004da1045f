package load

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/logperf/logperf/suites/internal/experiment"
)

// HighThroughput is the table of the loads that the way to a file and that to a
// collector can bear, and of one that they cannot.
func HighThroughput() []experiment.Scenario {
	return from(slices.Concat(
		highThroughput("file", "a file", kneeFile, toFile),
		highThroughput("http", "a collector over HTTP", kneeHTTP, toHTTP),
	), "highthroughput.go", "knee.go")
}

func highThroughput(name, where, knee string, open openFar) []experiment.Scenario {
	var rows []experiment.Scenario
	for _, producers := range []int{1, 2, 8, 64} {
		for _, share := range []int{50, 80, 120} {
			row := experiment.Scenario{
				Name:  fmt.Sprintf("load/high-throughput/%s/producers=%d/knee=%dpct", name, producers, share),
				Title: fmt.Sprintf("bears %d %% of the rate at the knee from %d producers to %s", share, producers, where),
				Tier:  tier(name, producers, share), Measure: "latency", Input: true, Knee: knee,
				Metrics: []string{
					"service-p50-ns", "service-p99-ns", "service-p99.9-ns",
					"response-p50-ns", "response-p99-ns", "response-p99.9-ns", "response-max-ns",
					"offered-records/s", "achieved", "blocked-share", "missed-share", "lateness-p99-ns", "cpu-ns/op",
					"peak-RSS-B", "lost-records", "duplicated-records", "disordered-records", "leaked-goroutines", "leaked-descriptors",
				},
			}
			row.Arms = []experiment.Arm{{Name: "logperf", Open: func(_ context.Context, o experiment.Options) (experiment.Subject, error) {
				return openSteady(o, open, producers, float64(share)/100)
			}}}
			rows = append(rows, row)
		}
	}
	return rows
}

// tier picks a load that is light, one that is crowded, and one that is too much.
func tier(name string, producers, share int) string {
	switch fmt.Sprint(name, " ", producers, " ", share) {
	case "file 1 50", "http 8 80", "file 2 120":
		return "smoke"
	}
	return "full"
}

// checkRate is the rate of a load in check mode, where there is no knee.
const checkRate = 2000

// steady is a constant rate of arrivals at a logger.
type steady struct {
	*target
	load    experiment.Load
	traffic experiment.Traffic
	points  []experiment.Point
}

func openSteady(o experiment.Options, open openFar, producers int, share float64) (*steady, error) {
	warm, measured, rate := 100*time.Millisecond, 500*time.Millisecond, o.Knee*share
	if o.Check {
		warm, measured, rate = 10*time.Millisecond, 30*time.Millisecond, checkRate
	}
	if rate <= 0 {
		return nil, fmt.Errorf("the rate at the knee is %g records/s: want more than 0", o.Knee)
	}
	t, err := openTarget(o, open, producers)
	if err != nil {
		return nil, err
	}
	return &steady{target: t, load: experiment.Load{Producers: producers, Sleep: experiment.Nanosleep, Phases: []experiment.Phase{
		{Name: "warm-up", Duration: warm, Rate: rate},
		{Name: "steady", Duration: measured, Rate: rate, Measured: true},
	}}}, nil
}

func (s *steady) Size() int { return s.load.Arrivals() }

func (s *steady) Run(ctx context.Context, _ int) error {
	stop := experiment.Watch(ctx, watchEvery, s.sample)
	var err error
	if s.traffic, err = s.load.Play(ctx, s.log); err == nil {
		err = s.logger.Flush(ctx)
	}
	s.points = stop()
	return err
}

func (s *steady) Timeline() []experiment.Point { return s.points }

func (s *steady) Close(ctx context.Context) error { return s.close(ctx) }
func (s *steady) Counts() map[string]int64        { return s.counts() }
func (s *steady) Check() error                    { return s.check(s.traffic.Calls) }
func (s *steady) Doubt() string                   { return doubt(s.traffic) }

func (s *steady) Report(values map[string]float64) error {
	s.report(s.traffic.Calls, values)
	times(s.traffic, values)
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
