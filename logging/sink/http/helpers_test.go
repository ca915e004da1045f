package http_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	nethttp "net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/sink/http"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func batch(lines string) logging.Batch {
	return logging.Batch{Lines: []byte(lines), Records: strings.Count(lines, "\n")}
}

// numbered returns the records from to to-1, each of width bytes.
func numbered(from, to, width int) string {
	var b strings.Builder
	for i := from; i < to; i++ {
		fmt.Fprintf(&b, "%0*d\n", width-1, i)
	}
	return b.String()
}

// An arrival is a request as the receiver sees it.
type arrival struct {
	at     time.Time
	name   string
	header nethttp.Header
	url    string
	wire   int    // bytes of the body
	lines  string // the body, unpacked
}

// A receiver is a transport in memory. The n-th request, counted from 1, is
// answered by answer; nil accepts all.
type receiver struct {
	answer func(n int, a arrival) reply

	mu       sync.Mutex
	arrivals []arrival
}

func (r *receiver) RoundTrip(req *nethttp.Request) (*nethttp.Response, error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	a := arrival{at: time.Now(), name: req.Header.Get(http.BatchHeader), header: req.Header, url: req.URL.String(), wire: len(data)}
	if req.ContentLength != int64(len(data)) {
		return nil, fmt.Errorf("content length %d, %d bytes", req.ContentLength, len(data))
	}
	if req.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, err
		}
		if data, err = io.ReadAll(z); err != nil {
			return nil, err
		}
	}
	a.lines = string(data)
	r.mu.Lock()
	r.arrivals = append(r.arrivals, a)
	n := len(r.arrivals)
	r.mu.Unlock()
	if r.answer == nil {
		return status(204).response(req)
	}
	return r.answer(n, a).response(req)
}

// A reply is an answer, or an error in its place.
type reply struct {
	code   int
	header nethttp.Header
	body   io.ReadCloser // nil: a short one
	err    error
}

func (r reply) response(req *nethttp.Request) (*nethttp.Response, error) {
	if r.err != nil {
		return nil, r.err
	}
	if r.body == nil {
		r.body = io.NopCloser(strings.NewReader("why"))
	}
	return &nethttp.Response{StatusCode: r.code, Header: r.header, Body: r.body, Request: req}, nil
}

func (r *receiver) got() []arrival {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]arrival(nil), r.arrivals...)
}

func (r *receiver) lines() string {
	var b strings.Builder
	for _, a := range r.got() {
		b.WriteString(a.lines)
	}
	return b.String()
}

// status is an answer; headers are pairs of name and value.
func status(code int, headers ...string) reply {
	h := nethttp.Header{}
	for i := 0; i < len(headers); i += 2 {
		h.Set(headers[i], headers[i+1])
	}
	return reply{code: code, header: h}
}

// answers gives the statuses in turn, then 200; 0 is no answer.
func answers(codes ...int) func(int, arrival) reply {
	return func(n int, _ arrival) reply {
		switch {
		case n > len(codes):
			return status(200)
		case codes[n-1] == 0:
			return reply{err: io.ErrUnexpectedEOF}
		}
		return status(codes[n-1])
	}
}

// open makes a sink that sends to r, which may be nil where o.URL is set.
func open(t testing.TB, r *receiver, o http.Options) *http.Sink {
	t.Helper()
	if r != nil {
		o.Client = &nethttp.Client{Transport: r}
		o.URL = "http://far/logs"
	}
	s, err := http.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = s.Close(ctx)
	})
	return s
}

func mustWrite(t testing.TB, s logging.Sink, lines string) {
	t.Helper()
	b := batch(lines)
	if n, err := s.Write(t.Context(), b); n != b.Records || err != nil {
		t.Fatalf("Write = %d, %v, want %d records", n, err, b.Records)
	}
}

func mustFlush(t testing.TB, s *http.Sink) {
	t.Helper()
	if err := s.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	conserved(t, s)
	if st := s.Stats(); st.HeldRecords != 0 || st.Held != 0 {
		t.Errorf("a flushed sink holds %d records, %d bytes", st.HeldRecords, st.Held)
	}
}

func conserved(t testing.TB, s *http.Sink) {
	t.Helper()
	st := s.Stats()
	if st.Taken != st.Delivered+st.FellBack+st.Lost+st.HeldRecords || st.Requests != st.Batches+st.Retries || st.Lost != s.Lost() {
		t.Errorf("the laws of Stats do not hold: %+v, Lost %d", st, s.Lost())
	}
}

// A spare is a fallback that keeps what it gets.
type spare struct {
	sync.Mutex
	lines           string
	flushes, closes int
	write           func(logging.Batch) (int, error)
}

func (f *spare) Write(_ context.Context, b logging.Batch) (int, error) {
	f.Lock()
	defer f.Unlock()
	if f.write != nil {
		return f.write(b)
	}
	f.lines += string(b.Lines)
	return b.Records, nil
}

func (f *spare) Flush(context.Context) error {
	f.Lock()
	defer f.Unlock()
	f.flushes++
	return nil
}

func (f *spare) Close(context.Context) error {
	f.Lock()
	defer f.Unlock()
	f.closes++
	return nil
}
