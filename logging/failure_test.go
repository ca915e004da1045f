package logging

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"
)

// collector is an OnError that keeps what it is told.
type collector struct {
	mu   sync.Mutex
	errs []error
}

func (c *collector) add(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.errs = append(c.errs, err)
}

func TestSinkThatFailsLosesCountedRecords(t *testing.T) {
	broken := errors.New("disk is full")
	for name, c := range map[string]struct {
		write   func(context.Context, Batch) (int, error)
		written uint64
		is      error
	}{
		"error":           {func(context.Context, Batch) (int, error) { return 0, broken }, 0, broken},
		"part and error":  {func(context.Context, Batch) (int, error) { return 2, broken }, 2, broken},
		"short":           {func(context.Context, Batch) (int, error) { return 1, nil }, 1, io.ErrShortWrite},
		"panic":           {func(context.Context, Batch) (int, error) { panic("boom") }, 0, nil},
		"too many":        {func(context.Context, Batch) (int, error) { return 99, nil }, 3, nil},
		"less than zero":  {func(context.Context, Batch) (int, error) { return -5, nil }, 0, io.ErrShortWrite},
		"error after all": {func(context.Context, Batch) (int, error) { return 3, broken }, 3, broken},
	} {
		t.Run(name, func(t *testing.T) {
			var told collector
			// The delay makes the three one batch however slow the machine is.
			batch := BatchSettings{Delay: time.Hour}
			l := open(t, Options{Sink: &recorder{onWrite: c.write}, OnError: told.add, Settings: Settings{Batch: batch}})
			for range 3 {
				l.Info(t.Context(), "m")
			}
			err := l.Close(t.Context())
			if s := l.Stats(); s.Written != c.written || s.Failed != 3-c.written {
				t.Errorf("stats %+v, want %d written", s, c.written)
			}
			checkStats(t, l)
			if name == "too many" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var sinkErr *SinkError
			if !errors.As(err, &sinkErr) || sinkErr.Op != "write" || uint64(sinkErr.Lost) != 3-c.written || c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("Close returns %v", err)
			}
			if len(told.errs) != 1 || told.errs[0] != error(sinkErr) {
				t.Errorf("OnError is told %v", told.errs)
			}
		})
	}
}

// losing is a sink that has lost some of the records that it confirmed.
type losing struct {
	recorder
	lost uint64
}

func (l *losing) Lost() uint64 { return l.lost }

func TestRecordsThatTheSinkLosesLaterHaveFailed(t *testing.T) {
	for _, c := range []struct{ lost, written, failed uint64 }{{0, 3, 0}, {2, 1, 2}, {5, 0, 3}} {
		l := open(t, Options{Sink: &losing{lost: c.lost}})
		for range 3 {
			l.Info(t.Context(), "m")
		}
		if err := l.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s := l.Stats(); s.Written != c.written || s.Failed != c.failed {
			t.Errorf("%d lost: stats %+v, want %d written and %d failed", c.lost, s, c.written, c.failed)
		}
		checkStats(t, l)
	}
}

func TestFlushReturnsTheErrorsOfTheSinkOnce(t *testing.T) {
	broken, unflushed := errors.New("broken"), errors.New("not flushed")
	var fail bool
	rec := &recorder{
		onWrite: func(_ context.Context, b Batch) (int, error) {
			if fail {
				return 0, broken
			}
			return b.Records, nil
		},
		onFlush: func(context.Context) error {
			if fail {
				panic(unflushed)
			}
			return nil
		},
	}
	l := open(t, Options{Sink: rec})
	fail = true
	l.Info(t.Context(), "lost")
	if err := l.Flush(t.Context()); !errors.Is(err, broken) || !strings.Contains(err.Error(), "not flushed") {
		t.Errorf("Flush returns %v, want both errors", err)
	}
	fail = false
	l.Info(t.Context(), "kept")
	mustFlush(t, l)
	if s := l.Stats(); s.Written != 1 || s.Failed != 1 {
		t.Errorf("stats %+v", s)
	}
}

func TestStageThatPanicsLosesThatRecordAlone(t *testing.T) {
	boom := func(e *Entry) {
		if strings.HasPrefix(e.Message, "boom") {
			panic("stage")
		}
	}
	for stage, o := range map[string]Options{
		"filter":    {Filters: []Filter{FilterFunc(func(e *Entry) bool { boom(e); return true })}},
		"enricher":  {Enrichers: []Enricher{EnricherFunc(boom)}},
		"redactor":  {Redactors: []Redactor{RedactorFunc(func(e *Entry) error { boom(e); return nil })}},
		"processor": {Processors: []Processor{ProcessorFunc(func(e *Entry) error { boom(e); return nil })}},
		"encoder": {Encoder: EncoderFunc(func(dst []byte, e *Entry) []byte {
			dst = append(dst, "half a line "...)
			boom(e)
			return append(append(dst, e.Message...), '\n')
		})},
	} {
		t.Run(stage, func(t *testing.T) {
			var told collector
			rec := &recorder{}
			o.Sink, o.OnError = rec, told.add
			l := open(t, o)
			for _, m := range []string{"a", "boom", "b", "boom 2", "c"} {
				l.Info(t.Context(), m)
			}
			if err := l.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			if s := l.Stats(); s.Written != 3 || s.Failed != 2 || len(rec.got()) != 3 {
				t.Errorf("stats %+v, lines %q", s, rec.got())
			}
			checkStats(t, l)
			var stageErr *StageError
			if len(told.errs) != 2 || !errors.As(told.errs[0], &stageErr) || stageErr.Stage != stage {
				t.Errorf("OnError is told %v", told.errs)
			}
		})
	}
}

func TestRedactorThatFailsDropsTheRecord(t *testing.T) {
	rec := &recorder{}
	l := open(t, Options{Sink: rec, Redactors: []Redactor{RedactorFunc(func(e *Entry) error {
		for _, a := range e.Attrs {
			if a.Key == "odd" {
				return errors.New("cannot tell whether it is secret")
			}
		}
		return nil
	})}})
	l.Info(t.Context(), "m", slog.Int("odd", 1))
	bad := l.With(slog.Int("odd", 1))
	bad.Info(t.Context(), "m")
	bad.With(slog.Int("even", 2)).WithGroup("g").Info(t.Context(), "m")
	l.Info(t.Context(), "m", slog.Int("even", 2))
	mustFlush(t, l)
	if s := l.Stats(); s.Failed != 3 || s.Written != 1 || strings.Contains(string(rec.lines), "odd") {
		t.Errorf("stats %+v, lines %s", s, rec.lines)
	}
	checkStats(t, l)
}

func TestOnErrorMayLogAndPanic(t *testing.T) {
	var l *Logger
	ready := make(chan struct{})
	l = open(t, Options{
		Sink:     &recorder{},
		Settings: Settings{Queue: QueueSettings{Capacity: 2}},
		Filters:  []Filter{FilterFunc(func(e *Entry) bool { return e.Message != "from OnError" })},
		Processors: []Processor{ProcessorFunc(func(*Entry) error {
			return errors.New("no")
		})},
		OnError: func(error) {
			<-ready
			for range 10 {
				l.Info(context.Background(), "from OnError")
			}
			panic("OnError")
		},
	})
	close(ready)
	for range 100 {
		l.Info(t.Context(), "m")
	}
	if err := l.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if s := l.Stats(); s.Failed != 100 {
		t.Errorf("stats %+v", s)
	}
	checkStats(t, l)
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	sink := &recorder{}
	for want, o := range map[string]Options{
		"Sink is missing": {},
		"loud":            {Sink: sink, Settings: Settings{Level: "loud"}},
		"1000 is not":     {Sink: sink, Settings: Settings{Queue: QueueSettings{Capacity: 1000}}},
		"batch.bytes":     {Sink: sink, Settings: Settings{Batch: BatchSettings{Bytes: -1}}},
		"Filters[0]":      {Sink: sink, Filters: []Filter{nil}},
		"Enrichers":       {Sink: sink, Enrichers: []Enricher{nil}},
		"Redactors":       {Sink: sink, Redactors: []Redactor{nil}},
		"Processors[1]":   {Sink: sink, Processors: []Processor{TruncateProcessor{}, nil}},
		"redactor lost": {
			Sink:      sink,
			Enrichers: []Enricher{StaticEnricher{slog.Int("a", 1)}},
			Redactors: []Redactor{RedactorFunc(func(*Entry) error { return errors.New("no") })},
		},
	} {
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New returns %v, want an error with %q", err, want)
		}
	}
	if sink.closes != 0 {
		t.Error("New closed a sink that it did not take over")
	}
}

func TestStatsCheckFindsALostRecord(t *testing.T) {
	good := Stats{Offered: 15, Rejected: 5, Accepted: 10, Written: 4, Filtered: 3, Evicted: 2, Failed: 1}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for _, spoil := range []func(*Stats){
		func(s *Stats) { s.Offered++ }, func(s *Stats) { s.Written-- }, func(s *Stats) { s.Failed++ },
	} {
		bad := good
		spoil(&bad)
		if bad.Check() == nil {
			t.Errorf("%+v passes", bad)
		}
	}
}
