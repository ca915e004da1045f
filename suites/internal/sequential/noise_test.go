package sequential

import (
	"math"
	"math/rand/v2"
)

// machine is what all scenarios of a run share: it changes from pair to pair.
type machine struct {
	*rand.Rand
	drift float64 // a log ratio, autocorrelated with 0.9
	swing float64 // the logarithm of how much noisier the moment is, with 0.97
}

func newMachine(seed, run uint64) *machine {
	m := &machine{Rand: rand.New(rand.NewPCG(seed, run))}
	m.drift, m.swing = m.NormFloat64(), m.NormFloat64()
	return m
}

func (m *machine) advance() {
	m.drift = 0.9*m.drift + math.Sqrt(1-0.9*0.9)*m.NormFloat64()
	m.swing = 0.97*m.swing + math.Sqrt(1-0.97*0.97)*m.NormFloat64()
}

// pass advances by some pairs at once.
func (m *machine) pass(pairs float64) {
	drift, swing := math.Pow(0.9, pairs), math.Pow(0.97, pairs)
	m.drift = drift*m.drift + math.Sqrt(1-drift*drift)*m.NormFloat64()
	m.swing = swing*m.swing + math.Sqrt(1-swing*swing)*m.NormFloat64()
}

// skewed has the mean 0, the standard deviation 1 and the skewness 2, as the times
// of links of one source have: most are near the best, a few are much slower.
func (m *machine) skewed() float64 { return m.ExpFloat64() - 1 }

// layout is the difference that a fresh link on either side makes.
func (m *machine) layout(base, head float64) float64 {
	return head*m.skewed() - base*m.skewed()
}

// t5 is Student's t of 5 degrees of freedom, scaled to the standard deviation 1:
// its kurtosis is 9.
func (m *machine) t5() float64 {
	z := m.NormFloat64()
	square := 2*(m.ExpFloat64()+m.ExpFloat64()) + z*z
	return m.NormFloat64() / math.Sqrt(square/5) * math.Sqrt(3./5)
}

func (m *machine) burst() float64 { return 0.1 + 0.3*m.Float64() }

// noise is what the log ratio of a pair without a change is.
type noise struct {
	name string
	pair func(m *machine, scenario int) float64
}

func zerologLike(m *machine, _ int) float64 {
	return m.layout(.0247, .0247) + .006*m.NormFloat64()
}

func slogLike(m *machine, _ int) float64 {
	return m.layout(.0078, .0078) + .009*m.NormFloat64()
}

func producersLike(m *machine, _ int) float64 {
	return m.layout(.0099, .0099) + .03*m.NormFloat64()
}

// The next three have the spreads that pairs on a shared machine of two cores had.

func zerologMeasured(m *machine, _ int) float64 {
	return m.layout(.029, .025) + .0165*m.NormFloat64()
}

func slogMeasured(m *machine, _ int) float64 {
	return m.layout(.010, .012) + .012*m.NormFloat64()
}

func producersMeasured(m *machine, _ int) float64 {
	return m.layout(.020, .026) + .039*math.Exp(.2*m.swing)*m.t5()
}

// Indices of noises that tests treat apart.
const (
	mixed      = 6
	busy       = 7
	headBursts = 9
	drift      = 10
)

// noises are the rows of the table that is published.
func noises() []noise {
	kinds := []func(*machine, int) float64{zerologMeasured, slogMeasured, producersMeasured}
	return []noise{
		{"zerolog-like: 3.5 % skewed layout, 0.6 %", zerologLike},
		{"slog-like: 1.1 % skewed layout, 0.9 %", slogLike},
		{"producer-worker-like: 1.4 % skewed layout, 3 %", producersLike},
		{"zerolog, spreads as measured: layouts 2.9 and 2.5 %, 1.65 %", zerologMeasured},
		{"slog, spreads as measured: layouts 1.0 and 1.2 %, 1.2 %", slogMeasured},
		{"producers and worker, spreads as measured: layouts 2.0 and 2.6 %, 3.9 % with t tails, swinging", producersMeasured},
		{"the three before, ten scenarios each", func(m *machine, s int) float64 { return kinds[s%3](m, s) }},
		{"busy machine: producers and worker, twice as wide", func(m *machine, s int) float64 { return 2 * producersMeasured(m, s) }},
		{"producer-worker-like, bursts of 10-40 % in 8 % of pairs, either arm", func(m *machine, s int) float64 {
			y := producersLike(m, s)
			if m.Float64() < .08 {
				y += m.burst() * float64(2*m.IntN(2)-1)
			}
			return y
		}},
		{"normal 3.5 %, bursts of 10-40 % in 5 % of pairs, always the head", func(m *machine, _ int) float64 {
			y := .035 * m.NormFloat64()
			if m.Float64() < .05 {
				y += m.burst()
			}
			return y
		}},
		{"slog-like, drift of 2.5 % (AR 0.9)", func(m *machine, s int) float64 { return slogLike(m, s) + .025*m.drift }},
	}
}
