package logging

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/logperf/logperf/logging/queue"
)

func TestCloseTwiceReturnsTheSameResult(t *testing.T) {
	broken := errors.New("broken")
	rec := &recorder{onClose: func(context.Context) error { return broken }}
	l := open(t, Options{Sink: rec})
	l.Info(t.Context(), "m")
	first, second := l.Close(t.Context()), l.Close(t.Context())
	if !errors.Is(first, broken) || first != second || rec.closes != 1 {
		t.Errorf("first %v, second %v, the sink is closed %d times", first, second, rec.closes)
	}
	var sinkErr *SinkError
	if !errors.As(first, &sinkErr) || sinkErr.Op != "close" {
		t.Errorf("%v does not say that the sink's close failed", first)
	}
}

func TestLogAfterCloseIsRejectedAndCounted(t *testing.T) {
	rec := &recorder{}
	l := open(t, Options{Sink: rec})
	l.Info(t.Context(), "before")
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.Info(t.Context(), "after")
	l.With(slog.Int("a", 1)).WithGroup("g").Error(t.Context(), "after")
	if err := slog.New(l.Handler()).Handler().Handle(t.Context(), slog.Record{}); err != nil {
		t.Error(err)
	}
	if s := l.Stats(); s.Written != 1 || s.Rejected != 3 || s.Offered != 4 {
		t.Errorf("stats %+v", s)
	}
	checkStats(t, l)
	if err := l.Flush(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("Flush returns %v, want ErrClosed", err)
	}
}

func TestCloseThatRacesWithLogAndFlushLosesNothing(t *testing.T) {
	for range 30 {
		rec := &recorder{}
		l := open(t, Options{Sink: rec, Settings: Settings{Queue: QueueSettings{Capacity: 16}}})
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 100 {
					l.Info(t.Context(), "m", slog.Int("a", 1))
				}
			})
			wg.Go(func() {
				for {
					if err := l.Flush(t.Context()); err != nil {
						if !errors.Is(err, ErrClosed) {
							t.Errorf("Flush: %v", err)
						}
						return
					}
				}
			})
			wg.Go(func() {
				if err := l.Close(t.Context()); err != nil {
					t.Errorf("Close: %v", err)
				}
			})
		}
		wg.Wait()
		checkStats(t, l)
		if s := l.Stats(); s.Failed != 0 || int(s.Written) != len(rec.got()) || s.Offered != 400 {
			t.Fatalf("%d lines, stats %+v", len(rec.got()), s)
		}
	}
}

func TestCloseReleasesAProducerThatWaitsForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		enter, leave := make(chan struct{}, 1), make(chan struct{})
		rec := &recorder{onWrite: func(_ context.Context, b Batch) (int, error) {
			enter <- struct{}{}
			<-leave
			return b.Records, nil
		}}
		l := open(t, Options{Sink: rec, Settings: Settings{Queue: QueueSettings{Capacity: 2}, Batch: BatchSettings{Bytes: 1}}})
		l.Info(t.Context(), "in the sink")
		<-enter
		l.Info(t.Context(), "queued")
		l.Info(t.Context(), "queued")
		waits := make(chan struct{})
		go func() {
			l.Info(t.Context(), "waits")
			close(waits)
		}()
		synctest.Wait()
		closed := make(chan error)
		go func() { closed <- l.Close(t.Context()) }()
		<-waits
		go func() {
			for range enter {
			}
		}()
		close(leave)
		if err := <-closed; err != nil {
			t.Error(err)
		}
		close(enter)
		if s := l.Stats(); s.Written != 3 || s.Rejected != 1 {
			t.Errorf("stats %+v", s)
		}
		checkStats(t, l)
	})
}

func TestCloseGivesUpOnASinkThatHangsAndCountsWhatIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leave := make(chan struct{})
		rec := &recorder{onWrite: func(_ context.Context, b Batch) (int, error) {
			<-leave // and ignores its context
			return b.Records, nil
		}}
		l := open(t, Options{Sink: rec, Settings: Settings{Batch: BatchSettings{Bytes: 1}}})
		for range 5 {
			l.Info(t.Context(), "m")
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := l.Close(ctx)
		var closeErr *CloseError
		if !errors.As(err, &closeErr) || closeErr.Lost != 5 || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Close returns %v, want 5 records given up", err)
		}
		checkStats(t, l)
		close(leave) // the write that was under way succeeds too late
		synctest.Wait()
		if s := l.Stats(); s.Failed != 5 || s.Written != 0 || rec.closes != 1 {
			t.Errorf("stats %+v change after Close, or the sink is closed %d times", s, rec.closes)
		}
		if again := l.Close(context.Background()); again != err {
			t.Errorf("the second Close returns %v", again)
		}
	})
}

func TestCloseTellsTheSinkThatTimeIsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := &recorder{onWrite: func(ctx context.Context, b Batch) (int, error) {
			<-ctx.Done()
			return 0, ctx.Err()
		}}
		l := open(t, Options{Sink: rec})
		l.Info(t.Context(), "m")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := l.Close(ctx); err == nil {
			t.Error("Close succeeds")
		}
		synctest.Wait() // the worker has ended: synctest fails if it has not
		if l.Stats().Failed != 1 || rec.closes != 1 {
			t.Errorf("stats %+v, closed %d times", l.Stats(), rec.closes)
		}
	})
}

func TestFlushThatRacesWithLogCoversWhatWasAcceptedBefore(t *testing.T) {
	rec := &recorder{}
	l := open(t, Options{Sink: rec, Settings: Settings{Queue: QueueSettings{Capacity: 64}}})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 200 {
				l.Info(t.Context(), "m")
				accepted := l.Stats().Accepted
				if err := l.Flush(t.Context()); err != nil {
					t.Error(err)
				}
				if s := l.Stats(); s.Written < accepted {
					t.Errorf("%d accepted before the flush, %d written after", accepted, s.Written)
				}
			}
		})
	}
	wg.Wait()
	if rec.flushes == 0 {
		t.Error("the sink is never flushed")
	}
	checkStats(t, l)
}

func TestFlushWaitsForAllThatWasQueuedBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		l := open(t, Options{Sink: &recorder{}, Filters: []Filter{FilterFunc(func(*Entry) bool { <-hold; return true })}})
		const records = 10 * drainMost
		for range records {
			l.Info(t.Context(), "m")
		}
		flushed := make(chan uint64)
		go func() {
			mustFlush(t, l)
			flushed <- l.Stats().Written
		}()
		synctest.Wait()
		close(hold)
		if n := <-flushed; n != records {
			t.Errorf("%d of %d records are written after the flush", n, records)
		}
		if err := l.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestFlushDuringTheLastWriteOfCloseSucceeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leave := make(chan struct{})
		rec := &recorder{onWrite: func(_ context.Context, b Batch) (int, error) { <-leave; return b.Records, nil }}
		l := open(t, Options{Sink: rec, Settings: Settings{Batch: BatchSettings{Delay: time.Hour}}})
		l.Info(t.Context(), "m")
		results := make(chan error, 2)
		go func() { results <- l.Close(t.Context()) }()
		synctest.Wait()
		go func() { results <- l.Flush(t.Context()) }()
		synctest.Wait()
		close(leave)
		for range 2 {
			if err := <-results; err != nil {
				t.Error(err)
			}
		}
		if rec.flushes != 1 {
			t.Errorf("the sink is flushed %d times, want once", rec.flushes)
		}
	})
}

func TestFlushEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leave := make(chan struct{})
		rec := &recorder{onWrite: func(_ context.Context, b Batch) (int, error) { <-leave; return b.Records, nil }}
		l := open(t, Options{Sink: rec})
		l.Info(t.Context(), "m")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := l.Flush(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Flush returns %v", err)
		}
		close(leave)
		mustFlush(t, l)
		if err := l.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestRecordWaitsNoLongerThanTheDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		written := make(chan time.Time, 1)
		rec := &recorder{onWrite: func(_ context.Context, b Batch) (int, error) { written <- time.Now(); return b.Records, nil }}
		l := open(t, Options{Sink: rec, Settings: Settings{Batch: BatchSettings{Delay: 5 * time.Millisecond}}})
		for _, pause := range []time.Duration{0, time.Millisecond, time.Hour} {
			time.Sleep(pause)
			start := time.Now()
			l.Info(t.Context(), "m")
			// A worker that polls takes the record up to a millisecond later.
			if waited := (<-written).Sub(start); waited < 5*time.Millisecond || waited > 6*time.Millisecond {
				t.Errorf("after a pause of %v the record waits %v, want 5 to 6 ms", pause, waited)
			}
		}
		if err := l.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestFullBlockIsWrittenAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := &recorder{}
		l := open(t, Options{Sink: rec, Settings: Settings{Batch: BatchSettings{Bytes: 1000, Delay: time.Hour}}})
		for range 100 {
			l.Info(t.Context(), "m", slog.String("a", "0123456789012345678901234567890123456789"))
		}
		start := time.Now()
		time.Sleep(2 * time.Millisecond)
		synctest.Wait()
		if s := l.Stats(); s.Writes < 8 || s.Written < 80 || time.Since(start) > time.Second {
			t.Errorf("stats %+v, want each block of 1000 bytes written", s)
		}
		if err := l.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if s := l.Stats(); s.Written != 100 || int(s.Bytes) != len(rec.lines) {
			t.Errorf("stats %+v, %d bytes", s, len(rec.lines))
		}
	})
}

func TestEachPolicyKeepsTheBooks(t *testing.T) {
	for p := queue.Block; p <= queue.DropOldest; p++ {
		t.Run(p.String(), func(t *testing.T) {
			rec := &recorder{}
			l := open(t, Options{
				Sink:     rec,
				Filters:  []Filter{FilterFunc(func(e *Entry) bool { return e.Message != "filtered" })},
				Settings: Settings{Queue: QueueSettings{Capacity: 8, Overflow: p}, Batch: BatchSettings{Bytes: 300}},
			})
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					for i := range 500 {
						msg := "kept"
						if i%3 == 0 {
							msg = "filtered"
						}
						l.Info(t.Context(), msg, slog.Int("i", i))
					}
				})
			}
			wg.Wait()
			mustFlush(t, l)
			checkStats(t, l)
			s := l.Stats()
			if s.Offered != 8*500 || int(s.Written) != len(rec.got()) {
				t.Errorf("%d lines, stats %+v", len(rec.got()), s)
			}
			if p == queue.Block && (s.Rejected+s.Evicted != 0 || s.Filtered != 8*167) {
				t.Errorf("stats %+v", s)
			}
		})
	}
}
