package stat

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func near(a, b, tolerance float64) bool { return math.Abs(a-b) <= tolerance }

func TestTheIntervalOfSixValuesIsTheirRange(t *testing.T) {
	// The extremes of n values bound the median with 1 - 2^(1-n): 0.96875 for
	// six (binomial distribution; David & Nagaraja, Order Statistics, ch. 7).
	i := Median([]float64{3, 1, 2, 6, 5, 4}, 0.95)
	if i.Center != 3.5 || i.Lo != 1 || i.Hi != 6 || !near(i.Confidence, 0.96875, 1e-9) || i.N != 6 || !i.Bounded() {
		t.Errorf("%+v", i)
	}
}

func TestPublishedSample(t *testing.T) {
	y := []float64{.031, .052, .018, .047, -.006, .063, .039, .110, .025, .057, .044, .012}
	if i := Median(y, 0.95); !near(i.Center, .0415, 1e-12) {
		t.Errorf("the median is %v, published .0415", i.Center)
	}
	// Twelve values: ranks 3 and 10 bound the median with 1-2*79/4096 = .96143.
	if i := Median(y, 0.95); i.Lo != .018 || i.Hi != .057 || !near(i.Confidence, .96143, 1e-5) {
		t.Errorf("the interval is %v to %v with %v, want .018 to .057 with .96143", i.Lo, i.Hi, i.Confidence)
	}
}

func TestTooFewValuesHaveNoInterval(t *testing.T) {
	for n := range 6 {
		i := Median(make([]float64, n), 0.95)
		if i.Bounded() || i.N != n || n > 0 && len(i.Warnings) == 0 {
			t.Errorf("%d values: %+v", n, i)
		}
		if n > 0 && (i.Lo != i.Center || i.Hi != i.Center) {
			t.Errorf("%d values have the bounds %v and %v", n, i.Lo, i.Hi)
		}
	}
	if i := Median(nil, 0.95); !math.IsNaN(i.Center) {
		t.Errorf("no values have the median %v", i.Center)
	}
}

func TestMinSamples(t *testing.T) {
	// The smallest n for a significant result of an exact two-sided test of the
	// median: 6 at .05, 8 at .01, 11 at .001.
	for confidence, want := range map[float64]int{0.5: 2, 0.95: 6, 0.99: 8, 0.999: 11} {
		if got := MinSamples(confidence); got != want {
			t.Errorf("confidence %v needs %d values, want %d", confidence, got, want)
		}
	}
}

func TestQuantileIsTypeSeven(t *testing.T) {
	// quantile(c(1,2,3,4,10), c(0,.1,.25,.5,.9,1)) in R.
	xs := []float64{1, 2, 3, 4, 10}
	for q, want := range map[float64]float64{0: 1, 0.1: 1.4, 0.25: 2, 0.5: 3, 0.9: 7.6, 1: 10} {
		if got := Quantile(xs, q); !near(got, want, 1e-12) {
			t.Errorf("the %v-quantile is %v, want %v", q, got, want)
		}
	}
	if !math.IsNaN(Quantile(nil, 0.5)) {
		t.Error("nothing has a quantile")
	}
}

func values(t *rapid.T, label string, n int) []float64 {
	return rapid.SliceOfN(rapid.Float64Range(0.001, 1000), n, n).Draw(t, label)
}

func TestMedianKeepsItsProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		xs := values(t, "xs", rapid.IntRange(1, 30).Draw(t, "n"))
		before := slices.Clone(xs)
		i := Median(xs, 0.95)
		if !slices.Equal(xs, before) {
			t.Fatal("the caller's values were sorted")
		}
		if i.Lo > i.Center || i.Center > i.Hi || i.Bounded() && i.Confidence < 0.95 {
			t.Fatalf("%+v", i)
		}
		shuffled := rapid.Permutation(xs).Draw(t, "shuffled")
		if j := Median(shuffled, 0.95); j.Center != i.Center || j.Lo != i.Lo || j.Hi != i.Hi {
			t.Fatalf("another order gives %+v, not %+v", j, i)
		}
		double := slices.Clone(xs)
		for k := range double {
			double[k] *= 2
		}
		if j := Median(double, 0.95); j.Center != 2*i.Center || j.Lo != 2*i.Lo {
			t.Fatalf("twice the values give %+v, not twice %+v", j, i)
		}
	})
}

func TestMedianRatioOfSwappedSidesIsTheReciprocal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 20).Draw(t, "n")
		a, b := values(t, "a", n), values(t, "b", n)
		if product := MedianRatio(a, b) * MedianRatio(b, a); !near(product, 1, 1e-9) {
			t.Fatalf("the product is %v", product)
		}
		if r := MedianRatio(a, a); r != 1 {
			t.Fatalf("a sample against itself gives %v", r)
		}
	})
}

func TestAPairWithoutATimeIsNotLeftOut(t *testing.T) {
	if r := MedianRatio([]float64{0, 0, 1}, []float64{1, 1, 1}); r != 0 {
		t.Errorf("two of three slices without a time give %v", r)
	}
}

// TestTheIntervalCoversTheMedian draws from a heavy-tailed distribution with
// the median 1 (log-Cauchy): six values have to cover it in 96.9 % of draws.
func TestTheIntervalCoversTheMedian(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	const draws = 4000
	covered := 0
	for range draws {
		xs := make([]float64, 6)
		for i := range xs {
			xs[i] = math.Exp(0.1 * math.Tan(math.Pi*(random.Float64()-0.5)))
		}
		if i := Median(xs, 0.95); i.Lo <= 1 && 1 <= i.Hi {
			covered++
		}
	}
	// Four standard deviations of the binomial share around 0.96875.
	if share := float64(covered) / draws; !near(share, 0.96875, 0.011) {
		t.Errorf("%.4f of the intervals cover the median, want 0.969", share)
	}
}
