package stat

import "math"

// NormalQuantile is the value below which a standard normal variable lies with
// probability p, 0 < p < 1. It is accurate in the lower tail: for p near 1 take
// the opposite of the quantile of 1-p.
func NormalQuantile(p float64) float64 {
	return -math.Sqrt2 * math.Erfcinv(2*p)
}

// StandardError is that of the centre, read off its interval of 95 %, which is
// 3.92 standard errors wide. Infinite where d has no such interval, for fewer than
// six values.
func (w Walsh) StandardError(d SignedRank) float64 {
	c := d.Critical(0.025)
	if c == 0 {
		return math.Inf(1)
	}
	return (w.Upper(c) - w.Lower(c)) / (2 * 1.96)
}

// SmallestDetectable is the smallest slowdown, as a share, that a one-sided test
// at level finds significant with a probability of 95 % once there are most values
// as noisy as the n of w, which are log ratios. It is
//
//	exp((z(1-level) + z(0.95)) s sqrt(n/most)) - 1
//
// with the standard error s of the centre of the n. Infinite for fewer than six
// values.
func SmallestDetectable(w Walsh, d SignedRank, level float64, most int) float64 {
	if d.N() == 0 {
		return math.Inf(1)
	}
	z := -NormalQuantile(level) - NormalQuantile(0.05)
	return math.Expm1(z * w.StandardError(d) * math.Sqrt(float64(d.N())/float64(most)))
}
