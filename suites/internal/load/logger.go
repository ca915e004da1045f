package load

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/metrics"
	"time"

	"github.com/logperf/logperf/fixtures/numbered"
	"github.com/logperf/logperf/fixtures/workload"
	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/sink/http"
	"github.com/logperf/logperf/suites/internal/experiment"
)

const (
	// records is how many records the generator prepares.
	records = 8192
	// mostMissed is the share of arrivals that the pacer may miss before the times
	// say nothing.
	mostMissed = 0.01
)

// settings are those of the loggers under load: the defaults, at the lowest
// level, so that no record of a user's log is held back.
func settings() logging.Settings {
	return logging.Settings{Level: workload.LowestLevel.String()}
}

// target is a logger with its far end.
type target struct {
	logger *logging.Logger
	input  *workload.Stream
	far    far
	opened int // descriptors before the sink

	producers []producer
	arrivals  arrivals
	left      int // descriptors that outlived the logger and its far end
}

// producer is what one producer keeps between its calls, apart from that of its
// neighbours.
type producer struct {
	attrs []slog.Attr
	sent  uint64
	_     [64]byte
}

func openTarget(o experiment.Options, open openFar, producers int) (*target, error) {
	t := &target{producers: make([]producer, producers)}
	var err error
	if t.input, err = inputOf(o); err != nil {
		return nil, err
	}
	if t.opened, err = descriptors(); err != nil {
		return nil, err
	}
	if t.far, err = open(o); err != nil {
		return nil, err
	}
	if t.logger, err = logging.New(logging.Options{Settings: settings(), Sink: t.far.sink}); err != nil {
		return nil, errors.Join(err, t.far.sink.Close(context.Background()), t.far.release())
	}
	return t, nil
}

// inputOf returns the user's own records, where a corpus is named, else a blend
// of the measured systems.
func inputOf(o experiment.Options) (*workload.Stream, error) {
	if o.Corpus != "" {
		corpus, err := workload.Open(o.Corpus)
		if err != nil {
			return nil, err
		}
		return corpus.Stream, nil
	}
	return workload.Generate("mixed", o.Seed, records)
}

// log is an experiment.Call: it logs the next record of a producer with its
// number behind it, which goes on from one load to the next. Producers begin at
// different records.
func (t *target) log(ctx context.Context, number int, _ uint64) {
	p := &t.producers[number]
	r := t.input.At(int(p.sent) + number*t.input.Len()/len(t.producers))
	p.attrs = numbered.Append(append(p.attrs[:0], r.Attrs...), number, p.sent)
	p.sent++
	t.logger.Log(ctx, r.Level, r.Message, p.attrs...)
}

// close closes the logger, asks the far end, and counts what is still open.
func (t *target) close(ctx context.Context) error {
	err := t.logger.Close(ctx)
	if err == nil {
		t.arrivals, err = t.far.arrived(ctx)
	}
	if err = errors.Join(err, t.far.release()); err != nil {
		return err
	}
	now, err := descriptors()
	t.left = max(0, now-t.opened)
	return err
}

// descriptors is how many files the process has open. The pipe makes the
// runtime open those of its poller, which it keeps.
func descriptors() (int, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	if err := errors.Join(r.Close(), w.Close()); err != nil {
		return 0, err
	}
	open, err := os.ReadDir("/proc/self/fd")
	return len(open), err
}

// counts are the counters of conservation, those of the logger and those of the
// far end.
func (t *target) counts() map[string]int64 {
	s := t.logger.Stats()
	return map[string]int64{
		"offered": int64(s.Offered), "accepted": int64(s.Accepted), "rejected": int64(s.Rejected),
		"filtered": int64(s.Filtered), "evicted": int64(s.Evicted), "failed": int64(s.Failed),
		"written": int64(s.Written), "bytes": int64(s.Bytes), "writes": int64(s.Writes),
		"arrived": int64(t.arrivals.arrived), "unique": int64(t.arrivals.unique),
	}
}

// watchEvery is how often a load is looked at: some twenty microseconds of work
// each time.
const watchEvery = 100 * time.Millisecond

// sample sets what a timeline shows.
func (t *target) sample(values map[string]float64) {
	s := t.logger.Stats()
	values["offered"], values["written"], values["failed"] = float64(s.Offered), float64(s.Written), float64(s.Failed)
	values["depth"] = float64(s.QueueDepth)
	values["rss-B"] = float64(experiment.RSS())
	gc := []metrics.Sample{{Name: "/gc/cycles/total:gc-cycles"}, {Name: "/sched/goroutines:goroutines"}}
	metrics.Read(gc)
	values["gc"], values["goroutines"] = float64(gc[0].Value.Uint64()), float64(gc[1].Value.Uint64())
	if h, ok := t.far.sink.(*http.Sink); ok {
		h := h.Stats()
		values["retries"], values["held-B"] = float64(h.Retries), float64(h.Held)
	}
}

// report sets what the far end tells of a logger that drops nothing, to which
// calls were made.
func (t *target) report(calls int, values map[string]float64) {
	values["lost-records"] = float64(max(calls-t.arrivals.unique, t.arrivals.unique-calls))
	values["duplicated-records"] = float64(t.arrivals.duplicated)
	values["disordered-records"] = float64(t.arrivals.disordered)
	values["leaked-descriptors"] = float64(t.left)
}

// check holds the counters against each other and against the calls.
func (t *target) check(calls int) error {
	s := t.logger.Stats()
	if err := s.Check(); err != nil {
		return err
	}
	if s.Offered != uint64(calls) {
		return fmt.Errorf("the logger counts %d offered records, the producers made %d calls", s.Offered, calls)
	}
	return nil
}
