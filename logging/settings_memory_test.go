package logging_test

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/internal/buffer"
	"github.com/logperf/logperf/logging/loggingtest"
	"github.com/logperf/logperf/logging/queue"
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

// A shape is how records look, all with texts of their own.
type shape struct {
	name  string
	bytes int // of a record, as MemoryBound counts them
	log   func(l *logging.Logger, i int)
}

// text returns a text of n bytes that is that of i alone, and no other's part.
func text(i, n int) string { return fmt.Sprintf("%0*d", n, i) }

func messages(n int) shape {
	return shape{fmt.Sprintf("messages of %d bytes", n), n, func(l *logging.Logger, i int) {
		l.Info(context.Background(), text(i, n))
	}}
}

func attributes(number, n int) shape {
	s := shape{name: fmt.Sprintf("%d attributes of %d bytes", number, n), bytes: number * (len("key") + n)}
	if number > 16 {
		s.bytes += 80 * number
	}
	s.log = func(l *logging.Logger, i int) {
		attrs := make([]slog.Attr, number)
		for j := range attrs {
			attrs[j] = slog.String("key", text(i, n))
		}
		l.Info(context.Background(), "", attrs...)
	}
	return s
}

func resolved(n int) shape {
	const around = len(`keygroup{"a":""}`) + 16 + 2*40
	return shape{fmt.Sprintf("JSON and a group of %d bytes", n), 2*n + around, func(l *logging.Logger, i int) {
		l.Info(context.Background(), "", slog.Any("key", map[string]string{"a": text(i, n)}),
			slog.Group("group", slog.String("a", text(i, n)), slog.Int("b", i)))
	}}
}

// escaped are texts of which JSON makes six bytes each.
func escaped(n int) shape {
	return shape{fmt.Sprintf("control characters, %d bytes", n), n, func(l *logging.Logger, i int) {
		l.Info(context.Background(), strings.Repeat("\x01", n-10)+text(i, 10))
	}}
}

// mixed are two thirds records with many attributes, whose places keep the room,
// and then messages alone.
func mixed(capacity, n int) shape {
	const number = 64
	first, last := attributes(number, n/number-len("key")), messages(n)
	return shape{fmt.Sprintf("%d attributes, then messages of %d bytes", number, n), last.bytes + 80*number, func(l *logging.Logger, i int) {
		if i < 2*capacity {
			first.log(l, i)
		} else {
			last.log(l, i)
		}
	}}
}

func TestALoggerKeepsNoMoreAliveThanItsBound(t *testing.T) {
	if logging.RaceEnabled {
		t.Skip("the race detector adds memory of its own")
	}
	const block, oldest, newest = queue.Block, queue.DropOldest, queue.DropNewest
	for _, tc := range []struct {
		queue logging.QueueSettings
		batch int
		shape shape
	}{
		{logging.QueueSettings{Capacity: 8192, Overflow: block}, 0, messages(100)},
		{logging.QueueSettings{Capacity: 1024, Overflow: block}, 0, messages(10_000)},
		{logging.QueueSettings{Capacity: 256, Overflow: newest}, 0, messages(64 << 10)},
		{logging.QueueSettings{Capacity: 256, Overflow: oldest}, 0, messages(64<<10 + 1)}, // the allocator rounds it up
		{logging.QueueSettings{Capacity: 128, Overflow: oldest}, 1 << 20, messages(100_000)},
		{logging.QueueSettings{Capacity: 4096, Overflow: oldest}, 1, attributes(16, 17)},
		{logging.QueueSettings{Capacity: 1024, Overflow: oldest}, 0, attributes(40, 100)},
		{logging.QueueSettings{Capacity: 1024, Overflow: newest}, 0, attributes(100, 10)},
		{logging.QueueSettings{Capacity: 512, Overflow: oldest}, 0, mixed(512, 10_000)},
		{logging.QueueSettings{Capacity: 1024, Overflow: block}, 0, resolved(1000)},
		{logging.QueueSettings{Capacity: 16, Overflow: block}, 1 << 20, escaped(1 << 20)},
	} {
		t.Run(fmt.Sprint(tc.queue.Overflow, " ", tc.queue.Capacity, " ", tc.shape.name), func(t *testing.T) {
			s := logging.Settings{Queue: tc.queue, Batch: logging.BatchSettings{Bytes: tc.batch}}
			before := live()
			fill(t, s, tc.shape)
			growth, bound := live()-before, s.MemoryBound(tc.shape.bytes)
			t.Logf("%d bytes are alive, the bound is %d: %.2f", growth, bound, float64(growth)/float64(bound))
			if growth > bound || growth < bound/3 {
				t.Errorf("%d bytes are alive: want a third of the bound %d up to the whole", growth, bound)
			}
		})
	}
}

// fill makes a logger whose sink stands still and logs three times as many
// records as its queue holds, or as many as it holds where callers would wait.
func fill(t *testing.T, s logging.Settings, of shape) {
	sink := &loggingtest.BlockingSink{}
	l, err := logging.New(logging.Options{Settings: s, Sink: sink})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		sink.Release()
		if err := l.Close(context.Background()); err != nil {
			t.Error(err)
		}
		runtime.KeepAlive(l)
	})
	i := 0
	for waiting := true; waiting; i++ {
		of.log(l, i)
		select {
		case <-sink.Blocked():
			waiting = false
		default:
		}
	}
	more := s.Queue.Capacity - l.Stats().QueueDepth
	if s.Queue.Overflow != queue.Block {
		more = 3 * s.Queue.Capacity
	}
	for range more {
		of.log(l, i)
		i++
	}
	if depth := l.Stats().QueueDepth; depth != s.Queue.Capacity {
		t.Fatalf("the queue holds %d records, want %d", depth, s.Queue.Capacity)
	}
}

func TestMemoryBoundAddsUpItsParts(t *testing.T) {
	base := logging.Settings{}.MemoryBound(1000)
	pool := 2 * int64(runtime.GOMAXPROCS(0)) * buffer.MaxKept
	if rest := base - pool; rest < 20_900_000 || rest > 21_100_000 {
		t.Errorf("the example of the documentation is %d B, want about 21 MB", rest)
	}
	for _, tc := range []struct {
		name        string
		s           logging.Settings
		least, most int64 // on top of the defaults
	}{
		{"capacity", logging.Settings{Queue: logging.QueueSettings{Capacity: 16384}}, 8192 * 2500, 8192 * 2600},
		{"batch", logging.Settings{Batch: logging.BatchSettings{Bytes: 1 << 20}}, 15 << 17, 5 << 19},
		{"source", logging.Settings{AddSource: true}, 1 << 10, 64 << 10},
		{"runtime", logging.Settings{Enrich: logging.EnrichSettings{Runtime: true}}, 1 << 10, 16 << 10},
		{"static", logging.Settings{Enrich: logging.EnrichSettings{Static: map[string]string{"a": text(0, 10_000)}}}, 60_000, 180_000},
		{"mask", logging.Settings{Redact: logging.RedactSettings{Fields: []string{"a"}, Mask: text(0, 100)}}, 9_600, 30_000},
		{"file", sinks(logging.SinkSettings{Kind: "file"}), 0, 0},
		{"rotated file", sinks(logging.SinkSettings{Kind: "file", Rotate: logging.RotateSettings{Compress: true}}), 1 << 20, 2 << 20},
		{"memory", sinks(logging.SinkSettings{Kind: "memory"}), 4 << 20, 4 << 20},
		{"http", sinks(logging.SinkSettings{Kind: "http"}), 20 << 20, 22 << 20},
		{"http, gzip", sinks(logging.SinkSettings{Kind: "http", HTTP: logging.HTTPSettings{Gzip: true}}), 22 << 20, 24 << 20},
		{
			"http, large buffer and single records",
			sinks(logging.SinkSettings{Kind: "http", HTTP: logging.HTTPSettings{BufferBytes: 16 << 20, BatchRecords: 1}}), 60 << 20, 200 << 20,
		},
		{"fallback", sinks(logging.SinkSettings{Kind: "http", HTTP: logging.HTTPSettings{FallbackPath: "x"}}), 20<<20 + 256<<10, 22 << 20},
		{"a route", sinks(logging.SinkSettings{Routes: make([]logging.RouteSettings, 1)}), 2 << 20, 3 << 20},
		{"five routes", sinks(logging.SinkSettings{Routes: make([]logging.RouteSettings, 5)}), 10 << 20, 15 << 20},
		{"a route to memory", sinks(logging.SinkSettings{Routes: []logging.RouteSettings{{Kind: "memory"}}}), 6 << 20, 7 << 20},
	} {
		if more := tc.s.MemoryBound(1000) - base; more < tc.least || more > tc.most {
			t.Errorf("%s: %d B more, want %d to %d", tc.name, more, tc.least, tc.most)
		}
		if full := tc.s.WithDefaults().MemoryBound(1000); full != tc.s.MemoryBound(1000) {
			t.Errorf("%s: the defaults change it to %d", tc.name, full)
		}
	}
}

// Where lines get longer than 256 KiB, each has memory of its own, beside that
// of those before which were shorter.
func TestMemoryBoundOfARouteWithGiantLines(t *testing.T) {
	routed := sinks(logging.SinkSettings{Routes: make([]logging.RouteSettings, 1)})
	of := func(recordBytes int) int64 {
		return routed.MemoryBound(recordBytes) - logging.Settings{}.MemoryBound(recordBytes)
	}
	if more := of(50_000) - of(40_000); more < 1<<20 || more > 3<<19 {
		t.Errorf("giant lines take %d more, want the 1 MiB of the buffer", more)
	}
}

func sinks(s logging.SinkSettings) logging.Settings { return logging.Settings{Sink: s} }

func TestMemoryBoundOfExtremes(t *testing.T) {
	var s logging.Settings
	if got, want := s.MemoryBound(-1), s.MemoryBound(0); got != want {
		t.Errorf("less than nothing takes %d, nothing %d", got, want)
	}
	s = logging.Settings{
		Queue: logging.QueueSettings{Capacity: 1 << 22}, Batch: logging.BatchSettings{Bytes: 16 << 20, Delay: time.Hour},
		Sink: logging.SinkSettings{Routes: []logging.RouteSettings{{Buffer: 1 << 30, HTTP: logging.HTTPSettings{URL: "http://far", BufferBytes: 1 << 30}}}},
	}
	if got := s.MemoryBound(math.MaxInt); got < 1<<58 {
		t.Errorf("the largest records take %d", got)
	}
}
