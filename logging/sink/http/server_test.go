package http_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/sink/http"
)

// A shelf is a receiver that recognises duplicates by their name.
type shelf struct {
	sync.Mutex
	names      map[string]bool
	lines      string
	duplicates int
}

func (s *shelf) put(req *nethttp.Request) error {
	var body io.Reader = req.Body
	if req.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(body)
		if err != nil {
			return err
		}
		body = z
	}
	data, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	s.Lock()
	defer s.Unlock()
	name := req.Header.Get(http.BatchHeader)
	if s.names[name] {
		s.duplicates++
		return nil
	}
	if s.names == nil {
		s.names = map[string]bool{}
	}
	s.names[name] = true
	s.lines += string(data)
	return nil
}

func serve(t testing.TB, h func(n int, w nethttp.ResponseWriter, req *nethttp.Request)) string {
	var mu sync.Mutex
	n := 0
	srv := httptest.NewServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, req *nethttp.Request) {
		mu.Lock()
		n++
		turn := n
		mu.Unlock()
		h(turn, w, req)
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

// reset ends the connection of a request without an answer.
func reset(w nethttp.ResponseWriter) {
	conn, _, err := w.(nethttp.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	_ = conn.(*net.TCPConn).SetLinger(0)
	_ = conn.Close()
}

func TestRecordsArriveOverTCPOnceAndInOrder(t *testing.T) {
	for _, packed := range []bool{false, true} {
		var far shelf
		url := serve(t, func(n int, w nethttp.ResponseWriter, req *nethttp.Request) {
			switch n % 4 {
			case 1: // before anything is read
				reset(w)
			case 2: // when all is read
				if err := far.put(req); err != nil {
					t.Error(err)
				}
				reset(w)
			case 3:
				w.WriteHeader(nethttp.StatusServiceUnavailable)
			default:
				if err := far.put(req); err != nil {
					t.Error(err)
				}
			}
		})
		s := open(t, nil, http.Options{URL: url, Gzip: packed, BatchBytes: 64 << 10, BufferBytes: 200_000, Backoff: http.Backoff{Max: time.Millisecond}, Breaker: never})
		want := numbered(0, 10_000, 100)
		for i := 0; i < len(want); i += 10_000 {
			mustWrite(t, s, want[i:i+10_000])
		}
		mustFlush(t, s)
		if far.lines != want {
			t.Error("other records or another order arrived")
		}
		if far.duplicates == 0 {
			t.Error("no batch arrived twice: the test does not test it")
		}
	}
}

func TestAnAnswerBeforeTheEndOfTheBodyIsHarmless(t *testing.T) {
	var far shelf
	url := serve(t, func(_ int, w nethttp.ResponseWriter, req *nethttp.Request) {
		if req.ContentLength > 1_000_000 {
			w.WriteHeader(nethttp.StatusRequestEntityTooLarge) // nothing of the body is read
			return
		}
		if err := far.put(req); err != nil {
			t.Error(err)
		}
	})
	s := open(t, nil, http.Options{URL: url, BatchBytes: 4 << 20, BufferBytes: 8 << 20, Backoff: http.Backoff{Max: time.Millisecond}, Breaker: never})
	want := numbered(0, 20_000, 200)
	mustWrite(t, s, want)
	mustFlush(t, s)
	if far.lines != want {
		t.Error("other records or another order arrived")
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	elsewhere := serve(t, func(_ int, _ nethttp.ResponseWriter, req *nethttp.Request) {
		t.Errorf("%s elsewhere", req.Method)
	})
	for _, client := range []*nethttp.Client{nil, {Transport: &nethttp.Transport{DisableKeepAlives: true}}} {
		for _, code := range []int{301, 302, 303, 307, 308} {
			url := serve(t, func(_ int, w nethttp.ResponseWriter, req *nethttp.Request) {
				nethttp.Redirect(w, req, elsewhere, code)
			})
			s := open(t, nil, http.Options{URL: url, Client: client})
			mustWrite(t, s, "a\n")
			if err := s.Flush(t.Context()); err == nil || !strings.Contains(err.Error(), "redirects are not followed") || s.Lost() != 1 {
				t.Errorf("%d: %v, lost %d", code, err, s.Lost())
			}
		}
	}
}

func TestAReceiverThatIsNotThereIsTriedAgain(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_ = l.Close()
	s := open(t, nil, http.Options{URL: "http://" + addr, Backoff: http.Backoff{Max: 5 * time.Millisecond}, Breaker: never})
	mustWrite(t, s, "a\n")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := s.Flush(ctx); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "connection refused") {
		t.Error(err)
	}
	l, err = net.Listen("tcp", addr)
	if err != nil {
		t.Skip("the port is taken:", err)
	}
	var far shelf
	srv := &httptest.Server{Listener: l, Config: &nethttp.Server{Handler: nethttp.HandlerFunc(func(_ nethttp.ResponseWriter, req *nethttp.Request) {
		_ = far.put(req)
	})}}
	srv.Start()
	defer srv.Close()
	mustFlush(t, s)
	if far.lines != "a\n" || s.Stats().Retries == 0 {
		t.Errorf("%q arrived, %+v", far.lines, s.Stats())
	}
}

func TestABodyThatNeverEndsHoldsUpNoLongerThanTheTimeout(t *testing.T) {
	url := serve(t, func(_ int, w nethttp.ResponseWriter, req *nethttp.Request) {
		_, _ = io.Copy(io.Discard, req.Body)
		_ = nethttp.NewResponseController(w).Flush()
		<-req.Context().Done()
	})
	s := open(t, nil, http.Options{URL: url, Timeout: 50 * time.Millisecond})
	mustWrite(t, s, "a\n")
	mustFlush(t, s)
	if st := s.Stats(); st.Delivered != 1 || st.Requests != 1 {
		t.Errorf("%+v", st)
	}
}

func TestOneConnectionIsUsedForAllBatchesAndClosed(t *testing.T) {
	opened, closed := make(chan net.Conn, 100), make(chan net.Conn, 100)
	srv := httptest.NewUnstartedServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, req *nethttp.Request) {
		_, _ = io.Copy(io.Discard, req.Body)
		_, _ = w.Write(bytes.Repeat([]byte("x"), 10_000))
	}))
	srv.Config.ConnState = func(c net.Conn, state nethttp.ConnState) {
		switch state {
		case nethttp.StateNew:
			opened <- c
		case nethttp.StateClosed:
			closed <- c
		}
	}
	srv.Start()
	defer srv.Close()
	s := open(t, nil, http.Options{URL: srv.URL})
	for range 10 {
		mustWrite(t, s, "a\n")
		mustFlush(t, s)
	}
	if err := s.Close(t.Context()); err != nil || len(opened) != 1 {
		t.Errorf("%v, %d connections", err, len(opened))
	}
	select {
	case <-closed:
	case <-time.After(10 * time.Second):
		t.Error("the connection stays open")
	}
}

func Example() {
	far := httptest.NewServer(nethttp.HandlerFunc(func(_ nethttp.ResponseWriter, req *nethttp.Request) {
		body, _ := io.ReadAll(req.Body)
		fmt.Printf("%s %s\n%s", req.Method, req.Header.Get("Content-Type"), body)
	}))
	defer far.Close()
	ctx := context.Background()
	s, err := http.New(http.Options{URL: far.URL + "/logs"})
	if err != nil {
		panic(err)
	}
	n, err := s.Write(ctx, logging.Batch{Lines: []byte("{\"msg\":\"one\"}\n{\"msg\":\"two\"}\n"), Records: 2})
	fmt.Println(n, err)
	fmt.Println(s.Close(ctx), s.Stats().Delivered, "delivered")
	// Output:
	// 2 <nil>
	// POST application/x-ndjson
	// {"msg":"one"}
	// {"msg":"two"}
	// <nil> 2 delivered
}
