package config

import (
	"context"
	"io"
	"math/rand/v2"
	nethttp "net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/loggingtest"
	"github.com/logperf/logperf/logging/queue"
	"github.com/logperf/logperf/logging/sink"
	"github.com/logperf/logperf/logging/sink/http"
	"github.com/logperf/logperf/logging/sink/route"
)

// live is what the heap holds that is alive. The second collection empties the
// pools.
func live() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// A filler makes a text of n bytes and says how long it is in JSON.
type filler func(n int) (text string, line int)

func escaped(n int) (string, int) { return strings.Repeat("\x01", n), 6 * n }

// noise hardly can be compressed.
func noise(n int) (string, int) {
	text := make([]byte, n)
	for i := range text {
		text[i] = byte('0' + rand.IntN(64))
		if text[i] == '\\' {
			text[i] = '!'
		}
	}
	return string(text), n
}

// A target is a sink that stands still until it is released.
type target struct {
	sink    logging.Sink
	full    func() bool
	release func()
}

// judge fills a logger with records of n bytes until its sink is full too, and
// holds what is alive then against the bound: below it, and not below that part.
func judge(t *testing.T, s logging.Settings, m filler, n int, part int64, open func() target) {
	t.Helper()
	s.Queue = logging.QueueSettings{Capacity: 64, Overflow: queue.DropNewest}
	before := live()
	to := open()
	l, err := logging.New(logging.Options{Settings: s, Sink: to.sink})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		to.release()
		if err := l.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	for !to.full() || l.Stats().QueueDepth < s.Queue.Capacity {
		text, _ := m(n)
		l.Info(t.Context(), text)
		runtime.Gosched()
	}
	growth, bound := live()-before, s.MemoryBound(n)
	t.Logf("%d bytes are alive, the bound is %d: %.2f", growth, bound, float64(growth)/float64(bound))
	if growth > bound || growth < bound/part {
		t.Errorf("%d bytes are alive: want 1/%d of the bound %d up to the whole", growth, part, bound)
	}
}

// lineFrame is more than a line has beside its message.
const lineFrame = 100

// hangs opens an HTTP sink to a server that answers nothing until it is released.
func hangs(t *testing.T, h logging.HTTPSettings, record int) target {
	end := make(chan struct{})
	server := httptest.NewServer(nethttp.HandlerFunc(func(_ nethttp.ResponseWriter, r *nethttp.Request) {
		<-end
		_, _ = io.Copy(io.Discard, r.Body)
	}))
	t.Cleanup(server.Close)
	h.URL = server.URL
	opened, err := OpenSink(logging.SinkSettings{HTTP: h})
	if err != nil {
		t.Fatal(err)
	}
	return target{
		sink:    opened,
		full:    func() bool { return opened.(*http.Sink).Stats().Held+record+lineFrame > h.BufferBytes },
		release: func() { close(end) },
	}
}

func TestTheBoundHoldsForTheHTTPSink(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector adds memory of its own")
	}
	for _, tc := range []struct {
		name   string
		h      logging.HTTPSettings
		record int
		part   int64
	}{
		{"small records", logging.HTTPSettings{}, 1000, 3},
		{"few records", logging.HTTPSettings{BatchRecords: 10, Gzip: true}, 5000, 4},
		{"single records", logging.HTTPSettings{BatchRecords: 1, BatchBytes: 1 << 10, BufferBytes: 256 << 10}, 1, 15}, // which could be shorter
		{"gzip", logging.HTTPSettings{Gzip: true, BatchBytes: 4 << 20}, 10_000, 3},
		{"records larger than a batch", logging.HTTPSettings{Gzip: true}, 300 << 10, 3},
		{"a large buffer", logging.HTTPSettings{BufferBytes: 33 << 20}, 100_000, 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.h.Timeout = time.Hour
			s := logging.Settings{Sink: logging.SinkSettings{Kind: logging.SinkHTTP, HTTP: tc.h}}.WithDefaults()
			judge(t, s, noise, tc.record, tc.part, func() target { return hangs(t, s.Sink.HTTP, tc.record) })
		})
	}
}

// still opens routes whose sinks do nothing until they are released.
func still(t *testing.T, settings []logging.RouteSettings, line int) target {
	var all []route.Route
	var sinks []*loggingtest.BlockingSink
	for _, r := range settings {
		s := &loggingtest.BlockingSink{}
		sinks = append(sinks, s)
		all = append(all, routeOf(r, s))
	}
	routes, err := route.New(all...)
	if err != nil {
		t.Fatal(err)
	}
	full := func() bool {
		for i, st := range routes.Stats() {
			if st.HeldBytes+line+lineFrame <= settings[i].Buffer {
				return false
			}
		}
		return true
	}
	return target{routes, full, func() {
		for _, s := range sinks {
			s.Release()
		}
	}}
}

func TestTheBoundHoldsForRoutes(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector adds memory of its own")
	}
	for _, tc := range []struct {
		name    string
		routes  []logging.RouteSettings
		message filler
		record  int
	}{
		{"small records", []logging.RouteSettings{{Name: "a", Buffer: 8 << 20}}, noise, 1000},
		{"giant records", []logging.RouteSettings{{Name: "a", Buffer: 16 << 20}}, noise, 300 << 10},
		// Lines of just more than half a chunk leave the rest of it empty.
		{"half a chunk", []logging.RouteSettings{{Name: "a", Buffer: 16 << 20}, {Name: "b", Buffer: 16 << 20, MinLevel: "info"}}, escaped, 21_900},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := logging.Settings{Sink: logging.SinkSettings{Routes: tc.routes}}.WithDefaults()
			_, line := tc.message(tc.record)
			judge(t, s, tc.message, tc.record, 3, func() target { return still(t, s.Sink.Routes, line) })
		})
	}
}

func TestTheBoundHoldsForTheMemorySink(t *testing.T) {
	const most = 4 << 20
	s := logging.Settings{Sink: logging.SinkSettings{Kind: logging.SinkMemory}}
	if more := s.MemoryBound(0) - (logging.Settings{}).MemoryBound(0); more != most || most != 4*sink.DefaultMaxBytes {
		t.Errorf("the memory sink counts %d, want four times what it keeps", more)
	}
}
