package logging

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"
)

// hanging returns a write that hangs until leave is closed, whatever its context
// says, and then returns err for it.
func hanging(leave <-chan struct{}, err error) func(context.Context, Batch) (int, error) {
	return func(_ context.Context, b Batch) (int, error) {
		<-leave
		if err != nil {
			return 0, err
		}
		return b.Records, nil
	}
}

func flushFor(t *testing.T, l *Logger, d time.Duration) error {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	return l.Flush(ctx)
}

func TestErrorThatATimedOutFlushMissesGoesToTheNextOne(t *testing.T) {
	broken := errors.New("broken")
	for name, next := range map[string]func(context.Context, *Logger) error{
		"flush": func(ctx context.Context, l *Logger) error { return l.Flush(ctx) },
		"close": func(ctx context.Context, l *Logger) error { return l.Close(ctx) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				leave := make(chan struct{})
				l := open(t, Options{Sink: &recorder{onWrite: hanging(leave, broken)}})
				l.Info(t.Context(), "lost")
				if err := flushFor(t, l, time.Second); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Flush returns %v", err)
				}
				close(leave)
				synctest.Wait()
				if err := next(t.Context(), l); !errors.Is(err, broken) {
					t.Errorf("returns %v, want the error of the write", err)
				}
				if err := l.Close(t.Context()); name == "flush" && err != nil {
					t.Errorf("Close returns %v, which Flush has returned", err)
				}
			})
		})
	}
}

// TestErrorIsReportedWhereFlushesTimeOutAmongOthers has two flushes due at once.
func TestErrorIsReportedWhereFlushesTimeOutAmongOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("broken")
		leave := make(chan struct{})
		l := open(t, Options{Sink: &recorder{onWrite: hanging(leave, broken)}})
		l.Info(t.Context(), "lost")
		short, patient := make(chan error, 1), make(chan error, 1)
		go func() { patient <- l.Flush(t.Context()) }()
		go func() { short <- flushFor(t, l, time.Second) }()
		if err := <-short; !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the short Flush returns %v", err)
		}
		close(leave)
		if err := <-patient; !errors.Is(err, broken) {
			t.Errorf("the patient Flush returns %v", err)
		}
		if err := l.Close(t.Context()); err != nil {
			t.Errorf("Close returns %v, which Flush has returned", err)
		}
	})
}

// TestErrorOfTheSinksFlushThatNobodyAwaitsIsKept: what a sink finds out when it
// flushes is as much a loss as what a write tells.
func TestErrorOfTheSinksFlushThatNobodyAwaitsIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("broken")
		leave := make(chan struct{})
		l := open(t, Options{Sink: &recorder{onFlush: func(context.Context) error { <-leave; return broken }}})
		if err := flushFor(t, l, time.Second); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Flush returns %v", err)
		}
		close(leave)
		synctest.Wait()
		if err := l.Close(t.Context()); !errors.Is(err, broken) {
			t.Errorf("Close returns %v", err)
		}
	})
}

// TestAnswerWinsOverTheEndOfTheContext has both there when Flush looks.
func TestAnswerWinsOverTheEndOfTheContext(t *testing.T) {
	broken := errors.New("broken")
	for range 50 {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			l := open(t, Options{Sink: &recorder{}})
			w := l.core.worker
			r := &flushRequest{ctx: ctx, done: make(chan error, 1)}
			if !w.deliver(r, nil, broken) {
				t.Error("a request that waits is not answered")
			}
			cancel()
			if err := w.withdraw(r, ctx.Err()); !errors.Is(err, broken) {
				t.Errorf("Flush returns %v, want its answer", err)
			}
			r = &flushRequest{ctx: ctx, done: make(chan error, 1)}
			if err := w.withdraw(r, ctx.Err()); !errors.Is(err, context.Canceled) || w.deliver(r, nil, nil) {
				t.Errorf("Flush returns %v, or is answered after", err)
			}
		})
	}
}

func TestFlushEndsWhenCloseGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leave := make(chan struct{})
		l := open(t, Options{Sink: &recorder{onWrite: hanging(leave, nil)}, Settings: Settings{Batch: BatchSettings{Bytes: 1}}})
		l.Info(t.Context(), "m")
		synctest.Wait() // it hangs
		waiting := make(chan error, 2)
		for range cap(waiting) {
			go func() { waiting <- l.Flush(t.Context()) }()
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var closeErr *CloseError
		if err := l.Close(ctx); !errors.As(err, &closeErr) {
			t.Errorf("Close returns %v", err)
		}
		go func() { time.Sleep(time.Hour); close(leave) }() // so that what waits for ever fails and does not hang
		start := time.Now()
		for range cap(waiting) {
			if err := <-waiting; !errors.Is(err, ErrClosed) || time.Since(start) != 0 {
				t.Errorf("a Flush that waited returns %v after %v", err, time.Since(start))
			}
		}
		if err := l.Flush(t.Context()); !errors.Is(err, ErrClosed) || time.Since(start) != 0 {
			t.Errorf("Flush after Close returns %v after %v", err, time.Since(start))
		}
		<-l.core.worker.done
	})
}

func TestFlushesThatTimeOutDoNotPileUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leave := make(chan struct{})
		l := open(t, Options{Sink: &recorder{onWrite: hanging(leave, nil)}, Settings: Settings{Batch: BatchSettings{Bytes: 1}}})
		l.Info(t.Context(), "m")
		for range 100 {
			if err := flushFor(t, l, time.Second); !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("Flush returns %v", err)
			}
		}
		w := l.core.worker
		w.mu.Lock()
		n := len(w.requests)
		w.mu.Unlock()
		if n != 0 {
			t.Errorf("%d requests wait, of which nobody waits for one", n)
		}
		close(leave)
		mustFlush(t, l)
		if err := l.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestCloseReturnsTheErrorThatNoFlushHasReturned is about when the write failed:
// long before Close, or in it.
func TestCloseReturnsTheErrorThatNoFlushHasReturned(t *testing.T) {
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		pause   time.Duration
		flushed bool
	}{
		"in close":      {},
		"before close":  {pause: time.Hour},
		"after a flush": {pause: time.Hour, flushed: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := open(t, Options{Sink: &recorder{onWrite: func(context.Context, Batch) (int, error) { return 0, broken }}})
				l.Info(t.Context(), "lost")
				time.Sleep(c.pause)
				if c.flushed {
					if err := l.Flush(t.Context()); !errors.Is(err, broken) {
						t.Errorf("Flush returns %v", err)
					}
				}
				if err := l.Close(t.Context()); errors.Is(err, broken) == c.flushed {
					t.Errorf("Close returns %v", err)
				}
			})
		})
	}
}

func TestCloseThatGivesUpReturnsTheErrorBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("broken")
		var writes int
		l := open(t, Options{
			Settings: Settings{Batch: BatchSettings{Bytes: 1}},
			Sink: &recorder{onWrite: func(ctx context.Context, _ Batch) (int, error) {
				if writes++; writes > 1 {
					<-ctx.Done()
				}
				return 0, broken
			}},
		})
		l.Info(t.Context(), "lost")
		l.Info(t.Context(), "given up")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := l.Close(ctx)
		var closeErr *CloseError
		if !errors.As(err, &closeErr) || closeErr.Lost != 1 || !errors.Is(err, broken) {
			t.Errorf("Close returns %v", err)
		}
		checkStats(t, l)
	})
}

func TestCloseAgainReturnsTheResultEvenWithAContextThatIsDone(t *testing.T) {
	rec := &recorder{onClose: func(context.Context) error { return errors.New("broken") }}
	l := open(t, Options{Sink: rec})
	first := l.Close(t.Context())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 100 {
		if again := l.With(slog.Int("a", 1)).Close(ctx); again != first {
			t.Fatalf("returns %v, want %v", again, first)
		}
	}
}
