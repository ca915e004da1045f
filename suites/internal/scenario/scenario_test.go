package scenario

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
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

// losing is a queue that accepts everything and loses every tenth item.
type losing struct {
	conveyor
	n int
}

func (l *losing) put(it item) bool {
	if l.n++; l.n%10 == 0 {
		return true
	}
	return l.conveyor.put(it)
}

func TestAQueueThatLosesItemsIsFoundOut(t *testing.T) {
	inner, err := channelOf(1024)()
	if err != nil {
		t.Fatal(err)
	}
	b := newBelt(&losing{conveyor: inner}, 1, false, 0)
	if err := b.Run(t.Context(), 1000); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	if err := b.Report(values); err != nil || values["lost-records"] != 100 {
		t.Errorf("%v lost (%v), want 100 of 1000", values["lost-records"], err)
	}
}

func TestItemsOutOfOrderAreFoundOut(t *testing.T) {
	b := newBelt(channel{}, 1, false, 0)
	defer b.crew.close()
	b.check([]item{{sequence: 0}, {sequence: 2}, {sequence: 1}})
	if err := b.Check(); err == nil || !strings.Contains(err.Error(), "1 items arrived behind") {
		t.Errorf("the check says %v", err)
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
				if err := lifetime(t.Context(), s, arm, t.TempDir()); err != nil {
					t.Error(err)
				}
			})
		}
	}
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

func TestACorpusThatIsMissingIsRefused(t *testing.T) {
	if _, err := OpenCorpus("none.log"); err == nil || !strings.Contains(err.Error(), "none.log does not exist") {
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
