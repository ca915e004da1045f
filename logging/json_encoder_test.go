package logging

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"
)

func encode(e Entry) string {
	var enc JSONEncoder
	return string(enc.Append(nil, &e))
}

// slogLine is what slog.JSONHandler writes for the same record.
func slogLine(e Entry) string {
	var buf bytes.Buffer
	h := slog.NewJSONHandler(&buf, &slog.HandlerOptions{Level: slog.Level(math.MinInt)})
	r := slog.NewRecord(e.Time, e.Level, e.Message, 0)
	r.AddAttrs(e.Attrs...)
	_ = h.Handle(context.Background(), r)
	return buf.String()
}

type point struct {
	X, Y int
	Tag  string `json:"tag,omitempty"`
}

type valuer struct{ v slog.Value }

func (v valuer) LogValue() slog.Value { return v.v }

type jsonError struct{}

func (jsonError) Error() string                { return "text" }
func (jsonError) MarshalJSON() ([]byte, error) { return []byte("{ \"a\":\n1 }"), nil }

func TestLineIsThatOfSlog(t *testing.T) {
	at := time.Date(2026, 11, 23, 19, 3, 42, 120_000_000, time.UTC)
	east := at.In(time.FixedZone("x", 5*3600+1800))
	var nilPoint *point
	for name, e := range map[string]Entry{
		"request":         {Time: at, Message: requestMessage, Attrs: request()},
		"no time":         {Message: "m"},
		"zone":            {Time: east, Attrs: []slog.Attr{slog.Time("t", east)}},
		"whole second":    {Time: at.Truncate(time.Second)},
		"nanoseconds":     {Time: at.Add(1)},
		"before 1970":     {Time: time.Date(1912, 2, 29, 1, 2, 3, 4, time.UTC)},
		"debug":           {Level: slog.LevelDebug},
		"warn":            {Level: slog.LevelWarn},
		"level with plus": {Level: slog.LevelError + 3},
		"level below":     {Level: -10},
		"escapes":         {Message: "a\"b\\c\nd\re\tf\x00g\x1fh\x7f <html> & ü 世界 \u2028\u2029 \xff\xc0x"},
		"escape in key":   {Attrs: []slog.Attr{slog.String("k\"\n\xff", "v")}},
		"long clean":      {Message: strings.Repeat("abcdefgh", 9) + "é"},
		"escape last":     {Message: "1234567890123456\""},
		"ints": {Attrs: []slog.Attr{
			slog.Int64("min", math.MinInt64), slog.Uint64("max", math.MaxUint64), slog.Int("0", 0),
		}},
		"floats": {Attrs: []slog.Attr{
			slog.Float64("a", 0), slog.Float64("b", math.Copysign(0, -1)), slog.Float64("c", 1.5), slog.Float64("d", -0.001),
			slog.Float64("e", 1e21), slog.Float64("f", 1e-9), slog.Float64("g", 123456789012.345), slog.Float64("h", 0.1+0.2),
			slog.Float64("i", math.MaxFloat64), slog.Float64("j", math.SmallestNonzeroFloat64), slog.Float64("k", 1e15),
			slog.Float64("l", 1.005), slog.Float64("m", -1e-7), slog.Float64("n", 999999999999.999), slog.Float64("o", 0.05),
		}},
		"duration, bool, time": {Attrs: []slog.Attr{slog.Duration("d", -time.Hour), slog.Bool("b", false), slog.Time("t", at)}},
		"any": {Attrs: []slog.Attr{
			slog.Any("struct", point{1, 2, "<t>"}), slog.Any("map", map[string]any{"b": 1, "a": nil}), slog.Any("nil", nil),
			slog.Any("nil pointer", nilPoint), slog.Any("slice", []string{"a", "b"}), slog.Any("bytes", []byte("\x00\xffab")),
			slog.Any("nil bytes", []byte(nil)), slog.Any("error", errTest), slog.Any("json error", jsonError{}),
			slog.Any("raw", json.RawMessage(`{ "a" : [1, 2] }`)), slog.Any("chan", make(chan int)), slog.Any("func", 1i),
			slog.Any("source", &slog.Source{Function: "f", File: "a.go", Line: 3}),
		}},
		"valuers": {Attrs: []slog.Attr{
			slog.Any("string", valuer{slog.StringValue("s")}), slog.Any("twice", valuer{slog.AnyValue(valuer{slog.IntValue(1)})}),
			slog.Any("group", valuer{slog.GroupValue(slog.Int("a", 1), slog.Any("b", valuer{slog.BoolValue(true)}))}),
		}},
		"groups": {Attrs: []slog.Attr{
			slog.Group("g", slog.Int("a", 1), slog.Group("h", slog.Int("b", 2)), slog.Int("c", 3)),
			slog.Group("", slog.Int("inline", 4)), slog.Group("empty"), slog.Group("of empty", slog.Group("x")),
			slog.Group("first empty", slog.Group("x"), slog.Int("d", 5)), slog.Int("last", 6),
		}},
		"empty attributes": {Attrs: []slog.Attr{{}, slog.Int("", 1), slog.Any("", nil), slog.String("", "")}},
		"duplicate keys":   {Attrs: []slog.Attr{slog.Int("a", 1), slog.Int("a", 2)}},
	} {
		want := slogLine(e)
		if got := encode(e); got != want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, want)
		}
		e.Attrs = resolveAttrs(nil, e.Attrs)
		if got := encode(e); got != want {
			t.Errorf("%s, captured:\n got %s\nwant %s", name, got, want)
		}
	}
}

func TestValuesThatJSONHasNoNumberForAreStrings(t *testing.T) {
	got := encode(Entry{Attrs: []slog.Attr{
		slog.Float64("a", math.NaN()), slog.Float64("b", math.Inf(1)), slog.Float64("c", math.Inf(-1)),
		slog.Time("t", time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)),
	}})
	want := `{"level":"INFO","msg":"","a":"NaN","b":"+Inf","c":"-Inf","t":"!ERROR:time.Time year outside of range [0,9999]"}` + "\n"
	if got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	if got := encode(Entry{Time: time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC)}); !json.Valid([]byte(got)) {
		t.Errorf("a year below 0 gives %s", got)
	}
}

func TestTimeOfTheRememberedSecondIsThatOfTheRecord(t *testing.T) {
	var enc JSONEncoder
	at := time.Date(2026, 3, 29, 0, 59, 59, 999_999_999, time.UTC)
	berlin := time.FixedZone("CET", 3600)
	for _, when := range []time.Time{
		at, at.Add(1), at.Add(2), at, at.In(berlin), at.In(berlin).Add(7), at.Add(-time.Second), at.Add(100 * time.Millisecond),
	} {
		e := Entry{Time: when}
		if got, want := string(enc.Append(nil, &e)), slogLine(e); got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	}
}

// TestFloatShortcutFindsTheShortestDigits walks decimals with up to 4 places, of
// which those with up to 3 take the shortcut.
func TestFloatShortcutFindsTheShortestDigits(t *testing.T) {
	for i := int64(1); i < 1e15; i = i*17/11 + 1 {
		for _, div := range []float64{1, 10, 100, 1000, 1e4} {
			for _, f := range []float64{float64(i) / div, -float64(i) / div, math.Nextafter(float64(i)/div, 0)} {
				want, _ := json.Marshal(f)
				if got := appendFloat(nil, f); !bytes.Equal(got, want) {
					t.Fatalf("%v is %s, want %s", f, got, want)
				}
			}
		}
	}
}

func TestSourceStandsBeforeTheMessage(t *testing.T) {
	rec := &recorder{}
	l := open(t, Options{Sink: rec, Settings: Settings{AddSource: true}})
	l.Info(t.Context(), "direct")
	l.Log(t.Context(), slog.LevelWarn, "log")
	slog.New(l.Handler()).Info("slog")
	mustFlush(t, l)
	for _, line := range rec.got() {
		var got struct {
			Source slog.Source `json:"source"`
		}
		if err := json.Unmarshal(line, &got); err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(got.Source.Function, "TestSourceStandsBeforeTheMessage") ||
			!strings.HasSuffix(got.Source.File, "json_encoder_test.go") || got.Source.Line == 0 {
			t.Errorf("source %+v in %s", got.Source, line)
		}
		if !bytes.Contains(line, []byte(`},"msg":`)) {
			t.Errorf("no source before the message in %s", line)
		}
	}
}

func FuzzJSONEncoder(f *testing.F) {
	f.Add("message", "key", "value", "group", 1.5, int64(1), int64(0), []byte("bytes"))
	f.Add("", "", "", "", math.NaN(), int64(math.MinInt64), int64(-1), []byte(nil))
	f.Add("a\"b\\\n\x00", "k\x7f\u2028", "\xff\xfe世\xed\xa0\x80", "g{", 1e-7, int64(5), int64(1e18), []byte{0, 255})
	f.Add("12345678\"", "1234567\\", "1234567é", "}", 0.3, int64(-7), int64(253402300800), []byte("\n"))
	f.Fuzz(func(t *testing.T, msg, key, value, group string, fl float64, n, sec int64, b []byte) {
		attrs := []slog.Attr{
			slog.String(key, value), slog.Float64("float", fl), slog.Int64("int", n), slog.Duration("d", time.Duration(n)),
			slog.Any("bytes", b), slog.Any("error", errors.New(value)), slog.Any("map", map[string]string{key: value}),
			slog.Group(group, slog.String(key, value), slog.Group(key)), slog.Time("time", time.Unix(sec%4e11, 0).UTC()),
		}
		e := Entry{Time: time.Unix(sec%4e11, n%1e9).UTC(), Level: slog.Level(n), Message: msg, Attrs: resolveAttrs(nil, attrs)}
		p := Pipeline{json: &JSONEncoder{}}
		e.Bound = p.BindGroup(p.Bind(p.BindGroup(nil, group), attrs[0]), key)
		line := p.json.Append(nil, &e)
		if !json.Valid(line) || line[len(line)-1] != '\n' || bytes.Count(line, []byte("\n")) != 1 {
			t.Fatalf("not one line of JSON: %q", line)
		}
		// encoding/json must read back what it would have written itself.
		e.Bound, e.Attrs = nil, e.Attrs[:1]
		e.Attrs[0].Key = "key"
		var got struct{ Msg, Key string }
		if err := json.Unmarshal(p.json.Append(nil, &e), &got); err != nil {
			t.Fatal(err)
		}
		if got.Msg != strings.ToValidUTF8(perByte(msg), "\ufffd") || got.Key != strings.ToValidUTF8(perByte(value), "\ufffd") {
			t.Fatalf("%q and %q read back as %q and %q", msg, value, got.Msg, got.Key)
		}
		if want, err := json.Marshal(fl); err == nil && !bytes.Equal(appendFloat(nil, fl), want) {
			t.Fatalf("%v is %s, want %s", fl, appendFloat(nil, fl), want)
		}
	})
}

// perByte replaces each byte of s that is no UTF-8 by a replacement of its own,
// where strings.ToValidUTF8 makes one of a run.
func perByte(s string) string { return string([]rune(s)) }
