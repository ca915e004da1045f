package http_test

import (
	"context"
	"errors"
	nethttp "net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/sink/http"
)

func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// gate is a receiver that answers when it is opened.
func gate() (*receiver, chan struct{}) {
	opened := make(chan struct{})
	return &receiver{answer: func(int, arrival) reply {
		<-opened
		return status(200)
	}}, opened
}

func TestWriteWaitsForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, opened := gate()
		s := open(t, r, http.Options{BatchBytes: 1024, BufferBytes: 2048})
		n, err := s.Write(within(t, time.Minute), batch(numbered(0, 30, 100)))
		if n != 20 || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "took 20 of 30 records: 20 records are held") {
			t.Errorf("a full buffer: %d, %v", n, err)
		}
		if n, err := s.Write(within(t, 0), batch("small\n")); n != 1 || err != nil {
			t.Errorf("there is room for this one, whatever the context: %d, %v", n, err)
		}
		time.AfterFunc(time.Minute, func() { close(opened) })
		began := time.Now()
		mustWrite(t, s, numbered(20, 60, 100))
		if time.Since(began) != time.Minute {
			t.Errorf("waited %v for room", time.Since(began))
		}
		mustFlush(t, s)
		if r.lines() != numbered(0, 20, 100)+"small\n"+numbered(20, 60, 100) {
			t.Error("other records or another order")
		}
	})
}

func TestHeldNeverGoesOverTheBuffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s *http.Sink
		r := &receiver{answer: func(int, arrival) reply {
			time.Sleep(time.Second)
			if held := s.Stats().Held; held > 3000 {
				t.Errorf("%d bytes are held", held)
			}
			return status(200)
		}}
		s = open(t, r, http.Options{BatchBytes: 1024, BufferBytes: 3000})
		lines := numbered(0, 50, 70) + numbered(0, 3, 1500) + numbered(0, 1, 3000) + numbered(0, 9, 999)
		mustWrite(t, s, lines)
		mustFlush(t, s)
		if r.lines() != lines {
			t.Error("other records or another order")
		}
	})
}

func TestARecordLargerThanTheBufferIsRefusedAlone(t *testing.T) {
	r := &receiver{}
	s := open(t, r, http.Options{BatchBytes: 1024, BufferBytes: 2048})
	n, err := s.Write(t.Context(), batch("a\n"+numbered(0, 1, 2049)+"b\n"))
	if n != 2 || err == nil || err.Error() != "http sink: 1 records are larger than the buffer of 2048 bytes" {
		t.Errorf("%d, %v", n, err)
	}
	mustFlush(t, s)
	if r.lines() != "a\nb\n" || s.Stats().Taken != 2 {
		t.Errorf("%q, %+v", r.lines(), s.Stats())
	}
}

func TestWriteRefusesABatchThatIsNone(t *testing.T) {
	r := &receiver{}
	s := open(t, r, http.Options{})
	for _, b := range []logging.Batch{
		{Records: 1},
		{Records: -1},
		{Lines: []byte("a")},
		{Lines: []byte("a\n")},
		{Lines: []byte("a\n"), Records: 2},
		{Lines: []byte("a\nb"), Records: 1},
		{Lines: []byte("a\nb"), Records: 2},
	} {
		if n, err := s.Write(t.Context(), b); n != 0 || err == nil {
			t.Errorf("%q as %d records: %d, %v", b.Lines, b.Records, n, err)
		}
	}
	if n, err := s.Write(t.Context(), logging.Batch{}); n != 0 || err != nil {
		t.Errorf("nothing: %d, %v", n, err)
	}
	mustFlush(t, s)
	if got := r.got(); len(got) != 0 {
		t.Errorf("%d requests", len(got))
	}
}

func TestTheCallerMayUseItsBytesAgain(t *testing.T) {
	r := &receiver{}
	s := open(t, r, http.Options{})
	b := batch("a\n")
	for _, c := range []byte("abc") {
		b.Lines[0] = c
		_, _ = s.Write(t.Context(), b)
	}
	mustFlush(t, s)
	if r.lines() != "a\nb\nc\n" {
		t.Errorf("got %q", r.lines())
	}
}

func TestFlushSendsTheOpenBatchAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, &receiver{}, http.Options{BatchDelay: time.Hour})
		began := time.Now()
		mustWrite(t, s, "a\n")
		mustFlush(t, s)
		if time.Since(began) != 0 || s.Stats().Delivered != 1 {
			t.Errorf("after %v: %+v", time.Since(began), s.Stats())
		}
	})
}

func TestFlushDoesNotWaitForWhatCameLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &receiver{answer: func(int, arrival) reply {
			time.Sleep(time.Second)
			return status(200)
		}}
		s := open(t, r, http.Options{})
		began := time.Now()
		mustWrite(t, s, "a\n")
		go func() {
			time.Sleep(time.Millisecond)
			_, _ = s.Write(t.Context(), batch("b\n"))
		}()
		if err := s.Flush(t.Context()); err != nil || time.Since(began) != time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		mustFlush(t, s)
	})
}

func TestALossIsToldOnceAndNotToAFlushThatRanOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, &receiver{answer: answers(400, 503, 503, 200)}, http.Options{BatchRecords: 1, Backoff: http.Backoff{Min: time.Minute, Max: time.Hour}, Seed: 1})
		mustWrite(t, s, "a\nb\n")
		err := s.Flush(within(t, time.Millisecond))
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "1 records are held, the last try failed (POST http://far/logs: status 503 Service Unavailable") {
			t.Error(err)
		}
		var e *http.DeliveryError
		if err := s.Flush(t.Context()); !errors.As(err, &e) || e.Lost != 1 {
			t.Error(err)
		}
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestCloseDeliversAndStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &receiver{answer: answers(503, 503)}
		s := open(t, r, http.Options{})
		mustWrite(t, s, "a\n")
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				if err := s.Close(t.Context()); err != nil {
					t.Error(err)
				}
				if s.Stats().Delivered != 1 {
					t.Error("Close returns before the first one is at its end")
				}
			})
		}
		wg.Wait()
		if n, err := s.Write(t.Context(), batch("b\n")); n != 0 || !errors.Is(err, http.ErrClosed) {
			t.Errorf("Write after Close: %d, %v", n, err)
		}
		if err := s.Flush(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestCloseThatRunsOutOfTimeCountsTheRestAsLost(t *testing.T) {
	for name, transport := range map[string]nethttp.RoundTripper{
		"during a request": slow{},
		"during a backoff": &receiver{answer: down},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &spare{}
				s, err := http.New(http.Options{
					URL: "http://far", Client: &nethttp.Client{Transport: transport}, Fallback: f, BatchRecords: 1,
					Breaker: http.Breaker{Failures: 1, Cooldown: time.Hour},
				})
				if err != nil {
					t.Fatal(err)
				}
				mustWrite(t, s, "a\nb\nc\n")
				began := time.Now()
				err = s.Close(within(t, time.Second))
				var e *http.DeliveryError
				if !errors.As(err, &e) || e.Lost != 3 || !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
					t.Errorf("%v after %v", err, time.Since(began))
				}
				if st := s.Stats(); st.Lost != 3 || st.Held != 0 || f.closes != 1 {
					t.Errorf("%+v, fallback closed %d times", st, f.closes)
				}
				conserved(t, s)
			})
		})
	}
}

func TestCloseWakesAWriteThatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, opened := gate()
		s := open(t, r, http.Options{BatchBytes: 1024, BufferBytes: 2048})
		go func() {
			began := time.Now()
			n, err := s.Write(t.Context(), batch(numbered(0, 30, 100)))
			if n != 20 || !errors.Is(err, http.ErrClosed) || time.Since(began) != 0 {
				t.Errorf("%d, %v after %v", n, err, time.Since(began))
			}
		}()
		synctest.Wait()
		time.AfterFunc(time.Second, func() { close(opened) })
		if err := s.Close(t.Context()); err != nil || s.Stats().Delivered != 20 {
			t.Errorf("%v, %+v", err, s.Stats())
		}
	})
}

func TestCloseLeavesBehindWhatIgnoresItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, opened := gate()
		f := &spare{}
		s := open(t, r, http.Options{Fallback: f})
		mustWrite(t, s, "a\n")
		began := time.Now()
		err := s.Close(within(t, time.Second))
		if err == nil || !strings.Contains(err.Error(), "goes on though its context is done") || time.Since(began) != 2*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		if st := s.Stats(); st.Lost != 1 || f.closes != 0 {
			t.Errorf("%+v, fallback closed %d times", st, f.closes)
		}
		close(opened)
		if err := s.Close(t.Context()); err != nil || f.closes != 1 || s.Stats().Delivered != 0 {
			t.Errorf("%v, fallback closed %d times, %+v", err, f.closes, s.Stats())
		}
		conserved(t, s)
	})
}

func TestAnErrorHoldsNoSecretsOfTheURL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, nil, http.Options{
			URL: "http://user:secret@far/logs?token=secret", Client: &nethttp.Client{Transport: &receiver{answer: answers(0, 400)}},
			Breaker: http.Breaker{Failures: 1},
		})
		mustWrite(t, s, "a\n")
		for _, d := range []time.Duration{time.Millisecond, time.Minute} {
			if err := s.Flush(within(t, d)); err == nil || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "POST http://far/logs: ") {
				t.Error(err)
			}
		}
	})
}

func TestTheFallbackIsLeftAloneAfterClose(t *testing.T) {
	f := &spare{}
	s := open(t, &receiver{}, http.Options{Fallback: f})
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 50 {
		if err := s.Flush(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if f.flushes != 0 {
		t.Errorf("%d flushes of a fallback that is closed", f.flushes)
	}
}

// stuck is a fallback that cannot be closed.
type stuck struct{ spare }

func (*stuck) Close(context.Context) error { return errors.New("busy") }

func TestAFallbackThatCannotBeClosedIsToldOnce(t *testing.T) {
	s := open(t, &receiver{}, http.Options{Fallback: &stuck{}})
	if err := s.Close(t.Context()); err == nil || err.Error() != "http sink: close the fallback: busy" {
		t.Error(err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Errorf("closing again: %v", err)
	}
}
