package load

import (
	"context"
	"errors"
	"time"

	"github.com/logperf/logperf/suites/internal/experiment"
)

const (
	// generatorRate is one that loggers are loaded with.
	generatorRate = 200_000
	// stallRate, stallFor and stallAt make a subject that stands still once.
	stallRate = 10_000
	stallFor  = 50 * time.Millisecond
	stallAt   = 50 * time.Millisecond
)

// Generators is the table of the generator of the load itself, with subjects that
// do nothing.
func Generators() []experiment.Scenario {
	rows := []experiment.Scenario{
		{
			Name: "load/generator/idle", Tier: "smoke", Measure: "cost",
			Title:   "costs little itself, seen with a subject that does nothing",
			Metrics: []string{"service-p50-ns", "response-p50-ns", "offered-records/s", "missed-share", "lateness-p99-ns", "cpu-ns/op", "leaked-goroutines"},
			Arms: ours(func(_ context.Context, o experiment.Options) (experiment.Subject, error) {
				return &generator{load: steadily(2, slower(o, generatorRate), shorter(o, 300*time.Millisecond)), call: func(int, uint64) {}}, nil
			}),
		},
		{
			Name: "load/generator/stall", Tier: "smoke", Measure: "latency",
			Title:   "charges a stall to all who came meanwhile",
			Metrics: []string{"stall-charged", "response-max-ns", "service-p50-ns", "leaked-goroutines"},
			Arms:    ours(openStanding),
		},
	}
	return from(rows, "generators.go")
}

// generator is a load without a logger.
type generator struct {
	load    experiment.Load
	call    func(producer int, n uint64)
	traffic experiment.Traffic
	charged bool
}

func openStanding(context.Context, experiment.Options) (experiment.Subject, error) {
	at := uint64(stallRate * stallAt.Seconds())
	load := experiment.Load{Producers: 1, Sleep: experiment.Nanosleep, Phases: []experiment.Phase{
		{Name: "steady", Duration: 2*stallAt + stallFor, Rate: stallRate, Measured: true},
	}}
	return &generator{load: load, charged: true, call: func(_ int, n uint64) {
		if n == at {
			time.Sleep(stallFor)
		}
	}}, nil
}

func (g *generator) Size() int { return g.load.Arrivals() }

func (g *generator) Run(ctx context.Context, _ int) error {
	var err error
	g.traffic, err = g.load.Play(ctx, func(_ context.Context, producer int, n uint64) { g.call(producer, n) })
	return err
}

func (g *generator) Close(context.Context) error { return nil }

func (g *generator) Check() error {
	if g.traffic.Calls != g.traffic.Scheduled {
		return errors.New("the generator has not made all the calls that were due")
	}
	return nil
}

func (g *generator) Report(values map[string]float64) error {
	times(g.traffic, values)
	if g.charged {
		values["stall-charged"] = g.stallCharged()
	}
	return nil
}

// stallCharged is the share of those who came during the first nine tenths of the
// stall that have waited for a tenth of it or more. A generator that makes
// each call when the last has returned charges one.
func (g *generator) stallCharged() float64 {
	due := 0.9 * stallFor.Seconds() * stallRate
	total := float64(g.traffic.Response.Count())
	// The quantile that has so many above it.
	if g.traffic.Response.Quantile(1-due/total) >= float64(stallFor/10) {
		return 1
	}
	waited := 0.0
	for n := 1.0; n < due; n++ {
		if g.traffic.Response.Quantile(1-n/total) < float64(stallFor/10) {
			break
		}
		waited = n
	}
	return waited / due
}
