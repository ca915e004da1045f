package http_test

import (
	"context"
	"errors"
	nethttp "net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/logperf/logperf/logging/sink/http"
)

// never opens the breaker.
var never = http.Breaker{Failures: http.MaxFailures}

// waits are the times between the requests.
func waits(r *receiver) []time.Duration {
	var d []time.Duration
	got := r.got()
	for i := 1; i < len(got); i++ {
		d = append(d, got[i].at.Sub(got[i-1].at))
	}
	return d
}

func down(int, arrival) reply { return status(503) }

func TestBackoffDoublesWithFullJitterUpToItsBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, other := run(t, 7), run(t, 7)
		bound, longer := 10*time.Millisecond, 0
		for i, d := range first {
			if d < 0 || d > bound {
				t.Errorf("wait %d is %v, want at most %v", i+1, d, bound)
			}
			if d > bound/2 {
				longer++
			}
			if d != other[i] {
				t.Errorf("wait %d is %v and %v with the same seed", i+1, d, other[i])
			}
			bound = min(2*bound, 80*time.Millisecond)
		}
		if longer < 50 || longer > 150 {
			t.Errorf("%d of 200 waits are in the upper half", longer)
		}
	})
}

// run returns 200 waits.
func run(t *testing.T, seed uint64) []time.Duration {
	r := &receiver{answer: func(n int, _ arrival) reply {
		if n <= 200 {
			return down(n, arrival{})
		}
		return status(200)
	}}
	s := open(t, r, http.Options{Seed: seed, Breaker: never, Backoff: http.Backoff{Min: 10 * time.Millisecond, Max: 80 * time.Millisecond}})
	mustWrite(t, s, "a\n")
	mustFlush(t, s)
	return waits(r)
}

func TestBackoffBeginsAnewAfterAnAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &receiver{answer: answers(503, 503, 503, 503, 503, 200, 503)}
		s := open(t, r, http.Options{Breaker: never, Backoff: http.Backoff{Min: time.Millisecond, Max: time.Hour}})
		for range 2 {
			mustWrite(t, s, "a\n")
			mustFlush(t, s)
		}
		if d := waits(r); d[6] > time.Millisecond {
			t.Errorf("waits %v", d)
		}
	})
}

func TestRetryAfterIsHonoured(t *testing.T) {
	for _, tc := range []struct {
		value       string
		least, most time.Duration
	}{
		{"3", 3 * time.Second, 3 * time.Second},
		{"9999999999999999999999", http.MaxRetryAfter, http.MaxRetryAfter},
		{"61", http.MaxRetryAfter, http.MaxRetryAfter},
		{"in:7s", 7 * time.Second, 7 * time.Second},
		{"in:2h", http.MaxRetryAfter, http.MaxRetryAfter},
		{"in:-1h", 0, 100 * time.Millisecond},
		{"-3", 0, 100 * time.Millisecond},
		{"soon", 0, 100 * time.Millisecond},
		{"", 0, 100 * time.Millisecond},
	} {
		for _, code := range []int{429, 503} {
			synctest.Test(t, func(t *testing.T) {
				r := &receiver{answer: func(n int, _ arrival) reply {
					if n > 1 {
						return status(200)
					}
					value := tc.value
					if in, ok := strings.CutPrefix(value, "in:"); ok {
						d, _ := time.ParseDuration(in)
						value = time.Now().Add(d).UTC().Format(nethttp.TimeFormat)
					}
					return status(code, "Retry-After", value)
				}}
				s := open(t, r, http.Options{})
				mustWrite(t, s, "a\n")
				mustFlush(t, s)
				if d := waits(r); len(d) != 1 || d[0] < tc.least || d[0] > tc.most {
					t.Errorf("%d %q: waits %v", code, tc.value, d)
				}
			})
		}
	}
}

func TestATimeoutIsRetriedAndNotMistakenForThatOfTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &slow{}
		s, err := http.New(http.Options{URL: "http://far", Client: &nethttp.Client{Transport: r}, Timeout: time.Second, GiveUp: 90 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		mustWrite(t, s, "a\n")
		err = s.Flush(t.Context())
		if err == nil || errors.Is(err, context.DeadlineExceeded) ||
			!strings.Contains(err.Error(), "given up after 1m30s: POST http://far: no answer within 1s") {
			t.Error(err)
		}
		if st := s.Stats(); st.Retries < 5 || st.Lost != 1 {
			t.Errorf("%+v", st)
		}
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// slow is a transport that never answers.
type slow struct{}

func (slow) RoundTrip(req *nethttp.Request) (*nethttp.Response, error) {
	<-req.Context().Done()
	return nil, req.Context().Err()
}

func TestTheBreakerOpensProbesAndCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s *http.Sink
		var states []string
		r := &receiver{answer: func(n int, _ arrival) reply {
			states = append(states, s.Stats().BreakerState)
			if n <= 6 {
				return down(n, arrival{})
			}
			return status(200)
		}}
		s = open(t, r, http.Options{
			Backoff: http.Backoff{Min: time.Millisecond, Max: time.Millisecond},
			Breaker: http.Breaker{Failures: 3, Cooldown: time.Second, Max: 3 * time.Second},
		})
		mustWrite(t, s, "a\n")
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 900*time.Millisecond)
		defer cancel()
		if err := s.Flush(ctx); !errors.Is(err, context.DeadlineExceeded) || s.Stats().BreakerState != http.StateOpen {
			t.Errorf("a Flush during the cooldown returns %v, the breaker is %s", err, s.Stats().BreakerState)
		}
		mustFlush(t, s)
		if d := time.Since(began); d < 9*time.Second || d > 9010*time.Millisecond { // 1 + 2 + 3 + 3
			t.Errorf("delivered after %v", d)
		}
		mustWrite(t, s, "b\n")
		mustFlush(t, s)
		const want = "closed closed closed half-open half-open half-open half-open closed"
		if got := strings.Join(states, " "); got != want {
			t.Errorf("states %s, want %s", got, want)
		}
		if st := s.Stats(); st.BreakerOpened != 4 || st.BreakerState != http.StateClosed {
			t.Errorf("%+v", st)
		}
	})
}

func TestAnyFinalAnswerClosesTheBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &receiver{answer: answers(0, 0, 400, 0, 0, 200)}
		s := open(t, r, http.Options{Breaker: http.Breaker{Failures: 3}})
		for range 2 {
			mustWrite(t, s, "a\n")
			_ = s.Flush(t.Context())
		}
		if st := s.Stats(); st.BreakerOpened != 0 || st.Lost != 1 || st.Delivered != 1 {
			t.Errorf("%+v", st)
		}
	})
}

func TestABatchIsGivenUpInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &spare{}
		r := &receiver{answer: down}
		s := open(t, r, http.Options{Fallback: f, GiveUp: 10 * time.Second, Backoff: http.Backoff{Max: time.Second}, Breaker: never})
		mustWrite(t, s, "a\n")
		began := time.Now()
		err := s.Flush(t.Context())
		if d := time.Since(began); d > 10*time.Second || d < 9*time.Second {
			t.Errorf("given up after %v", d)
		}
		var e *http.DeliveryError
		if !errors.As(err, &e) || e.FellBack != 1 || f.lines != "a\n" || s.Stats().Lost != 0 {
			t.Errorf("%v; the fallback has %q", err, f.lines)
		}
	})
}

func TestAnOpenBreakerSendsBatchesThatCannotWaitToTheFallback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &spare{}
		r := &receiver{answer: answers(503)}
		s := open(t, r, http.Options{Fallback: f, BatchRecords: 1, GiveUp: time.Second, Breaker: http.Breaker{Failures: 1, Cooldown: time.Minute}})
		mustWrite(t, s, "a\nb\nc\n")
		began := time.Now()
		if err := s.Flush(t.Context()); err == nil || time.Since(began) != 0 {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		if st := s.Stats(); st.Requests != 1 || f.lines != "a\nb\nc\n" {
			t.Errorf("%+v, the fallback has %q", st, f.lines)
		}
		time.Sleep(time.Minute)
		mustWrite(t, s, "d\n")
		mustFlush(t, s)
	})
}

func TestABatchWithoutGiveUpIsTriedForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		recovered := time.Now().Add(24 * time.Hour)
		r := &receiver{answer: func(n int, a arrival) reply {
			if time.Now().Before(recovered) {
				return down(n, a)
			}
			return status(200)
		}}
		s := open(t, r, http.Options{})
		mustWrite(t, s, "a\n")
		mustFlush(t, s)
		if d := time.Since(recovered); d > http.DefaultMaxCooldown {
			t.Errorf("delivered %v after the receiver came back", d)
		}
	})
}
