package scenario

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/logperf/logperf/fixtures/workload"
	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/sink"
	"github.com/logperf/logperf/logging/sink/file"
	"github.com/logperf/logperf/suites/internal/experiment"
)

// end is the subject of the scenarios that go from the caller's Log to the
// sink: callers log, then a flush hands everything to the sink.
type end struct {
	logger  *logging.Logger
	log     func(l *logging.Logger, n int) // logs n records as one caller
	crew    *crew                          // nil: the goroutine of the slice is the caller
	arrived func() (int, error)            // counts and cuts the far end, nil where it keeps nothing

	caller       time.Duration
	offered      int
	arrivedTotal int
	bytesMark    uint64
}

type endOptions struct {
	callers  int
	settings logging.Settings
	stages   logging.Options // filters, enrichers, redactors
	file     bool            // to a file in the arm's folder, otherwise discarded
	log      func(o experiment.Options) (func(*logging.Logger, int), error)
}

func endArm(eo endOptions) experiment.Arm {
	return experiment.Arm{Name: "logperf", Open: func(_ context.Context, o experiment.Options) (experiment.Subject, error) {
		return openEnd(eo, o)
	}}
}

func openEnd(eo endOptions, o experiment.Options) (*end, error) {
	options := eo.stages
	options.Settings = eo.settings
	e := &end{}
	var err error
	if e.log, err = eo.log(o); err != nil {
		return nil, err
	}
	options.Sink = sink.NewDiscard()
	if eo.file {
		path := filepath.Join(o.Dir, "records.log")
		if options.Sink, err = file.New(file.Options{Path: path}); err != nil {
			return nil, err
		}
		e.arrived = counter(path)
	}
	if e.logger, err = logging.New(options); err != nil {
		return nil, errors.Join(err, options.Sink.Close(context.Background()))
	}
	if eo.callers > 1 {
		e.crew = newCrew(eo.callers, func(_, n int) { e.log(e.logger, n) }, nil)
	}
	return e, nil
}

func (e *end) Run(ctx context.Context, n int) error {
	began := time.Now()
	if e.crew == nil {
		e.log(e.logger, n)
	} else {
		e.crew.start(n)
		e.crew.join()
	}
	e.caller = time.Since(began)
	e.offered += n
	return e.logger.Flush(ctx)
}

func (e *end) Laps(dst []time.Duration) {
	if len(dst) > 0 {
		dst[0] = e.caller
	}
}

// Reset cuts the far end back before it grows beyond its limit.
func (e *end) Reset() error {
	if written := e.logger.Stats().Bytes; written-e.bytesMark > fileLimit {
		e.bytesMark = written
		return e.count()
	}
	return nil
}

func (e *end) count() error {
	if e.arrived == nil {
		return nil
	}
	n, err := e.arrived()
	e.arrivedTotal += n
	return err
}

func (e *end) Close(ctx context.Context) error {
	if e.crew != nil {
		e.crew.close()
	}
	return errors.Join(e.logger.Close(ctx), e.count())
}

func (e *end) Counts() map[string]int64 {
	counts := countsOf(e.logger.Stats())
	if e.arrived != nil {
		counts["arrived"] = int64(e.arrivedTotal)
	}
	return counts
}

func countsOf(s logging.Stats) map[string]int64 {
	return map[string]int64{
		"offered": int64(s.Offered), "accepted": int64(s.Accepted), "rejected": int64(s.Rejected),
		"filtered": int64(s.Filtered), "evicted": int64(s.Evicted), "failed": int64(s.Failed),
		"written": int64(s.Written), "bytes": int64(s.Bytes), "writes": int64(s.Writes),
	}
}

func (e *end) Report(values map[string]float64) error {
	s := e.logger.Stats()
	// Nothing on this way may drop: what the logger counts as rejected, evicted,
	// filtered or failed is lost as well.
	lost := diff(uint64(e.offered), s.Written)
	if e.arrived != nil {
		lost = max(lost, diff(s.Written, uint64(e.arrivedTotal)))
	}
	values["lost-records"] = float64(lost)
	written := float64(max(s.Written, 1))
	values["line-B/op"] = float64(s.Bytes) / written
	values["writes/1k-op"] = 1000 * float64(s.Writes) / written
	return nil
}

func diff(a, b uint64) uint64 { return max(a, b) - min(a, b) }

func (e *end) Check() error {
	s := e.logger.Stats()
	if err := s.Check(); err != nil {
		return err
	}
	if s.Offered != uint64(e.offered) {
		return fmt.Errorf("the logger counts %d offered records, the callers made %d calls", s.Offered, e.offered)
	}
	return nil
}

// logWorkload logs the workload's records, or those of the user's corpus, in
// turn.
func logWorkload(o experiment.Options) (func(*logging.Logger, int), error) {
	input, err := workloadOf(o)
	if err != nil {
		return nil, err
	}
	at := 0
	return func(l *logging.Logger, n int) {
		ctx := context.Background()
		for range n {
			r := input.At(at)
			at++
			l.Log(ctx, r.Level, r.Message, r.Attrs...)
		}
	}, nil
}

// logF10 logs the fixed record with ten attributes, built at each call as a
// program would.
func logF10(experiment.Options) (func(*logging.Logger, int), error) {
	return f10Of(workload.F10()).log, nil
}
