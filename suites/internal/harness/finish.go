package harness

import (
	"errors"
	"fmt"
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
	s.run.Interrupted = interrupted(spec)
	s.run.Outcome = worst(s.run.Verdicts)
	if !spec.SuiteSucceeded && s.run.Outcome != result.Inconclusive {
		s.run.Outcome = result.Fail // an arm that crashed leaves no verdict
	}
	var summary strings.Builder
	return errors.Join(
		report.Markdown(&summary, s.run),
		s.folder.Save(s.run),
		result.WriteFileAtomic(s.folder.Path("summary.md"), []byte(summary.String())),
		reporters.GenerateJSONReport(spec, s.folder.Path("report.json")),
		reporters.GenerateJUnitReport(spec, s.folder.Path("junit.xml")),
		s.folder.Publish(),
	)
}

// interrupted reports whether the run ended before its specs did.
func interrupted(spec types.Report) bool {
	if slices.ContainsFunc(spec.SpecialSuiteFailureReasons, func(reason string) bool {
		return strings.Contains(reason, "Interrupted") || strings.Contains(reason, "Timeout")
	}) {
		return true
	}
	return slices.ContainsFunc(spec.SpecReports, func(r types.SpecReport) bool {
		return r.State.Is(types.SpecStateInterrupted | types.SpecStateTimedout)
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
		report.Figures(s.o.Out, s.run),
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
		if !slices.Contains(s.selected, sc.Name) {
			continue
		}
		steps = append(steps, report.Step{
			Name: sc.Name,
			Time: time.Duration(s.o.Repetitions*len(sc.Arms)) * (start + s.sliceTime(sc)),
		})
	}
	return steps
}

func (s *Suite) sliceTime(sc experiment.Scenario) time.Duration {
	if sc.Slices > 0 {
		return time.Duration(sc.Slices) * max(sc.Slice, 100*time.Millisecond)
	}
	return s.o.Duration
}
