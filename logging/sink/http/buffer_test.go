package http

import (
	"bytes"
	"context"
	"io"
	nethttp "net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/logperf/logperf/logging"
)

func TestRingKeepsBytesInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := ring{least: 8, most: 100}
		var want []byte
		var next byte
		var held [2][]byte // what the sender reads without a lock
		var heldWant []byte
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			if n := rapid.IntRange(0, r.most-r.n).Draw(t, "add"); rapid.Bool().Draw(t, "adds") {
				p := make([]byte, n)
				for i := range p {
					p[i], next = next, next+1
				}
				r.add(p)
				want = append(want, p...)
			} else {
				n = rapid.IntRange(0, r.n).Draw(t, "drop")
				r.drop(n)
				want = want[n:]
				n = rapid.IntRange(0, r.n).Draw(t, "view")
				held, heldWant = r.view(n), bytes.Clone(want[:n])
			}
			if got := r.view(r.n); !bytes.Equal(bytes.Join(got[:], nil), want) || len(r.buf) > r.most {
				t.Fatalf("%v, want %v, in %d bytes", got, want, len(r.buf))
			}
			if !bytes.Equal(bytes.Join(held[:], nil), heldWant) {
				t.Fatalf("what is under way changed: %v, want %v", held, heldWant)
			}
		}
	})
}

func TestHalvesAreWholeRecords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lens := rapid.SliceOfN(rapid.IntRange(0, 20), 2, 20).Draw(t, "records")
		var lines []byte
		for _, n := range lens {
			lines = append(append(lines, strings.Repeat("x", n)...), '\n')
		}
		cut := rapid.IntRange(0, len(lines)).Draw(t, "end of the memory")
		a, b := extent{bytes: len(lines), records: len(lens)}.halve([2][]byte{lines[:cut], lines[cut:]})
		if a.bytes <= 0 || b.bytes <= 0 || a.bytes+b.bytes != len(lines) || lines[a.bytes-1] != '\n' ||
			a.records != bytes.Count(lines[:a.bytes], newline) || a.records+b.records != len(lens) {
			t.Fatalf("%q is cut into %+v and %+v", lines, a, b)
		}
	})
}

func TestQueueIsFirstInFirstOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var q queue
		var want []int
		for i := range 200 {
			switch rapid.IntRange(0, 4).Draw(t, "step") {
			case 0, 1:
				q.push(extent{bytes: i})
				want = append(want, i)
			case 2:
				q.putBack(extent{bytes: -i}, extent{bytes: i})
				want = append([]int{-i, i}, want...)
			default:
				if len(want) > 0 {
					if got := q.pop().bytes; got != want[0] {
						t.Fatalf("got %d, want %d", got, want[0])
					}
					want = want[1:]
				}
			}
			if q.len() != len(want) {
				t.Fatalf("%d are queued, want %d", q.len(), len(want))
			}
		}
	})
}

type roundTrip func(*nethttp.Request) (*nethttp.Response, error)

func (f roundTrip) RoundTrip(req *nethttp.Request) (*nethttp.Response, error) { return f(req) }

func TestAnIdleSinkHasNoTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		s, err := New(Options{URL: "http://far", Client: &nethttp.Client{Transport: roundTrip(func(*nethttp.Request) (*nethttp.Response, error) {
			if n++; n == 1 {
				return nil, io.ErrUnexpectedEOF
			}
			return &nethttp.Response{StatusCode: 200}, nil
		})}})
		if err != nil {
			t.Fatal(err)
		}
		idle := func(when string) {
			t.Helper()
			synctest.Wait()
			if s.timer.Stop() {
				t.Errorf("a timer runs %s", when)
			}
		}
		idle("in a new sink")
		for _, flush := range []bool{true, false, true} {
			if _, err := s.Write(t.Context(), logging.Batch{Lines: []byte("a\n"), Records: 1}); err != nil {
				t.Fatal(err)
			}
			if synctest.Wait(); flush { // now the sender waits for the end of BatchDelay
				err = s.Flush(t.Context())
			} else {
				time.Sleep(time.Minute)
			}
			if st := s.Stats(); err != nil || st.HeldRecords != 0 {
				t.Fatalf("%v, %+v", err, st)
			}
			idle("after delivery")
		}
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestWriteAllocatesNothingForARecord(t *testing.T) {
	answered := make(chan struct{}, 1)
	s, err := New(Options{URL: "http://far", BatchBytes: 16 << 20, BatchDelay: time.Hour, Client: &nethttp.Client{Transport: roundTrip(func(*nethttp.Request) (*nethttp.Response, error) {
		answered <- struct{}{}
		return &nethttp.Response{StatusCode: 200}, nil
	})}})
	if err != nil {
		t.Fatal(err)
	}
	b := logging.Batch{Lines: bytes.Repeat([]byte("0123456\n"), 1000), Records: 1000}
	ctx := context.Background()
	_, _ = s.Write(ctx, b) // makes the memory
	if n := testing.AllocsPerRun(100, func() { _, _ = s.Write(ctx, b) }); n != 0 {
		t.Errorf("%v allocations for 1,000 records", n)
	}
	if err := s.Close(ctx); err != nil {
		t.Error(err)
	}
	<-answered
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"":                                      "",
		"plain":                                 "plain",
		"\x20\r\na\n\n\x00b\xff\u2028c\t":       "a b c",
		"ümlaut":                                "ümlaut",
		strings.Repeat("x", 201):                strings.Repeat("x", 200),
		strings.Repeat("ü", 101):                strings.Repeat("ü", 100),
		"x" + strings.Repeat("ü", 101):          "x" + strings.Repeat("ü", 99),
		strings.Repeat("\x01", 300) + "at last": "at last",
	} {
		if got := printable([]byte(in)); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"", "0", "120", "-1", "1.5", "99999999999999999999", "Fri, 31 Dec 1999 23:59:59 GMT", "9999999999999999999x"} {
		f.Add(s)
	}
	now := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, value string) {
		d := retryAfter(value, now)
		if d < 0 || d > MaxRetryAfter {
			t.Errorf("%q: %v", value, d)
		}
		trimmed := strings.TrimSpace(value)
		digits := trimmed != "" && strings.Trim(trimmed, "0123456789") == ""
		if _, err := nethttp.ParseTime(trimmed); err != nil && !digits && d != 0 {
			t.Errorf("%q is neither a number nor a date: %v", value, d)
		}
		if digits && d == 0 && strings.Trim(trimmed, "0") != "" {
			t.Errorf("%q: no wait", value)
		}
	})
}
