package page

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/logperf/logperf/suites/internal/metric"
	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/stat"
)

// mostValues is how many values of one sample are shown; a run has 6 or 12
// repetitions, unless it was asked for more.
const mostValues = 24

// mostStrips is how many metrics of a scenario have a plot of their repetitions.
const mostStrips = 5

// strip is one plot of values: a line of points for each row.
type strip struct {
	Name  string  `json:"name"`
	Unit  string  `json:"unit"`
	Lines []line  `json:"lines"`
	Limit *number `json:"limit,omitempty"`
	// LimitText is how the limit is read.
	LimitText string `json:"limit_text,omitempty"`
	plotted   bool
}

// line is the values of one row, their median, and its interval where there is
// one.
type line struct {
	Of     string  `json:"of"`
	Values numbers `json:"v"`
	Median number  `json:"m"`
	Lo     *number `json:"lo,omitempty"`
	Hi     *number `json:"hi,omitempty"`
}

// figures fills the tables of metrics and ratios, and the strips of some.
func (b builder) figures(s *scenario, rows []result.Result, verdicts []result.Verdict) {
	s.Metrics = table{Class: "metrics", Caption: "All metrics: median of the repetitions", Columns: []string{"metric", "of", "median", "interval", "repetitions"}}
	s.Ratios = table{Class: "metrics", Caption: "Time of the subject over that of the reference, in turns", Columns: []string{"ratio", "of", "median", "interval", "repetitions"}}
	own := len(rows)
	rows = append(slices.Clone(rows), b.older(rows[0])...)
	plotted := plottedOf(rows, verdicts)
	for _, name := range metricNames(rows) {
		p := strip{Name: visible(name), Unit: string(unitOf(name)), plotted: plotted[name]}
		if _, ok := metric.Lookup(name); !ok {
			s.Missing = append(s.Missing, visible(name)+" is a metric that this program does not know: its values stand without a unit.")
		}
		for i, r := range rows {
			if i >= own && !p.plotted {
				continue // the table of the comparison has it
			}
			if values, ok := r.Values[name]; ok {
				s.sample(&s.Metrics, &p, name, who(r), values, b.confidence)
			}
		}
		p.limitOf(verdicts, name, "")
		s.plot(p)
	}
	for _, ratio := range rows[0].Ratios {
		name := ratio.Metric + " / " + ratio.Against
		p := strip{Name: visible(name), Unit: string(metric.Ratio)}
		p.plotted = p.limitOf(verdicts, ratio.Metric, ratio.Against) || ratio.Metric == "ns/op"
		s.sample(&s.Ratios, &p, name, "pairs of slices", ratio.Slices, b.confidence)
		if p.plotted && !slices.Equal(ratio.Slices, ratio.Totals) {
			s.sample(&s.Ratios, &p, name, "totals", ratio.Totals, b.confidence)
		}
		s.plot(p)
	}
}

// plottedOf are the metrics with a plot: those that are judged, then the leading
// ones. A metric that never differs has none: one point drawn twelve times tells
// nothing that the table does not.
func plottedOf(rows []result.Result, verdicts []result.Verdict) map[string]bool {
	plotted := map[string]bool{}
	names := metricNames(rows)
	judged := func(name string) bool {
		return slices.ContainsFunc(verdicts, func(v result.Verdict) bool { return v.Metric == name })
	}
	for _, wanted := range []func(string) bool{judged, func(string) bool { return true }} {
		for _, name := range names {
			varies := slices.ContainsFunc(rows, func(r result.Result) bool {
				good, _ := finiteOf(r.Values[name])
				return !constant(good)
			})
			if varies && wanted(name) && len(plotted) < mostStrips {
				plotted[name] = true
			}
		}
	}
	return plotted
}

// older is the subject's row of the run that is compared with, as one more row. Its
// name says where the two cannot be compared.
func (b builder) older(subject result.Result) []result.Result {
	if b.in.Comparison == nil || b.in.Comparison.Old == nil {
		return nil
	}
	for _, r := range b.in.Comparison.Old.Results {
		if r.Scenario == subject.Scenario && r.Reference == "" {
			r.Reference = "before"
			if len(b.in.Comparison.Differences) > 0 || r.Source != subject.Source {
				r.Reference = "before (differs)"
			}
			return []result.Result{r}
		}
	}
	return nil
}

// metricNames are those of all rows: the leading first, then by name.
func metricNames(rows []result.Result) []string {
	names := map[string]bool{}
	for _, r := range rows {
		for name := range r.Values {
			names[name] = true
		}
	}
	var sorted []string
	for _, name := range leading {
		if names[name] {
			sorted = append(sorted, name)
			delete(names, name)
		}
	}
	return append(sorted, slices.Sorted(maps.Keys(names))...)
}

// sample adds a row to the table and a line to the strip. Values that are no
// numbers are said once, in place.
func (s *scenario) sample(t *table, p *strip, name, of string, values []float64, confidence float64) {
	u := metric.Unit(p.Unit)
	good, missing := finiteOf(values)
	if missing > 0 {
		s.Missing = append(s.Missing, visible(fmt.Sprintf("%s of %s: %d of %d repetitions have no number.", name, of, missing, len(values))))
	}
	if len(good) == 0 {
		t.Rows = append(t.Rows, []string{visible(name), visible(of), "-", "", "none"})
		return
	}
	i := stat.Median(good, confidence)
	cells := []string{visible(name), visible(of), u.Format(i.Center), span(u, i), ""}
	if !p.plotted && (constant(good) || i.Lo != slices.Min(good) || i.Hi != slices.Max(good)) {
		cells[4] = ranged(u, good)
	}
	if p.plotted {
		shown, few := thinned(good)
		cells[4] = listed(u, shown, few)
		l := line{Of: visible(of), Values: shown, Median: number(i.Center)}
		if i.Bounded() {
			lo, hi := number(i.Lo), number(i.Hi)
			l.Lo, l.Hi = &lo, &hi
		}
		p.Lines = append(p.Lines, l)
	}
	t.Rows = append(t.Rows, cells)
}

// ranged are the least and the greatest value. With six values that is what the
// interval says already.
func ranged(u metric.Unit, values []float64) string {
	if constant(values) {
		return listed(u, values, false)
	}
	return fmt.Sprintf("%d from %s to %s", len(values), u.Format(slices.Min(values)), u.Format(slices.Max(values)))
}

// thinned are at most mostValues of the values, in their order; of more, those at
// even ranks from the least to the greatest.
func thinned(values []float64) (shown numbers, few bool) {
	if len(values) <= mostValues {
		return values, false
	}
	sorted := slices.Sorted(slices.Values(values))
	for i := range mostValues {
		shown = append(shown, sorted[i*(len(sorted)-1)/(mostValues-1)])
	}
	return shown, true
}

// listed are the values as a cell; values that are all the same stand once.
func listed(u metric.Unit, values []float64, few bool) string {
	if len(values) > 1 && constant(values) {
		return fmt.Sprintf("%d times %s", len(values), u.Format(values[0]))
	}
	parts := make([]string, len(values))
	for i, v := range values {
		parts[i] = u.Format(v)
	}
	text := strings.Join(parts, ", ")
	if few {
		text = fmt.Sprintf("%d of them by size: %s", len(values), text)
	}
	return text
}

// limitOf draws the limit on the figure, where there is one.
func (p *strip) limitOf(verdicts []result.Verdict, name, against string) bool {
	for _, v := range verdicts {
		if v.Metric == name && v.Against == against && finite(v.Limit) {
			at := number(v.Limit)
			p.Limit, p.LimitText = &at, visible(v.LimitText)
			return true
		}
	}
	return false
}

// plot keeps a strip that is drawn.
func (s *scenario) plot(p strip) {
	if p.plotted && len(p.Lines) > 0 {
		s.Data.Strips = append(s.Data.Strips, p)
	}
}
