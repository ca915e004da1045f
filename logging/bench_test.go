package logging

import (
	"context"
	"log/slog"
	"testing"
	"time"
)

// BenchmarkEncodeRequest is the encoder alone, with the error resolved before as the
// caller of Log does.
func BenchmarkEncodeRequest(b *testing.B) {
	var enc JSONEncoder
	e := Entry{Time: time.Now(), Message: requestMessage, Attrs: resolveAttrs(nil, request())}
	dst := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		e.Time = e.Time.Add(time.Microsecond)
		dst = enc.Append(dst[:0], &e)
	}
	b.SetBytes(int64(len(dst)))
}

func BenchmarkProcessRequest(b *testing.B) {
	p, err := NewPipeline(Options{Settings: Settings{
		Enrich: EnrichSettings{Runtime: true},
		Redact: RedactSettings{Fields: []string{"password", "token"}},
	}})
	if err != nil {
		b.Fatal(err)
	}
	e := Entry{Time: time.Now(), Message: requestMessage, Attrs: resolveAttrs(nil, request())}
	dst := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		dst, _ = p.Process(dst[:0], &e)
	}
}

// BenchmarkDisabled counts by b.N: b.Loop keeps each attribute alive to the end
// of the call, which costs more than the call.
func BenchmarkDisabled(b *testing.B) {
	l := open(b, Options{Sink: &discard{}})
	ctx := context.Background()
	b.Run("message", func(b *testing.B) {
		for range b.N {
			l.Debug(ctx, requestMessage)
		}
	})
	b.Run("request", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			l.Debug(ctx, requestMessage,
				slog.String("method", "GET"),
				slog.String("path", "/api/v1/users/12345/orders"),
				slog.Int("status", 200),
				slog.Duration("latency", 1532*time.Microsecond),
				slog.Float64("ratio", 0.8215),
				slog.Bool("cached", true),
				slog.String("request_id", "8f14e45f-ceea-467f-9575-1b2d3c4e5f60"),
				slog.Int64("bytes", 1048576),
				slog.Any("error", errTest),
				slog.String("user_agent", "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101"))
		}
	})
}

// BenchmarkLogRequest is end to end: callers, worker and a sink that discards.
func BenchmarkLogRequest(b *testing.B) {
	l := open(b, Options{Sink: &discard{}})
	ctx := context.Background()
	attrs := request()
	b.ReportAllocs()
	for b.Loop() {
		l.Info(ctx, requestMessage, attrs...)
	}
	mustFlush(b, l)
	checkStats(b, l)
}

// BenchmarkCaptureRequest is what the caller pays while the queue has room.
func BenchmarkCaptureRequest(b *testing.B) {
	l := open(b, Options{Sink: &discard{}})
	ctx := context.Background()
	attrs := request()
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		l.Info(ctx, requestMessage, attrs...)
		if n++; n == 4096 {
			b.StopTimer()
			mustFlush(b, l)
			n = 0
			b.StartTimer()
		}
	}
}

type discard struct{}

func (discard) Write(_ context.Context, b Batch) (int, error) { return b.Records, nil }
func (discard) Flush(context.Context) error                   { return nil }
func (discard) Close(context.Context) error                   { return nil }
