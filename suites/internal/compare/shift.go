package compare

import (
	"math"
	"slices"

	"golang.org/x/perf/benchmath"

	"github.com/logperf/logperf/suites/internal/stat"
)

// shift is how far two samples lie apart.
type shift struct {
	ratio stat.Interval // of the medians; N is 0 where there is none
	p     float64
	// few says that the samples are too small for p to get below alpha, whatever
	// they hold.
	few bool
}

// shiftOf compares two samples that are independent of each other. p is that of
// the test of Mann and Whitney, as benchstat shows it. The interval of the ratio
// belongs to the same test: where no values are equal, it leaves out 1 exactly
// where p is at most the level.
func (d *distributions) shiftOf(before, after []float64, o Options) shift {
	s := shift{p: probability(before, after, o.level())}
	k := d.rank(len(before), len(after), o.level())
	s.few = k == 0
	if slices.Min(before) <= 0 || slices.Min(after) <= 0 {
		return s
	}
	center := stat.MedianOf(after) / stat.MedianOf(before)
	s.ratio = stat.Interval{Center: center, Lo: center, Hi: center, N: min(len(before), len(after))}
	if k == 0 {
		return s
	}
	// The interval of Moses: the k-th smallest and the k-th largest of all ratios
	// (Hollander & Wolfe, Nonparametric Statistical Methods, section 4.3), taken on
	// the ratios themselves, which is the same as on logarithms. It is centred on
	// their median; that of the medians, which benchstat shows, may lie outside of
	// it by a hair, and then the interval reaches up to it.
	ratios := make([]float64, 0, len(before)*len(after))
	for _, b := range before {
		for _, a := range after {
			ratios = append(ratios, a/b)
		}
	}
	slices.Sort(ratios)
	s.ratio.Lo = min(ratios[k-1], center)
	s.ratio.Hi = max(ratios[len(ratios)-k], center)
	s.ratio.Confidence = o.Confidence
	return s
}

// probability is p of the test. Equal samples, as of counts that hardly ever change,
// are worth a case of their own: the test is dear where values are equal.
func probability(before, after []float64, level float64) float64 {
	thresholds := benchmath.DefaultThresholds
	thresholds.CompareAlpha = level
	a := benchmath.NewSample(slices.Clone(before), &thresholds)
	b := benchmath.NewSample(slices.Clone(after), &thresholds)
	if slices.Equal(a.Values, b.Values) {
		return 1
	}
	return benchmath.AssumeNothing.Compare(a, b).P
}

// distributions keeps the ranks that were computed: most rows of two runs have
// the same numbers of values.
type distributions struct{ ranks map[[3]float64]int }

// rank is the largest k with P(U < k) at most half of level, where U is the
// statistic of Mann and Whitney of samples of n and m values from the same
// distribution; 0 where there is none.
func (d *distributions) rank(n, m int, level float64) int {
	key := [3]float64{float64(n), float64(m), level}
	if k, ok := d.ranks[key]; ok {
		return k
	}
	if d.ranks == nil {
		d.ranks = map[[3]float64]int{}
	}
	tail := level / 2
	k := 0
	if n*m > mostExact {
		// The normal approximation, as benchmath takes it for large samples.
		mean, sd := float64(n*m)/2, math.Sqrt(float64(n*m*(n+m+1))/12)
		k = max(int(math.Floor(mean-math.Sqrt2*math.Erfinv(1-2*tail)*sd)), 0)
	} else {
		sum := 0.0
		for u, p := range uDistribution(n, m) {
			if sum += p; sum > tail*(1+rounding) {
				k = u
				break
			}
		}
	}
	d.ranks[key] = k
	return k
}

// rounding is by which share a probability may differ from what it is.
const rounding = 1e-9

// mostExact is up to which number of pairs the distribution is computed: what
// benchmath has as the limit for one sample of 50.
const mostExact = 50 * 50

// uDistribution is the distribution of the statistic U of samples of n and m
// values without equal ones: P(U = u) at index u. Its counts are the coefficients
// of the Gaussian binomial (n+m choose n) in q, the product of (1 - q^(m+i)) /
// (1 - q^i) over i = 1 to n (Mann & Whitney 1947; Andrews, The Theory of
// Partitions, chapter 3).
func uDistribution(n, m int) []float64 {
	p := make([]float64, n*m+1)
	p[0] = 1
	for i := 1; i <= n; i++ {
		for u := n * m; u >= m+i; u-- { // times 1 - q^(m+i)
			p[u] -= p[u-m-i]
		}
		for u := i; u <= n*m; u++ { // over 1 - q^i
			p[u] += p[u-i]
		}
		// A share of the (m+i choose i) arrangements, so that they do not grow
		// without a bound.
		scale := float64(i) / float64(m+i)
		for u := range p {
			p[u] *= scale
		}
	}
	return p
}
