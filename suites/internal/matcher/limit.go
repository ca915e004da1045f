// Package matcher has the Gomega matcher that holds results against limits.
package matcher

import (
	"fmt"

	"github.com/onsi/gomega/gmeasure"
	"github.com/onsi/gomega/types"

	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/threshold"
)

// HoldLimit matches the rows of a scenario ([]result.Result), or a
// *gmeasure.Experiment with one value a repetition under the metric's name,
// unless their verdict is FAIL. A ratio needs the rows: an experiment does not
// know which slices belong together.
//
// The failure message is made from the limit and what was measured.
func HoldLimit(l threshold.Limit, o threshold.JudgeOptions) types.GomegaMatcher {
	return &holdLimit{limit: l, options: o}
}

type holdLimit struct {
	limit   threshold.Limit
	options threshold.JudgeOptions
	verdict result.Verdict
}

// Match implements types.GomegaMatcher.
func (m *holdLimit) Match(actual any) (bool, error) {
	var rows []result.Result
	switch actual := actual.(type) {
	case []result.Result:
		rows = actual
	case *gmeasure.Experiment:
		if m.limit.Kind == threshold.Vs {
			return false, fmt.Errorf("HoldLimit: %s: a gmeasure.Experiment holds no slice pairs, so it cannot be held against a ratio: pass the rows", m.limit.At())
		}
		rows = []result.Result{{
			Scenario: m.limit.Scenario,
			Values:   map[string][]float64{m.limit.Metric.Name: actual.Get(m.limit.Metric.Name).Values},
		}}
	default:
		return false, fmt.Errorf("HoldLimit matches []result.Result or *gmeasure.Experiment, not %T", actual)
	}
	m.verdict = threshold.Judge(m.limit, rows, m.options)
	return m.verdict.Outcome != result.Fail, nil
}

// FailureMessage implements types.GomegaMatcher.
func (m *holdLimit) FailureMessage(any) string { return m.verdict.String() }

// NegatedFailureMessage implements types.GomegaMatcher.
func (m *holdLimit) NegatedFailureMessage(any) string {
	return m.verdict.String() + ", and it was expected not to hold"
}
