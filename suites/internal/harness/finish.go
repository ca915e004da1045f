package harness

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/onsi/ginkgo/v2/reporters"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/logperf/logperf/suites/internal/experiment"
	"github.com/logperf/logperf/suites/internal/report"
	"github.com/logperf/logperf/suites/internal/result"
)

// Leave writes the results of the whole run: run.json and bench.txt with their
// last word on whether the run was interrupted, report.json and junit.xml from
// Ginkgo, summary.md, and the link results/latest. It is the body of
// ReportAfterSuite, so that a plain `ginkgo run` leaves them too.
func (s *Suite) Leave(spec types.Report) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.folder == nil {
		return nil
	}
	s.run.Ended = time.Now().UTC()
	s.run.Errors = append(s.run.Errors, s.unexplained(spec)...)
	s.run.Interrupted = interrupted(spec) || s.unfinished()
	nothing := s.nothing()
	if nothing != nil {
		s.run.Errors = append(s.run.Errors, result.Fault{Text: nothing.Error()})
	}
	s.run.Outcome = worst(s.run)
	var summary strings.Builder
	return errors.Join(
		nothing,
		report.Markdown(&summary, s.run),
		s.folder.Save(s.run),
		result.WriteFileAtomic(s.folder.Path("summary.md"), []byte(summary.String())),
		s.leave("report.json", func(path string) error { return reporters.GenerateJSONReport(spec, path) }),
		s.leave("junit.xml", func(path string) error { return reporters.GenerateJUnitReport(spec, path) }),
		s.folder.Publish(),
	)
}

// leave writes a file under another name first: Ginkgo writes in place, and who
// reads meanwhile would find half of it.
func (s *Suite) leave(name string, write func(path string) error) error {
	temporary := s.folder.Path("." + name)
	if err := write(temporary); err != nil {
		_ = os.Remove(temporary) // it may not be there
		return fmt.Errorf("%s cannot be written: %w", s.folder.Path(name), err)
	}
	return os.Rename(temporary, s.folder.Path(name))
}

// interrupted reports whether something ended the run before its specs did.
func interrupted(spec types.Report) bool {
	return slices.ContainsFunc(spec.SpecialSuiteFailureReasons, interrupts) ||
		slices.ContainsFunc(spec.SpecReports, func(r types.SpecReport) bool { return r.State.Is(cutShort) })
}

// cutShort are the states of a spec that did not fail by itself.
const cutShort = types.SpecStateInterrupted | types.SpecStateTimedout

func interrupts(reason string) bool {
	return strings.Contains(reason, "Interrupted") || strings.Contains(reason, "Timeout")
}

// unfinished reports whether a selected scenario has not run, as behind the
// first failure of --fail-fast.
func (s *Suite) unfinished() bool {
	return slices.ContainsFunc(s.o.Scenarios, func(sc experiment.Scenario) bool {
		return slices.Contains(s.selected, sc.Name) && !s.sitsOut(sc) && !s.hasRun(sc.Name)
	})
}

// hasRun reports whether the scenario left results, or why there are none.
func (s *Suite) hasRun(name string) bool {
	return slices.ContainsFunc(s.run.Results, func(r result.Result) bool { return r.Scenario == name }) ||
		slices.ContainsFunc(s.run.Errors, func(f result.Fault) bool { return f.Scenario == name })
}

// nothing is the error of a run in which there was nothing to judge.
func (s *Suite) nothing() error {
	if s.run.Interrupted || len(s.run.Results)+len(s.run.Errors) > 0 {
		return nil
	}
	return errors.New("nothing was measured: all selected scenarios are of the tier soak, which LOGPERF_SOAK runs: 1 for 30 minutes, or a time")
}

// unexplained are the failures of Ginkgo's that neither a verdict nor an error
// of ours names: a panic within a spec, or pending specs that may not be.
func (s *Suite) unexplained(spec types.Report) []result.Fault {
	var faults []result.Fault
	for _, reason := range spec.SpecialSuiteFailureReasons {
		if !interrupts(reason) {
			faults = append(faults, result.Fault{Text: reason})
		}
	}
	for _, r := range spec.SpecReports {
		name, _ := nameIn(r.LeafNodeText)
		if r.Failed() && !r.State.Is(cutShort) && !s.explains(name) {
			faults = append(faults, result.Fault{Scenario: name, Text: r.FullText() + ": " + r.FailureMessage()})
		}
	}
	return faults
}

// explains reports whether the run says why the scenario failed.
func (s *Suite) explains(name string) bool {
	return slices.ContainsFunc(s.run.Errors, func(f result.Fault) bool { return name != "" && f.Scenario == name }) ||
		slices.ContainsFunc(s.run.Verdicts, func(v result.Verdict) bool {
			return v.Scenario == name && (v.Outcome == result.Fail || v.Outcome == result.Inconclusive)
		})
}

// Show prints the table that ends a run, or one line for a check.
func (s *Suite) Show() {
	if s.run == nil {
		return
	}
	s.progress.Done()
	if !s.mode.Measure {
		_, _ = fmt.Fprintf(s.o.Out, "\nchecked %d scenarios without judging times (%s)\n", len(s.selected), s.mode.Why)
		return
	}
	err := errors.Join(
		report.Figures(report.PlainWriter(s.o.Out), s.run),
		report.Table(s.o.Out, s.run, report.Options{Color: s.o.Terminal, Folder: s.folder.Path("")}),
	)
	if err != nil {
		_, _ = fmt.Fprintln(s.o.Out, err)
	}
}

// plan is the expected time of each selected scenario, for the time left.
func (s *Suite) plan() []report.Step {
	const start = 70 * time.Millisecond // a process, its calibration and its warm-up
	var steps []report.Step
	for _, sc := range s.o.Scenarios {
		if !slices.Contains(s.selected, sc.Name) || s.sitsOut(sc) {
			continue
		}
		steps = append(steps, report.Step{
			Name: sc.Name,
			Time: time.Duration(s.repetitions(sc)*len(sc.Arms)) * (start + s.sliceTime(sc)),
		})
	}
	return steps
}

func (s *Suite) sliceTime(sc experiment.Scenario) time.Duration {
	if sc.Tier == "soak" && s.o.Soak > 0 {
		return s.o.Soak
	}
	if sc.Slices > 0 {
		return time.Duration(sc.Slices) * max(sc.Slice, 100*time.Millisecond)
	}
	return s.o.Duration
}
