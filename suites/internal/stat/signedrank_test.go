package stat

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// published is the sample that the reference values of this file are of.
func published() []float64 {
	return []float64{.031, .052, .018, .047, -.006, .063, .039, .110, .025, .057, .044, .012}
}

// The tails of n = 5, 8, 10 and 12 stand in Hollander & Wolfe, table A.4; the
// others were computed apart from this code.
func TestTheSignedRankHasThePublishedTails(t *testing.T) {
	for _, c := range []struct {
		n, w int
		want float64
	}{
		{5, 15, .03125},
		{8, 36, .00390625},
		{10, 50, .00976562},
		{12, 65, .0212402},
		{16, 120, .00257874},
		{24, 250, .00157154},
		{64, 1500, .000894323},
		{12, 0, 1},
		{12, 79, 0},
		{0, 0, 1},
	} {
		if got := NewSignedRank(c.n).AtLeast(c.w); !near(got, c.want, 1e-5*c.want) {
			t.Errorf("n=%d: P(W >= %d) is %v, want %v", c.n, c.w, got, c.want)
		}
	}
}

func TestTheSignedRankHasThePublishedCriticalValues(t *testing.T) {
	for _, c := range []struct {
		n     int
		level float64
		want  int
	}{
		{12, .025, 14},
		{12, .05, 18},
		{12, .01, 10},
		{12, .001, 3},
		{16, .025, 30},
		{24, .025, 82},
		{32, .025, 160},
		{48, .025, 397},
		{64, .025, 748},
		{16, .05, 36},
		{5, .025, 0},    // 1/32 is the least that five values reach
		{5, 1. / 32, 1}, // and they reach it
		{12, 0, 0},
		{12, -1, 0},
		{12, math.NaN(), 0},
		{12, 1, 78}, // no more than there are averages
		{0, .05, 0},
	} {
		if got := NewSignedRank(c.n).Critical(c.level); got != c.want {
			t.Errorf("C(%d, %v) is %d, want %d", c.n, c.level, got, c.want)
		}
	}
}

// Every subset of the ranks is as likely as any other: for few values they can be
// counted.
func TestTheRecursionCountsTheSubsetsOfTheRanks(t *testing.T) {
	for n := range 13 {
		counts := make([]int, n*(n+1)/2+1)
		for subset := range uint(1) << n {
			w := 0
			for rest := subset; rest != 0; rest &= rest - 1 {
				w += bits.TrailingZeros(rest) + 1
			}
			counts[w]++
		}
		d := NewSignedRank(n)
		if d.N() != n {
			t.Errorf("the distribution of %d values is of %d", n, d.N())
		}
		above := 0
		for w := len(counts) - 1; w >= 0; w-- {
			above += counts[w]
			if want := float64(above) / float64(uint(1)<<n); d.AtLeast(w) != want {
				t.Errorf("n=%d: P(W >= %d) is %v, want %v", n, w, d.AtLeast(w), want)
			}
		}
	}
}

func TestTheSignedRankOfManyValuesIsComplete(t *testing.T) {
	d := NewSignedRank(128)
	if total := d.below[len(d.below)-1]; !near(total, 1, 1e-12) {
		t.Errorf("all probabilities add up to %v", total)
	}
	// The normal approximation is good near the middle: W has the mean n(n+1)/4 and
	// the variance n(n+1)(2n+1)/24.
	w := 128*129/4 + int(math.Sqrt(128*129*257/24.))
	if got := d.AtLeast(w); !near(got, 0.1587, 0.002) {
		t.Errorf("one standard deviation above the mean lies %v, want about .1587", got)
	}
}

func TestThePublishedSampleHasItsSignedRankFigures(t *testing.T) {
	w, d := WalshAverages(published()), NewSignedRank(12)
	if len(w) != 78 || !near(w.Center(), .0390, 1e-12) {
		t.Errorf("the centre of %d averages is %v, want .0390 of 78", len(w), w.Center())
	}
	for level, want := range map[float64][2]float64{
		.025: {.0215, .0575}, .05: {.0255, .0535}, .01: {.0185, .0640}, .001: {.0060, .0835},
	} {
		c := d.Critical(level)
		if lo, hi := w.Lower(c), w.Upper(c); !near(lo, want[0], 1e-12) || !near(hi, want[1], 1e-12) {
			t.Errorf("the bounds at %v are %v and %v, want %v", level, lo, hi, want)
		}
	}
	if p := d.Greater(w, 0); p != 2./4096 {
		t.Errorf("the p-value against at most 0 is %v, want 2/4096", p)
	}
	if p := d.Less(w, math.Log(1.04)); !near(p, .4848633, 1e-7) {
		t.Errorf("the p-value against at least 4 %% is %v, want .4848633", p)
	}
}

func TestWithoutACriticalValueThereIsNoBound(t *testing.T) {
	w := WalshAverages([]float64{1, 2})
	if lo, hi := w.Lower(0), w.Upper(0); !math.IsInf(lo, -1) || !math.IsInf(hi, 1) {
		t.Errorf("the bounds are %v and %v, want none", lo, hi)
	}
	if center := WalshAverages(nil).Center(); !math.IsNaN(center) {
		t.Errorf("nothing has the centre %v", center)
	}
}

// sample draws whole numbers, so that sums and shifts are exact and ties occur.
func sample(t *rapid.T, most int) []float64 {
	whole := rapid.SliceOfN(rapid.IntRange(-200, 200), 1, most).Draw(t, "y")
	y := make([]float64, len(whole))
	for i, v := range whole {
		y[i] = float64(v)
	}
	return y
}

func TestSignedRankBoundsKeepTheirProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		y := sample(t, 40)
		before := slices.Clone(y)
		d, w := NewSignedRank(len(y)), WalshAverages(y)
		if !slices.Equal(y, before) {
			t.Fatal("the caller's values were sorted")
		}
		c := d.Critical(rapid.Float64Range(0, 0.49).Draw(t, "level"))
		if w.Lower(c) > w.Center() || w.Upper(c) < w.Center() {
			t.Fatalf("the centre %v lies outside of %v to %v", w.Center(), w.Lower(c), w.Upper(c))
		}
		if shuffled := WalshAverages(rapid.Permutation(y).Draw(t, "shuffled")); !slices.Equal(shuffled, w) {
			t.Fatal("another order gives other averages")
		}
		opposite, shifted, raised := slices.Clone(y), slices.Clone(y), slices.Clone(y)
		for i := range y {
			opposite[i] = -y[i]
			shifted[i] += 64
		}
		raised[rapid.IntRange(0, len(y)-1).Draw(t, "which")] += rapid.Float64Range(0, 1000).Draw(t, "by")
		if o := WalshAverages(opposite); o.Center() != -w.Center() || o.Lower(c) != -w.Upper(c) || o.Upper(c) != -w.Lower(c) {
			t.Fatal("the opposite values have other bounds than the opposite")
		}
		if s := WalshAverages(shifted); s.Center() != w.Center()+64 || s.Lower(c) != w.Lower(c)+64 {
			t.Fatal("shifted values have other bounds than the shifted")
		}
		if r := WalshAverages(raised); r.Center() < w.Center() || r.Lower(c) < w.Lower(c) || r.Upper(c) < w.Upper(c) {
			t.Fatal("a larger value makes a figure smaller")
		}
	})
}

func TestPValuesAndBoundsSayTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		y := sample(t, 30)
		d, w := NewSignedRank(len(y)), WalshAverages(y)
		level := rapid.Float64Range(1e-9, 0.49).Draw(t, "level")
		shift := float64(rapid.IntRange(-400, 400).Draw(t, "shift")) / 2 // also just on an average
		c := d.Critical(level)
		if p := d.Greater(w, shift); p <= level != (w.Lower(c) > shift) {
			t.Fatalf("p %v at %v, but the lower bound %v and %v", p, level, w.Lower(c), shift)
		}
		if p := d.Less(w, shift); p <= level != (w.Upper(c) < shift) {
			t.Fatalf("p %v at %v, but the upper bound %v and %v", p, level, w.Upper(c), shift)
		}
	})
}

// The bounds have to cover the centre as often as the exact distribution says, for
// whatever is symmetric: here with t tails of 2 degrees of freedom, which have no
// variance, and where each fifth value is a burst to either side.
func TestSignedRankBoundsCoverTheCentre(t *testing.T) {
	const draws, center = 4000, 0.03
	random := rand.New(rand.NewPCG(5, 6))
	sign := func() float64 { return float64(2*random.IntN(2) - 1) }
	for name, noise := range map[string]func() float64{
		"t2": func() float64 {
			return 0.04 * random.NormFloat64() / math.Sqrt(random.ExpFloat64())
		},
		"bursts": func() float64 {
			y := 0.03 * random.NormFloat64()
			if random.IntN(5) == 0 {
				y += sign() * (0.1 + 0.3*random.Float64())
			}
			return y
		},
	} {
		for _, n := range []int{12, 16, 32} {
			d := NewSignedRank(n)
			c := d.Critical(0.05)
			misses := [2]int{}
			for range draws {
				y := make([]float64, n)
				for i := range y {
					y[i] = center + noise()
				}
				w := WalshAverages(y)
				if w.Lower(c) > center {
					misses[0]++
				}
				if w.Upper(c) < center {
					misses[1]++
				}
			}
			want := d.below[c]
			for _, m := range misses {
				// Four standard deviations of the binomial share.
				if share := float64(m) / draws; !near(share, want, 4*math.Sqrt(want/draws)) {
					t.Errorf("%s, n=%d: %.4f of the bounds miss, want %.4f", name, n, share, want)
				}
			}
		}
	}
}

func TestWhatEqualsTheCentreSpeaksForNothing(t *testing.T) {
	d, w := NewSignedRank(3), WalshAverages([]float64{2, 2, 2})
	if greater, less := d.Greater(w, 2), d.Less(w, 2); greater != 1 || less != 1 {
		t.Errorf("the p-values are %v and %v, want 1", greater, less)
	}
}
