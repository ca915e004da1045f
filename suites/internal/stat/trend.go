package stat

import (
	"fmt"
	"math"
	"slices"
)

// leastTrend is the fewest values whose trend has an interval: the normal
// approximation of Kendall's statistic is good from ten on.
const leastTrend = 10

// TheilSen is the slope of a series a step, the median of the slopes of all pairs
// of its values, with an interval by Kendall's statistic. A few values that stick
// out do not move it.
//
// Sources: P. K. Sen, Estimates of the Regression Coefficient Based on Kendall's
// Tau, JASA 63 (1968); Hollander & Wolfe, Nonparametric Statistical Methods,
// section 9.3. It takes the values as independent: a series that wanders seems
// to have a trend more often than the confidence says.
func TheilSen(series []float64, confidence float64) (Interval, error) {
	n := len(series)
	if n < leastTrend {
		return Interval{}, fmt.Errorf("a trend of %d values has no interval: want at least %d", n, leastTrend)
	}
	if !(confidence > 0 && confidence < 1) {
		return Interval{}, fmt.Errorf("the confidence is %v: want more than 0 and less than 1", confidence)
	}
	slopes := make([]float64, 0, n*(n-1)/2)
	for i := range n {
		for j := i + 1; j < n; j++ {
			slopes = append(slopes, (series[j]-series[i])/float64(j-i))
		}
	}
	slices.Sort(slopes)
	z := math.Sqrt2 * math.Erfinv(confidence)
	reach := z * math.Sqrt(float64(n*(n-1)*(2*n+5))/18)
	// The bounds are the slopes of the ranks m and len+1-m, counted from 1: as far
	// from the one end as from the other.
	m := max(int(math.Floor((float64(len(slopes))-reach)/2)), 1)
	return Interval{
		Center: MedianOf(slopes), Lo: slopes[m-1], Hi: slopes[len(slopes)-m], Confidence: confidence, N: n,
	}, nil
}
