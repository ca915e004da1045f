package load

import (
	"context"
	"path/filepath"
	"sync"
	"time"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/sink/file"
	"github.com/logperf/logperf/logging/sink/http"
	"github.com/logperf/logperf/suites/internal/experiment"
	"github.com/logperf/logperf/suites/internal/stat"
)

const (
	// usersCallers are as many as the processors that an arm has at most.
	usersCallers = 2
	// usersSlice is long enough for goroutines that hand work to each other, and
	// usersSlices bound the file, which grows by some MB in each.
	usersSlice  = 4 * time.Millisecond
	usersSlices = 40

	// steadyRate is far below the knee of the default settings (a tenth of it on the
	// machine that the limits were measured on): what any settings should bear.
	steadyRate = 50_000
	// courseBurst is half of the default capacity, and courseEvery leaves the default
	// settings several times as long as they need to write it.
	courseBurst = 4096
	courseEvery = 50 * time.Millisecond
	courseRate  = 10_000
	// trickleRate leaves a batch of the default size waiting for its delay.
	trickleRate = 500

	courseLength = 300 * time.Millisecond
	trickleTime  = 500 * time.Millisecond
	// courseWatch sees the queue within a burst.
	courseWatch = 25 * time.Millisecond
)

func steadyPhase(o experiment.Options) experiment.Phase {
	return experiment.Phase{Duration: shorter(o, courseLength), Rate: slower(o, steadyRate)}
}

func burstPhase(o experiment.Options) experiment.Phase {
	return experiment.Phase{Duration: shorter(o, courseLength), Rate: slower(o, courseRate), Burst: fewer(o, courseBurst), Every: shorter(o, courseEvery)}
}

func tricklePhase(o experiment.Options) experiment.Phase {
	return experiment.Phase{Duration: shorter(o, trickleTime), Rate: slower(o, trickleRate)}
}

// openCourse makes a drive of one phase, behind a warm-up of a fifth of it.
func openCourse(producers int, phase func(experiment.Options) experiment.Phase) func(experiment.Options, logging.Settings) (experiment.Subject, error) {
	return func(o experiment.Options, s logging.Settings) (experiment.Subject, error) {
		t, err := openTarget(o, opening{far: farOf(s.Sink), producers: producers, settings: loggerSettings(s)})
		if err != nil {
			return nil, err
		}
		measured := phase(o)
		measured.Name, measured.Measured = "measured", true
		warm := measured
		warm.Name, warm.Measured = "warm-up", false
		warm.Duration = max((measured.Duration / 5).Truncate(experiment.DefaultTick), experiment.DefaultTick)
		load := experiment.Load{Producers: producers, Sleep: experiment.Nanosleep, Phases: []experiment.Phase{warm, measured}}
		return &drive{plan: plan{
			target: t, lossless: lossless(s), loads: []part{{load: load}}, watch: courseWatch,
			extra: func(d *drive, values map[string]float64) {
				d.lines(values)
				d.fates(values)
			},
		}}, nil
	}
}

func openSettingsKnee(o experiment.Options, s logging.Settings) (experiment.Subject, error) {
	t, err := openTarget(o, opening{far: farOf(s.Sink), producers: kneeProducers, settings: loggerSettings(waiting(s))})
	if err != nil {
		return nil, err
	}
	return &search{target: t, brief: o.Check, bound: kneeBound}, nil
}

// farOf is the far end of a sink as the settings say: our collector in the place
// of theirs, else a file in the arm's folder. It does not rotate: what has been
// renamed would not be counted.
func farOf(s logging.SinkSettings) openFar {
	return func(o experiment.Options) (far, error) {
		if s.Kind == logging.SinkHTTP {
			return toCollector(httpOptions(s.HTTP))
		}
		path := filepath.Join(o.Dir, "records.log")
		sink, err := file.New(file.Options{Path: path, BlockSize: s.BlockSize, Sync: s.Sync})
		if err != nil {
			return far{}, err
		}
		return far{sink: sink, release: nothing, arrived: func(ctx context.Context) (arrivals, error) { return inFile(ctx, path) }}, nil
	}
}

func httpOptions(s logging.HTTPSettings) http.Options {
	return http.Options{
		Gzip: s.Gzip, BatchBytes: s.BatchBytes, BatchRecords: s.BatchRecords, BatchDelay: s.BatchDelay, BufferBytes: s.BufferBytes,
		Timeout: s.Timeout, Backoff: http.Backoff{Min: s.MinBackoff, Max: s.MaxBackoff}, GiveUp: s.GiveUp,
		Breaker: http.Breaker{Failures: s.Failures, Cooldown: s.Cooldown, Max: s.MaxCooldown},
	}
}

// users is the subject of callers who log again as soon as they can, until the
// sink has everything.
type users struct {
	*target
	caller time.Duration // of the last slice, until the callers had returned
}

func openUsers(o experiment.Options, s logging.Settings) (experiment.Subject, error) {
	t, err := openTarget(o, opening{far: farOf(s.Sink), producers: usersCallers, settings: loggerSettings(waiting(s))})
	if err != nil {
		return nil, err
	}
	return &users{target: t}, nil
}

// Run starts its callers anew, which is little of a slice of thousands of calls.
func (u *users) Run(ctx context.Context, n int) error {
	began := time.Now()
	var callers sync.WaitGroup
	for number := range usersCallers {
		calls := n*(number+1)/usersCallers - n*number/usersCallers
		callers.Go(func() {
			for range calls {
				u.log(ctx, number, 0)
			}
		})
	}
	callers.Wait()
	u.caller = time.Since(began)
	return u.logger.Flush(ctx)
}

func (u *users) Laps(dst []time.Duration) {
	if len(dst) > 0 {
		dst[0] = u.caller
	}
}

func (u *users) Close(ctx context.Context) error { return u.close(ctx) }
func (u *users) Counts() map[string]int64        { return u.counts() }
func (u *users) Check() error                    { return u.check(u.calls()) }

func (u *users) Report(values map[string]float64) error {
	u.report(u.calls(), values)
	u.lines(values)
	return nil
}

// fates sets which share of the records a policy has dropped, and how long the
// others took to the sink: 0 where the load was too short to tell, as in a check.
func (d *drive) fates(values map[string]float64) {
	s := d.logger.Stats()
	values["dropped-share"] = 0
	if s.Offered > 0 {
		values["dropped-share"] = float64(s.Rejected+s.Evicted) / float64(s.Offered)
	}
	var looks []stat.Look
	for _, p := range d.points[:max(len(d.points)-1, 0)] { // the last look comes after the flush
		looks = append(looks, stat.Look{At: p.At, Came: p.Values["offered"], Left: p.Values["written"] + p.Values["failed"]})
	}
	lag, _ := stat.Sojourn(looks)
	values["sink-lag-ns"] = float64(lag)
}

// lines sets how long the lines were, and how many calls of the sink they took.
func (t *target) lines(values map[string]float64) {
	values["line-B/op"], values["writes/1k-op"] = 0, 0
	if s := t.logger.Stats(); s.Written > 0 {
		values["line-B/op"] = float64(s.Bytes) / float64(s.Written)
		values["writes/1k-op"] = 1000 * float64(s.Writes) / float64(s.Written)
	}
}
