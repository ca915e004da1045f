package logging

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/logperf/logperf/logging/queue"
)

type panicking struct{ what string }

func (p *panicking) LogValue() slog.Value         { panic("in LogValue of " + p.what) }
func (p *panicking) String() string               { return p.what }
func (p *panicking) MarshalJSON() ([]byte, error) { panic("unreachable") }

type panickingError struct{ what string }

func (p *panickingError) Error() string { panic("in Error of " + p.what) }

type panickingJSON struct{}

func (panickingJSON) MarshalJSON() ([]byte, error) { panic("in MarshalJSON") }

func TestPanicOfAValueBecomesItsText(t *testing.T) {
	rec := &recorder{}
	l := open(t, Options{Sink: rec})
	l.Info(t.Context(), "m",
		slog.Any("valuer", &panicking{"x"}), slog.Any("error", &panickingError{"y"}), slog.Any("json", panickingJSON{}),
		slog.Any("nil error", (*panickingError)(nil)), slog.Group("g", slog.Any("inner", panickingJSON{})), slog.Int("after", 1))
	mustFlush(t, l)
	want := `"msg":"m","valuer":"!PANIC: in LogValue of x","error":"!PANIC: in Error of y","json":"!PANIC: in MarshalJSON",` +
		`"nil error":"<nil>","g":{"inner":"!PANIC: in MarshalJSON"},"after":1}`
	if got := string(rec.got()[0]); !strings.HasSuffix(got, want) {
		t.Errorf("got %s, want it to end with %s", got, want)
	}
}

type endless struct{}

func (e endless) LogValue() slog.Value {
	return slog.GroupValue(slog.Any("again", e))
}

func TestValueThatContainsItselfEndsSomewhere(t *testing.T) {
	rec := &recorder{}
	l := open(t, Options{Sink: rec})
	type ring struct{ Next *ring }
	r := &ring{}
	r.Next = r
	l.Info(t.Context(), "m", slog.Any("endless", endless{}), slog.Any("ring", r))
	mustFlush(t, l)
	if line := rec.got()[0]; !json.Valid(line) || !strings.Contains(string(line), "nests too deep") || !strings.Contains(string(line), "cycle") {
		t.Errorf("got %s", line)
	}
}

// bomb makes of itself three in each group.
type bomb struct{ calls *int }

func (b bomb) LogValue() slog.Value {
	*b.calls++
	return slog.GroupValue(slog.Any("a", b), slog.Any("b", b), slog.Any("c", b))
}

func TestValueThatMultipliesEndsInAText(t *testing.T) {
	var calls int
	group := slog.GroupValue(slog.Any("a", bomb{&calls}), slog.Any("b", bomb{&calls}))
	for name, v := range map[string]slog.Value{"valuer": slog.AnyValue(bomb{&calls}), "group": group} {
		calls = 0
		rec := &recorder{}
		l := open(t, Options{Sink: rec})
		l.Info(t.Context(), "m", slog.Attr{Key: "v", Value: v}, slog.Int("after", 1))
		mustFlush(t, l)
		line := rec.got()[0]
		if calls > maxValues || len(line) > 100*maxValues || !json.Valid(line) ||
			!strings.Contains(string(line), "!ERROR: too many values") || !strings.HasSuffix(string(line), `,"after":1}`) {
			t.Errorf("%s: %d calls of LogValue, %d bytes: %.200s", name, calls, len(line), line)
		}
	}
}

func TestGroupThatIsLargeIsWhole(t *testing.T) {
	attrs := make([]slog.Attr, maxValues-1)
	for i := range attrs {
		attrs[i] = slog.Any("a", valuer{slog.IntValue(i)})
	}
	half := resolve(slog.GroupValue(attrs[:maxValues/2-1]...), 0).Group()
	if n := len(half); n != maxValues/2-1 || half[n-1].Value.Int64() != int64(n-1) {
		t.Errorf("%d attributes, the last is %v", n, half[n-1])
	}
	whole := resolve(slog.GroupValue(attrs...), 0).Group()
	if last := whole[len(whole)-1]; len(whole) >= len(attrs) || !strings.Contains(last.Value.String(), "too many") {
		t.Errorf("%d attributes, the last is %v", len(whole), last)
	}
}

func TestLineShowsTheValuesAsTheyWereAtTheCall(t *testing.T) {
	hold, entered := make(chan struct{}), make(chan struct{}, 1)
	rec := &recorder{}
	l := open(t, Options{Sink: rec, Filters: []Filter{FilterFunc(func(*Entry) bool {
		select {
		case entered <- struct{}{}:
		default:
		}
		<-hold
		return true
	})}})
	l.Info(t.Context(), "holds the worker")
	<-entered
	b, m, p := []byte("abc"), map[string]int{"a": 1}, &point{X: 1}
	attrs := []slog.Attr{slog.Int("i", 1), slog.Int("j", 2)}
	args := []slog.Attr{
		slog.Any("b", b), slog.Any("m", m), slog.Any("p", p),
		{Key: "g", Value: slog.GroupValue(attrs...)},
		slog.Any("v", valuer{slog.AnyValue(b)}),
	}
	l.Info(t.Context(), "m", args...)
	l.With(args...).Info(t.Context(), "m")
	b[0], m["a"], p.X, attrs[0], args[1] = 'x', 9, 9, slog.Int("changed", 9), slog.Int("changed", 9)
	close(hold)
	mustFlush(t, l)
	for _, line := range rec.got()[1:] {
		want := `"b":"YWJj","m":{"a":1},"p":{"X":1,"Y":0},"g":{"i":1,"j":2},"v":"YWJj"}`
		if !strings.HasSuffix(string(line), want) {
			t.Errorf("got %s, want it to end with %s", line, want)
		}
	}
}

// TestValuerThatLogsDoesNotBlockItsOwnLogger would hang if the caller held a
// place in the queue while it resolves values.
func TestValuerThatLogsDoesNotBlockItsOwnLogger(t *testing.T) {
	rec := &recorder{}
	l := open(t, Options{Sink: rec, Settings: Settings{Queue: QueueSettings{Capacity: 2}}})
	for range 10 {
		l.Info(t.Context(), "outer", slog.Any("v", logsItself{l}))
	}
	mustFlush(t, l)
	if n := len(rec.got()); n != 40 {
		t.Errorf("%d lines, want 40", n)
	}
}

type logsItself struct{ l *Logger }

func (v logsItself) LogValue() slog.Value {
	for range 3 {
		v.l.Info(context.Background(), "inner")
	}
	return slog.IntValue(1)
}

func TestGiantRecordDoesNotPinMemory(t *testing.T) {
	rec := &recorder{}
	l := open(t, Options{Sink: rec, Settings: Settings{Queue: QueueSettings{Capacity: 2}, Batch: BatchSettings{Bytes: 1000}}})
	giant := make([]slog.Attr, 5000)
	for i := range giant {
		giant[i] = slog.Int("attribute", i)
	}
	for range 4 {
		l.Info(t.Context(), "giant", giant...)
	}
	l.Info(t.Context(), "small", giant[:slotAttrsKept]...)
	mustFlush(t, l)
	if n := len(rec.got()); n != 5 {
		t.Fatalf("%d lines, want 5", n)
	}
	if err := l.Close(t.Context()); err != nil { // the worker no longer uses what is looked at
		t.Fatal(err)
	}
	if c := cap(l.core.worker.block); c > keptBlock {
		t.Errorf("the block keeps %d bytes", c)
	}
	q, err := queue.New[Entry](queue.Options{Capacity: 2})
	if err != nil {
		t.Fatal(err)
	}
	prepareSlots(q)
	e, ticket, _ := q.Reserve()
	e.Attrs = append(e.Attrs, giant...)
	q.Commit(ticket)
	e, _ = q.Next()
	e.Message, e.Bound, e.Extra = "m", &Bound{}, giant
	release(e)
	if e.Message != "" || e.Bound != nil || e.Extra != nil {
		t.Errorf("the slot still refers to its record: %+v", e)
	}
	if c := cap(e.Attrs); c != slotAttrs {
		t.Errorf("the slot keeps room for %d attributes, want %d", c, slotAttrs)
	}
}

func TestRecordsOfACallerKeepTheirOrder(t *testing.T) {
	rec := &recorder{}
	l := open(t, Options{Sink: rec, Settings: Settings{Queue: QueueSettings{Capacity: 16}, Batch: BatchSettings{Bytes: 500}}})
	const callers, each = 4, 500
	done := make(chan struct{})
	for c := range callers {
		go func() {
			for i := range each {
				l.Info(context.Background(), "m", slog.Int("caller", c), slog.Int("i", i))
			}
			done <- struct{}{}
		}()
	}
	for range callers {
		<-done
	}
	mustFlush(t, l)
	var next [callers]int
	for _, line := range rec.got() {
		var got struct{ Caller, I int }
		if err := json.Unmarshal(line, &got); err != nil {
			t.Fatal(err)
		}
		if got.I != next[got.Caller] {
			t.Fatalf("caller %d: record %d, want %d", got.Caller, got.I, next[got.Caller])
		}
		next[got.Caller]++
	}
}

func TestLoggingDoesNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("allocations are not judged under the race detector")
	}
	l := open(t, Options{Sink: &discard{}, Settings: Settings{
		Queue: QueueSettings{Capacity: 64}, Redact: RedactSettings{Fields: []string{"password"}}, Enrich: EnrichSettings{Runtime: true},
	}})
	ctx := t.Context()
	child := l.With(request()...)
	handler := l.Handler()
	record := slog.NewRecord(time.Now(), slog.LevelInfo, "m", 0)
	record.AddAttrs(request()[:5]...)
	err := errors.New("text")
	for name, f := range map[string]func(){
		"message":             func() { l.Info(ctx, "m") },
		"bound":               func() { child.Info(ctx, "m") },
		"handler":             func() { _ = handler.Handle(ctx, record) },
		"disabled":            func() { l.Debug(ctx, "m") },
		"disabled attributes": func() { l.Debug(ctx, "m", slog.Int("a", 1), slog.String("b", "c"), slog.Any("e", err)) },
		"ten attributes": func() {
			l.Info(ctx, "m", slog.Int("a", 1), slog.String("b", "c"), slog.Any("e", err), slog.Bool("f", true),
				slog.Float64("g", 0.123456789), slog.Duration("h", time.Second), slog.Time("i", record.Time), slog.Uint64("j", 1),
				slog.String("k", "a\nb"), slog.String("password", "x"))
		},
	} {
		if n := testing.AllocsPerRun(1000, f); n != 0 {
			t.Errorf("%s: %v allocations for one record", name, n)
		}
	}
	mustFlush(t, l)
	checkStats(t, l)
}
