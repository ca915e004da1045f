// Package stat summarises samples: medians with their intervals, ratios of
// paired slices, quantiles, and the histogram that latencies are kept in.
package stat

import (
	"math"
	"slices"

	"golang.org/x/perf/benchmath"
)

// Interval is an estimate with its confidence interval.
type Interval struct {
	// Center is the estimate: the sample's median.
	Center float64 `json:"center"`
	// Lo and Hi bound the interval; both equal Center where the sample is too
	// small for one (Bounded is false then).
	Lo float64 `json:"lo"`
	Hi float64 `json:"hi"`
	// Confidence is what the interval achieves: at least what was asked for,
	// because order statistics move in steps; for more than 30 values it is a
	// normal approximation, good to 0.002. 0 where there is no interval.
	Confidence float64 `json:"confidence"`
	// N is the number of values.
	N int `json:"n"`
	// Warnings say what to keep in mind, in words for a reader.
	Warnings []string `json:"warnings,omitempty"`
}

// Bounded reports whether there are bounds that hold with Confidence.
func (i Interval) Bounded() bool { return i.Confidence > 0 }

// Median returns the median of xs and its interval from order statistics,
// which assume nothing of the distribution (as benchstat does): the bounds are
// the values of two ranks, whose confidence follows from the binomial
// distribution. Confidence lies in (0, 1); 0.95 needs six values.
//
// The two ranks may lie unevenly around the middle: with 8 values they are 1
// and 7, so that the true median lies above Hi in 3.5 % of samples and below Lo
// in 0.4 %. Among 6 and 12 values at 0.95 they are even.
func Median(xs []float64, confidence float64) Interval {
	if len(xs) == 0 {
		return Interval{Center: math.NaN(), Lo: math.NaN(), Hi: math.NaN(), Warnings: []string{"no values"}}
	}
	s := benchmath.AssumeNothing.Summary(benchmath.NewSample(slices.Clone(xs), &benchmath.DefaultThresholds), confidence)
	i := Interval{Center: s.Center, Lo: s.Lo, Hi: s.Hi, Confidence: s.Confidence, N: len(xs)}
	for _, w := range s.Warnings {
		i.Warnings = append(i.Warnings, w.Error())
	}
	if len(xs) < MinSamples(confidence) || math.IsInf(i.Lo, 0) || math.IsInf(i.Hi, 0) {
		i.Lo, i.Hi, i.Confidence = i.Center, i.Center, 0
	}
	return i
}

// MinSamples is the smallest number of values whose extremes bound the median
// with that confidence: the least n with 1 - 2^(1-n) >= confidence.
func MinSamples(confidence float64) int {
	n := 1
	for 1-math.Pow(2, float64(1-n)) < confidence {
		n++
	}
	return n
}

// Quantile returns the q-quantile, 0 <= q <= 1, of sorted values by linear
// interpolation between order statistics: type 7 of Hyndman & Fan (1996), the
// default of R. It is NaN for no values.
func Quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	h := q * float64(len(sorted)-1)
	i := int(h)
	if h == float64(i) { // also where the next value is infinite
		return sorted[i]
	}
	return sorted[i] + (h-float64(i))*(sorted[i+1]-sorted[i])
}

// MedianOf is the median alone of values in any order; NaN for none.
func MedianOf(xs []float64) float64 {
	return Quantile(slices.Sorted(slices.Values(xs)), 0.5)
}

// LogRatios returns ln(a[i]/b[i]) of pairs. Both must have the same length and
// hold positive values; a pair that does not is an infinity or NaN, never left
// out.
func LogRatios(a, b []float64) []float64 {
	r := make([]float64, len(a))
	for i := range a {
		r[i] = math.Log(a[i] / b[i])
	}
	return r
}

// MedianRatio is the median of the ratios of pairs, taken on the logarithms so
// that swapping the two sides gives exactly the reciprocal. It was the best of
// nine candidates on pairs of slices measured on a noisy machine.
func MedianRatio(a, b []float64) float64 {
	return math.Exp(MedianOf(LogRatios(a, b)))
}
