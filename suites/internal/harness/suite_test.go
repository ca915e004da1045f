package harness

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/onsi/ginkgo/v2/types"

	"github.com/logperf/logperf/suites/internal/experiment"
	"github.com/logperf/logperf/suites/internal/lockstep"
	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/threshold"
)

// TestMain makes the binary the arm of its suites.
func TestMain(m *testing.M) {
	if lockstep.IsArm() {
		os.Exit(lockstep.Main(slices.Concat(rows(), loads(), []experiment.Scenario{waver(), slowRow()}), os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// subject does little and finds what it is told to.
type subject struct{ fault error }

func (s *subject) Run(context.Context, int) error { time.Sleep(10 * time.Microsecond); return nil }
func (s *subject) Close(context.Context) error    { return nil }
func (s *subject) Check() error                   { return s.fault }

// rows are scenarios that take no time. The third loses a record, the last is a
// soak.
func rows() []experiment.Scenario {
	arm := func(name string, fault error) experiment.Arm {
		return experiment.Arm{Name: name, Open: func(context.Context, experiment.Options) (experiment.Subject, error) {
			return &subject{fault: fault}, nil
		}}
	}
	row := func(name, tier string, arms ...experiment.Arm) experiment.Scenario {
		return experiment.Scenario{
			Name: name, Title: "answers in " + tier, Subject: "queue", Tier: tier, Measure: "cost",
			Metrics: []string{"ns/op", "allocs/op"}, Arms: arms, Source: "test", Ops: 1, Slices: 1,
		}
	}
	ours := arm("logperf", nil)
	return []experiment.Scenario{
		row("queue/one", "smoke", ours, arm("channel", nil)),
		row("queue/two", "full", ours),
		row("queue/lossy", "smoke", arm("logperf", errors.New("1 record is missing"))),
		row("queue/soak", "soak", ours),
	}
}

const goodLimits = `scenarios:
  queue/one:
    ns/op: {vs: {channel: 1.5}}
  queue/two:
    allocs/op: {max: 0}
  queue/lossy:
    allocs/op: {max: 0}
  queue/soak:
    allocs/op: {max: 0}
`

// optionsWith is a measuring suite in a folder of its own.
func optionsWith(t *testing.T, limits string) Options {
	t.Helper()
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "thresholds.yaml"), []byte(limits), 0o600); err != nil {
		t.Fatal(err)
	}
	return Options{
		Scenarios: rows(), Root: result.Repository(root), Results: "results", Warmup: 1, Repetitions: 6,
		Duration: time.Millisecond, Timeout: time.Second, Confidence: 0.95, Measure: "1", Processes: 1, Out: io.Discard,
	}
}

func TestAFaultIsFoundBeforeAnythingIsMeasured(t *testing.T) {
	for _, c := range []struct {
		name   string
		limits string
		change func(*Options)
		want   string
	}{
		{"a misspelt key", strings.Replace(goodLimits, "max", "mx", 1), nil, `thresholds.yaml:5:17: the limit has the unknown key "mx"`},
		{"a misspelt metric", strings.Replace(goodLimits, "allocs/op", "alocs/op", 1), nil, `thresholds.yaml:5:5: the metric "alocs/op" is unknown; did you mean allocs/op`},
		{"a wrong unit", strings.Replace(goodLimits, "max: 0", "max: 3us", 1), nil, `thresholds.yaml:5:22: "3us" has the unit "us"`},
		{"a misspelt scenario", strings.Replace(goodLimits, "queue/two", "queue/tow", 1), nil, `thresholds.yaml:4:3: the scenario "queue/tow" does not exist; did you mean queue/two`},
		{"a scenario with no limit", strings.Split(goodLimits, "  queue/soak")[0], nil, `thresholds.yaml: the scenario queue/soak has no limit`},
		{"an unknown reference", strings.Replace(goodLimits, "channel", "chanel", 1), nil, `has no reference "chanel": it has channel`},
		{"an unknown scenario asked for", goodLimits, func(o *Options) { o.Only = "queue/won" }, `"queue/won", which does not exist; the nearest are queue/one`},
		{"an unknown profile", goodLimits, func(o *Options) { o.Profile = "big" }, `the profile "big", which thresholds.yaml does not have`},
		{"a wrong LOGPERF_MEASURE", goodLimits, func(o *Options) { o.Measure = "yes" }, `LOGPERF_MEASURE is "yes": want 0 (check) or 1 (measure)`},
		{"a scenario twice", goodLimits, func(o *Options) { o.Scenarios = append(o.Scenarios, o.Scenarios[0]) }, "queue/one stands twice"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if raceEnabled && strings.Contains(c.name, "MEASURE") {
				t.Skip("the race detector goes before LOGPERF_MEASURE")
			}
			o := optionsWith(t, c.limits)
			if c.change != nil {
				c.change(&o)
			}
			if _, err := New(t.Context(), o); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is %v\nwant one with %s", err, c.want)
			}
			if _, err := os.Stat(o.Root.Path("results")); err == nil {
				t.Error("a result folder was made")
			}
		})
	}
}

// preview is what Ginkgo says will run.
func preview(states map[string]types.SpecState) types.Report {
	r := types.Report{SuiteConfig: types.SuiteConfig{LabelFilter: "subject:quue"}}
	for name, state := range states {
		r.SpecReports = append(r.SpecReports, types.SpecReport{LeafNodeText: "answers in smoke [" + name + "]", State: state})
	}
	return r
}

func TestAFilterThatSelectsNothingIsAnErrorThatTellsAllLabels(t *testing.T) {
	s, err := New(t.Context(), optionsWith(t, goodLimits))
	if err != nil {
		t.Fatal(err)
	}
	s.o.Scenarios = slices.Concat(rows(), loads())
	err = s.Select(t.Context(), preview(map[string]types.SpecState{"queue/one": types.SpecStateSkipped}))
	want := `the label filter "subject:quue" selects no scenario; labels are ` +
		`subject:{queue,load}, tier:{smoke,full,soak}, measure:{cost,throughput}, scenario:{knee,steady,lost}`
	if err == nil || err.Error() != want {
		t.Errorf("the error is %v\nwant %s", err, want)
	}
	if _, err := os.Stat(s.o.Root.Path("results")); err == nil {
		t.Error("a result folder was made")
	}
}

func TestAResultFolderThatCannotBeWrittenIsAnErrorBeforeMeasuring(t *testing.T) {
	if raceEnabled {
		t.Skip("a check keeps no results")
	}
	o := optionsWith(t, goodLimits)
	o.Results = o.Root.Path("thresholds.yaml/results")
	s, err := New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	err = s.Select(t.Context(), preview(map[string]types.SpecState{"queue/one": types.SpecStatePassed}))
	if err == nil || !strings.Contains(err.Error(), "the result folder") {
		t.Errorf("the error is %v", err)
	}
}

func TestModeFollowsWhoStartedTheSuite(t *testing.T) {
	if raceEnabled {
		if m, err := modeOf("1", 1); err != nil || m.Measure {
			t.Errorf("under the race detector the mode is %+v, %v: want a check whatever LOGPERF_MEASURE says", m, err)
		}
		return
	}
	for _, c := range []struct {
		override  string
		processes int
		measure   bool
	}{
		{"", 1, false}, // this test runs under go test
		{"1", 1, true},
		{"0", 1, false},
		{"1", 2, false},
	} {
		m, err := modeOf(c.override, c.processes)
		if err != nil || m.Measure != c.measure || m.Why == "" {
			t.Errorf("override %q with %d processes gives %+v, %v: want measure %v with a reason", c.override, c.processes, m, err, c.measure)
		}
	}
}

func TestTheTextOfASpecNamesItsScenario(t *testing.T) {
	row := rows()[0]
	if name, ok := nameIn(textOf(row)); !ok || name != row.Name {
		t.Errorf("%q names %q, %v", textOf(row), name, ok)
	}
	if name, ok := nameIn("a spec of another kind"); ok {
		t.Errorf("a spec without a scenario names %q", name)
	}
}

// The arms read the copy: the log itself may have grown since it was hashed.
func TestTheArmsReadTheCopyOfTheCorpus(t *testing.T) {
	s := &Suite{o: Options{CorpusFile: "copy", Corpus: result.Corpus{Path: "log"}}}
	if got := s.lockstepOptions(0).Corpus; got != "copy" {
		t.Errorf("the arms are given the corpus %q: want the copy", got)
	}
	if !s.judgeOptions(true).Corpus || s.judgeOptions(false).Corpus {
		t.Error("with a corpus, what consumes it is judged as such, and nothing else is")
	}
}

// kneed finds a knee, and says at which it was opened.
type kneed struct {
	subject
	opened float64
}

func (k *kneed) Report(values map[string]float64) error {
	values[kneeMetric] = k.opened + 1000
	return nil
}

// loads are a knee and a load at it.
func loads() []experiment.Scenario {
	row := func(name, knee string) experiment.Scenario {
		return experiment.Scenario{
			Name: name, Title: "bears load", Subject: "load", Tier: "smoke", Measure: "throughput",
			Metrics: []string{kneeMetric}, Source: "test", Ops: 1, Slices: 1, Knee: knee,
			Arms: []experiment.Arm{{Name: "logperf", Open: func(_ context.Context, o experiment.Options) (experiment.Subject, error) {
				return &kneed{opened: o.Knee}, nil
			}}},
		}
	}
	return []experiment.Scenario{row("load/knee/file", ""), row("load/steady", "load/knee/file"), row("load/lost", "load/knee/none")}
}

func TestALoadIsOpenedAtTheKneeOfThisRun(t *testing.T) {
	command, err := lockstep.Self()
	if err != nil {
		t.Fatal(err)
	}
	s := &Suite{
		o:    Options{Scenarios: loads(), Repetitions: 6, Duration: time.Millisecond, Timeout: time.Second, Confidence: 0.95},
		mode: Mode{Measure: true}, command: command, knees: map[string]float64{}, limits: &threshold.File{},
	}
	for range 2 { // searched, then remembered
		rows, _, err := s.measure(t.Context(), loads()[1])
		if err != nil {
			t.Fatal(err)
		}
		if got := rows[0].Values[kneeMetric][0]; got != 2000 {
			t.Errorf("the load was opened at a knee of %g: want 1000", got-1000)
		}
	}
	s.knees["load/knee/file"] = 5
	if rows, _, err := s.measure(t.Context(), loads()[1]); err != nil || rows[0].Values[kneeMetric][0] != 1005 {
		t.Errorf("a knee that has been measured is searched again: %v %v", rows, err)
	}
	if _, _, err := s.measure(t.Context(), loads()[2]); err == nil || !strings.Contains(err.Error(), "load/knee/none, which does not exist") {
		t.Errorf("a knee that does not exist: %v", err)
	}
	s.mode.Measure = false
	if knee, err := s.knee(t.Context(), loads()[1]); knee != 0 || err != nil {
		t.Errorf("a check has the knee %g (%v): want 0", knee, err)
	}
}
