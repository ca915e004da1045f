package compare

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/logperf/logperf/suites/internal/metric"
	"github.com/logperf/logperf/suites/internal/stat"
)

// Ours reports whether a reference is the library itself: what makes the library
// slower makes it slower too, so it tells nothing of the machine. Any other name is
// taken for code that no change of the library touches; a test of the command holds
// both against the references that there are.
func Ours(reference string) bool {
	return slices.Contains([]string{
		"default", // the same logger with the defaults: load/settings/*
		"plain",   // the same pipeline without the stage: pipeline/stage/*
		"self",    // the same arm once more: harness/self/*
	}, reference)
}

// control takes back what the machine did. The values of a run are close to each
// other and the runs are not: ten runs of the same code on a shared machine
// differed in 52 to 150 of 1,067 figures, each by itself certain at 0.05. The
// references were measured beside the subjects, so they tell; 13 to 30 are left, as
// chance alone would have them:
//
//   - A reference is not judged by its times, whatever they did, unless it is Ours.
//   - A time of a subject counts where its ratio to a reference changed as well.
//   - A time without such a ratio, or with one to a reference of Ours alone, counts
//     where it rose by more than the times of all references did, anywhere in the
//     run, or fell by more. Ours are none of those.
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
		*r = c.excused(*r, ratios[limitOf{r.Scenario, figure{metric: r.Metric}}])
	}
}

// excused is a row whose time changed for certain, with the verdict that is left of
// it. ratios are those of the subject in the same metric.
func (c *Comparison) excused(r Row, ratios []Row) Row {
	switch {
	case Ours(r.Reference):
		if c.References.N == 0 {
			return r.apart("it is this library too" + undecided)
		}
	case r.Reference != "":
		return r.same("it is a reference, and tells of the machine")
	case slices.ContainsFunc(ratios, func(ratio Row) bool { return ratio.Verdict == r.Verdict }):
		return r
	case len(ratios) > 0:
		var foreign, own []string
		for _, ratio := range ratios {
			if Ours(ratio.Against) {
				own = append(own, ratio.Against)
			} else {
				foreign = append(foreign, ratio.Against)
			}
		}
		if len(foreign) > 0 {
			return r.same("so did " + strings.Join(foreign, ", ") + ": the machine changed")
		}
		if c.References.N == 0 {
			return r.apart("so did " + strings.Join(own, ", ") + ", which is this library too" + undecided)
		}
	}
	d, slower := c.References, slowdown(r)
	if d.N == 0 || math.IsNaN(slower) || r.Verdict == Worse && slower > d.Hi || r.Verdict == Better && slower < d.Lo {
		return r
	}
	return r.same(fmt.Sprintf("the references changed by %+.0f to %+.0f %%: it may be the machine", 100*(d.Lo-1), 100*(d.Hi-1)))
}

// undecided ends the reason where no foreign code was measured beside it.
const undecided = ": its code or the machine; make gate tells"

// same is a row whose change is not the subject's.
func (r Row) same(why string) Row {
	r.Verdict, r.Why = Same, why
	return r
}

// slowdown is the ratio as that of a time: of a rate it is the inverse. It is NaN
// where there is none, as for an old value of 0: then the references cannot tell,
// and the change stands.
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

// drift is by what the times of an operation of the references changed, but for
// those that are Ours.
func drift(rows []Row) stat.Interval {
	var ratios []float64
	for _, r := range rows {
		if r.Reference != "" && !Ours(r.Reference) && r.Metric == "ns/op" && r.Comparable && r.Ratio.N > 0 {
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
