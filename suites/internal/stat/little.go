package stat

import "time"

// A Look is what was seen of a system at one moment.
type Look struct {
	// At is the time since any beginning.
	At time.Duration
	// Came and Left are how many had come into the system until then, and how many
	// had left it.
	Came, Left float64
}

// leastLooks make a mean number of those within.
const leastLooks = 3

// Sojourn is how long each stays in a system on average: the mean number within
// over the rate at which they come, which is Little's law (J. D. C. Little, A Proof
// for the Queuing Formula L = lambda W, Operations Research 9 (1961)). The looks are
// in the order of time, at even distances. Who is still within at the last of them
// counts with the time so far, so that what takes longer than all looks takes longer
// than the answer.
//
// It is false where there are less than three looks, or nobody came.
func Sojourn(looks []Look) (time.Duration, bool) {
	if len(looks) < leastLooks {
		return 0, false
	}
	first, last := looks[0], looks[len(looks)-1]
	came, lasted := last.Came-first.Came, last.At-first.At
	if came <= 0 || lasted <= 0 {
		return 0, false
	}
	within := 0.0
	for _, l := range looks {
		within += max(l.Came-l.Left, 0)
	}
	return time.Duration(within / float64(len(looks)) * float64(lasted) / came), true
}
