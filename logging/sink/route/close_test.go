package route_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/sink/route"
)

func TestFlushFlushesAllRoutesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := func(context.Context) error { time.Sleep(time.Second); return errTest }
		a, b := &catcher{onFlush: slow}, &catcher{onFlush: slow}
		s := open(t, route.Route{Name: "a", Sink: a}, route.Route{Name: "b", Sink: b})
		began := time.Now()
		mustWrite(t, s, batch("a\n"))
		err := s.Flush(t.Context())
		if all, ok := err.(interface{ Unwrap() []error }); !ok || len(all.Unwrap()) != 2 || !errors.Is(err, errTest) {
			t.Errorf("got %v", err)
		}
		if time.Since(began) != time.Second || a.got() != "a\n" || b.got() != "a\n" {
			t.Errorf("after %v: %q and %q", time.Since(began), a.got(), b.got())
		}
		mustClose(t, s)
	})
}

func TestFlushLeavesAHungRouteAndFlushesTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		let := make(chan struct{})
		hung, good := &catcher{onWrite: gate(let, false)}, &catcher{}
		s := open(t, route.Route{Name: "hung", Sink: hung}, route.Route{Name: "good", Sink: good})
		mustWrite(t, s, batch("a\n"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := s.Flush(ctx)
		var e *route.Error
		if !errors.As(err, &e) || e.Route != "hung" || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		close(let)
		mustFlush(t, s)
		mustClose(t, s)
		hungFlushes, _ := hung.counts()
		if goodFlushes, _ := good.counts(); hungFlushes != 1 || goodFlushes != 2 {
			t.Errorf("%d and %d flushes: nobody waits for the first one of the hung sink", hungFlushes, goodFlushes)
		}
	})
}

func TestCloseDrainsAndClosesOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &catcher{onWrite: func(_ context.Context, b logging.Batch) (int, error) {
			time.Sleep(time.Second)
			return b.Records, nil
		}, onClose: func(context.Context) error { return errTest }}
		s := open(t, route.Route{Name: "a", Sink: c})
		want := numbered(0, 10_000, 64)
		mustWrite(t, s, batch(want))
		ended := make(chan error)
		for range 2 {
			go func() { ended <- s.Close(t.Context()) }()
		}
		synctest.Wait()
		done, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.Close(done); !errors.Is(err, context.Canceled) {
			t.Errorf("a Close that has no time to wait for another: %v", err)
		}
		first, second := <-ended, <-ended
		if !errors.Is(first, errTest) || first != second || s.Close(done) != first {
			t.Errorf("got %v and %v", first, second)
		}
		if _, closes := c.counts(); closes != 1 || c.got() != want {
			t.Errorf("closed %d times with %d bytes", closes, len(c.got()))
		}
		if n, err := s.Write(t.Context(), batch("a\n")); n != 0 || !errors.Is(err, route.ErrClosed) {
			t.Errorf("Write after Close: %d, %v", n, err)
		}
		if err := s.Flush(t.Context()); err != route.ErrClosed {
			t.Errorf("Flush after Close: %v", err)
		}
	})
}

func TestCloseEndsAWriteAndAFlushThatWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, route.Route{Name: "slow", Sink: &catcher{onWrite: gate(nil, true)}, Buffer: route.MinBuffer})
		mustWrite(t, s, batch(numbered(0, 1024, 64)))
		write, flush := make(chan error, 1), make(chan error, 1)
		go func() { _, err := s.Write(context.Background(), batch("a\n")); write <- err }()
		go func() { flush <- s.Flush(context.Background()) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		closing := s.Close(ctx)
		if w, f := <-write, <-flush; !errors.Is(w, route.ErrClosed) || !errors.Is(f, route.ErrClosed) {
			t.Errorf("got %v and %v", w, f)
		}
		wantStats(t, s, route.Stats{Route: "slow", Taken: 1024, Failed: 1024})
		_ = closing // the news of the loss went to it or to the Flush
	})
}

func TestCloseLeavesASinkThatHangsAndClosesTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		let := make(chan struct{})
		hung, polite, good := &catcher{onWrite: gate(let, false)}, &catcher{onWrite: gate(let, true)}, &catcher{}
		s := open(t, route.Route{Name: "hung", Sink: hung}, route.Route{Name: "polite", Sink: polite}, route.Route{Name: "good", Sink: good})
		mustWrite(t, s, batch("a\n"))
		synctest.Wait()
		mustWrite(t, s, batch("b\n"))
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		err := s.Close(ctx)
		if took := time.Since(began); took != time.Minute+time.Second || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v after %v", err, took)
		}
		if again := s.Close(ctx); again != err {
			t.Errorf("again: %v", again)
		}
		_, a := hung.counts()
		_, b := polite.counts()
		_, c := good.counts()
		if a != 0 || b != 1 || c != 1 || good.got() != "a\nb\n" {
			t.Errorf("closed %d, %d, %d times, and the good one has %q", a, b, c, good.got())
		}
		stats := []route.Stats{{Route: "hung", Taken: 2, Failed: 2}, {Route: "polite", Taken: 2, Failed: 2}, {Route: "good", Taken: 2, Written: 2}}
		wantStats(t, s, stats...)
		close(let) // what comes now is too late to be counted, but the sink is closed
		synctest.Wait()
		wantStats(t, s, stats...)
		if _, a = hung.counts(); a != 1 || hung.got() != "a\n" {
			t.Errorf("the hung sink is closed %d times and has %q", a, hung.got())
		}
	})
}

func TestAFlushThatHangsEndsWithClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &catcher{onFlush: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}
		s := open(t, route.Route{Name: "a", Sink: c})
		flush := make(chan error, 1)
		go func() { flush <- s.Flush(context.Background()) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			t.Errorf("nothing was lost: %v", err)
		}
		if err := <-flush; err == nil {
			t.Error("the flush did not fail")
		}
	})
}

func TestAnIdleSinkSleepsWithoutATimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, route.Route{Name: "a", Sink: &catcher{}}, route.Route{Name: "b", Sink: &catcher{}, Overflow: route.Drop})
		for range 3 {
			mustWrite(t, s, batch("a\n"))
			mustFlush(t, s)
			synctest.Wait()
			// With a timer, it would be in a select or asleep.
			stacks := make([]byte, 1<<20)
			stacks = stacks[:runtime.Stack(stacks, true)]
			idle := 0
			for stack := range strings.SplitSeq(string(stacks), "\n\n") {
				state, _, _ := strings.Cut(stack, "\n")
				if strings.Contains(stack, "route.(*lane).run(") && strings.Contains(state, "[chan receive") {
					idle++
				}
			}
			if idle != 2 {
				t.Errorf("%d of 2 routes wait for a signal alone:\n%s", idle, stacks)
			}
		}
		mustClose(t, s)
	})
}
