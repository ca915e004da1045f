package harness

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/gomega"
	"github.com/onsi/gomega/gmeasure"

	"github.com/logperf/logperf/suites/internal/experiment"
	"github.com/logperf/logperf/suites/internal/lockstep"
	"github.com/logperf/logperf/suites/internal/matcher"
	"github.com/logperf/logperf/suites/internal/metric"
	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/stat"
	"github.com/logperf/logperf/suites/internal/threshold"
)

type contextKey struct{}

// Around puts the suite into the context of each spec: the specs are built
// before the suite is, and a package variable would be state that any spec
// could change.
func (s *Suite) Around(ctx context.Context) context.Context {
	return context.WithValue(ctx, contextKey{}, s)
}

// HoldsItsLimits is the body of a spec: it measures the scenario and fails the
// spec where a limit does not hold.
func HoldsItsLimits(ctx ginkgo.SpecContext, scenario experiment.Scenario) {
	ginkgo.GinkgoHelper()
	s, ok := ctx.Value(contextKey{}).(*Suite)
	if !ok {
		ginkgo.Fail("the spec runs without the suite's context: the bootstrap has to pass AroundNode(suite.Around) to RunSpecs")
	}
	if s.sitsOut(scenario) {
		ginkgo.Skip(scenario.Name + " is a soak scenario: LOGPERF_SOAK=1, or a time such as 2h, runs it")
	}
	s.progress.Begin(scenario.Name)
	began := time.Now()
	rows, err := s.take(ctx, scenario)
	if err != nil {
		ginkgo.Fail(err.Error())
	}
	ginkgo.AddReportEntry(scenario.Name, view(scenario, rows), ginkgo.ReportEntryVisibilityFailureOrVerbose)
	s.assert(scenario, rows, s.explain(ctx, scenario, rows, time.Since(began)))
}

// sitsOut reports whether the scenario skips itself: a soak takes long, and is
// only run by who asks for it.
func (s *Suite) sitsOut(sc experiment.Scenario) bool {
	return sc.Tier == "soak" && s.o.Soak == 0 && s.mode.Measure
}

// take measures the scenario and keeps what came of it, be it an error.
func (s *Suite) take(ctx context.Context, sc experiment.Scenario) ([]result.Result, error) {
	rows, verdicts, err := s.measure(ctx, sc)
	if err == nil {
		err = s.keep(sc, rows, verdicts)
	}
	if err == nil {
		s.progress.End(worst(&result.Run{Verdicts: verdicts}))
		if rates := rows[0].Values[kneeMetric]; len(rates) > 0 {
			s.knees[sc.Name] = stat.MedianOf(rates)
		}
		return rows, nil
	}
	s.progress.End(result.Fail)
	if ctx.Err() != nil {
		return nil, err // it was interrupted and has not failed
	}
	return nil, errors.Join(err, s.keepError(sc.Name, err))
}

// measure repeats the scenario, twice as often where a ratio straddles its
// limit, and judges the limits.
func (s *Suite) measure(ctx context.Context, sc experiment.Scenario) ([]result.Result, []result.Verdict, error) {
	wanted := s.repetitions(sc)
	if !s.mode.Measure {
		wanted = 1
	}
	knee, err := s.knee(ctx, sc)
	if err != nil {
		return nil, nil, err
	}
	var repetitions []*lockstep.Repetition
	for final := !s.mode.Measure; ; final = true {
		for len(repetitions) < wanted {
			r, err := lockstep.Repeat(ctx, sc, len(repetitions), s.lockstepOptions(knee))
			if err != nil {
				return nil, nil, err
			}
			repetitions = append(repetitions, r)
		}
		rows, err := lockstep.Collect(sc, repetitions)
		if err != nil {
			return nil, nil, err
		}
		verdicts := s.judge(sc, rows)
		if final || sc.Repetitions > 0 || !slices.ContainsFunc(verdicts, straddles) {
			return rows, verdicts, nil
		}
		wanted *= 2
	}
}

// repetitions is how many values are measured where none are doubled.
func (s *Suite) repetitions(sc experiment.Scenario) int {
	if sc.Repetitions > 0 {
		return min(s.o.Repetitions, sc.Repetitions)
	}
	return s.o.Repetitions
}

// straddles marks the ratios worth more repetitions: absolute limits are wide,
// so one that straddles is near its limit and stays there.
func straddles(v result.Verdict) bool { return v.AtLimit && v.Class == "ratio" }

// kneeMetric is the figure of a scenario that others name as their knee.
const kneeMetric = "knee-records/s"

// knee is the rate at the knee that the scenario names, measured once in a run:
// a rate that is stored anywhere would be another machine's.
func (s *Suite) knee(ctx context.Context, sc experiment.Scenario) (float64, error) {
	if sc.Knee == "" || !s.mode.Measure {
		return 0, nil
	}
	if rate, ok := s.knees[sc.Knee]; ok {
		return rate, nil
	}
	i := slices.IndexFunc(s.o.Scenarios, func(other experiment.Scenario) bool { return other.Name == sc.Knee })
	if i < 0 {
		return 0, fmt.Errorf("scenario %s: its knee is that of %s, which does not exist", sc.Name, sc.Knee)
	}
	var rates []float64
	for repetition := range kneeRepetitions {
		r, err := lockstep.Repeat(ctx, s.o.Scenarios[i], repetition, s.lockstepOptions(0))
		if err != nil {
			return 0, fmt.Errorf("scenario %s needs a knee: %w", sc.Name, err)
		}
		rates = append(rates, r.Arms[0].Values[kneeMetric])
	}
	s.knees[sc.Knee] = stat.MedianOf(rates)
	return s.knees[sc.Knee], nil
}

// kneeRepetitions make a median, and a search of a few seconds.
const kneeRepetitions = 3

func (s *Suite) lockstepOptions(knee float64) lockstep.Options {
	return lockstep.Options{
		Command: s.command, Seed: s.o.Seed, Duration: s.o.Duration, Warmup: s.o.Warmup,
		Timeout: s.o.Timeout, Corpus: s.o.CorpusFile, Knee: knee, Check: !s.mode.Measure, Speedup: s.o.Speedup, Soak: s.o.Soak, Proxy: s.proxy, Limit: s.limit(),
		Settings: s.o.Settings,
	}
}

// limit is nil under the race detector, which takes several times the memory.
func (s *Suite) limit() func(string, int64) (lockstep.Limit, error) {
	if raceEnabled {
		return nil
	}
	return s.o.Limit
}

func (s *Suite) judgeOptions(input bool) threshold.JudgeOptions {
	return threshold.JudgeOptions{
		Confidence: s.o.Confidence, Check: !s.mode.Measure, Race: raceEnabled,
		Corpus: s.o.Corpus.Path != "" && input,
	}
}

func (s *Suite) judge(sc experiment.Scenario, rows []result.Result) []result.Verdict {
	var verdicts []result.Verdict
	for _, l := range s.limits.Limits(sc.Name, s.env, s.o.Profile) {
		verdicts = append(verdicts, threshold.Judge(l, rows, s.judgeOptions(sc.Input)))
	}
	return verdicts
}

// assert holds the rows against each limit with the matcher and fails the spec
// with all that do not hold, not with the first alone, and with what explains
// them.
func (s *Suite) assert(sc experiment.Scenario, rows []result.Result, explanation string) {
	ginkgo.GinkgoHelper()
	var broken []string
	g := gomega.NewGomega(func(message string, _ ...int) { broken = append(broken, message) })
	for _, l := range s.limits.Limits(sc.Name, s.env, s.o.Profile) {
		g.Expect(rows).To(matcher.HoldLimit(l, s.judgeOptions(sc.Input)))
	}
	if len(broken) > 0 {
		if explanation != "" {
			broken = append(broken, explanation)
		}
		ginkgo.Fail(strings.Join(broken, "\n"))
	}
	if !s.o.FailInconclusive {
		return
	}
	for _, v := range s.judge(sc, rows) {
		if v.Outcome == result.Inconclusive {
			ginkgo.Fail(fmt.Sprintf("%s:%d: %s %s is INCONCLUSIVE: %s (LOGPERF_INCONCLUSIVE=warn makes this a warning)",
				v.File, v.Line, v.Scenario, v.Metric, v.Note))
		}
	}
}

// view is the scenario as a gmeasure experiment: one value a repetition. The
// slices themselves stay out of it, because gmeasure keeps each sample behind a
// lock and in the report.
func view(sc experiment.Scenario, rows []result.Result) *gmeasure.Experiment {
	e := gmeasure.NewExperiment(sc.Name)
	for _, row := range rows {
		for _, name := range sc.Metrics {
			m, _ := metric.Lookup(name)
			label := name
			if row.Reference != "" {
				label += " /ref=" + row.Reference
			}
			for _, v := range row.Values[name] {
				e.RecordValue(label, v, gmeasure.Units(string(m.Unit)))
			}
		}
	}
	return e
}

// keep adds the scenario to the stored run and saves it, so that an interrupt
// leaves what there is so far.
func (s *Suite) keep(sc experiment.Scenario, rows []result.Result, verdicts []result.Verdict) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sc.Input && s.run.Corpus != nil {
		s.run.Corpus.Scenarios = append(s.run.Corpus.Scenarios, sc.Name)
		for i := range rows {
			rows[i].Corpus = true
		}
	}
	if err := s.keepTimes(rows); err != nil {
		return fmt.Errorf("the times of %s could not be kept: %w", sc.Name, err)
	}
	s.run.Results = append(s.run.Results, rows...)
	s.run.Verdicts = append(s.run.Verdicts, verdicts...)
	if err := s.save(); err != nil {
		return fmt.Errorf("the results of %s could not be kept: %w", sc.Name, err)
	}
	return nil
}

// keepTimes writes the histograms of the rows to files of their own and lets go of
// them: a run holds dozens. It runs under mu.
func (s *Suite) keepTimes(rows []result.Result) error {
	for i := range rows {
		if s.folder == nil {
			rows[i].Times = nil
			continue
		}
		if err := s.folder.KeepTimes(&rows[i], s.run.Started, time.Since(s.run.Started)); err != nil {
			return err
		}
	}
	return nil
}

// keepError keeps why a scenario left no verdicts: it fails the run, and would
// otherwise not be seen in it.
func (s *Suite) keepError(name string, err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.run.Errors = append(s.run.Errors, result.Fault{Scenario: name, Text: err.Error()})
	return s.save()
}

// save writes the run as it is so far. It runs under mu.
func (s *Suite) save() error {
	if s.folder == nil {
		return nil
	}
	s.run.Ended = time.Now().UTC()
	s.run.Interrupted = true // until Leave says otherwise
	s.run.Outcome = worst(s.run)
	return s.folder.Save(s.run)
}

// worst is the outcome of a run. What was to be measured and was not does not
// pass.
func worst(run *result.Run) result.Outcome {
	if run.Interrupted || len(run.Errors) > 0 {
		return result.Fail
	}
	outcome := result.Pass
	for _, v := range run.Verdicts {
		switch v.Outcome {
		case result.Fail:
			return result.Fail
		case result.Inconclusive:
			outcome = result.Inconclusive
		}
	}
	return outcome
}
