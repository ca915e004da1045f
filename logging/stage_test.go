package logging

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"unicode/utf8"
)

func pipeline(t testing.TB, o Options) *Pipeline {
	t.Helper()
	p, err := NewPipeline(o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestStagesRunInOrderAndSeeEachOthersWork(t *testing.T) {
	var order []string
	note := func(s string, e *Entry) { order = append(order, fmt.Sprintf("%s:%d", s, len(e.Extra)+len(e.Attrs))) }
	p := pipeline(t, Options{
		Filters:    []Filter{FilterFunc(func(e *Entry) bool { note("filter", e); return true })},
		Enrichers:  []Enricher{EnricherFunc(func(e *Entry) { note("enrich", e); e.Extra = append(e.Extra, slog.Int("x", 1)) })},
		Redactors:  []Redactor{RedactorFunc(func(e *Entry) error { note("redact", e); return nil })},
		Processors: []Processor{ProcessorFunc(func(e *Entry) error { note("process", e); return nil })},
	})
	e := Entry{Message: "m", Attrs: []slog.Attr{slog.Int("a", 1)}}
	for range 2 { // an entry may be processed again
		order = order[:0]
		line, outcome := p.Process(nil, &e)
		if got := fmt.Sprint(order); outcome != Encoded || got != "[filter:1 enrich:1 redact:2 process:2]" {
			t.Errorf("outcome %v, order %s", outcome, got)
		}
		if got := string(line); got != `{"level":"INFO","msg":"m","x":1,"a":1}`+"\n" {
			t.Errorf("line %s", got)
		}
	}
}

func TestOutcomeOtherThanEncodedLeavesTheBytesAlone(t *testing.T) {
	p := pipeline(t, Options{Filters: []Filter{LevelFilter(slog.LevelWarn)}, Processors: []Processor{ProcessorFunc(func(e *Entry) error {
		panic("boom")
	})}})
	for level, want := range map[slog.Level]Outcome{slog.LevelInfo: Filtered, slog.LevelWarn: Failed} {
		if got, outcome := p.Process([]byte("before"), &Entry{Level: level}); string(got) != "before" || outcome != want {
			t.Errorf("%v: %q, %v, want %v", level, got, outcome, want)
		}
	}
}

func TestSettingsBecomeStages(t *testing.T) {
	rec := &recorder{}
	l := open(t, Options{
		Sink: rec,
		Settings: Settings{
			Level:  "warn",
			Enrich: EnrichSettings{Runtime: true, Static: map[string]string{"service": "shop", "api_key": "k"}},
			Redact: RedactSettings{Fields: []string{"API_KEY"}, Mask: "***"},
		},
		Enrichers: []Enricher{StaticEnricher{slog.String("zone", "a")}},
	})
	l.Info(context.Background(), "below")
	l.WithGroup("g").Warn(context.Background(), "m", slog.Int("a", 1))
	mustFlush(t, l)
	got := string(rec.lines)
	for _, want := range []string{`"msg":"m","host":"`, `,"pid":`, `,"go":"go1.`, `,"api_key":"***","service":"shop","zone":"a","g":{"a":1}}`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not in %s", want, got)
		}
	}
	if len(rec.got()) != 1 {
		t.Errorf("%d lines, want the one at the level", len(rec.got()))
	}
}

func TestConstantEnricherIsAskedOnce(t *testing.T) {
	c := &countingEnricher{}
	p := pipeline(t, Options{Enrichers: []Enricher{c}})
	for range 3 {
		if line, _ := p.Process(nil, &Entry{}); !strings.Contains(string(line), `"c":1`) {
			t.Errorf("line %s", line)
		}
	}
	if c.constant != 1 || c.enrich != 0 {
		t.Errorf("asked %d times, called %d times", c.constant, c.enrich)
	}
}

type countingEnricher struct{ constant, enrich int }

func (c *countingEnricher) Enrich(*Entry) { c.enrich++ }
func (c *countingEnricher) Constant() []slog.Attr {
	c.constant++
	return []slog.Attr{slog.Int("c", 1)}
}

// TestConstantAttributesStandBeforeWhatElseIsAdded is what the documentation of
// ConstantEnricher says of them.
func TestConstantAttributesStandBeforeWhatElseIsAdded(t *testing.T) {
	for want, encoder := range map[string]Encoder{
		`{"level":"INFO","msg":"m","static":1,"seen":0}`:       nil,
		`stamp {"level":"INFO","msg":"m","seen":0,"static":1}`: stamped{&JSONEncoder{}},
	} {
		p := pipeline(t, Options{Encoder: encoder, Enrichers: []Enricher{
			EnricherFunc(func(e *Entry) { e.Extra = append(e.Extra, slog.Int("seen", len(e.Extra))) }),
			StaticEnricher{slog.Int("static", 1)},
		}})
		if line, _ := p.Process(nil, &Entry{Message: "m"}); string(line) != want+"\n" {
			t.Errorf("got %s, want %s", line, want)
		}
	}
}

func TestFieldRedactorMasksANameWhereverItStands(t *testing.T) {
	rec := &recorder{}
	l := open(t, Options{Sink: rec, Settings: Settings{Redact: RedactSettings{Fields: []string{"password", "Token"}}}})
	secret := slog.String("password", "hunter2")
	shared := []slog.Attr{slog.Int("a", 1), secret}
	ctx := t.Context()
	l.Info(ctx, "own", secret, slog.Int("PASSWORD", 1), slog.String("passwords", "kept"))
	l.Info(ctx, "group", slog.Group("g", slog.Group("h", secret)))
	l.Info(ctx, "valuer", slog.Any("v", valuer{slog.GroupValue(shared...)}))
	l.With(secret).WithGroup("g").With(slog.Group("x", secret)).Info(ctx, "bound", slog.Int("a", 1))
	l.Info(ctx, "whole group", slog.Group("token", slog.String("raw", "hunter2")))
	l.WithGroup("token").With(slog.String("a", "hunter2")).Info(ctx, "open group", slog.String("b", "hunter2"), slog.Group("c", slog.String("d", "hunter2")))
	mustFlush(t, l)
	if got := string(rec.lines); strings.Contains(got, "hunter2") || strings.Count(got, DefaultMask) != 10 || !strings.Contains(got, "kept") {
		t.Errorf("%d masks in\n%s", strings.Count(got, DefaultMask), got)
	}
	if shared[1].Value.String() != "hunter2" {
		t.Error("the caller's own group is masked")
	}
}

func TestFieldRedactorLeavesSharedGroupsAlone(t *testing.T) {
	group := []slog.Attr{slog.Int("a", 1), slog.String("password", "hunter2")}
	p := pipeline(t, Options{Redactors: []Redactor{NewFieldRedactor("", "password")}})
	line, _ := p.Process(nil, &Entry{Attrs: []slog.Attr{{Key: "g", Value: slog.GroupValue(group...)}}})
	if strings.Contains(string(line), "hunter2") || group[1].Value.String() != "hunter2" {
		t.Errorf("line %s, group %v", line, group)
	}
}

func TestFiltersSeeBoundAttributes(t *testing.T) {
	rec := &recorder{}
	l := open(t, Options{Sink: rec, Filters: []Filter{FilterFunc(func(e *Entry) bool {
		for _, a := range e.BoundAttrs() {
			if a.Key == "noisy" {
				return false
			}
		}
		return true
	})}})
	l.With(slog.Bool("noisy", true)).Info(t.Context(), "dropped")
	l.Info(t.Context(), "kept")
	mustFlush(t, l)
	if s := l.Stats(); s.Filtered != 1 || s.Written != 1 {
		t.Errorf("stats %+v", s)
	}
}

func TestCustomEncoderSeesEverything(t *testing.T) {
	rec := &recorder{}
	l := open(t, Options{
		Sink:      rec,
		Enrichers: []Enricher{StaticEnricher{slog.Int("e", 1)}},
		Encoder: EncoderFunc(func(dst []byte, e *Entry) []byte {
			return fmt.Appendf(dst, "%v %s %v %v %v %v\n", e.Level, e.Message, e.Extra, e.BoundAttrs(), e.Groups(), e.Attrs)
		}),
	})
	l.With(slog.Int("b", 2)).WithGroup("g").Error(t.Context(), "m", slog.Int("a", 3))
	mustFlush(t, l)
	if got := string(rec.lines); got != "ERROR m [e=1] [b=2] [g] [a=3]\n" {
		t.Errorf("got %s", got)
	}
}

// stamped is an encoder around another one.
type stamped struct{ Encoder }

func (s stamped) Append(dst []byte, e *Entry) []byte {
	return s.Encoder.Append(append(dst, "stamp "...), e)
}

func TestJSONEncoderInsideAnotherKeepsWhatIsBound(t *testing.T) {
	rec := &recorder{}
	l := open(t, Options{Sink: rec, Encoder: stamped{&JSONEncoder{}}, Enrichers: []Enricher{StaticEnricher{slog.Int("e", 1)}}})
	l.With(slog.Int("b", 2)).WithGroup("g").With(slog.Int("c", 3)).WithGroup("h").Info(t.Context(), "m", slog.Int("a", 4))
	mustFlush(t, l)
	got, want := string(rec.lines), `"msg":"m","e":1,"b":2,"g":{"c":3,"h":{"a":4}}}`+"\n"
	if !strings.HasPrefix(got, `stamp {"time":`) || !strings.HasSuffix(got, want) {
		t.Errorf("got %s, want it to end with %s", got, want)
	}
}

func TestPipelineDoesNotShareTheSlicesOfItsOptions(t *testing.T) {
	o := Options{
		Filters:    []Filter{FilterFunc(func(*Entry) bool { return true })},
		Enrichers:  []Enricher{EnricherFunc(func(*Entry) {})},
		Redactors:  []Redactor{RedactorFunc(func(*Entry) error { return nil })},
		Processors: []Processor{TruncateProcessor{}},
	}
	p := pipeline(t, o)
	o.Filters[0], o.Enrichers[0], o.Redactors[0], o.Processors[0] = nil, nil, nil, nil // would panic
	if line, outcome := p.Process(nil, &Entry{Message: "m"}); outcome != Encoded {
		t.Errorf("outcome %v, line %s", outcome, line)
	}
}

func TestTruncateProcessorCutsBetweenRunes(t *testing.T) {
	for _, s := range []string{"", "short", "exactly 10", "longer than ten", "ends in an öäü", "世界世界世界", "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80"} {
		e := Entry{Message: s, Attrs: []slog.Attr{slog.String("a", s), slog.Int("b", 1)}}
		if err := (TruncateProcessor{Max: 10}).Process(&e); err != nil {
			t.Fatal(err)
		}
		got, cut := strings.CutSuffix(e.Message, "…")
		if cut != (len(s) > 10) || len(got) > 10 || !strings.HasPrefix(s, got) || utf8.ValidString(s) && !utf8.ValidString(got) {
			t.Errorf("%q becomes %q", s, e.Message)
		}
		if e.Attrs[0].Value.String() != e.Message {
			t.Errorf("the attribute becomes %q, the message %q", e.Attrs[0].Value, e.Message)
		}
	}
}
