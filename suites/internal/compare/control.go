package compare

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/logperf/logperf/suites/internal/metric"
	"github.com/logperf/logperf/suites/internal/stat"
)

// control takes back what the machine did. The values of a run are close to each
// other and the runs are not: ten runs of the same code on a shared machine
// differed in 52 to 150 of 1,067 figures, each by itself certain at 0.05. The
// references were measured beside the subjects, so they tell; 13 to 30 are left, as
// chance alone would have them:
//
//   - A reference is not judged by its times, whatever they did.
//   - A time of a subject counts where its ratio to a reference changed as well.
//   - A time without such a ratio counts where it changed by more than the times of
//     the references did, anywhere in the run.
func (c *Comparison) control() {
	c.References = drift(c.Rows)
	ratios := map[limitOf][]Row{}
	for _, r := range c.Rows {
		if r.Against != "" && r.Comparable {
			of := limitOf{r.Scenario, figure{metric: r.Metric}}
			ratios[of] = append(ratios[of], r)
		}
	}
	for i := range c.Rows {
		r := &c.Rows[i]
		if r.Class != Time || r.Verdict != Worse && r.Verdict != Better {
			continue
		}
		if why := c.excuse(*r, ratios[limitOf{r.Scenario, figure{metric: r.Metric}}]); why != "" {
			r.Verdict, r.Why = Same, why
		}
	}
}

// excuse is why a time that changed for certain tells nothing of the subject;
// empty where it does. ratios are those of the same metric.
func (c *Comparison) excuse(r Row, ratios []Row) string {
	if r.Reference != "" {
		return "it is a reference, and tells of the machine"
	}
	if len(ratios) > 0 {
		if slices.ContainsFunc(ratios, func(ratio Row) bool { return ratio.Verdict == r.Verdict }) {
			return ""
		}
		var names []string
		for _, ratio := range ratios {
			names = append(names, ratio.Against)
		}
		return "so did " + strings.Join(names, ", ") + ": the machine changed"
	}
	d := c.References
	slower := slowdown(r)
	if d.N == 0 || slower < d.Lo || slower > d.Hi {
		return ""
	}
	return fmt.Sprintf("the references changed by %+.0f to %+.0f %%: it may be the machine", 100*(d.Lo-1), 100*(d.Hi-1))
}

// slowdown is the ratio as that of a time: of a rate it is the inverse. It is NaN
// where there is none, which lies in no range.
func slowdown(r Row) float64 {
	if r.Ratio.N == 0 {
		return math.NaN()
	}
	if m, _ := metric.Lookup(r.Metric); m.Better == metric.Higher {
		return 1 / r.Ratio.Center
	}
	return r.Ratio.Center
}

// most is which share of the references' changes lies within the bounds of
// Comparison.References.
const most = 0.95

// drift is by what the references' times of an operation changed.
func drift(rows []Row) stat.Interval {
	var ratios []float64
	for _, r := range rows {
		if r.Reference != "" && r.Metric == "ns/op" && r.Comparable && r.Ratio.N > 0 {
			ratios = append(ratios, r.Ratio.Center)
		}
	}
	if len(ratios) == 0 {
		return stat.Interval{}
	}
	slices.Sort(ratios)
	return stat.Interval{
		Center: stat.Quantile(ratios, 0.5), Lo: stat.Quantile(ratios, (1-most)/2), Hi: stat.Quantile(ratios, (1+most)/2), Confidence: most, N: len(ratios),
	}
}
