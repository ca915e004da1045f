package harness

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/onsi/ginkgo/v2/types"

	"github.com/logperf/logperf/suites/internal/experiment"
	"github.com/logperf/logperf/suites/internal/lockstep"
	"github.com/logperf/logperf/suites/internal/threshold"
)

// wavering reports a size that is above and below its reference's by turns. Each
// repetition has a new process, so it counts them in the file of the corpus.
type wavering struct {
	subject
	corpus string
}

func (w *wavering) Report(values map[string]float64) error {
	f, err := os.OpenFile(w.corpus, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(".")
	info, e := f.Stat()
	if err = errors.Join(err, e, f.Close()); err != nil {
		return err
	}
	values["line-B/op"] = 1 + 2*float64(info.Size()%2)
	return nil
}

// level reports the size between the two.
type level struct{ subject }

func (*level) Report(values map[string]float64) error { values["line-B/op"] = 2; return nil }

// waver is a scenario whose ratio straddles any limit near 1.
func waver() experiment.Scenario {
	arm := func(name string, open func(experiment.Options) experiment.Subject) experiment.Arm {
		return experiment.Arm{Name: name, Open: func(_ context.Context, o experiment.Options) (experiment.Subject, error) { return open(o), nil }}
	}
	return experiment.Scenario{
		Name: "queue/waver", Title: "wavers", Subject: "queue", Tier: "smoke", Measure: "cost", Source: "test", Ops: 1, Slices: 1,
		Metrics: []string{"line-B/op"}, Arms: []experiment.Arm{
			arm("logperf", func(o experiment.Options) experiment.Subject { return &wavering{corpus: o.Corpus} }),
			arm("level", func(experiment.Options) experiment.Subject { return &level{} }),
		},
	}
}

func TestTheRepetitionsOfALongScenarioAreFewAndNotDoubled(t *testing.T) {
	command, err := lockstep.Self()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "thresholds.yaml")
	if err := os.WriteFile(file, []byte("scenarios:\n  queue/waver:\n    line-B/op: {vs: {level: 1}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	limits, err := threshold.Load(file, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		settings, most int
		check          bool
		want           int
	}{
		{6, 0, false, 12}, // the ratio straddles: this is what the others must not do
		{6, 2, false, 2},
		{6, 6, false, 6},
		{6, 50, false, 6},
		{6, 2, true, 1},
	} {
		s := &Suite{
			o: Options{
				Repetitions: c.settings, Duration: time.Millisecond, Timeout: 20 * time.Second, Confidence: 0.95,
				CorpusFile: filepath.Join(t.TempDir(), "count"),
			},
			mode: Mode{Measure: !c.check}, command: command, limits: limits,
		}
		sc := waver()
		sc.Repetitions = c.most
		rows, verdicts, err := s.measure(t.Context(), sc)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(rows[0].Values["line-B/op"]); got != c.want || len(verdicts) != 1 {
			t.Errorf("of %d repetitions at most %d, in a check %v: %d were made with %v, want %d", c.settings, c.most, c.check, got, verdicts, c.want)
		}
	}
}

// proxied is a suite in check mode of which some scenarios send through a proxy.
func proxied(t *testing.T, build func(context.Context) (string, error), names ...string) *Suite {
	t.Helper()
	o := optionsWith(t, goodLimits)
	o.Measure, o.BuildProxy = "0", build
	for i := range o.Scenarios {
		for _, name := range names {
			o.Scenarios[i].Proxied = o.Scenarios[i].Proxied || o.Scenarios[i].Name == name
		}
	}
	s, err := New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheProxyIsBuiltOnceAndWhereItIsNeeded(t *testing.T) {
	for _, c := range []struct {
		name     string
		proxied  []string
		selected map[string]types.SpecState
		want     int
	}{
		{"one that needs it", []string{"queue/one"}, map[string]types.SpecState{"queue/one": types.SpecStatePassed}, 1},
		{"two that need it", []string{"queue/one", "queue/two"}, map[string]types.SpecState{"queue/one": types.SpecStatePassed, "queue/two": types.SpecStatePassed}, 1},
		{"none", nil, map[string]types.SpecState{"queue/one": types.SpecStatePassed}, 0},
		{"one that is not selected", []string{"queue/two"}, map[string]types.SpecState{"queue/one": types.SpecStatePassed, "queue/two": types.SpecStateSkipped}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			built := 0
			s := proxied(t, func(context.Context) (string, error) { built++; return "/bin/proxy", nil }, c.proxied...)
			if built > 0 {
				t.Error("the proxy was built before anything was selected")
			}
			if err := s.Select(t.Context(), preview(c.selected)); err != nil {
				t.Fatal(err)
			}
			path := s.lockstepOptions(0).Proxy
			if built != c.want || (path == "/bin/proxy") != (c.want > 0) {
				t.Errorf("the proxy was built %d times and the arms get %q, want %d times", built, path, c.want)
			}
		})
	}
}

func TestAProxyThatCannotBeBuiltEndsTheRun(t *testing.T) {
	broken := errors.New("there is no compiler")
	s := proxied(t, func(context.Context) (string, error) { return "", broken }, "queue/one")
	s.mode.Measure = true
	err := s.Select(t.Context(), preview(map[string]types.SpecState{"queue/one": types.SpecStatePassed}))
	if !errors.Is(err, broken) {
		t.Errorf("the error is %v, want %v", err, broken)
	}
	if _, err := os.Stat(s.o.Root.Path("results")); err == nil {
		t.Error("a result folder was made")
	}
}

func TestASoakNobodyAskedForNeedsNoProxy(t *testing.T) {
	for _, soak := range []time.Duration{0, time.Minute} {
		built := 0
		s := proxied(t, func(context.Context) (string, error) { built++; return "", nil }, "queue/soak")
		s.mode.Measure, s.o.Soak = true, soak
		if err := s.Select(t.Context(), preview(map[string]types.SpecState{"queue/soak": types.SpecStatePassed})); err != nil {
			t.Fatal(err)
		}
		if (built > 0) != (soak > 0) {
			t.Errorf("with a soak of %v the proxy was built %d times", soak, built)
		}
	}
}

func TestASoakRunsAsLongAsItIsAskedFor(t *testing.T) {
	soak := rows()[3]
	for _, c := range []struct {
		soak    time.Duration
		measure bool
		out     bool
	}{{0, true, true}, {2 * time.Minute, true, false}, {0, false, false}} {
		s := &Suite{o: Options{Soak: c.soak}, mode: Mode{Measure: c.measure}}
		if got := s.sitsOut(soak); got != c.out {
			t.Errorf("asked for %v, measuring %v, the soak sits out: %v, want %v", c.soak, c.measure, got, c.out)
		}
		if got := s.lockstepOptions(0).Soak; got != c.soak {
			t.Errorf("the arms are given a soak of %v, want %v", got, c.soak)
		}
		if s.sitsOut(rows()[0]) {
			t.Error("a scenario of the tier smoke sits out")
		}
	}
}

func TestTheRaceDetectorLiftsTheLimitOnMemory(t *testing.T) {
	called := false
	s := &Suite{o: Options{Limit: func(string, int64) (lockstep.Limit, error) { called = true; return nil, nil }}}
	limit := s.lockstepOptions(0).Limit
	if (limit == nil) != raceEnabled {
		t.Fatalf("with the race detector %v the arms have no limit: %v", raceEnabled, limit == nil)
	}
	if limit == nil {
		return
	}
	if _, err := limit("arm", 1); err != nil || !called {
		t.Errorf("the arms get another limit than that of the options (%v)", err)
	}
}

func TestTheExpectedTimeIsThatOfTheRepetitionsThatAreMade(t *testing.T) {
	long, soak := rows()[1], rows()[3]
	long.Repetitions, soak.Repetitions = 2, 1
	s := &Suite{
		o:    Options{Scenarios: []experiment.Scenario{long, soak}, Repetitions: 6, Soak: time.Hour},
		mode: Mode{Measure: true}, selected: []string{long.Name, soak.Name},
	}
	steps := s.plan()
	if len(steps) != 2 {
		t.Fatalf("the plan has the steps %v", steps)
	}
	// A slice of 100 ms behind the start of a process, twice.
	if steps[0].Time > time.Second/2 {
		t.Errorf("two repetitions are expected to take %v", steps[0].Time)
	}
	if steps[1].Time < time.Hour || steps[1].Time > time.Hour+time.Minute {
		t.Errorf("a soak of an hour is expected to take %v", steps[1].Time)
	}
}
