package logging

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A recorder is a sink that keeps what it is handed. Its fields are set before
// use; each may stay nil.
type recorder struct {
	mu      sync.Mutex
	lines   []byte
	records int
	writes  int
	flushes int
	closes  int

	onWrite func(ctx context.Context, b Batch) (int, error)
	onFlush func(ctx context.Context) error
	onClose func(ctx context.Context) error
}

func (r *recorder) Write(ctx context.Context, b Batch) (int, error) {
	n, err := b.Records, error(nil)
	if r.onWrite != nil {
		n, err = r.onWrite(ctx, b)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, b.Lines...)
	r.records += b.Records
	r.writes++
	return n, err
}

func (r *recorder) Flush(ctx context.Context) error {
	r.mu.Lock()
	r.flushes++
	r.mu.Unlock()
	if r.onFlush != nil {
		return r.onFlush(ctx)
	}
	return nil
}

func (r *recorder) Close(ctx context.Context) error {
	r.mu.Lock()
	r.closes++
	r.mu.Unlock()
	if r.onClose != nil {
		return r.onClose(ctx)
	}
	return nil
}

// got returns the lines written so far.
func (r *recorder) got() [][]byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	lines := bytes.Split(bytes.Clone(r.lines), []byte("\n"))
	return lines[:len(lines)-1]
}

// open makes a logger that the test closes.
func open(t testing.TB, o Options) *Logger {
	t.Helper()
	l, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close(context.Background()) })
	return l
}

func mustFlush(t testing.TB, l *Logger) {
	t.Helper()
	if err := l.Flush(t.Context()); err != nil {
		t.Fatalf("Flush: %v", err)
	}
}

func checkStats(t testing.TB, l *Logger) {
	t.Helper()
	if err := l.Stats().Check(); err != nil {
		t.Error(err)
	}
}

var errTest = errors.New("connection reset by peer")

// request is the attributes of a record of middle size: ten mixed ones, about 360
// bytes of JSON. It is not the record that the suite measures with.
func request() []slog.Attr {
	return []slog.Attr{
		slog.String("method", "GET"),
		slog.String("path", "/api/v1/users/12345/orders"),
		slog.Int("status", 200),
		slog.Duration("latency", 1532*time.Microsecond),
		slog.Float64("ratio", 0.8215),
		slog.Bool("cached", true),
		slog.String("request_id", "8f14e45f-ceea-467f-9575-1b2d3c4e5f60"),
		slog.Int64("bytes", 1048576),
		slog.Any("error", errTest),
		slog.String("user_agent", "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101"),
	}
}

const requestMessage = "request served"
