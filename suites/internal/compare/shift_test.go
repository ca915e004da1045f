package compare

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestTheDistributionOfUIsThatOfTheTables(t *testing.T) {
	// P(U <= u) of n and m values: Mann & Whitney 1947, table I, and the critical
	// values at 0.05, two-sided, of any table of U.
	for _, c := range []struct {
		n, m, u int
		want    float64
	}{{3, 3, 0, 0.05}, {3, 3, 1, 0.1}, {4, 4, 0, 1.0 / 70}, {4, 4, 1, 2.0 / 70}, {4, 4, 3, 7.0 / 70}, {2, 5, 2, 4.0 / 21}} {
		sum := 0.0
		for _, p := range uDistribution(c.n, c.m)[:c.u+1] {
			sum += p
		}
		if math.Abs(sum-c.want) > 1e-12 {
			t.Errorf("P(U <= %d) of %d and %d values is %v, want %v", c.u, c.n, c.m, sum, c.want)
		}
	}
	var d distributions
	// rank is the critical value and 1; without a critical value it is 0.
	for _, c := range []struct{ n, m, want int }{{3, 3, 0}, {4, 4, 1}, {3, 5, 1}, {5, 5, 3}, {6, 6, 6}, {8, 8, 14}, {10, 10, 24}, {12, 12, 38}, {20, 20, 128}, {6, 12, 15}, {1, 6, 0}} {
		if got := d.rank(c.n, c.m, 0.05); got != c.want {
			t.Errorf("the rank of %d and %d values is %d, want %d", c.n, c.m, got, c.want)
		}
	}
}

func TestTheDistributionOfUIsOne(t *testing.T) {
	for _, c := range [][2]int{{1, 1}, {6, 6}, {12, 6}, {50, 50}, {1, 50}} {
		sum, least := 0.0, 1.0
		for _, p := range uDistribution(c[0], c[1]) {
			sum += p
			least = min(least, p)
		}
		if math.Abs(sum-1) > 1e-9 || least < -1e-12 {
			t.Errorf("%v: the sum is %v, the least %v", c, sum, least)
		}
	}
}

// TestTheRankIsNearlyThatOfTheApproximation where the one takes over from the
// other.
func TestTheRankIsNearlyThatOfTheApproximation(t *testing.T) {
	var exact, normal distributions
	a, b := exact.rank(50, 50, 0.05), normal.rank(50, 51, 0.05)
	if a < 960 || a > 970 || b < a || b > a+40 {
		t.Errorf("%d of 50 and 50 values, %d of 50 and 51", a, b)
	}
}

// TestTheIntervalBelongsToTheTest: it leaves out 1 where p is small enough, and
// not else.
func TestTheIntervalBelongsToTheTest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfNDistinct(rapid.Float64Range(1, 2), 4, 24, rapid.ID[float64]).Draw(t, "values")
		split := rapid.IntRange(2, min(12, len(values)-2)).Draw(t, "split")
		before, after := values[:split], values[split:]
		o := Options{Confidence: rapid.SampledFrom([]float64{0.9, 0.95, 0.99}).Draw(t, "confidence")}
		var d distributions
		s := d.shiftOf(before, after, o)
		// The ratio of the medians may lie on the other side, and the interval
		// reaches up to it.
		center := s.ratio.Center
		outside := s.ratio.Bounded() && (s.ratio.Lo > 1 || s.ratio.Hi < 1)
		certain := s.p <= o.level()*(1+rounding)
		if outside && !certain || certain && !outside && s.ratio.Lo < center && center < s.ratio.Hi {
			t.Fatalf("p is %v, the interval %+v", s.p, s.ratio)
		}
		if s.few != (s.ratio.Confidence == 0) || s.few && certain {
			t.Fatalf("few is %v, p is %v, the interval %+v", s.few, s.p, s.ratio)
		}
		back := d.shiftOf(after, before, o)
		if math.Abs(back.p-s.p) > 1e-9 || math.Abs(back.ratio.Lo*s.ratio.Hi-1) > 1e-9 || math.Abs(back.ratio.Hi*s.ratio.Lo-1) > 1e-9 {
			t.Fatalf("swapped it is %+v, want the reciprocal of %+v", back, s)
		}
	})
}
