package route_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/sink/route"
)

func TestRecordsGoWhereTheirLevelBelongs(t *testing.T) {
	all := []slog.Level{slog.LevelError, -100, slog.LevelDebug, slog.LevelInfo - 1, slog.LevelInfo, slog.LevelInfo + 1, slog.LevelWarn - 1, slog.LevelWarn, slog.LevelWarn + 1, slog.LevelInfo, slog.LevelError, 100}
	for _, tc := range []struct {
		levels route.Levels
		text   string
		want   func(slog.Level) bool
	}{
		{route.Levels{}, "all levels", func(slog.Level) bool { return true }},
		{route.AtLeast(slog.LevelInfo), "INFO and above", func(l slog.Level) bool { return l >= slog.LevelInfo }},
		{route.AtMost(slog.LevelInfo), "INFO and below", func(l slog.Level) bool { return l <= slog.LevelInfo }},
		{route.Between(slog.LevelInfo, slog.LevelWarn), "INFO to WARN", func(l slog.Level) bool { return l >= slog.LevelInfo && l <= slog.LevelWarn }},
		{route.Only(slog.LevelInfo), "INFO to INFO", func(l slog.Level) bool { return l == slog.LevelInfo }},
		{route.Only(50), "ERROR+42 to ERROR+42", func(slog.Level) bool { return false }},
	} {
		t.Run(tc.text, func(t *testing.T) {
			var c, rest catcher
			s := open(t, route.Route{Name: "a", Sink: &c, Levels: tc.levels}, route.Route{Name: "b", Sink: &rest})
			mustWrite(t, s, leveled(all...))
			mustFlush(t, s)
			var want []slog.Level
			for _, l := range all {
				if tc.want(l) != tc.levels.Contain(l) {
					t.Errorf("Contain(%v) is wrong", l)
				}
				if tc.want(l) {
					want = append(want, l)
				}
			}
			if c.got() != string(leveled(want...).Lines) || rest.got() != string(leveled(all...).Lines) {
				t.Errorf("got %q and %q", c.got(), rest.got())
			}
			if tc.levels.String() != tc.text || s.NeedsMarks() != (tc.levels != route.Levels{}) {
				t.Errorf("%v needs marks: %v", tc.levels, s.NeedsMarks())
			}
			n := uint64(len(want))
			wantStats(t, s, route.Stats{Route: "a", Taken: n, Written: n}, route.Stats{Route: "b", Taken: 12, Written: 12})
			mustClose(t, s)
		})
	}
}

func TestALoggerRoutesByTheLevelThatIsEncoded(t *testing.T) {
	var errs, info catcher
	s := open(t, route.Route{Name: "errors", Sink: &errs, Levels: route.AtLeast(slog.LevelError)}, route.Route{Name: "info", Sink: &info, Levels: route.Only(slog.LevelInfo)})
	raise := logging.ProcessorFunc(func(e *logging.Entry) error {
		if e.Message == "raised" {
			e.Level = slog.LevelError
		}
		return nil
	})
	o := logging.Options{Sink: s, Processors: []logging.Processor{raise}}
	o.Settings.Batch.Bytes = 4 << 10 // several writes
	l, err := logging.New(o)
	if err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		l.Info(t.Context(), "plain")
		l.Warn(t.Context(), "nowhere")
		l.Info(t.Context(), "raised")
		l.Error(t.Context(), "bad")
	}
	if err := errors.Join(l.Flush(t.Context()), l.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(errs.got(), "\n"); n != 2000 || strings.Count(errs.got(), `"level":"ERROR"`) != n {
		t.Errorf("%d records went to errors", n)
	}
	if n := strings.Count(info.got(), "\n"); n != 1000 || strings.Count(info.got(), `"msg":"plain"`) != n {
		t.Errorf("%d records went to info", n)
	}
	if st := l.Stats(); st.Written != 4000 || st.Check() != nil || st.Writes < 2 {
		t.Errorf("%+v", st)
	}
}

func TestALoggerTakesOffWhatARouteLost(t *testing.T) {
	bad := &catcher{onWrite: func(context.Context, logging.Batch) (int, error) { return 0, errTest }}
	l, err := logging.New(logging.Options{Sink: open(t, route.Route{Name: "good", Sink: &catcher{}}, route.Route{Name: "bad", Sink: bad, Levels: route.AtLeast(slog.LevelWarn)})})
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		l.Info(t.Context(), "kept")
		l.Warn(t.Context(), "lost")
	}
	err = l.Close(t.Context())
	if st := l.Stats(); !errors.Is(err, errTest) || st.Written != 10 || st.Failed != 10 || st.Check() != nil {
		t.Errorf("%v, %+v", err, st)
	}
}

var errTest = errors.New("no space left on device")

func TestWithoutLevelsNoMarksAreNeeded(t *testing.T) {
	var a, b catcher
	s := open(t, route.Route{Name: "a", Sink: &a}, route.Route{Name: "b", Sink: &b})
	want := numbered(0, 40_000, 20)
	mustWrite(t, s, batch(want))
	mustFlush(t, s)
	if s.NeedsMarks() || a.got() != want || b.got() != want {
		t.Error("not both have all records in order")
	}
	if a.largest > 256<<10 {
		t.Errorf("a batch has %d bytes", a.largest)
	}
	mustClose(t, s)
}

func TestAFaultyBatchIsRefusedAsAWhole(t *testing.T) {
	var c catcher
	s := open(t, route.Route{Name: "a", Sink: &c, Levels: route.AtLeast(0)}, route.Route{Name: "b", Sink: &c})
	lines := []byte("a\nb\n")
	for name, b := range map[string]logging.Batch{
		"no marks":          {Lines: lines, Records: 2},
		"too few marks":     {Lines: lines, Records: 2, Marks: []logging.Mark{{End: 4}}},
		"mark in a record":  {Lines: lines, Records: 2, Marks: []logging.Mark{{End: 1}, {End: 4}}},
		"mark behind":       {Lines: lines, Records: 2, Marks: []logging.Mark{{End: 2}, {End: 5}}},
		"same mark twice":   {Lines: lines, Records: 2, Marks: []logging.Mark{{End: 2}, {End: 2}}},
		"other records":     {Lines: lines, Records: 3},
		"no newline at end": {Lines: lines[:3], Records: 1},
	} {
		n, err := s.Write(t.Context(), b)
		if n != 0 || err == nil || errors.Is(err, route.ErrNoMarks) != (name == "no marks") {
			t.Errorf("%s: %d, %v", name, n, err)
		}
	}
	mustWrite(t, s, logging.Batch{})
	mustClose(t, s)
	wantStats(t, s, route.Stats{Route: "a"}, route.Stats{Route: "b"})
}

func TestNewReportsAllFaults(t *testing.T) {
	inner := open(t, route.Route{Name: "a", Sink: &catcher{}, Levels: route.AtLeast(0)})
	defer mustClose(t, inner)
	_, err := route.New(
		route.Route{Sink: &catcher{}},
		route.Route{Name: "x"},
		route.Route{Name: "x", Sink: inner},
		route.Route{Name: "y", Sink: &catcher{}, Levels: route.Between(1, 0), Buffer: route.MinBuffer - 1, Overflow: 2},
		route.Route{Name: "z", Sink: &catcher{}, Buffer: route.MaxBuffer + 1},
	)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"route 0 has no name", `"x" has no sink`, `two routes have the name "x"`, `route "x" needs marks`, `INFO+1 to INFO of route "y" are none`, `Buffer 65535 of route "y"`, `overflow(2) of route "y"`, `Buffer 1073741825 of route "z"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
	if _, err := route.New(); err == nil {
		t.Error("no routes are taken")
	}
}

func TestWriteAllocatesNothingForARecord(t *testing.T) {
	nothing := func(_ context.Context, b logging.Batch) (int, error) { return b.Records, nil }
	s := open(
		t,
		route.Route{Name: "a", Sink: sinkFunc(nothing), Levels: route.AtLeast(slog.LevelWarn)},
		route.Route{Name: "b", Sink: sinkFunc(nothing)},
		route.Route{Name: "c", Sink: sinkFunc(nothing), Overflow: route.Drop, Buffer: route.MinBuffer},
	)
	var b logging.Batch
	for range 1000 {
		b.Lines = append(b.Lines, bytes.Repeat([]byte("x"), 150)...)
		b.Lines = append(b.Lines, '\n')
		b.Marks = append(b.Marks, logging.Mark{End: len(b.Lines), Level: slog.Level(b.Records % 2 * 4)})
		b.Records++
	}
	ctx := context.Background()
	write := func() {
		if n, err := s.Write(ctx, b); n != b.Records || err != nil {
			t.Errorf("%d, %v", n, err)
		}
	}
	for range 100 {
		write() // makes the memory
	}
	// A Write that waits, and a chunk more than ever before, may cost one.
	if n := testing.AllocsPerRun(200, write); n > 1 {
		t.Errorf("%v allocations for 1,000 records", n)
	}
	mustClose(t, s)
}

// A sinkFunc is a sink made of its Write.
type sinkFunc func(ctx context.Context, b logging.Batch) (int, error)

func (f sinkFunc) Write(ctx context.Context, b logging.Batch) (int, error) { return f(ctx, b) }
func (f sinkFunc) Flush(context.Context) error                             { return nil }
func (f sinkFunc) Close(context.Context) error                             { return nil }
