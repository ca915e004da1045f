package scenario

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/logperf/logperf/fixtures/workload"
	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/suites/internal/experiment"
)

func TestEveryScenarioIsWellFormed(t *testing.T) {
	seen, titles := map[string]bool{}, map[string]bool{}
	for _, s := range All() {
		if err := s.Validate(); err != nil {
			t.Errorf("%s: %v", s.Name, err)
		}
		if seen[s.Name] || titles[s.Title] {
			t.Errorf("%s: its name or its title stands twice", s.Name)
		}
		seen[s.Name], titles[s.Title] = true, true
		if !strings.HasPrefix(s.Name, s.Subject+"/") {
			t.Errorf("%s does not begin with its subject %s", s.Name, s.Subject)
		}
		if s.Arms[0].Name != "logperf" {
			t.Errorf("%s: the subject is %q", s.Name, s.Arms[0].Name)
		}
	}
}

func TestEverySubjectHasSmokeScenarios(t *testing.T) {
	smoke := map[string]int{}
	for _, s := range All() {
		if s.Tier == "smoke" {
			smoke[s.Subject]++
		}
	}
	for _, subject := range []string{"queue", "sink", "pipeline", "memory", "cpu", "peers", "harness"} {
		if smoke[subject] == 0 {
			t.Errorf("a smoke run measures nothing of %s", subject)
		}
	}
}

func TestTablesOfDifferentFilesHaveDifferentSources(t *testing.T) {
	if a, b := Queue()[0].Source, Sink()[0].Source; len(a) != 64 || a == b || a != Queue()[1].Source {
		t.Errorf("the sources are %s and %s", a, b)
	}
}

// TestPeersDoTheSameWork holds the lines of all loggers against each other:
// a comparison with a logger that leaves something out is worth nothing.
func TestPeersDoTheSameWork(t *testing.T) {
	record := f10Of(workload.F10())
	lines := map[string]string{"logperf": ourLine(t, record)}
	for _, name := range []string{"zerolog", "phuslu", "zap", "slog"} {
		for what, log := range map[string]func(peer){
			name:             func(p peer) { p.logF10(1) },
			name + ", bound": func(p peer) { p.bound(1) },
		} {
			var b bytes.Buffer
			log(openPeer(name, &b))
			lines[what] = b.String()
		}
	}
	for name, line := range lines {
		var got map[string]any
		if err := json.Unmarshal([]byte(line), &got); err != nil || strings.Count(line, "\n") != 1 {
			t.Errorf("%s writes %q: %v", name, line, err)
			continue
		}
		want := map[string]any{
			record.keys[0]: record.method, record.keys[1]: record.path, record.keys[2]: float64(record.status),
			record.keys[3]: record.share, record.keys[5]: record.err.Error(), record.keys[6]: record.ok,
			record.keys[8]: float64(record.total), record.keys[9]: record.agent,
		}
		for key, value := range want {
			if got[key] != value {
				t.Errorf("%s writes %v for %s, want %v", name, got[key], key, value)
			}
		}
		// Each has a form of its own for durations, times and the message's key.
		for _, key := range []string{record.keys[4], record.keys[7], "level"} {
			if got[key] == nil {
				t.Errorf("%s leaves out %s: %s", name, key, line)
			}
		}
		if got["time"] == nil && got["ts"] == nil || !strings.Contains(line, record.message) {
			t.Errorf("%s leaves out the time or the message: %s", name, line)
		}
	}
}

func ourLine(t *testing.T, record *f10) string {
	t.Helper()
	p, err := logging.NewPipeline(logging.Options{})
	if err != nil {
		t.Fatal(err)
	}
	e := logging.Entry{Time: time.Now(), Message: record.message, Attrs: record.appendTo(nil)}
	line, _ := p.Process(nil, &e)
	return string(line)
}

func TestPeersSayNothingBelowTheirLevel(t *testing.T) {
	for _, name := range []string{"zerolog", "phuslu", "zap", "slog"} {
		var b bytes.Buffer
		p := openPeer(name, &b)
		p.disabledMessage(3)
		p.disabledF10(3)
		if b.Len() > 0 {
			t.Errorf("%s writes %q below its level", name, b.String())
		}
		p.fives(2, 1)
		if n := strings.Count(b.String(), `"delivered"`); n != 2 {
			t.Errorf("%s writes %d of 2 groups: %s", name, n, b.String())
		}
	}
}

// TestSubjectsRunInOneProcess runs the arms of a table without processes: small
// slices, then Close, Check and Report, as an arm would.
func TestSubjectsRunInOneProcess(t *testing.T) {
	for _, s := range All() {
		if slices.Contains([]string{"cpu/idle"}, s.Name) {
			continue // waits by design
		}
		for _, arm := range s.Arms {
			if raceEnabled && arm.Name == "phuslu" && s.Subject == "peers" {
				continue // its asynchronous writer has a data race of its own
			}
			t.Run(s.Name+"/"+arm.Name, func(t *testing.T) {
				if err := lifetime(t.Context(), s, arm, scratch(t)); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// scratch is a folder that is gone after the test though something is still put
// into it: phuslu links its files from a goroutine that Close does not wait for.
func scratch(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "logperf-scenario-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		var err error
		for range 100 {
			if err = os.RemoveAll(dir); err == nil {
				return
			}
		}
		t.Error(err)
	})
	return dir
}

func lifetime(ctx context.Context, s experiment.Scenario, arm experiment.Arm, dir string) error {
	subject, err := arm.Open(ctx, experiment.Options{Seed: 1, Dir: dir, Check: true})
	if err != nil {
		return err
	}
	for _, n := range []int{0, 1, 64} {
		if r, ok := subject.(experiment.Resetter); ok {
			if err := r.Reset(); err != nil {
				return err
			}
		}
		if err := subject.Run(ctx, n); err != nil {
			return err
		}
	}
	if err := subject.Close(ctx); err != nil {
		return err
	}
	if c, ok := subject.(experiment.Checker); ok {
		if err := c.Check(); err != nil {
			return err
		}
	}
	values := map[string]float64{}
	if r, ok := subject.(experiment.Reporter); ok {
		if err := r.Report(values); err != nil {
			return err
		}
	}
	if lost := values["lost-records"]; lost != 0 {
		return fmt.Errorf("%v records lost", lost)
	}
	return nil
}

// everyKind is a log with all levels, as plain text and as NDJSON.
const everyKind = `2026-11-01 10:00:00 TRACE entered the loop
2026-11-01 10:00:00 DEBUG cache hit key=a1
2026-11-01 10:00:01 INFO ready
{"level":"trace","msg":"entered","n":1}
{"level":"debug","msg":"cache hit","in":{"key":"a1"}}
{"level":"info","msg":null,"error":"x"}
`

func writeCorpus(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "app.log")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestACorpusOfAllLevelsIsLoggedWhole runs what takes a corpus as an arm does in
// check mode.
func TestACorpusOfAllLevelsIsLoggedWhole(t *testing.T) {
	path := writeCorpus(t, everyKind)
	size := map[string]float64{}
	for _, s := range All() {
		if !s.Input {
			continue
		}
		for _, arm := range s.Arms {
			name := s.Name + "/" + arm.Name
			t.Run(name, func(t *testing.T) {
				p, err := repetition(t.Context(), s, arm.Name, experiment.Options{Corpus: path, Dir: t.TempDir(), Check: true})
				if err != nil || p.Fault != "" || p.Values["lost-records"] != 0 {
					t.Errorf("%v %s, %v records lost", err, p.Fault, p.Values["lost-records"])
				}
				size[name] = p.Values["line-B/op"]
			})
		}
	}
	// A filter that stopped some would seem faster for it. The fraction of the
	// second is shorter where it ends with zeros.
	if got, want := size["pipeline/stage/filter/logperf"], size["pipeline/stage/filter/plain"]; math.Abs(got-want) > 2 || got == 0 {
		t.Errorf("behind the filter a record has %v bytes, without it %v", got, want)
	}
}

func repetition(ctx context.Context, s experiment.Scenario, arm string, o experiment.Options) (experiment.Report, error) {
	r, err := experiment.Open(ctx, s, arm, o)
	if err != nil {
		return experiment.Report{}, err
	}
	_, warm := r.Slice(ctx, 64)
	begun := r.Begin()
	_, err = r.Slice(ctx, 64)
	p, finished := r.Finish(ctx)
	return p, errors.Join(warm, begun, err, finished)
}

func TestALogThatGrowsIsReplayedAsItWasRead(t *testing.T) {
	path, copied := writeCorpus(t, everyKind), filepath.Join(t.TempDir(), "copy.log")
	corpus, err := OpenCorpus(path, copied)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(everyKind+"ERROR one more\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	replayed, err := workload.Open(copied)
	if err != nil || replayed.SHA256 != corpus.SHA256 || replayed.Len() != 6 || corpus.Path != path || corpus.Records != 6 {
		t.Errorf("%v: the results name %+v", err, corpus)
	}
}

func TestTheSinksTakeTheirRecordsFromAllOfTheCorpus(t *testing.T) {
	const records = 20_000
	var text strings.Builder
	for i := range records {
		fmt.Fprintf(&text, "%d lines before this\n", i)
	}
	lines, ends, err := encoded(experiment.Options{Corpus: writeCorpus(t, text.String())}, 4<<10)
	if err != nil || len(lines) > 4<<10 || len(ends) < 20 {
		t.Fatalf("%d records in %d bytes: %v", len(ends), len(lines), err)
	}
	places := []int{0, records}
	for line := range strings.Lines(string(lines)) {
		var record struct{ Msg string }
		var place int
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Sscanf(record.Msg, "%d lines", &place); err != nil {
			t.Fatal(err)
		}
		places = append(places, place)
	}
	slices.Sort(places)
	for i := 1; i < len(places); i++ {
		if gap := places[i] - places[i-1]; gap > 3*records/len(ends) {
			t.Errorf("of %d records none is between %d and %d", len(ends), places[i-1], places[i])
		}
	}
}

func TestTheSpreadLeadsToEachPlace(t *testing.T) {
	for n := 1; n < 500; n++ {
		seen := map[int]bool{}
		for i, at := 0, 0; i < n; i++ {
			seen[at] = true
			at = (at + spread(n)) % n
		}
		if len(seen) != n {
			t.Errorf("of %d places %d are reached", n, len(seen))
		}
	}
}

func TestAnEntryIsFilledAgainWithoutAllocations(t *testing.T) {
	input, err := workloadOf(experiment.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	var e logging.Entry
	all := func() {
		for i := range input.Len() {
			fill(&e, input.At(i))
		}
	}
	all() // the attributes find their room
	if n := testing.AllocsPerRun(10, all); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestACorpusThatIsMissingIsRefused(t *testing.T) {
	if _, err := OpenCorpus("none.log", filepath.Join(t.TempDir(), "copy.log")); err == nil || !strings.Contains(err.Error(), "none.log does not exist") {
		t.Errorf("%v", err)
	}
	if _, err := workloadOf(experiment.Options{Corpus: "none.log"}); err == nil {
		t.Error("an arm starts without its corpus")
	}
}

func TestTheFixtureHasTheKindsThatThePeersAreCalledWith(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a fixture of other kinds is taken apart without a word")
		}
	}()
	r := workload.F10()
	slices.Reverse(r.Attrs)
	f10Of(r)
}
