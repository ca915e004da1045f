package threshold

import (
	"fmt"
	"math"
	"slices"

	"github.com/logperf/logperf/suites/internal/metric"
	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/stat"
)

// JudgeOptions says under which circumstances the rows were measured.
type JudgeOptions struct {
	// Confidence of the intervals; 0 means 0.95.
	Confidence float64
	// Check marks a run that does not measure: exact limits alone are judged.
	Check bool
	// Race marks the race detector, under which pools drop at random:
	// allocations are not judged.
	Race bool
	// Corpus marks rows that consumed the user's own log: what depends on its
	// bytes is not judged.
	Corpus bool
}

// Judge holds the rows of the limit's scenario against the limit.
//
//   - exact: FAIL where any repetition is beyond.
//   - ratio: FAIL where the whole interval of the median slice-pair ratios is
//     beyond, or that of the totals beyond the wider limit; AtLimit where
//     either interval straddles.
//   - absolute: FAIL where the whole interval is beyond.
//
// Missing values are a FAIL; too few for an interval, or a doubt about the
// times, are INCONCLUSIVE: nothing that was not measured passes.
func Judge(l Limit, rows []result.Result, o JudgeOptions) result.Verdict {
	v := result.Verdict{
		Scenario: l.Scenario, Metric: l.Metric.Name, Against: l.Against, Unit: string(l.Metric.Unit), Class: l.Class(),
		Limit: l.Value, LimitText: l.Text(), File: l.File, Line: l.Line, Why: l.Why,
	}
	if o.Confidence == 0 {
		o.Confidence = 0.95
	}
	i := slices.IndexFunc(rows, func(r result.Result) bool { return r.Scenario == l.Scenario && r.Reference == "" })
	if i < 0 {
		return missing(v, "the scenario left no result")
	}
	row := rows[i]
	if l.Kind == Vs {
		v = judgeRatio(v, l, row, o)
	} else {
		v = judgeValues(v, l, row.Values[l.Metric.Name], o)
	}
	if doubt := doubtOf(rows, l.Scenario); doubt != "" && l.Class() != "exact" && l.Metric.Machine && !l.Metric.Counted {
		v.Outcome, v.AtLimit, v.Note = result.Inconclusive, false, doubt
	}
	if doubt := partDoubtOf(rows, l); doubt != "" {
		v.Outcome, v.AtLimit, v.Note = result.Inconclusive, false, doubt
		if o.Check {
			v.Outcome = result.NotJudged
		}
	}
	if why := notJudged(l, o); why != "" {
		v.Outcome, v.AtLimit, v.Note = result.NotJudged, false, why
	}
	return v
}

// doubtOf is why the times of the scenario, or of one of its references, say
// nothing. What does not depend on the speed of the machine is not in doubt: what
// is lost is lost, and a share of the memory is one.
func doubtOf(rows []result.Result, scenario string) string {
	for _, r := range rows {
		if r.Scenario == scenario && r.Doubt != "" {
			return r.Doubt
		}
	}
	return ""
}

// partDoubtOf is why the limit's metric says nothing, though others do: of the
// subject, or of the reference that a ratio compares it with.
func partDoubtOf(rows []result.Result, l Limit) string {
	for _, r := range rows {
		if r.Scenario == l.Scenario && (r.Reference == "" || l.Kind == Vs && r.Reference == l.Against) && r.Doubts[l.Metric.Name] != "" {
			return r.Doubts[l.Metric.Name]
		}
	}
	return ""
}

// notJudged is the reason why a limit is shown and not judged.
func notJudged(l Limit, o JudgeOptions) string {
	switch {
	case !l.Applies:
		return "measured for " + l.Shape
	case o.Check && l.Class() != "exact":
		return "check mode judges exact limits alone"
	case o.Check && o.Race && (l.Metric.Name == "allocs/op" || l.Metric.Name == "B/op"):
		return "the race detector allocates"
	case o.Check && l.Metric.Name == "B/op":
		return "too few operations in check mode"
	case o.Corpus && (l.Metric.Bytes || l.Kind == Vs):
		return "depends on the bytes of the corpus"
	}
	return ""
}

func missing(v result.Verdict, note string) result.Verdict {
	v.Outcome, v.Note = result.Fail, note+": what was not measured does not pass"
	return v
}

func judgeValues(v result.Verdict, l Limit, values []float64, o JudgeOptions) result.Verdict {
	if len(values) == 0 || slices.ContainsFunc(values, func(x float64) bool { return math.IsNaN(x) || math.IsInf(x, 0) }) {
		return missing(v, "there is no value of "+l.Metric.Name)
	}
	v.Interval = stat.Median(values, o.Confidence)
	if l.Class() == "exact" {
		worst := slices.Max(values)
		if l.Kind == Min {
			worst = slices.Min(values)
		}
		v.Interval.Lo, v.Interval.Hi = slices.Min(values), slices.Max(values)
		v.Headroom = headroom(l.Value, worst, l.Kind == Min)
		v.Outcome = result.Pass
		if beyond(l.Value, worst, l.Kind == Min) {
			v.Outcome = result.Fail
			v.Note = fmt.Sprintf("%s in one of %d repetitions", l.Metric.Unit.Format(worst), len(values))
		}
		return v
	}
	return judgeInterval(v, l.Value, l.Kind == Min)
}

func judgeRatio(v result.Verdict, l Limit, row result.Result, o JudgeOptions) result.Verdict {
	i := slices.IndexFunc(row.Ratios, func(r result.Ratio) bool { return r.Metric == l.Metric.Name && r.Against == l.Against })
	if i < 0 || len(row.Ratios[i].Slices) == 0 || len(row.Ratios[i].Totals) == 0 {
		return missing(v, fmt.Sprintf("there is no ratio of %s to %s", l.Metric.Name, l.Against))
	}
	ratio := row.Ratios[i]
	for _, x := range append(slices.Clone(ratio.Slices), ratio.Totals...) {
		if math.IsNaN(x) || math.IsInf(x, 0) || x <= 0 {
			return missing(v, fmt.Sprintf("a ratio of %s to %s is %v", l.Metric.Name, l.Against, x))
		}
	}
	higher := l.Metric.Better == metric.Higher
	v.Interval = stat.Median(ratio.Slices, o.Confidence)
	v = judgeInterval(v, l.Value, higher)
	if v.Outcome != result.Pass {
		return v
	}
	wide := l.Value * l.Totals
	if higher {
		wide = l.Value / l.Totals
	}
	totals := v
	totals.Interval = stat.Median(ratio.Totals, o.Confidence)
	totals = judgeInterval(totals, wide, higher)
	if totals.Outcome == result.Fail {
		totals.Totals, totals.Limit = true, wide
		totals.LimitText = fmt.Sprintf("%s, totals %.3g", l.Text(), wide)
		totals.Note = "the ratio of the totals, which the median of the slices does not see"
		return totals
	}
	if totals.AtLimit && !v.AtLimit {
		v.AtLimit, v.Headroom = true, min(v.Headroom, totals.Headroom)
		v.Note = fmt.Sprintf("the ratio of the totals, %.3g [%.3g .. %.3g], straddles its limit of %.3g",
			totals.Interval.Center, totals.Interval.Lo, totals.Interval.Hi, wide)
	}
	return v
}

// judgeInterval fails where the whole interval lies beyond the limit.
func judgeInterval(v result.Verdict, limit float64, atLeast bool) result.Verdict {
	v.Headroom = headroom(limit, v.Interval.Center, atLeast)
	if !v.Interval.Bounded() {
		v.Outcome = result.Inconclusive
		v.Note = fmt.Sprintf("%d values are too few for an interval", v.Interval.N)
		return v
	}
	near, far := v.Interval.Lo, v.Interval.Hi
	if atLeast {
		near, far = far, near
	}
	v.Outcome, v.AtLimit = result.Pass, false
	switch {
	case beyond(limit, near, atLeast):
		v.Outcome = result.Fail
		v.Note = "the whole interval is beyond the limit"
	case beyond(limit, far, atLeast):
		v.AtLimit = true
	}
	return v
}

func beyond(limit, value float64, atLeast bool) bool {
	if atLeast {
		return value < limit
	}
	return value > limit
}

// headroom is the distance to the limit as a share of it, below 0 beyond it. A
// limit of 0 has no share: it is all there or gone.
func headroom(limit, value float64, atLeast bool) float64 {
	distance := limit - value
	if atLeast {
		distance = -distance
	}
	if limit != 0 {
		return distance / math.Abs(limit)
	}
	switch {
	case distance < 0:
		return -1
	case distance > 0:
		return 1
	}
	return 0
}
