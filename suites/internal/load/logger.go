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

// opening is what a target is opened with.
type opening struct {
	far       openFar
	producers int
	// settings are the defaults at the lowest level, so that no record of a user's
	// log is held back, where nothing else is said.
	settings logging.Settings
	filters  []logging.Filter
	// inputs are the records of the producers, in turn; nil: the user's own, or a
	// blend of the measured systems.
	inputs []*workload.Stream
	// message makes a new message for each record; nil: that of the input.
	message func() string
}

// target is a logger with its far end.
type target struct {
	logger  *logging.Logger
	far     far
	message func() string
	peak    peaks
	opened  int // descriptors before the sink

	producers []producer
	arrivals  arrivals
	left      int // descriptors that outlived the logger and its far end
}

// producer is what one producer keeps between its calls, apart from that of its
// neighbours.
type producer struct {
	input *workload.Stream
	attrs []slog.Attr
	sent  uint64
	high  uint64 // of those, at level error or above
	_     [64]byte
}

func openTarget(o experiment.Options, w opening) (*target, error) {
	t := &target{producers: make([]producer, w.producers), message: w.message}
	if len(w.inputs) == 0 {
		input, err := inputOf(o)
		if err != nil {
			return nil, err
		}
		w.inputs = []*workload.Stream{input}
	}
	for i := range t.producers {
		t.producers[i].input = w.inputs[i%len(w.inputs)]
	}
	if w.settings.Level == "" {
		w.settings.Level = workload.LowestLevel.String()
	}
	var err error
	if t.opened, err = descriptors(); err != nil {
		return nil, err
	}
	t.peak.note()
	if t.far, err = w.far(o); err != nil {
		return nil, err
	}
	if t.logger, err = logging.New(logging.Options{Settings: w.settings, Filters: w.filters, Sink: t.far.sink}); err != nil {
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
	return workload.Generate(workload.Mixed, o.Seed, records)
}

// generated are records of a profile for scenarios that a user's log does not
// fit: they are about services, or about memory.
func generated(o experiment.Options, profiles ...string) ([]*workload.Stream, error) {
	var all []*workload.Stream
	for _, name := range profiles {
		one, err := workload.Generate(name, o.Seed, records)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

// log is an experiment.Call: it logs the next record of a producer with its
// number behind it, which goes on from one load to the next. Producers begin at
// different records.
func (t *target) log(ctx context.Context, number int, _ uint64) {
	p := &t.producers[number]
	r := p.input.At(int(p.sent) + number*p.input.Len()/len(t.producers))
	p.attrs = numbered.Append(append(p.attrs[:0], r.Attrs...), number, p.sent)
	p.sent++
	if r.Level >= slog.LevelError {
		p.high++
	}
	message := r.Message
	if t.message != nil {
		message = t.message()
	}
	t.logger.Log(ctx, r.Level, message, p.attrs...)
}

// calls is how many calls the producers have made.
func (t *target) calls() int {
	n := 0
	for i := range t.producers {
		n += int(t.producers[i].sent)
	}
	return n
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
	t.left, err = t.leftOpen(ctx)
	return err
}

// leftOpen counts the descriptors that were not there before. Those that are about
// to close are waited for, as goroutines are, a second at most: a connection goes
// with a goroutine of its own.
func (t *target) leftOpen(ctx context.Context) (int, error) {
	for deadline := time.Now().Add(time.Second); ; {
		now, err := descriptors()
		if err != nil || now <= t.opened || time.Now().After(deadline) {
			return max(0, now-t.opened), err
		}
		if err := pause(ctx, time.Millisecond); err != nil {
			return 0, err
		}
	}
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
		values["retries"], values["held-B"], values["breaker-opened"] = float64(h.Retries), float64(h.Held), float64(h.BreakerOpened)
	}
}

// report sets what the far end tells, where so many records had to arrive.
func (t *target) report(expected int, values map[string]float64) {
	values["lost-records"] = float64(max(expected-t.arrivals.unique, t.arrivals.unique-expected))
	values["duplicated-records"] = float64(t.arrivals.duplicated)
	values["disordered-records"] = float64(t.arrivals.disordered)
	values["leaked-descriptors"] = float64(t.left)
}

// check holds the counters against each other and against the calls that were
// not below the level.
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
