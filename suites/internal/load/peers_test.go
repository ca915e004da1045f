package load

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/logperf/logperf/fixtures/workload"
	"github.com/logperf/logperf/suites/internal/experiment"
)

// runPeer takes one arm of a scenario through a repetition as check mode does.
func runPeer(t *testing.T, s experiment.Scenario, name string, o experiment.Options) experiment.Report {
	t.Helper()
	if peersRace && name == "phuslu" {
		t.Skip("its asynchronous writer has a data race of its own")
	}
	r, err := experiment.Open(t.Context(), s, name, o)
	if err != nil {
		t.Fatal(err)
	}
	c, err := r.Calibrate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Begin(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Slice(t.Context(), c.N); err != nil {
		t.Fatal(err)
	}
	p, err := r.Finish(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestEachPeerWritesTheRecordsOfTheLoad(t *testing.T) {
	for _, s := range Peers() {
		for _, a := range s.Arms {
			t.Run(s.Name+"/"+a.Name, func(t *testing.T) {
				o := experiment.Options{Seed: 1, Dir: t.TempDir(), Check: true}
				p := runPeer(t, s, a.Name, o)
				if p.Fault != "" || p.Leaked != 0 {
					t.Errorf("%s, %d goroutines leaked: %s", p.Fault, p.Leaked, p.Stacks)
				}
				if lost := p.Values["lost-records"]; !s.Lossy && lost != 0 || p.Counts["offered"] != int64(p.N) {
					t.Errorf("%v of %d records lost, %d calls counted", lost, p.N, p.Counts["offered"])
				}
				for _, name := range s.Metrics {
					_, reported := p.Values[name]
					if derived := slices.Contains([]string{"cpu-ns/op", "leaked-goroutines"}, name); reported == derived {
						t.Errorf("%s is reported: %v", name, reported)
					}
				}
				input, err := inputOf(o)
				if err != nil {
					t.Fatal(err)
				}
				records := make([]workload.Record, input.Len())
				for i := range records {
					records[i] = *input.At(i)
				}
				checkLines(t, a.Name, o.Dir, records, int(p.Counts["arrived"]))
			})
		}
	}
}

// peerFixtures are records with all that a peer may meet in a user's log, and with
// the kinds that no log has.
func peerFixtures() []workload.Record {
	f10 := workload.F10()
	strange := workload.Record{Level: slog.LevelWarn, Message: "a \"quoted\" line\nand its next", Attrs: []slog.Attr{
		slog.String("a\"key\\", "x\ty"), slog.Any("nothing", nil), slog.Uint64("most", math.MaxUint64), slog.Int64("least", math.MinInt64),
		slog.Float64("tiny", 5e-324), slog.Float64("vast", 1.7976931348623157e308), slog.Duration("back", -1500*time.Nanosecond),
		slog.Any("list", []int{1, 2}), slog.Any("error", errors.New("it is \"broken\"")),
		slog.Group("outer", slog.Int("n", 1), slog.Group("inner", slog.String("s", "t"), slog.Group("empty")), slog.Bool("last", true)),
		slog.Group("", slog.Int("inline", 7)), slog.Group("empty"),
		{},
	}}
	records := []workload.Record{f10, strange, {Message: "no attributes"}, {Attrs: []slog.Attr{slog.Int("no message", 1)}}}
	for _, level := range []slog.Level{workload.LowestLevel, slog.LevelDebug, slog.LevelInfo + 1, slog.LevelError, workload.LevelAudit} {
		records = append(records, workload.Record{Level: level, Message: fmt.Sprint("at level ", level)})
	}
	return records
}

func TestEachPeerKeepsAllKindsOfAttributes(t *testing.T) {
	load, err := peerLoad(experiment.Options{Check: true}, 1)
	if err != nil {
		t.Fatal(err)
	}
	for name, opens := range map[string][]openPeer{
		"zerolog": {zerologBuffered, zerologDiode}, "phuslu": {phusluBlocking, phusluDefault},
		"zap": {zapBuffered, zapDefault}, "slog": {slogBuffered, slogDirect},
	} {
		for i, open := range opens {
			t.Run(fmt.Sprint(name, i), func(t *testing.T) {
				s := peerRow("lossless", "", 50, nil)
				s.Slices, s.Sized, s.Lossy = 1, true, true
				s.Arms = append(s.Arms, experiment.Arm{Name: name, Open: func(_ context.Context, o experiment.Options) (experiment.Subject, error) {
					return newReference(o, load, peerFixtures(), open)
				}})
				o := experiment.Options{Dir: t.TempDir(), Check: true}
				p := runPeer(t, s, name, o)
				checkLines(t, name, o.Dir, peerFixtures(), int(p.Counts["arrived"]))
			})
		}
	}
}

func TestARecordThatAPeerLosesIsFoundOut(t *testing.T) {
	load, err := peerLoad(experiment.Options{Check: true}, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, lossy := range []bool{false, true} {
		s := peerRow("lossless", "", 50, []contender{{"slog", nil}})
		s.Slices, s.Sized, s.Lossy = 1, true, lossy
		s.Arms[1].Open = func(_ context.Context, o experiment.Options) (experiment.Subject, error) {
			return newReference(o, load, peerFixtures(), func(path string, records []workload.Record, producers int) (peer, error) {
				p, err := slogBuffered(path, records, producers)
				return &losingPeer{p}, err
			})
		}
		p := runPeer(t, s, "slog", experiment.Options{Dir: t.TempDir(), Check: true})
		if p.Values["lost-records"] != peerProducers || strings.Contains(p.Fault, "the reference has lost 2 records") == lossy {
			t.Errorf("a peer that loses a record of each producer (lossy: %v): %v lost, fault %q", lossy, p.Values["lost-records"], p.Fault)
		}
	}
}

// losingPeer loses a record of each producer.
type losingPeer struct{ peer }

func (l *losingPeer) log(producer, record int, number uint64) {
	if number != 3 {
		l.peer.log(producer, record, number)
	}
}

// peerStyle is how a logger names and scales what all write.
type peerStyle struct {
	level, message string
	levels         [4]string // debug, info, warn, error
	duration       float64   // its unit
	second         bool      // times are cut to seconds or to milliseconds
}

func peerStyleOf(name string) peerStyle {
	lower := [4]string{"debug", "info", "warn", "error"}
	switch name {
	case "zerolog":
		return peerStyle{"level", "message", lower, 1e6, true}
	case "phuslu":
		return peerStyle{"level", "message", lower, 1e6, true}
	case "zap":
		return peerStyle{"level", "msg", lower, 1e9, false}
	}
	return peerStyle{"level", "msg", [4]string{}, 1, false}
}

// checkLines holds each line of the arm's file against its record.
func checkLines(t *testing.T, name, dir string, records []workload.Record, want int) {
	t.Helper()
	file := peerFile
	if name == "logperf" {
		file = "records.log"
	}
	text, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
	if len(lines) != want || want < len(records)/2 && want < 10 {
		t.Errorf("the file has %d lines, %d records were counted", len(lines), want)
	}
	producerKey, nextKey := numberKeys()
	for _, line := range lines {
		var got map[string]any
		d := json.NewDecoder(bytes.NewReader(line))
		d.UseNumber()
		if err := d.Decode(&got); err != nil || d.More() {
			t.Fatalf("no line of JSON (%v): %s", err, line)
		}
		producer, number := numberOf(t, got[producerKey]), numberOf(t, got[nextKey])
		r := records[recordOf(producer, uint64(number), len(records), peerProducers)]
		if fault := peerStyleOf(name).differs(r, got); fault != "" {
			t.Fatalf("%s: %s", fault, line)
		}
	}
}

func numberOf(t *testing.T, v any) int {
	t.Helper()
	n, ok := v.(json.Number)
	if !ok {
		t.Fatalf("%v is no number", v)
	}
	i, err := n.Int64()
	if err != nil {
		t.Fatal(err)
	}
	return int(i)
}

// differs tells how a line is not that of its record: it has a time, the level,
// the message, all attributes, the two numbers, and nothing else.
func (s peerStyle) differs(r workload.Record, got map[string]any) string {
	want := map[string]slog.Value{}
	flatten(want, r.Attrs)
	members := len(want) + 5
	if _, ok := got[s.message]; !ok && r.Message == "" {
		members-- // some leave it out
	}
	if len(got) != members {
		return fmt.Sprintf("it has %d members, want %d", len(got), members)
	}
	if text, _ := got[s.message].(string); text != r.Message {
		return fmt.Sprintf("the message is %q, want %q", text, r.Message)
	}
	if level := s.levelOf(r.Level); got[s.level] != level {
		return fmt.Sprintf("the level is %v, want %s", got[s.level], level)
	}
	for key, v := range want {
		if !s.same(v, got[key]) {
			return fmt.Sprintf("%s is %v, want %v", key, got[key], v)
		}
	}
	return ""
}

func (s peerStyle) levelOf(l slog.Level) string {
	at := 3
	for i, above := range []slog.Level{slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
		if l < above {
			at = min(at, i)
		}
	}
	if s.levels[at] == "" {
		return l.String()
	}
	return s.levels[at]
}

// flatten is what slog writes of attributes: no empty group, none without a name.
func flatten(into map[string]slog.Value, attrs []slog.Attr) {
	for _, a := range attrs {
		switch {
		case a.Equal(slog.Attr{}):
		case a.Value.Kind() != slog.KindGroup:
			into[a.Key] = a.Value
		case a.Key == "":
			flatten(into, a.Value.Group())
		case len(a.Value.Group()) > 0:
			into[a.Key] = a.Value
		}
	}
}

func (s peerStyle) same(want slog.Value, got any) bool {
	number, _ := got.(json.Number)
	f, _ := number.Float64()
	switch want.Kind() {
	case slog.KindString:
		return got == want.String()
	case slog.KindInt64, slog.KindUint64:
		return number.String() == want.String()
	case slog.KindFloat64:
		return f == want.Float64()
	case slog.KindBool:
		return got == want.Bool()
	case slog.KindDuration:
		return math.Abs(f*s.duration-float64(want.Duration())) < 1e-3 && number != ""
	case slog.KindTime:
		text, _ := got.(string)
		at, err := time.Parse(time.RFC3339Nano, text)
		return err == nil && (at.Equal(want.Time()) || s.second && want.Time().Sub(at).Abs() < time.Second)
	case slog.KindGroup:
		within := map[string]slog.Value{}
		flatten(within, want.Group())
		object, _ := got.(map[string]any)
		for key, v := range within {
			if !s.same(v, object[key]) {
				return false
			}
		}
		return len(object) == len(within)
	}
	if err, ok := want.Any().(error); ok {
		return got == err.Error()
	}
	return fmt.Sprint(got) == fmt.Sprint(want.Any())
}
