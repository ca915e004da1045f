package loggingtest_test

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/loggingtest"
)

var (
	_ logging.Sink = (*loggingtest.Observer)(nil)
	_ logging.Sink = (*loggingtest.FailingSink)(nil)
	_ logging.Sink = (*loggingtest.SlowSink)(nil)
	_ logging.Sink = (*loggingtest.ShortSink)(nil)
	_ logging.Sink = (*loggingtest.BlockingSink)(nil)
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func batch(lines string) logging.Batch {
	return logging.Batch{Lines: []byte(lines), Records: strings.Count(lines, "\n")}
}

// messages returns one line for each message.
func messages(msgs ...string) string {
	var b strings.Builder
	for _, m := range msgs {
		fmt.Fprintf(&b, "{\"level\":\"INFO\",\"msg\":%q}\n", m)
	}
	return b.String()
}

func TestObserverDecodesALine(t *testing.T) {
	var o loggingtest.Observer
	const line = `{"time":"2026-11-23T19:03:42.5Z","level":"WARN+1","msg":"request served","status":200,` +
		`"id":9007199254740993,"big":18446744073709551615,"ratio":0.5,"ok":true,"none":null,` +
		`"user":{"name":"x","tags":[1,"a"]}}`
	if n, err := o.Write(t.Context(), batch(line+"\n")); n != 1 || err != nil {
		t.Fatalf("Write = %d, %v", n, err)
	}
	want := loggingtest.Entry{
		Time:    time.Date(2026, 11, 23, 19, 3, 42, 500_000_000, time.UTC),
		Level:   slog.LevelWarn + 1,
		Message: "request served",
		Attrs: map[string]any{
			"status": int64(200), "id": int64(9007199254740993), "big": uint64(18446744073709551615),
			"ratio": 0.5, "ok": true, "none": nil,
			"user": map[string]any{"name": "x", "tags": []any{int64(1), "a"}},
		},
		Line: line,
	}
	if got := o.Entries(); len(got) != 1 || !reflect.DeepEqual(got[0], want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestObserverFindsAndTakesEntries(t *testing.T) {
	var o loggingtest.Observer
	for _, lines := range []string{messages("a", "b"), messages("a")} {
		if _, err := o.Write(t.Context(), batch(lines)); err != nil {
			t.Fatal(err)
		}
	}
	if o.Len() != 3 || len(o.Entries()) != 3 {
		t.Errorf("Len %d, %d entries, want 3", o.Len(), len(o.Entries()))
	}
	if a, c := o.FilterMessage("a"), o.FilterMessage("c"); len(a) != 2 || a[0].Message != "a" || len(c) != 0 {
		t.Errorf("found %v and %v", a, c)
	}
	if all := o.TakeAll(); len(all) != 3 || all[1].Message != "b" || o.Len() != 0 {
		t.Errorf("took %v, %d left", all, o.Len())
	}
	if err := o.Flush(t.Context()); err != nil {
		t.Error(err)
	}
	if err := o.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestObserverConfirmsNoLineThatIsBroken(t *testing.T) {
	good := messages("good")
	for name, line := range map[string]string{
		"text":            "hello\n",
		"empty":           "\n",
		"half an object":  `{"level":"INFO"` + "\n",
		"two objects":     `{"level":"INFO","msg":"a"}{}` + "\n",
		"no end":          `{"level":"INFO","msg":"a"}`,
		"no level":        `{"msg":"a"}` + "\n",
		"a strange level": `{"level":"LOUD","msg":"a"}` + "\n",
		"no message":      `{"level":"INFO"}` + "\n",
		"a strange time":  `{"time":5,"level":"INFO","msg":"a"}` + "\n",
		"not an object":   "[1]\n",
		"null":            "null\n",
	} {
		t.Run(name, func(t *testing.T) {
			var o loggingtest.Observer
			n, err := o.Write(t.Context(), logging.Batch{Lines: []byte(good + line + good), Records: 3})
			if n != 1 || err == nil || o.Len() != 1 {
				t.Errorf("confirmed %d, kept %d, %v, want the first alone", n, o.Len(), err)
			}
		})
	}
	var o loggingtest.Observer
	if n, err := o.Write(t.Context(), logging.Batch{Lines: []byte(good), Records: 2}); n != 1 || err == nil {
		t.Errorf("a batch of fewer lines than records: %d, %v", n, err)
	}
}

func TestObserverIsReadWhileItIsWritten(t *testing.T) {
	var o loggingtest.Observer
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() {
		for range 200 {
			_, _ = o.Write(context.Background(), batch(messages("a")))
		}
	})
	for range 200 {
		_, _, _ = o.Entries(), o.FilterMessage("a"), o.TakeAll()
	}
}

func TestObserverSeesWhatALoggerWrites(t *testing.T) {
	var o loggingtest.Observer
	l, err := logging.New(logging.Options{Sink: &o, Settings: logging.Settings{Level: "debug"}})
	if err != nil {
		t.Fatal(err)
	}
	l.With(slog.String("service", "checkout")).WithGroup("request").
		Debug(t.Context(), "served", slog.Int("status", 200), slog.Duration("took", time.Second))
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"service": "checkout",
		"request": map[string]any{"status": int64(200), "took": int64(time.Second)},
	}
	got := o.FilterMessage("served")
	if len(got) != 1 || got[0].Level != slog.LevelDebug || got[0].Time.IsZero() || !reflect.DeepEqual(got[0].Attrs, want) {
		t.Errorf("got %+v", got)
	}
}

func ExampleObserver() {
	var o loggingtest.Observer
	l, err := logging.New(logging.Options{Sink: &o})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	l.Info(ctx, "request served", slog.Int("status", 200))
	if err := l.Close(ctx); err != nil {
		panic(err)
	}
	for _, e := range o.FilterMessage("request served") {
		fmt.Println(e.Level, e.Attrs["status"])
	}
	// Output: INFO 200
}
