package route_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/sink/route"
)

func TestAHungRouteThatDropsDelaysNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		let := make(chan struct{})
		hung, good := &catcher{onWrite: gate(let, false)}, &catcher{}
		s := open(t, route.Route{Name: "hung", Sink: hung, Overflow: route.Drop, Buffer: route.MinBuffer}, route.Route{Name: "good", Sink: good})
		began := time.Now()
		all := numbered(0, 4096, 64) // 4 times the buffer
		for part := all; part != ""; part = part[1<<10:] {
			mustWrite(t, s, batch(part[:1<<10]))
			synctest.Wait()
		}
		if good.got() != all || time.Since(began) != 0 {
			t.Errorf("the good route has %d bytes of %d after %v", len(good.got()), len(all), time.Since(began))
		}
		wantStats(t, s, route.Stats{Route: "hung", Taken: 4096, Dropped: 3072, Held: 1024}, route.Stats{Route: "good", Taken: 4096, Written: 4096})
		if s.Lost() != 3072 || s.Stats()[0].HeldBytes != route.MinBuffer {
			t.Errorf("%d lost, %+v", s.Lost(), s.Stats()[0])
		}
		close(let)
		mustFlush(t, s) // drops are no error
		if hung.got() != all[:64<<10] {
			t.Error("what the hung route kept is not the oldest, in order")
		}
		mustClose(t, s)
	})
}

func TestARouteThatBlocksDelaysOnlyWhenItIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		let := make(chan struct{})
		slow, good := &catcher{onWrite: gate(let, true)}, &catcher{}
		s := open(t, route.Route{Name: "slow", Sink: slow, Buffer: route.MinBuffer}, route.Route{Name: "good", Sink: good})
		began := time.Now()
		mustWrite(t, s, batch(numbered(0, 1024, 64)))
		if time.Since(began) != 0 {
			t.Error("Write waited before the buffer was full")
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		n, err := s.Write(ctx, batch(numbered(1024, 1034, 64)))
		var e *route.Error
		if n != 0 || !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &e) || e.Route != "slow" || time.Since(began) != time.Second {
			t.Errorf("Write into a full buffer: %d, %v after %v", n, err, time.Since(began))
		}
		synctest.Wait()
		if want := numbered(0, 1034, 64); good.got() != want {
			t.Error("the good route waited for the slow one")
		}
		time.AfterFunc(time.Minute, func() {
			if good.got() != numbered(0, 1044, 64) {
				t.Error("the good route has to wait while Write does")
			}
			close(let)
		})
		mustWrite(t, s, batch(numbered(1034, 1044, 64)))
		if time.Since(began) != time.Minute+time.Second {
			t.Errorf("Write waited until %v", time.Since(began))
		}
		mustClose(t, s)
		if want := numbered(0, 1024, 64) + numbered(1034, 1044, 64); slow.got() != want {
			t.Error("the slow route has other records than it took")
		}
		wantStats(t, s, route.Stats{Route: "slow", Taken: 1034, Written: 1034}, route.Stats{Route: "good", Taken: 1044, Written: 1044})
		if s.Lost() != 0 {
			t.Errorf("%d lost", s.Lost())
		}
	})
}

func TestWriteTellsHowManyAllRoutesTook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		let := make(chan struct{})
		s := open(t, route.Route{Name: "slow", Sink: &catcher{onWrite: gate(let, true)}, Buffer: route.MinBuffer}, route.Route{Name: "good", Sink: &catcher{}})
		mustWrite(t, s, batch(numbered(0, 1020, 64)))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if n, err := s.Write(ctx, batch(numbered(0, 10, 64))); n != 4 || !errors.Is(err, context.Canceled) {
			t.Errorf("%d, %v; want the 4 that there was room for", n, err)
		}
		close(let)
		mustClose(t, s)
	})
}

func TestAnotherWriteWaitsItsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		let := make(chan struct{})
		c := &catcher{onWrite: gate(let, true)}
		s := open(t, route.Route{Name: "slow", Sink: c, Buffer: route.MinBuffer})
		mustWrite(t, s, batch(numbered(0, 1024, 64)))
		first := make(chan error)
		go func() {
			_, err := s.Write(t.Context(), batch(numbered(1024, 1025, 64)))
			first <- err
		}()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if n, err := s.Write(ctx, batch("x\n")); n != 0 || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%d, %v", n, err)
		}
		close(let)
		if err := <-first; err != nil {
			t.Error(err)
		}
		mustClose(t, s)
		if c.got() != numbered(0, 1025, 64) {
			t.Error("other records arrived")
		}
	})
}

func TestAPanicStaysOnItsRoute(t *testing.T) {
	bad := &catcher{
		onWrite: func(context.Context, logging.Batch) (int, error) { panic("write") },
		onFlush: func(context.Context) error { panic("flush") },
		onClose: func(context.Context) error { panic("close") },
	}
	good := &catcher{}
	s := open(t, route.Route{Name: "bad", Sink: bad}, route.Route{Name: "good", Sink: good})
	for _, call := range []struct {
		do   func(context.Context) error
		want []string
	}{{s.Flush, []string{`"bad" lost 2 records`, "panic: write", `flush "bad": panic: flush`}}, {s.Close, []string{`"bad" lost 2 records`, `close "bad": panic: close`}}} {
		mustWrite(t, s, batch("a\nb\n"))
		err := call.do(t.Context())
		var p *logging.PanicError
		if !errors.As(err, &p) || strings.Contains(err.Error(), "good") {
			t.Errorf("got %v", err)
		}
		for _, want := range call.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q is not in %v", want, err)
			}
		}
	}
	if flushes, closes := good.counts(); flushes != 1 || closes != 1 || good.got() != "a\nb\na\nb\n" {
		t.Errorf("the good sink: %d, %d, %q", flushes, closes, good.got())
	}
	wantStats(t, s, route.Stats{Route: "bad", Taken: 4, Failed: 4}, route.Stats{Route: "good", Taken: 4, Written: 4})
}

func TestARecordLargerThanTheBufferIsDropped(t *testing.T) {
	for _, overflow := range []route.Overflow{route.Block, route.Drop} {
		t.Run(overflow.String(), func(t *testing.T) {
			var c, large catcher
			s := open(t, route.Route{Name: "a", Sink: &c, Buffer: route.MinBuffer, Overflow: overflow}, route.Route{Name: "b", Sink: &large})
			giant := strings.Repeat("x", route.MinBuffer) + "\n"
			mustWrite(t, s, batch("a\n"+giant+"b\n"))
			err := s.Flush(t.Context())
			var e *route.Error
			if !errors.As(err, &e) || e.Route != "a" || e.Lost != 1 || c.got() != "a\nb\n" || large.got() != "a\n"+giant+"b\n" {
				t.Errorf("%v, %q", err, c.got())
			}
			mustFlush(t, s) // told once
			most := strings.Repeat("x", route.MinBuffer-1) + "\n"
			mustWrite(t, s, batch(most))
			mustClose(t, s)
			if c.got() != "a\nb\n"+most {
				t.Error("a record as large as the buffer is not taken")
			}
			wantStats(t, s, route.Stats{Route: "a", Taken: 4, Written: 3, Dropped: 1}, route.Stats{Route: "b", Taken: 4, Written: 4})
		})
	}
}

// A loser is a sink that loses records after it has confirmed them.
type loser struct {
	catcher
	lost uint64
}

func (l *loser) Lost() uint64 {
	if l.lost == 100 {
		panic("lost")
	}
	return l.lost
}

func TestWhatARoutesSinkLosesLaterIsReported(t *testing.T) {
	l := &loser{}
	s := open(t, route.Route{Name: "a", Sink: l})
	mustWrite(t, s, batch("a\nb\nc\n"))
	mustFlush(t, s)
	for _, now := range []uint64{2, 100, 1} { // a panic, or an answer that came late, takes nothing back
		l.lost = now
		wantStats(t, s, route.Stats{Route: "a", Taken: 3, Written: 1, Failed: 2})
		if s.Lost() != 2 {
			t.Errorf("%d lost", s.Lost())
		}
	}
	mustClose(t, s)
}
