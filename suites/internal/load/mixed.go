package load

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/logperf/logperf/fixtures/workload"
	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/queue"
	"github.com/logperf/logperf/logging/sink/file"
	"github.com/logperf/logperf/logging/sink/route"
	"github.com/logperf/logperf/suites/internal/experiment"
)

// The producers of the mixed load, in this order.
const (
	webProducers   = 4
	batchProducers = 2
	debugProducers = 1
	auditProducers = 1

	// keepDebug is the share of the debug records that the sampling lets pass, as
	// one in so many.
	keepDebug = 10
)

// MixedServices is the table of the load of several services on one logger.
func MixedServices() []experiment.Scenario {
	return from([]experiment.Scenario{{
		Name: "load/mixed/services", Tier: "smoke", Measure: "latency", Repetitions: exactRepetitions,
		Title:   "serves a web service, a batch job, chatty debug and an audit at once, each level with its sink",
		Metrics: common(),
		Arms:    ours(openMixed),
	}}, "mixed.go")
}

// sample lets one in keepDebug of the records below info pass. The worker alone
// calls it.
type sample struct {
	seen    uint64
	stopped atomic.Uint64
}

func (s *sample) Keep(e *logging.Entry) bool {
	if e.Level >= slog.LevelInfo {
		return true
	}
	s.seen++
	if s.seen%keepDebug == 0 {
		return true
	}
	s.stopped.Add(1)
	return false
}

func openMixed(_ context.Context, o experiment.Options) (experiment.Subject, error) {
	inputs, err := generated(o, "web-service", "web-service", "web-service", "web-service", "batch-job", "batch-job", "chatty-debug", "audit")
	if err != nil {
		return nil, err
	}
	sampled := new(sample)
	t, err := openTarget(o, opening{
		far: toThree, producers: len(inputs), inputs: inputs, filters: []logging.Filter{sampled},
	})
	if err != nil {
		return nil, err
	}
	length := shorter(o, time.Second)
	share := func(first, producers int, phases ...experiment.Phase) part {
		return part{first: first, load: experiment.Load{Producers: producers, Sleep: experiment.Nanosleep, Phases: phases}}
	}
	every := shorter(o, 200*time.Millisecond)
	return &drive{plan: plan{
		target: t,
		loads: []part{
			share(0, webProducers, experiment.Phase{Name: "steady", Duration: length, Rate: slower(o, 20_000), Measured: true}),
			share(webProducers, batchProducers, experiment.Phase{Name: "burst", Duration: length, Burst: fewer(o, 5000), Every: every, Measured: true}),
			share(webProducers+batchProducers, debugProducers, experiment.Phase{Name: "steady", Duration: length, Rate: slower(o, 50_000), Measured: true}),
			share(webProducers+batchProducers+debugProducers, auditProducers, experiment.Phase{Name: "steady", Duration: length, Rate: slower(o, 200), Measured: true}),
		},
		expect: func(d *drive) error {
			s := d.logger.Stats()
			if s.Filtered != sampled.stopped.Load() {
				return fmt.Errorf("%d records count as filtered, the sampling has stopped %d", s.Filtered, sampled.stopped.Load())
			}
			if s.Failed > 0 {
				return fmt.Errorf("%d records failed, though no sink is in trouble", s.Failed)
			}
			return respects(s, queue.Block)
		},
	}}, nil
}

// toThree routes debug to a file, what a service reports to a collector, and the
// audit to a file that is synced with each block. No level has two routes, so
// that each record arrives once.
func toThree(o experiment.Options) (far, error) {
	collector, err := toHTTP(experiment.Options{Dir: o.Dir})
	if err != nil {
		return far{}, err
	}
	debug, audit := filepath.Join(o.Dir, "debug.log"), filepath.Join(o.Dir, "audit.log")
	sinks := []logging.Sink{collector.sink}
	undo := func(err error) (far, error) {
		for _, s := range sinks {
			err = errors.Join(err, s.Close(context.Background()))
		}
		return far{}, errors.Join(err, collector.release())
	}
	for _, f := range []file.Options{{Path: debug}, {Path: audit, Sync: true}} {
		s, err := file.New(f)
		if err != nil {
			return undo(err)
		}
		sinks = append(sinks, s)
	}
	routes, err := route.New(
		route.Route{Name: "services", Sink: sinks[0], Levels: route.Between(slog.LevelInfo, workload.LevelAudit-1)},
		route.Route{Name: "debug", Sink: sinks[1], Levels: route.AtMost(slog.LevelInfo - 1)},
		route.Route{Name: "audit", Sink: sinks[2], Levels: route.AtLeast(workload.LevelAudit)},
	)
	if err != nil {
		return undo(err)
	}
	return far{sink: routes, release: collector.release, arrived: func(ctx context.Context) (arrivals, error) {
		sum, err := collector.arrived(ctx)
		for _, path := range []string{debug, audit} {
			one, e := inFile(ctx, path)
			err = errors.Join(err, e)
			sum.arrived, sum.unique = sum.arrived+one.arrived, sum.unique+one.unique
			sum.duplicated, sum.disordered = sum.duplicated+one.duplicated, sum.disordered+one.disordered
		}
		return sum, err
	}}, nil
}
