package stat

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func trend(t testing.TB, series []float64, confidence float64) Interval {
	t.Helper()
	i, err := TheilSen(series, confidence)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// The slopes of 1, 2, 4 ... 512 are (2^j - 2^i)/(j-i), 45 of them and all
// different, so that a rank that is off by one shows. Kendall's statistic has the
// standard deviation sqrt(10*9*25/18) = 11.18, which times z is C; the ranks of
// the bounds are (45-C)/2, rounded down, and as many from the other end (Hollander
// & Wolfe, section 9.3).
func TestTheBoundsOfATrendHaveTheRanksOfHollanderAndWolfe(t *testing.T) {
	series := make([]float64, 10)
	for i := range series {
		series[i] = math.Exp2(float64(i))
	}
	const center = 24.8 // rank 23: from 4 to 128 in five steps
	for _, c := range []struct {
		confidence float64
		lo, hi     float64
	}{
		{0.90, 28.0 / 3, 60}, // C = 18.39: ranks 13 and 33
		{0.95, 7.5, 64},      // C = 21.91: ranks 11 and 35
		{0.99, 14.0 / 3, 84}, // C = 28.80: ranks 8 and 38
	} {
		i := trend(t, series, c.confidence)
		if !near(i.Center, center, 1e-9) || !near(i.Lo, c.lo, 1e-9) || !near(i.Hi, c.hi, 1e-9) || i.N != 10 || i.Confidence != c.confidence {
			t.Errorf("%v: %+v, want %v from %v to %v", c.confidence, i, center, c.lo, c.hi)
		}
	}
}

func TestMoreConfidenceThanTheSlopesGiveIsTheirRange(t *testing.T) {
	series := []float64{0, 1, 0, 1, 0, 1, 0, 1, 0, 1}
	if i := trend(t, series, 0.999999); i.Lo != -1 || i.Hi != 1 {
		t.Errorf("%+v, want -1 to 1", i)
	}
}

func TestALineHasItsSlopeAndNoOther(t *testing.T) {
	for _, slope := range []float64{0, 3, -0.5} {
		series := make([]float64, 24)
		for i := range series {
			series[i] = 7 + slope*float64(i)
		}
		if i := trend(t, series, 0.99); i.Center != slope || i.Lo != slope || i.Hi != slope {
			t.Errorf("a line of the slope %v has the trend %+v", slope, i)
		}
	}
}

func TestAFewValuesThatStickOutDoNotMoveATrend(t *testing.T) {
	series := make([]float64, 40)
	for i := range series {
		series[i] = 2 * float64(i)
	}
	series[3], series[20], series[39] = 1e9, -1e9, 1e12
	if i := trend(t, series, 0.95); i.Center != 2 || i.Lo != 2 || i.Hi != 2 {
		t.Errorf("%+v, want 2", i)
	}
}

func TestATrendOfTooLittleIsAnError(t *testing.T) {
	for _, c := range []struct {
		n          int
		confidence float64
		want       string
	}{
		{0, 0.95, "a trend of 0 values has no interval: want at least 10"},
		{9, 0.95, "a trend of 9 values has no interval: want at least 10"},
		{10, 0, "the confidence is 0: want more than 0 and less than 1"},
		{10, 1, "the confidence is 1: want"},
		{10, -0.5, "the confidence is -0.5: want"},
		{10, math.NaN(), "the confidence is NaN: want"},
	} {
		if i, err := TheilSen(make([]float64, c.n), c.confidence); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%d values at %v: %+v, %v: want %q", c.n, c.confidence, i, err, c.want)
		}
	}
}

func TestATrendKeepsItsProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// Whole numbers, so that shifting and scaling by a power of two are exact.
		whole := rapid.SliceOfN(rapid.IntRange(-1000, 1000), 10, 30).Draw(t, "series")
		series := make([]float64, len(whole))
		shifted, scaled, reversed := slices.Clone(series), slices.Clone(series), slices.Clone(series)
		for i, v := range whole {
			series[i] = float64(v)
			shifted[i] = series[i] + 512
			scaled[i] = series[i] * 4
			reversed[len(series)-1-i] = series[i]
		}
		before := slices.Clone(series)
		confidence := rapid.SampledFrom([]float64{0.5, 0.95, 0.999}).Draw(t, "confidence")
		of := func(series []float64) Interval {
			i, err := TheilSen(series, confidence)
			if err != nil {
				t.Fatal(err)
			}
			return i
		}
		i := of(series)
		if !slices.Equal(series, before) {
			t.Fatal("the caller's series was changed")
		}
		if i.Lo > i.Center || i.Center > i.Hi {
			t.Fatalf("the centre lies outside of %+v", i)
		}
		if j := of(shifted); j.Center != i.Center || j.Lo != i.Lo || j.Hi != i.Hi {
			t.Fatalf("the shifted series has %+v, not %+v", j, i)
		}
		if j := of(scaled); j.Center != 4*i.Center || j.Lo != 4*i.Lo || j.Hi != 4*i.Hi {
			t.Fatalf("four times the series has %+v, not four times %+v", j, i)
		}
		if j := of(reversed); !near(j.Center, -i.Center, 1e-9) || j.Lo != -i.Hi || j.Hi != -i.Lo {
			t.Fatalf("the reversed series has %+v, not the opposite of %+v", j, i)
		}
	})
}

// The trend of white noise is 0, and the interval has to hold it as often as its
// confidence says.
func TestTheIntervalCoversTheTrendOfNoise(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	const draws = 2000
	for _, n := range []int{10, 30} {
		for _, confidence := range []float64{0.90, 0.95, 0.99} {
			covered := 0
			for range draws {
				series := make([]float64, n)
				for i := range series {
					series[i] = random.NormFloat64()
				}
				if i := trend(t, series, confidence); i.Lo <= 0 && 0 <= i.Hi {
					covered++
				}
			}
			if share := float64(covered) / draws; share < confidence-0.02 {
				t.Errorf("%.4f of the intervals of %d values cover no trend, want %v", share, n, confidence)
			}
		}
	}
}
