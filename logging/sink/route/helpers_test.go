package route_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/sink/route"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A catcher is a sink that keeps what it is handed. Its functions are set before
// use; each may stay nil. The text is kept when onWrite has returned.
type catcher struct {
	onWrite func(ctx context.Context, b logging.Batch) (int, error)
	onFlush func(ctx context.Context) error
	onClose func(ctx context.Context) error

	mu      sync.Mutex
	text    bytes.Buffer
	largest int // batch
	flushes int
	closes  int
}

func (c *catcher) Write(ctx context.Context, b logging.Batch) (n int, err error) {
	n = b.Records
	if c.onWrite != nil {
		n, err = c.onWrite(ctx, b)
	}
	if bytes.Count(b.Lines, []byte("\n")) != b.Records || b.Lines[len(b.Lines)-1] != '\n' {
		panic(fmt.Sprintf("%d records in %q", b.Records, b.Lines))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	kept := 0
	for range n {
		kept += bytes.IndexByte(b.Lines[kept:], '\n') + 1
	}
	c.text.Write(b.Lines[:kept])
	c.largest = max(c.largest, len(b.Lines))
	return n, err
}

func (c *catcher) Flush(ctx context.Context) error {
	c.mu.Lock()
	c.flushes++
	c.mu.Unlock()
	if c.onFlush != nil {
		return c.onFlush(ctx)
	}
	return nil
}

func (c *catcher) Close(ctx context.Context) error {
	c.mu.Lock()
	c.closes++
	c.mu.Unlock()
	if c.onClose != nil {
		return c.onClose(ctx)
	}
	return nil
}

func (c *catcher) got() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.String()
}

func (c *catcher) counts() (flushes, closes int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.flushes, c.closes
}

// A gate is an onWrite that waits until the gate is opened: with its context
// where it is polite, and beyond it where it is not.
func gate(open <-chan struct{}, polite bool) func(context.Context, logging.Batch) (int, error) {
	return func(ctx context.Context, b logging.Batch) (int, error) {
		done := ctx.Done()
		if !polite {
			done = nil
		}
		select {
		case <-open:
			return b.Records, nil
		case <-done:
			return 0, ctx.Err()
		}
	}
}

// batch has a record for each line.
func batch(lines string) logging.Batch {
	return logging.Batch{Lines: []byte(lines), Records: strings.Count(lines, "\n")}
}

// leveled has a record for each level, which is its text.
func leveled(levels ...slog.Level) logging.Batch {
	var b logging.Batch
	for _, l := range levels {
		b.Lines = append(append(b.Lines, l.String()...), '\n')
		b.Marks = append(b.Marks, logging.Mark{End: len(b.Lines), Level: l})
	}
	b.Records = len(levels)
	return b
}

// numbered returns the records from to to-1, each of width bytes.
func numbered(from, to, width int) string {
	var b strings.Builder
	for i := from; i < to; i++ {
		n := strconv.Itoa(i)
		b.WriteString(strings.Repeat("0", width-1-len(n)) + n + "\n")
	}
	return b.String()
}

func open(t *testing.T, routes ...route.Route) *route.Sink {
	t.Helper()
	s, err := route.New(routes...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func mustWrite(t *testing.T, s logging.Sink, b logging.Batch) {
	t.Helper()
	if n, err := s.Write(t.Context(), b); n != b.Records || err != nil {
		t.Fatalf("Write = %d of %d, %v", n, b.Records, err)
	}
}

func mustFlush(t *testing.T, s logging.Sink) {
	t.Helper()
	if err := s.Flush(t.Context()); err != nil {
		t.Fatalf("Flush: %v", err)
	}
}

func mustClose(t *testing.T, s logging.Sink) {
	t.Helper()
	if err := s.Close(t.Context()); err != nil {
		t.Fatalf("Close: %v", err)
	}
}

// wantStats compares the counters of all routes, without the bytes held.
func wantStats(t *testing.T, s *route.Sink, want ...route.Stats) {
	t.Helper()
	got := s.Stats()
	for i := range got {
		got[i].HeldBytes = 0
		if i >= len(want) || got[i] != want[i] {
			t.Errorf("route %d has %+v, want %+v", i, got[i], want)
		}
	}
}
