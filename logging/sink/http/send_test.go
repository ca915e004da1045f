package http_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	nethttp "net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/sink/http"
)

func TestBatchesAreBoundedByBytesRecordsAndAge(t *testing.T) {
	tests := []struct {
		name string
		o    http.Options
		in   []string
		want []string
	}{
		{"small writes gather", http.Options{}, []string{"a\n", "b\n"}, []string{"a\nb\n"}},
		{"bytes", http.Options{BatchBytes: 1024}, []string{numbered(0, 25, 100)}, []string{numbered(0, 10, 100), numbered(10, 20, 100), numbered(20, 25, 100)}},
		{"bytes, exactly full", http.Options{BatchBytes: 1024}, []string{numbered(0, 16, 128)}, []string{numbered(0, 8, 128), numbered(8, 16, 128)}},
		{"records", http.Options{BatchRecords: 2}, []string{"a\n", "b\nc\nd\ne\n"}, []string{"a\nb\n", "c\nd\n", "e\n"}},
		{"a large record alone", http.Options{BatchBytes: 1024}, []string{"a\n" + numbered(1, 2, 1025) + "b\n"}, []string{"a\n", numbered(1, 2, 1025), "b\n"}},
		{"both bounds", http.Options{BatchBytes: 1024, BatchRecords: 9}, []string{numbered(0, 10, 100), numbered(1, 2, 2000)}, []string{numbered(0, 9, 100), numbered(9, 10, 100), numbered(1, 2, 2000)}},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, began := &receiver{}, time.Now()
				s := open(t, r, tc.o)
				for _, lines := range tc.in {
					mustWrite(t, s, lines)
				}
				time.Sleep(time.Second)
				var got []string
				for _, a := range r.got() {
					got = append(got, a.lines)
				}
				if fmt.Sprint(got) != fmt.Sprint(tc.want) {
					t.Errorf("got %q\nwant %q", got, tc.want)
				}
				if last := r.got()[len(got)-1].at.Sub(began); last > http.DefaultBatchDelay {
					t.Errorf("the last batch left after %v", last)
				}
			})
		})
	}
}

func TestAgeIsThatOfTheOldestRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &receiver{}
		s := open(t, r, http.Options{BatchDelay: 100 * time.Millisecond})
		began := time.Now()
		for range 3 {
			mustWrite(t, s, "a\n")
			time.Sleep(40 * time.Millisecond)
		}
		time.Sleep(time.Hour)
		if got := r.got(); len(got) != 1 || got[0].at.Sub(began) != 100*time.Millisecond || got[0].lines != "a\na\na\n" {
			t.Errorf("got %+v", got)
		}
	})
}

func TestRequestsCarryTheirHeadersAndAName(t *testing.T) {
	for _, packed := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			r := &receiver{answer: answers(503, 0)}
			lower := "x-token"
			h := nethttp.Header{lower: {"a"}, "X-Token": {"a"}}
			s := open(t, r, http.Options{Header: h, Gzip: packed})
			h[lower][0], h["X-Token"][0] = "changed", "later"
			first := numbered(0, 100, 50)
			mustWrite(t, s, first)
			mustFlush(t, s)
			mustWrite(t, s, "next\n")
			mustFlush(t, s)
			got := r.got()
			if len(got) != 4 {
				t.Fatalf("%d requests, want 3 of one batch and 1", len(got))
			}
			wire := 0
			for i, a := range got {
				wire += a.wire
				n, want := 1, first
				if i == 3 {
					n, want = 2, "next\n"
				}
				id, number, _ := strings.Cut(a.name, "-")
				if number != fmt.Sprint(n) || len(id) < 16 || id != got[0].name[:len(id)] || a.lines != want {
					t.Errorf("request %d is %q with %q", i, a.name, a.lines)
				}
				if a.header.Get("Content-Type") != "application/x-ndjson" || fmt.Sprint(a.header["X-Token"]) != "[a a]" || a.url != "http://far/logs" {
					t.Errorf("%s: %v", a.url, a.header)
				}
				if (a.header.Get("Content-Encoding") == "gzip") != packed || packed && i == 0 && a.wire >= len(first) {
					t.Errorf("gzip %v: %v with %d bytes", packed, a.header, a.wire)
				}
			}
			if st := s.Stats(); st.BytesSent != uint64(wire) || st.Batches != 2 || st.Retries != 2 || st.Delivered != 101 {
				t.Errorf("%d bytes arrived: %+v", wire, st)
			}
		})
	}
}

func TestTwoSinksNeverNameABatchAlike(t *testing.T) {
	a, b := &receiver{}, &receiver{}
	for _, r := range []*receiver{a, b} {
		s := open(t, r, http.Options{Seed: 1})
		mustWrite(t, s, "x\n")
		mustFlush(t, s)
	}
	if a.got()[0].name == b.got()[0].name {
		t.Error("both are", a.got()[0].name)
	}
}

func TestAnswersDecideWhatBecomesOfABatch(t *testing.T) {
	for codes, fate := range map[string]string{
		"200 201 204 299":                         "delivered",
		"408 425 429 500 502 503 504 599":         "retried",
		"300 301 303 307 308 400 401 404 422 101": "refused",
	} {
		for code := range strings.FieldsSeq(codes) {
			synctest.Test(t, func(t *testing.T) {
				var c int
				_, _ = fmt.Sscan(code, &c)
				r := &receiver{answer: func(n int, _ arrival) reply {
					if n > 1 {
						return status(200)
					}
					return status(c, "Location", "http://elsewhere/")
				}}
				s := open(t, r, http.Options{})
				mustWrite(t, s, "a\nb\n")
				err := s.Flush(t.Context())
				conserved(t, s)
				st := s.Stats()
				switch fate {
				case "refused":
					var e *http.DeliveryError
					var answer *http.StatusError
					if !errors.As(err, &e) || e.Lost != 2 || !errors.As(err, &answer) || answer.Code != c || st.Lost != 2 || st.Requests != 1 {
						t.Errorf("%s: %v, %+v", code, err, st)
					}
				case "retried":
					if err != nil || st.Retries != 1 || st.Delivered != 2 {
						t.Errorf("%s: %v, %+v", code, err, st)
					}
				default:
					if err != nil || st.Requests != 1 || st.Delivered != 2 {
						t.Errorf("%s: %v, %+v", code, err, st)
					}
				}
				if err := s.Flush(t.Context()); err != nil {
					t.Errorf("%s: a second Flush tells again: %v", code, err)
				}
			})
		}
	}
}

func TestARequestThatIsTooLargeIsSplit(t *testing.T) {
	for _, packed := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var largest atomic.Int64
			r := &receiver{answer: func(_ int, a arrival) reply {
				if len(a.lines) > 300 {
					return status(413)
				}
				largest.Add(int64(len(a.lines)))
				return status(200)
			}}
			f := &spare{}
			s := open(t, r, http.Options{Fallback: f, Gzip: packed})
			large := numbered(777, 778, 400)
			mustWrite(t, s, numbered(0, 20, 50)+large+numbered(20, 30, 50))
			err := s.Flush(t.Context())
			var e *http.DeliveryError
			if !errors.As(err, &e) || e.FellBack != 1 || e.Lost != 0 || f.lines != large {
				t.Errorf("%v; the fallback has %q", err, f.lines)
			}
			names, lines := map[string]bool{}, ""
			for _, a := range r.got() {
				if names[a.name] {
					t.Errorf("%s is the name of two batches", a.name)
				}
				names[a.name] = true
				if len(a.lines) <= 300 {
					lines += a.lines
				}
			}
			if lines != numbered(0, 30, 50) {
				t.Errorf("other records or another order: %q", lines)
			}
			if st := s.Stats(); st.Delivered != 30 || st.Retries != 0 || st.BreakerState != http.StateClosed || largest.Load() != 1500 {
				t.Errorf("%+v", st)
			}
			conserved(t, s)
		})
	}
}

func TestTheFallbackGetsWhatIsRefused(t *testing.T) {
	for _, tc := range []struct {
		name     string
		write    func(logging.Batch) (int, error)
		fellBack uint64
		want     string
	}{
		{"and takes it", nil, 3, "http sink: 0 records lost, 3 given to the fallback since the last flush: POST http://far/logs: status 400 Bad Request: \"why\""},
		{"and takes a part", func(logging.Batch) (int, error) { return 1, nil }, 1, "and the fallback: short write"},
		{"and fails", func(logging.Batch) (int, error) { return 0, errors.New("disk full") }, 0, "and the fallback: disk full"},
		{"and panics", func(logging.Batch) (int, error) { panic("oops") }, 0, "and the fallback: panic: oops"},
		{"and claims nonsense", func(logging.Batch) (int, error) { return 99, nil }, 3, "0 records lost, 3 given"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := &spare{write: tc.write}
			s := open(t, &receiver{answer: answers(400)}, http.Options{Fallback: f})
			mustWrite(t, s, "a\nb\nc\n")
			if err := s.Flush(t.Context()); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v\nwant %s", err, tc.want)
			}
			if st := s.Stats(); st.FellBack != tc.fellBack || st.Lost != 3-tc.fellBack || f.flushes != 1 {
				t.Errorf("%+v, %d flushes of the fallback", st, f.flushes)
			}
			conserved(t, s)
			mustWrite(t, s, "d\n")
			if err := errors.Join(s.Close(t.Context()), s.Close(t.Context()), s.Flush(t.Context())); err != nil || f.closes != 1 {
				t.Errorf("%v, the fallback is closed %d times", err, f.closes)
			}
		})
	}
}

func TestAPanicOfTheTransportIsAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &receiver{answer: func(n int, _ arrival) reply {
			if n == 1 {
				panic("oops")
			}
			return status(200)
		}}
		s := open(t, r, http.Options{})
		mustWrite(t, s, "a\n")
		mustFlush(t, s)
		if st := s.Stats(); st.Retries != 1 || st.Delivered != 1 {
			t.Errorf("%+v", st)
		}
	})
}

// endless is a body without an end, of one byte.
type endless struct {
	read   atomic.Int64
	closed atomic.Bool
	fill   byte
}

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = e.fill
	}
	e.read.Add(int64(len(p)))
	return len(p), nil
}

func (e *endless) Close() error { e.closed.Store(true); return nil }

func TestAnswersAreReadUpToABoundAndQuotedInPart(t *testing.T) {
	for _, tc := range []struct {
		code int
		fill byte
		want string
	}{{200, 'x', ""}, {400, 'x', strings.Repeat("x", 200)}, {400, 0, ""}, {400, 0xff, ""}} {
		body := &endless{fill: tc.fill}
		s := open(t, &receiver{answer: func(int, arrival) reply {
			r := status(tc.code)
			r.body = body
			return r
		}}, http.Options{})
		mustWrite(t, s, "a\n")
		err := s.Flush(t.Context())
		var e *http.StatusError
		if errors.As(err, &e) != (tc.code != 200) || e != nil && e.Text != tc.want {
			t.Errorf("%d: %v", tc.code, err)
		}
		if n := body.read.Load(); n < 1024 || n > 64<<10 || !body.closed.Load() {
			t.Errorf("%d bytes are read, closed %v", n, body.closed.Load())
		}
	}
}

func TestARubbishBodyChangesNothing(t *testing.T) {
	for _, body := range []io.Reader{
		strings.NewReader(""), strings.NewReader("\x00\xff\r\n{"), io.MultiReader(strings.NewReader("a"), failing{}),
	} {
		s := open(t, &receiver{answer: func(int, arrival) reply {
			r := status(200)
			r.body = io.NopCloser(body)
			return r
		}}, http.Options{})
		mustWrite(t, s, "a\n")
		mustFlush(t, s)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { panic("a body that panics") }

// held is a body that gives nothing until it is closed, as a connection does.
type held struct{ closed chan struct{} }

func (h held) Read([]byte) (int, error) {
	<-h.closed
	return 0, io.EOF
}

func (h held) Close() error { close(h.closed); return nil }

func TestAConnectionThatWasSwitchedIsClosedUnread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body := held{make(chan struct{})}
		s := open(t, &receiver{answer: func(int, arrival) reply { return reply{code: 101, body: body} }}, http.Options{})
		mustWrite(t, s, "a\n")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := s.Flush(ctx); err == nil || s.Lost() != 1 {
			t.Errorf("%v, lost %d", err, s.Lost())
			close(body.closed)
		}
	})
}

// late is a transport that goes on reading after its answer.
type late struct{ bodies chan io.ReadCloser }

func (l late) RoundTrip(req *nethttp.Request) (*nethttp.Response, error) {
	again, err := req.GetBody()
	if err != nil {
		return nil, err
	}
	if first, err := io.ReadAll(again); string(first) != "a\n" {
		return nil, fmt.Errorf("the second body holds %q: %w", first, err)
	}
	l.bodies <- req.Body
	return status(200).response(req)
}

func TestABodyIsGoneWhenItsRequestIsAnswered(t *testing.T) {
	l := late{make(chan io.ReadCloser, 1)}
	s := open(t, nil, http.Options{URL: "http://far", Client: &nethttp.Client{Transport: l}, GiveUp: time.Millisecond})
	mustWrite(t, s, "a\n")
	mustFlush(t, s)
	if got, err := io.ReadAll(<-l.bodies); len(got) > 0 || err == nil {
		t.Errorf("%q, %v", got, err)
	}
}
