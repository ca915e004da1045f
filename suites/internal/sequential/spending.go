package sequential

// spending says which share of an error each look may spend. Each share is used as
// it is, so that the sum over the looks bounds the error by the union bound. The
// exact joint distribution of the looks would win little, and needs a model of the noise.
type spending struct {
	// slower and pass rise linearly with the pairs (Kim & DeMets 1987, rho = 1),
	// the one from the first look that may find a slowdown. O'Brien & Fleming's
	// boundaries leave next to nothing for early looks, so that unchanged scenarios
	// would not pass early; Pocock's waste what late looks need.
	slower, pass []float64
	// faster spends half at the first look, where what became faster passes and is
	// seen for the last time. Linear spending could not call it faster there once
	// the family has 52 hypotheses: 12 pairs reach no level below 2^-12.
	faster []float64
}

func newSpending(looks []int) spending {
	s := spending{
		slower: linear(looks, firstSlower),
		pass:   linear(looks, 0),
		faster: make([]float64, len(looks)),
	}
	first, most := looks[0], looks[len(looks)-1]
	s.faster[0] = 1
	for k := 1; k < len(looks); k++ {
		s.faster[0] = 0.5
		s.faster[k] = 0.5 * float64(looks[k]-looks[k-1]) / float64(most-first)
	}
	return s
}

// linear gives each look from from pairs on its part of the pairs.
func linear(looks []int, from int) []float64 {
	shares := make([]float64, len(looks))
	before := 0
	for k, n := range looks {
		if n < from {
			continue
		}
		shares[k] = float64(n-before) / float64(looks[len(looks)-1])
		before = n
	}
	return shares
}
