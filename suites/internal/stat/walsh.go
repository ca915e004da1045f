package stat

import (
	"math"
	"slices"
)

// Walsh are the averages (y[i]+y[j])/2, i <= j, of a sample, sorted. Signed-rank
// estimate, bounds and test all read from them (Hollander & Wolfe, ch. 3).
type Walsh []float64

// WalshAverages returns the n(n+1)/2 averages of n finite values in any order.
func WalshAverages(y []float64) Walsh {
	w := make(Walsh, 0, len(y)*(len(y)+1)/2)
	for i, a := range y {
		for _, b := range y[i:] {
			w = append(w, (a+b)/2)
		}
	}
	slices.Sort(w)
	return w
}

// Center is the estimate of Hodges & Lehmann (1963), the median of the averages.
// It moves little with values that stick out, and errs as little as the mean on
// normal ones. NaN where there are none.
func (w Walsh) Center() float64 {
	if len(w) == 0 {
		return math.NaN()
	}
	// Not Quantile, whose interpolation rounds differently for the opposite values.
	return (w[(len(w)-1)/2] + w[len(w)/2]) / 2
}

// Lower is the lower bound of the centre whose error is that of the critical value
// c; minus infinity for 0.
func (w Walsh) Lower(c int) float64 {
	if c < 1 {
		return math.Inf(-1)
	}
	return w[c-1]
}

// Upper is the upper bound of the centre whose error is that of the critical value
// c; infinite for 0.
func (w Walsh) Upper(c int) float64 {
	if c < 1 {
		return math.Inf(1)
	}
	return w[len(w)-c]
}
