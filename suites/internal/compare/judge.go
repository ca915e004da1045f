package compare

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/logperf/logperf/suites/internal/metric"
	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/stat"
)

// judge is what all rows of a comparison share.
type judge struct {
	options              Options
	environment          []string // what differs
	distributions        distributions
	oldLimits, newLimits map[limitOf]result.Verdict
	// doubts are why the times of a scenario say nothing in one of the runs: those
	// of the subject and of its references alike, as limits take them.
	doubts map[string]string
}

// limitOf is what a limit stands on.
type limitOf struct {
	scenario string
	figure
}

// limitsOf are the verdicts of a run, where there are several on one figure that
// of the worst outcome.
func limitsOf(run *result.Run) map[limitOf]result.Verdict {
	badness := []result.Outcome{result.NotJudged, result.Pass, result.Inconclusive, result.Fail}
	all := map[limitOf]result.Verdict{}
	for _, v := range run.Verdicts {
		of := limitOf{v.Scenario, figure{v.Metric, v.Against}}
		if known, ok := all[of]; !ok || slices.Index(badness, v.Outcome) > slices.Index(badness, known.Outcome) {
			all[of] = v
		}
	}
	return all
}

func doubtsOf(runs ...*result.Run) map[string]string {
	all := map[string]string{}
	for _, run := range runs {
		for _, r := range run.Results {
			if r.Doubt != "" && all[r.Scenario] == "" {
				all[r.Scenario] = r.Doubt
			}
		}
	}
	return all
}

// pair is one row in both runs.
type pair struct {
	*judge
	before, after result.Result
	// apart is why nothing but exact figures of the two can be compared; empty
	// where all can.
	apart string
}

func (j *judge) pair(c *Comparison, before, after result.Result) *pair {
	p := &pair{judge: j, before: before, after: after}
	var apart []string
	if len(j.environment) > 0 {
		apart = append(apart, "the environment differs")
	}
	if corpusOf(c.Old, before) != corpusOf(c.New, after) {
		apart = append(apart, "the corpus differs")
	}
	if before.Source != after.Source {
		apart = append(apart, "the source of the scenario differs")
	}
	p.apart = strings.Join(apart, ", ")
	return p
}

// corpusOf is the hash of what a row consumed; empty where that was generated.
func corpusOf(run *result.Run, r result.Result) string {
	if run.Corpus == nil || !r.Corpus {
		return ""
	}
	return run.Corpus.SHA256
}

func corpusDifference(before, after *result.Corpus) string {
	name := func(c *result.Corpus) string {
		if c == nil {
			return "generated records"
		}
		return fmt.Sprintf("%s (%d records, SHA-256 %.12s)", c.Path, c.Records, c.SHA256)
	}
	a, b := name(before), name(after)
	if before != nil && after != nil && before.SHA256 == after.SHA256 || a == b {
		return ""
	}
	return "corpus: " + a + " -> " + b
}

// title names a figure of the row for a list.
func (p *pair) title(of figure) string {
	name := p.after.Row() + ": " + Row{Metric: of.metric, Against: of.against}.Of()
	if _, known := metric.Lookup(of.metric); !known {
		name += " (this program does not know the metric)"
	}
	return name
}

// compare judges one figure. Neither side is empty.
func (p *pair) compare(of figure, before, after []float64) Row {
	row := Row{Scenario: p.after.Scenario, Reference: p.after.Reference, Against: of.against, Metric: of.metric, P: 1}
	m, known := metric.Lookup(of.metric)
	row.Class, row.Unit = classOf(m, of), string(m.Unit)
	if of.against != "" {
		row.Unit = string(metric.Ratio)
	}
	p.limits(&row, of)
	for _, values := range [][]float64{before, after} {
		if slices.ContainsFunc(values, func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) }) {
			return row.apart("a value is no number")
		}
	}
	if row.Class == Exact {
		row.exact(before, after)
	} else {
		row.shift(p.distributions.shiftOf(before, after, p.options), before, after, p.options)
	}
	switch {
	case !known:
		return row.apart(fmt.Sprintf("this program does not know the metric %s", of.metric))
	case p.before.Doubts[of.metric] != "":
		return row.apart(p.before.Doubts[of.metric])
	case p.after.Doubts[of.metric] != "":
		return row.apart(p.after.Doubts[of.metric])
	case row.Class == Exact:
		row.judgeExact(m.Better)
		if p.apart != "" {
			row.Why = strings.TrimPrefix(row.Why+"; "+p.apart, "; ")
		}
		return row
	case p.apart != "":
		return row.apart(p.apart)
	case p.doubts[row.Scenario] != "" && m.Machine && !m.Counted:
		return row.apart(p.doubts[row.Scenario])
	}
	row.judge(m.Better, p.options)
	return row
}

func classOf(m metric.Metric, of figure) Class {
	switch {
	case of.against != "":
		return Ratio
	case m.Exact:
		return Exact
	case m.Machine:
		return Time
	}
	return Count
}

// limits sets what the limit on the figure says in both runs.
func (p *pair) limits(row *Row, of figure) {
	if row.Reference != "" {
		return
	}
	at := limitOf{row.Scenario, of}
	if v, ok := p.oldLimits[at]; ok {
		row.Limit, row.OldOutcome = v.LimitText, v.Outcome
	}
	if v, ok := p.newLimits[at]; ok {
		row.Limit, row.NewOutcome = v.LimitText, v.Outcome
	}
}

// apart marks a row that cannot be compared.
func (r Row) apart(why string) Row {
	r.Comparable, r.Verdict, r.Why = false, NotComparable, why
	return r
}

// exact sets the figures of a count without noise.
func (r *Row) exact(before, after []float64) {
	r.Old, r.New = span(before), span(after)
	if r.Old.Center > 0 && r.New.Center > 0 {
		ratio := r.New.Center / r.Old.Center
		r.Ratio = stat.Interval{Center: ratio, Lo: ratio, Hi: ratio, N: min(len(before), len(after))}
	}
}

// span is the median of values between the least and the greatest.
func span(values []float64) stat.Interval {
	return stat.Interval{Center: stat.MedianOf(values), Lo: slices.Min(values), Hi: slices.Max(values), N: len(values)}
}

// judgeExact goes by the worst repetition, as limits do.
func (r *Row) judgeExact(better metric.Direction) {
	r.Comparable = true
	before, after := r.Old.Hi, r.New.Hi
	if better == metric.Higher {
		before, after = -r.Old.Lo, -r.New.Lo
	}
	differs := r.Old.Center != r.New.Center || r.Old.Lo != r.New.Lo || r.Old.Hi != r.New.Hi
	overlaps := r.New.Lo <= r.Old.Hi && r.Old.Lo <= r.New.Hi
	switch {
	case !differs:
		r.Verdict = Same
	case before == after || overlaps && r.Old.Lo < r.Old.Hi:
		r.Verdict = Changed
		r.Why = "it varies from repetition to repetition"
	case after > before:
		r.Verdict = Worse
	default:
		r.Verdict = Better
	}
}

// shift sets the figures of what has noise.
func (r *Row) shift(s shift, before, after []float64, o Options) {
	r.Old, r.New = stat.Median(before, o.Confidence), stat.Median(after, o.Confidence)
	r.Ratio, r.P = s.ratio, s.p
	if s.few {
		r.Why = fmt.Sprintf("%d and %d values are too few to tell a difference", len(before), len(after))
	}
}

// judge takes a change that is certain and large enough.
func (r *Row) judge(better metric.Direction, o Options) {
	if r.Why != "" { // too few
		*r = r.apart(r.Why)
		return
	}
	r.Comparable, r.Verdict = true, Same
	if r.P > o.level()*(1+rounding) || r.Old.Center == r.New.Center {
		return
	}
	least := o.Least(r.Scenario, r.Metric, r.Against)
	if change := math.Abs(r.New.Center - r.Old.Center); change < least*math.Abs(r.Old.Center) {
		r.Why = fmt.Sprintf("certain, and less than the %.3g %% that count", 100*least)
		return
	}
	if (r.New.Center > r.Old.Center) == (better == metric.Higher) {
		r.Verdict = Better
	} else {
		r.Verdict = Worse
	}
}
