package logging

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"
	"testing/slogtest"
)

func TestHandlerPassesSlogtest(t *testing.T) {
	var rec *recorder
	var l *Logger
	slogtest.Run(t,
		func(t *testing.T) slog.Handler {
			rec = &recorder{}
			l = open(t, Options{Sink: rec})
			return l.Handler()
		},
		func(t *testing.T) map[string]any {
			mustFlush(t, l)
			var m map[string]any
			if err := json.Unmarshal(rec.got()[0], &m); err != nil {
				t.Fatal(err)
			}
			return m
		})
}

func TestHandlerSharesLevelAndBoundAttributesWithItsLogger(t *testing.T) {
	rec := &recorder{}
	l := open(t, Options{Sink: rec})
	s := slog.New(l.With(slog.Int("a", 1)).WithGroup("g").Handler())
	s.Debug("below")
	l.SetLevel(slog.LevelDebug)
	s.Debug("m", "b", 2)
	mustFlush(t, l)
	if s := l.Stats(); s.Offered != 1 {
		t.Errorf("%d records are offered, want the one at the level", s.Offered)
	}
	var m map[string]any
	if err := json.Unmarshal(rec.got()[0], &m); err != nil {
		t.Fatal(err)
	}
	if g, _ := m["g"].(map[string]any); m["a"] != 1.0 || g["b"] != 2.0 {
		t.Errorf("got %v", m)
	}
}

// TestBoundLineIsThatOfSlog compares loggers with bound attributes with slog's.
func TestBoundLineIsThatOfSlog(t *testing.T) {
	a, b, c := slog.Int("a", 1), slog.String("b", "x\n"), slog.Group("c", slog.Int("d", 2))
	steps := map[string]func(slog.Handler) slog.Handler{
		"attrs":             func(h slog.Handler) slog.Handler { return h.WithAttrs([]slog.Attr{a, c}) },
		"group":             func(h slog.Handler) slog.Handler { return h.WithGroup("g") },
		"group, attrs":      func(h slog.Handler) slog.Handler { return h.WithGroup("g").WithAttrs([]slog.Attr{a}) },
		"attrs, group":      func(h slog.Handler) slog.Handler { return h.WithAttrs([]slog.Attr{a}).WithGroup("g") },
		"two groups":        func(h slog.Handler) slog.Handler { return h.WithGroup("g").WithGroup("h") },
		"two groups, attrs": func(h slog.Handler) slog.Handler { return h.WithGroup("g").WithGroup("h").WithAttrs([]slog.Attr{a, b}) },
		"all": func(h slog.Handler) slog.Handler {
			return h.WithAttrs([]slog.Attr{a}).WithGroup("g").WithAttrs([]slog.Attr{b}).WithGroup("h").WithGroup("i").WithAttrs([]slog.Attr{c})
		},
		"empty group bound": func(h slog.Handler) slog.Handler { return h.WithGroup("g").WithAttrs([]slog.Attr{slog.Group("x")}) },
	}
	for name, step := range steps {
		for _, attrs := range [][]slog.Attr{nil, {a}, {slog.Group("empty")}, {b, c}} {
			var want lastLine
			rec := &recorder{}
			l := open(t, Options{Sink: rec})
			r := slog.Record{Message: "m"}
			r.AddAttrs(attrs...)
			_ = step(slog.NewJSONHandler(&want, nil)).Handle(context.Background(), r)
			_ = step(l.Handler()).Handle(context.Background(), r)
			mustFlush(t, l)
			if got := string(rec.got()[0]) + "\n"; got != string(want) {
				t.Errorf("%s with %v:\n got %s\nwant %s", name, attrs, got, want)
			}
		}
	}
}

type lastLine []byte

func (l *lastLine) Write(p []byte) (int, error) {
	*l = append((*l)[:0], p...)
	return len(p), nil
}

func TestDerivedLoggersDoNotShareWhatTheyBind(t *testing.T) {
	rec := &recorder{}
	l := open(t, Options{Sink: rec})
	base := l.With(slog.Int("a", 1), slog.Int("b", 2), slog.Int("c", 3)).WithGroup("g").WithGroup("h")
	x, y := base.With(slog.Int("x", 1)), base.With(slog.Int("y", 2))
	gx, gy := base.WithGroup("x"), base.WithGroup("y")
	for _, l := range []*Logger{x, y, gx, gy} {
		l.Info(t.Context(), "m", slog.Int("v", 1))
	}
	mustFlush(t, l)
	for i, want := range []string{
		`"g":{"h":{"x":1,"v":1}}}`, `"g":{"h":{"y":2,"v":1}}}`, `"g":{"h":{"x":{"v":1}}}}`, `"g":{"h":{"y":{"v":1}}}}`,
	} {
		want = `"msg":"m","a":1,"b":2,"c":3,` + want
		if got := string(rec.got()[i]); len(got) < len(want) || got[len(got)-len(want):] != want {
			t.Errorf("logger %d writes %s, want it to end with %s", i, got, want)
		}
	}
}

func TestFiltersSeeWhatEachDerivedLoggerBinds(t *testing.T) {
	p := pipeline(t, Options{})
	see := func(b *Bound) string { return fmt.Sprint((&Entry{Bound: b}).Groups(), (&Entry{Bound: b}).BoundAttrs()) }
	var flat, nested *Bound
	for i := range 9 { // some of these leave room at the end of a slice
		flat = p.Bind(flat, slog.Int("a", i))
		nested = p.BindGroup(nested, "g")
		for _, base := range []*Bound{flat, nested, p.Bind(nested, slog.Int("a", i))} {
			before := see(base)
			x, gx := p.Bind(base, slog.Int("x", 1)), p.BindGroup(base, "x")
			seenX, seenGX := see(x), see(gx)
			p.Bind(base, slog.Int("y", 2))
			p.BindGroup(base, "y")
			if see(base) != before || see(x) != seenX || see(gx) != seenGX {
				t.Errorf("a sibling changes %s, %s or %s to %s, %s or %s", before, seenX, seenGX, see(base), see(x), see(gx))
			}
		}
	}
	b := p.Bind(p.BindGroup(p.Bind(p.BindGroup(p.Bind(nil, slog.Int("a", 1)), "g"), slog.Int("b", 2)), "h"), slog.Int("c", 3))
	if got := see(b); got != "[g h] [a=1 g=[b=2 h=[c=3]]]" {
		t.Errorf("filters see %s", got)
	}
}
