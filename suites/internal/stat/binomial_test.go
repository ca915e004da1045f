package stat

import (
	"math"
	"testing"
)

// below is P(X <= k) of the binomial distribution of n fair coins.
func below(k, n int) float64 {
	sum := 0.0
	for i := range k + 1 {
		all, _ := math.Lgamma(float64(n + 1))
		some, _ := math.Lgamma(float64(i + 1))
		rest, _ := math.Lgamma(float64(n - i + 1))
		sum += math.Exp(all - some - rest - float64(n)*math.Ln2)
	}
	return sum
}

// TestTheConfidenceIsThatOfTheBinomialDistribution takes the values 1 to n, so
// that the bounds are the ranks themselves.
func TestTheConfidenceIsThatOfTheBinomialDistribution(t *testing.T) {
	for _, asked := range []float64{0.5, 0.9, 0.95, 0.99, 0.999} {
		for n := 1; n <= 200; n++ {
			xs := make([]float64, n)
			for i := range xs {
				xs[i] = float64(i + 1)
			}
			i := Median(xs, asked)
			if i.Bounded() != (n >= MinSamples(asked)) {
				t.Errorf("%d values at %v: %+v", n, asked, i)
			}
			if !i.Bounded() {
				continue
			}
			// The median lies between ranks lo and hi where lo to hi-1 values are below it.
			exact := below(int(i.Hi)-1, n) - below(int(i.Lo)-1, n)
			tolerance := 1e-9
			if n > 30 {
				tolerance = 2e-3 // the normal approximation
			}
			if !near(i.Confidence, exact, tolerance) || exact < asked-tolerance {
				t.Errorf("%d values at %v: ranks %v and %v with %v, exactly %v", n, asked, i.Lo, i.Hi, i.Confidence, exact)
			}
		}
	}
}

func TestTheRanksOfTheDefaultRepetitionsAreEven(t *testing.T) {
	for n, want := range map[int][2]float64{6: {1, 6}, 12: {3, 10}} {
		xs := make([]float64, n)
		for i := range xs {
			xs[i] = float64(i + 1)
		}
		if i := Median(xs, 0.95); i.Lo != want[0] || i.Hi != want[1] {
			t.Errorf("%d values: ranks %v and %v, want %v", n, i.Lo, i.Hi, want)
		}
	}
}
