package stat

import "sort"

// SignedRank is the distribution of Wilcoxon's signed-rank statistic W of n
// values that are symmetric about 0: the sum of the ranks, by absolute value, of
// those above 0. Each rank counts or not with probability 1/2, whatever the
// distribution of the values, and that makes the levels exact (Hollander & Wolfe,
// Nonparametric Statistical Methods, ch. 3). The normal approximation is not
// used: it is wrong where the gate needs it, at levels below 0.001 and few values.
//
// It is not written to after NewSignedRank: goroutines may share one.
type SignedRank struct {
	n int
	// below[c] is P(W < c) for c from 0 to one more than the largest W.
	below []float64
}

// NewSignedRank computes the distribution for n values, 0 <= n <= 1000, by the
// recursion over ranks: rank r is added to W or not. It takes n^3/6 steps, some
// 50 microseconds for 64 values, so keep it.
func NewSignedRank(n int) SignedRank {
	most := n * (n + 1) / 2
	p := make([]float64, most+1)
	p[0] = 1
	for rank := 1; rank <= n; rank++ {
		// Downwards: what is rank lower is still that of the ranks before.
		for w := rank * (rank + 1) / 2; w >= 0; w-- {
			if w >= rank {
				p[w] += p[w-rank]
			}
			p[w] /= 2
		}
	}
	below := make([]float64, most+2)
	for w, share := range p {
		below[w+1] = below[w] + share
	}
	return SignedRank{n: n, below: below}
}

// N is the number of values.
func (d SignedRank) N() int { return d.n }

// most is the largest W, which is also the number of Walsh averages.
func (d SignedRank) most() int { return d.n * (d.n + 1) / 2 }

// AtLeast is P(W >= w). W is symmetric, so it is summed from the small end, where
// nothing cancels.
func (d SignedRank) AtLeast(w int) float64 {
	switch {
	case w <= 0:
		return 1
	case w > d.most():
		return 0
	}
	return d.below[d.most()-w+1]
}

// Critical is the largest c with P(W <= c-1) <= level: the rank, from either end,
// of the Walsh average that bounds the centre with that one-sided error. It is 0,
// no bound, where n values cannot reach the level: they need log2(1/level).
func (d SignedRank) Critical(level float64) int {
	if !(level > 0) {
		return 0
	}
	above := sort.Search(len(d.below), func(c int) bool { return d.below[c] > level })
	return min(above-1, d.most())
}

// Greater is the exact p-value against a centre of at most shift: the chance of
// as many Walsh averages above it. It is at most level exactly where
// w.Lower(d.Critical(level)) > shift. An average that equals shift counts against
// the finding. w has to be of as many values as d.
func (d SignedRank) Greater(w Walsh, shift float64) float64 {
	return d.AtLeast(len(w) - sort.Search(len(w), func(i int) bool { return w[i] > shift }))
}

// Less is the exact p-value against a centre of at least shift.
func (d SignedRank) Less(w Walsh, shift float64) float64 {
	return d.AtLeast(sort.SearchFloat64s(w, shift))
}
