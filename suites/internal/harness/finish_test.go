package harness

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/onsi/ginkgo/v2/types"

	"github.com/logperf/logperf/suites/internal/experiment"
	"github.com/logperf/logperf/suites/internal/report"
	"github.com/logperf/logperf/suites/internal/result"
)

// selected is a measuring suite whose filter leaves those scenarios.
func selected(t *testing.T, names ...string) *Suite {
	t.Helper()
	if raceEnabled {
		t.Skip("a check keeps no results")
	}
	s, err := New(t.Context(), optionsWith(t, goodLimits))
	if err != nil {
		t.Fatal(err)
	}
	states := map[string]types.SpecState{}
	for _, name := range names {
		states[name] = types.SpecStatePassed
	}
	if err := s.Select(t.Context(), preview(states)); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *Suite) scenario(t *testing.T, name string) experiment.Scenario {
	t.Helper()
	i := slices.IndexFunc(s.o.Scenarios, func(sc experiment.Scenario) bool { return sc.Name == name })
	if i < 0 {
		t.Fatalf("there is no scenario %s", name)
	}
	return s.o.Scenarios[i]
}

// kept makes the suite keep one row of the scenario, with a verdict.
func (s *Suite) kept(t *testing.T, name string, outcome result.Outcome) {
	t.Helper()
	row := result.Result{Scenario: name, Iterations: []int{10}, Values: map[string][]float64{"ns/op": {1}}}
	verdict := result.Verdict{Scenario: name, Metric: "ns/op", Unit: "ns", Outcome: outcome}
	if err := s.keep(s.scenario(t, name), []result.Result{row}, []result.Verdict{verdict}); err != nil {
		t.Fatal(err)
	}
}

// stored is the run as it lies on the disk.
func (s *Suite) stored(t *testing.T) *result.Run {
	t.Helper()
	run, err := result.At(s.o.Root.Path("results")).Load(s.run.ID)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func TestARunInterruptedHalfwayLeavesWhatItHas(t *testing.T) {
	s := selected(t, "queue/one", "queue/two")
	s.kept(t, "queue/one", result.Pass)
	if run := s.stored(t); !run.Interrupted || len(run.Results) != 1 || run.Outcome != result.Fail {
		t.Errorf("after one scenario of two the run has %d results, interrupted %v, %s", len(run.Results), run.Interrupted, run.Outcome)
	}
	if err := s.Leave(types.Report{SpecialSuiteFailureReasons: []string{"Interrupted by User"}}); err != nil {
		t.Fatal(err)
	}
	if run := s.stored(t); !run.Interrupted || run.Outcome != result.Fail || len(run.Errors) > 0 {
		t.Errorf("an interrupted run says interrupted %v, %s, %v", run.Interrupted, run.Outcome, run.Errors)
	}
	s.kept(t, "queue/two", result.Pass)
	if err := s.Leave(types.Report{SuiteSucceeded: true}); err != nil {
		t.Fatal(err)
	}
	if run := s.stored(t); run.Interrupted || run.Outcome != result.Pass {
		t.Errorf("a whole run says interrupted %v, %s", run.Interrupted, run.Outcome)
	}
	for _, name := range []string{"bench.txt", "report.json", "junit.xml", "summary.md"} {
		if _, err := os.Stat(s.folder.Path(name)); err != nil {
			t.Error(err)
		}
	}
	if target, err := os.Readlink(s.o.Root.Path("results/latest")); err != nil || target != s.run.ID {
		t.Errorf("latest points at %q (%v), want %q", target, err, s.run.ID)
	}
}

func TestARunThatEndsAtItsFirstFailureIsInterrupted(t *testing.T) {
	s := selected(t, "queue/one", "queue/two", "queue/soak")
	s.kept(t, "queue/one", result.Fail)
	if err := s.Leave(types.Report{}); err != nil {
		t.Fatal(err)
	}
	if run := s.stored(t); !run.Interrupted {
		t.Error("a run of one scenario of two says that it is whole")
	}
	s.kept(t, "queue/two", result.Pass)
	if err := s.Leave(types.Report{}); err != nil {
		t.Fatal(err)
	}
	if run := s.stored(t); run.Interrupted {
		t.Error("a soak scenario that nobody asked for counts as missing")
	}
}

func TestAScenarioThatBreaksOffFailsTheRunByName(t *testing.T) {
	s := selected(t, "queue/one", "queue/lossy")
	s.kept(t, "queue/one", result.Inconclusive)
	s.progress.Begin("queue/lossy")
	if _, err := s.take(t.Context(), s.scenario(t, "queue/lossy")); err == nil {
		t.Fatal("a scenario that loses a record is measured")
	}
	const want = "scenario queue/lossy, arm logperf, repetition 1: the check of the subject failed: 1 record is missing"
	if run := s.stored(t); len(run.Errors) != 1 || run.Errors[0] != (result.Fault{Scenario: "queue/lossy", Text: want}) {
		t.Errorf("the run keeps %q, want %q", run.Errors, want)
	}
	failed := types.SpecReport{LeafNodeText: textOf(s.scenario(t, "queue/lossy")), State: types.SpecStateFailed}
	if err := s.Leave(types.Report{SpecReports: types.SpecReports{failed}}); err != nil {
		t.Fatal(err)
	}
	run := s.stored(t)
	if run.Outcome != result.Fail || run.Interrupted || len(run.Errors) != 1 {
		t.Errorf("the run says %s, interrupted %v, %v", run.Outcome, run.Interrupted, run.Errors)
	}
	var table strings.Builder
	if err := report.Table(&table, run, report.Options{}); err != nil {
		t.Fatal(err)
	}
	summary, err := os.ReadFile(s.folder.Path("summary.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{table.String(), string(summary)} {
		if !strings.Contains(text, "ERROR  "+want) || !strings.Contains(text, "FAIL: 1 scenarios") || !strings.Contains(text, ", 1 ERROR") {
			t.Errorf("the error is not named or not counted:\n%s", text)
		}
	}
}

func TestAnInterruptedScenarioHasNotFailed(t *testing.T) {
	s := selected(t, "queue/one")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.progress.Begin("queue/one")
	if _, err := s.take(ctx, s.scenario(t, "queue/one")); err == nil || len(s.run.Errors) > 0 {
		t.Errorf("%v; the run keeps %v", err, s.run.Errors)
	}
}

func TestAFailureOfGinkgosIsNamed(t *testing.T) {
	s := selected(t, "queue/one")
	s.kept(t, "queue/one", result.Pass)
	panicked := types.SpecReport{LeafNodeText: textOf(s.scenario(t, "queue/one")), State: types.SpecStatePanicked, Failure: types.Failure{Message: "Test Panicked"}}
	if err := s.Leave(types.Report{
		SpecReports:                types.SpecReports{panicked},
		SpecialSuiteFailureReasons: []string{"Detected pending specs and --fail-on-pending is set"},
	}); err != nil {
		t.Fatal(err)
	}
	run := s.stored(t)
	if run.Outcome != result.Fail || len(run.Errors) != 2 || !strings.Contains(run.Errors[0].Text, "pending") || !strings.Contains(run.Errors[1].Text, "[queue/one]: Test Panicked") {
		t.Errorf("%s, %v", run.Outcome, run.Errors)
	}
}

func TestARunThatMeasuredNothingFails(t *testing.T) {
	s := selected(t, "queue/soak")
	err := s.Leave(types.Report{SuiteSucceeded: true})
	if err == nil || err.Error() != "nothing was measured: all selected scenarios are of the tier soak, which LOGPERF_SOAK runs: 1 for 30 minutes, or a time" {
		t.Errorf("the error is %v", err)
	}
	if run := s.stored(t); run.Outcome != result.Fail || len(run.Errors) != 1 {
		t.Errorf("the run says %s, %v", run.Outcome, run.Errors)
	}
}

func TestTheWorstDecides(t *testing.T) {
	verdicts := func(outcomes ...result.Outcome) (all []result.Verdict) {
		for _, o := range outcomes {
			all = append(all, result.Verdict{Outcome: o})
		}
		return all
	}
	for _, c := range []struct {
		run  result.Run
		want result.Outcome
	}{
		{result.Run{}, result.Pass},
		{result.Run{Verdicts: verdicts(result.NotJudged, result.Pass)}, result.Pass},
		{result.Run{Verdicts: verdicts(result.Inconclusive, result.Pass)}, result.Inconclusive},
		{result.Run{Verdicts: verdicts(result.Inconclusive, result.Fail, result.Pass)}, result.Fail},
		{result.Run{Verdicts: verdicts(result.Inconclusive), Errors: []result.Fault{{Text: "it blew up"}}}, result.Fail},
		{result.Run{Verdicts: verdicts(result.Inconclusive), Interrupted: true}, result.Fail},
	} {
		if got := worst(&c.run); got != c.want {
			t.Errorf("%+v: %s, want %s", c.run, got, c.want)
		}
	}
}

func TestTheTimeLeftKnowsLongSlices(t *testing.T) {
	s := &Suite{o: Options{Scenarios: rows(), Repetitions: 6, Duration: time.Second}, mode: Mode{Measure: true}}
	s.o.Scenarios[0].Slice = 2 * time.Second
	s.selected = []string{"queue/one", "queue/soak"}
	steps := s.plan()
	if len(steps) != 1 || steps[0].Time < 24*time.Second || steps[0].Time > 26*time.Second {
		t.Errorf("the plan is %v, want 6 repetitions of 2 arms with a slice of 2 s each, and no soak", steps)
	}
}

// TestWhatAnArmHasWrittenDoesNotMoveTheCursor: an error carries the end of what it
// wrote, and a run ends with it on the terminal and in the summary of the job.
func TestWhatAnArmHasWrittenDoesNotMoveTheCursor(t *testing.T) {
	s := selected(t, "queue/one")
	var screen strings.Builder
	s.o.Out = &screen
	s.kept(t, "queue/one", result.Fail)
	s.run.Results[0].Scenario, s.run.Verdicts[0].Note = "queue/one\x1b[2J", "\x1b[2J"
	if err := s.keepError("queue/one", errors.New("it wrote\n\x1b[2J\n```\n<b>bold</b>")); err != nil {
		t.Fatal(err)
	}
	if err := s.Leave(types.Report{}); err != nil {
		t.Fatal(err)
	}
	s.Show()
	summary, err := os.ReadFile(s.folder.Path("summary.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{screen.String(), string(summary)} {
		if !strings.Contains(text, `\x1b[2J`) || strings.Contains(text, "\x1b") {
			t.Errorf("an escape sequence is not shown, or obeyed:\n%q", text)
		}
	}
}

func TestAReportOfGinkgosIsWholeOrAsItWas(t *testing.T) {
	s := selected(t, "queue/one")
	half := errors.New("the disk is full")
	for _, want := range []error{nil, half} {
		err := s.leave("junit.xml", func(path string) error {
			text := "whole"
			if want != nil {
				text = "ha"
			}
			return errors.Join(os.WriteFile(path, []byte(text), 0o600), want)
		})
		if !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
		if text, err := os.ReadFile(s.folder.Path("junit.xml")); err != nil || string(text) != "whole" {
			t.Errorf("the file holds %q, %v", text, err)
		}
		if entries, err := os.ReadDir(s.folder.Path("")); err != nil || len(entries) != 1 {
			t.Errorf("left are %v, %v", entries, err)
		}
	}
}
