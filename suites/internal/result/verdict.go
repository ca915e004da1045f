package result

import (
	"fmt"

	"github.com/logperf/logperf/suites/internal/metric"
	"github.com/logperf/logperf/suites/internal/stat"
)

// Outcome is what became of a limit, or of a run.
type Outcome string

// The outcomes.
const (
	Pass         Outcome = "PASS"
	Fail         Outcome = "FAIL"
	Inconclusive Outcome = "INCONCLUSIVE"
	NotJudged    Outcome = "NOT JUDGED"
)

// Verdict is what became of one limit.
type Verdict struct {
	Scenario string `json:"scenario"`
	Metric   string `json:"metric"`
	Against  string `json:"against,omitempty"` // the reference of a ratio
	Totals   bool   `json:"totals,omitempty"`  // the ratio of the totals decided
	Unit     string `json:"unit"`
	Class    string `json:"class"` // exact, ratio or absolute
	// Limit is the value, LimitText how it is shown: "max 20.0 us".
	Limit     float64 `json:"limit"`
	LimitText string  `json:"limit_text"`
	File      string  `json:"file"`
	Line      int     `json:"line"`
	Why       string  `json:"why,omitempty"`
	// Interval is what was measured.
	Interval stat.Interval `json:"interval"`
	Outcome  Outcome       `json:"outcome"`
	// AtLimit marks an interval that straddles its limit.
	AtLimit bool `json:"at_limit,omitempty"`
	// Note is the reason where Outcome is not PASS.
	Note string `json:"note,omitempty"`
	// Headroom is the distance to the limit as a share of it, below 0 beyond it.
	Headroom float64 `json:"headroom"`
}

// Of is what the limit stands on: the metric, and the reference of a ratio.
func (v Verdict) Of() string {
	if v.Against == "" {
		return v.Metric
	}
	return v.Metric + " / " + v.Against
}

// Value is the measured value in its unit, "-" where there is none.
func (v Verdict) Value() string {
	if v.Interval.N == 0 {
		return "-"
	}
	return v.unit().Format(v.Interval.Center)
}

// Span is the interval in its unit, empty where it is a point or has no bounds.
func (v Verdict) Span() string {
	if !v.Interval.Bounded() || v.Interval.Lo == v.Interval.Hi {
		return ""
	}
	return v.unit().Format(v.Interval.Lo) + " .. " + v.unit().Format(v.Interval.Hi)
}

func (v Verdict) unit() metric.Unit {
	if v.Against != "" {
		return metric.Ratio
	}
	return metric.Unit(v.Unit)
}

// String says what became of the limit, for a reader of a log who has nothing
// else before them: where the limit stands, what was measured, how sure it is.
func (v Verdict) String() string {
	span := v.Span()
	if span != "" {
		span = " [" + span + "]"
	}
	text := fmt.Sprintf("%s  %s:%d  %s %s: %s%s (n=%d), limit %s", v.Outcome, v.File, v.Line, v.Scenario,
		v.Of(), v.Value(), span, v.Interval.N, v.LimitText)
	if v.Note != "" {
		text += ": " + v.Note
	}
	return text
}
