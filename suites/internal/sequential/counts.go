package sequential

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/stat"
)

// CountOptions are the errors that the decision on counts may make.
type CountOptions struct {
	// Alpha and Beta are as in Options.
	Alpha, Beta float64
	// Size is the number of all hypotheses that share Alpha, timed and counted.
	// Default: the counted ones.
	Size int
}

// Counts decides from counted instructions. Counts of a Go program repeat within
// some 0.4 % only, because maps, scheduler and collector draw and wait. So each arm is
// counted 3, then 6, then 12 times, each time with another link, and the
// difference of the mean logarithms is held against a normal distribution whose
// variance is the larger of the scenario's own and that of all scenarios together:
// an own variance of three counts is now and then far too small, and an estimate of all
// alone would hide a scenario that is noisier.
//
// Each hypothesis keeps its part of Alpha, Alpha/Size (Bonferroni), spent by the looks in
// proportion to the counts, as in Procedure. It belongs to one goroutine.
type Counts struct {
	options   CountOptions
	looks     []int
	shares    []float64
	scenarios []*counted
	look      int
}

// counted is what is known of one hypothesis. Its figures are logarithms.
type counted struct {
	Hypothesis
	limit        float64
	base, head   []float64
	decided      bool
	outcome      result.Outcome
	why          string
	lower, upper float64
	smallest     float64
}

// NewCounts makes the decision for hypotheses of one metric, each of another
// scenario. The error tells every fault of the arguments.
func NewCounts(options CountOptions, hypotheses []Hypothesis) (*Counts, error) {
	o := Options{Alpha: options.Alpha, Beta: options.Beta}.withDefaults()
	options.Alpha, options.Beta = o.Alpha, o.Beta
	options.Size = cmp.Or(options.Size, len(hypotheses))
	c := &Counts{options: options, looks: []int{3, 6, 12}}
	c.shares = linear(c.looks, 0)
	faults := []error{o.validate(), validate(hypotheses)}
	if options.Size < len(hypotheses) {
		faults = append(faults, fmt.Errorf("Size is %d: want at least the %d hypotheses", options.Size, len(hypotheses)))
	}
	for _, h := range hypotheses {
		if c.scenario(h.Scenario) != nil {
			faults = append(faults, fmt.Errorf("%s is counted twice: want each scenario once", h.Scenario))
		}
		c.scenarios = append(c.scenarios, &counted{
			Hypothesis: h, limit: math.Log1p(h.Limit), lower: math.Inf(-1), upper: math.Inf(1), smallest: math.Inf(1),
			outcome: result.Inconclusive, why: "it is not decided yet",
		})
	}
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("decision on counts: %w", err)
	}
	return c, nil
}

func (c *Counts) scenario(name string) *counted {
	i := slices.IndexFunc(c.scenarios, func(s *counted) bool { return s.Scenario == name })
	if i < 0 {
		return nil
	}
	return c.scenarios[i]
}

// Wants lists the scenarios that lack counts: Pairs is the number for each arm.
func (c *Counts) Wants() []Want {
	var wants []Want
	for _, s := range c.scenarios {
		if n := c.target(s); len(s.base) < n {
			wants = append(wants, Want{Scenario: s.Scenario, Have: len(s.base), Pairs: n})
		}
	}
	return wants
}

func (c *Counts) target(s *counted) int {
	if s.decided || c.look == len(c.looks) {
		return 0
	}
	return c.looks[c.look]
}

// Add gives one count for each arm, in instructions an operation, of links that
// were not counted before. What is not wanted is an error; so is what is not above 0
// and finite, and then the scenario is INCONCLUSIVE.
func (c *Counts) Add(name string, base, head float64) error {
	s := c.scenario(name)
	if s == nil {
		return fmt.Errorf("counts of %s, which is not in the family", name)
	}
	if len(s.base) >= c.target(s) {
		return fmt.Errorf("%s has %d counts of each arm and wants no more: a further one would move a look", name, len(s.base))
	}
	for _, count := range []float64{base, head} {
		if !(count > 0) || math.IsInf(count, 1) {
			err := fmt.Errorf("count %d of %s is %v: want more than 0", len(s.base)+1, name, count)
			c.Lose(name, err.Error())
			return err
		}
	}
	s.base = append(s.base, math.Log(base))
	s.head = append(s.head, math.Log(head))
	return nil
}

// Lose gives up a scenario that cannot be counted: INCONCLUSIVE, for that reason,
// unless it is decided.
func (c *Counts) Lose(name, why string) {
	if s := c.scenario(name); s != nil && !s.decided {
		s.decided, s.why = true, why
	}
}

// Stop ends all: what is not decided is INCONCLUSIVE.
func (c *Counts) Stop() {
	for _, s := range c.scenarios {
		c.Lose(s.Scenario, "time was up before the counts allowed a decision")
	}
	c.look = len(c.looks)
}

// Look decides what the counts allow, once every scenario has what it Wants, and
// does nothing before. It reports whether all is decided.
func (c *Counts) Look() bool {
	if c.look == len(c.looks) {
		return true
	}
	if len(c.Wants()) > 0 {
		return false
	}
	common := c.commonVariance()
	remain := false
	for _, s := range c.scenarios {
		if !s.decided {
			c.decide(s, math.Max(common, s.variance()))
			remain = remain || !s.decided
		}
	}
	if c.look++; !remain {
		c.look = len(c.looks)
	}
	return c.look == len(c.looks)
}

// decide is the look of one scenario with the variance of one count.
func (c *Counts) decide(s *counted, variance float64) {
	last := len(c.looks) - 1
	spread := math.Sqrt(2 * variance / float64(len(s.base)))
	alpha := c.options.Alpha / float64(c.options.Size)
	center := s.center()
	// The normal quantile is taken in the lower tail, where it is accurate.
	s.lower = center + stat.NormalQuantile(c.shares[c.look]*alpha)*spread
	s.upper = center - stat.NormalQuantile(c.shares[c.look]*c.options.Beta)*spread
	z := -stat.NormalQuantile(c.shares[last]*alpha) - stat.NormalQuantile(0.05)
	s.smallest = math.Expm1(z * math.Sqrt(2*variance/float64(c.looks[last])))
	switch {
	case center >= s.limit && s.lower >= 0:
		s.decided, s.outcome, s.why = true, result.Fail, ""
	case s.upper < s.limit:
		s.decided, s.outcome, s.why = true, result.Pass, ""
	case c.look == last:
		s.decided, s.why = true, "the counts allow no decision: they vary too much, or the slowdown is close to the limit"
	}
}

// commonVariance is that of one count, pooled over both arms of all scenarios.
func (c *Counts) commonVariance() float64 {
	squares, freedom := 0.0, 0
	for _, s := range c.scenarios {
		squares += squaresAbout(s.base) + squaresAbout(s.head)
		freedom += max(0, 2*(len(s.base)-1))
	}
	if freedom == 0 {
		return 0
	}
	return squares / float64(freedom)
}

// variance is that of one count of the scenario, pooled over its two arms.
func (s *counted) variance() float64 {
	return (squaresAbout(s.base) + squaresAbout(s.head)) / float64(2*(len(s.base)-1))
}

func (s *counted) center() float64 { return mean(s.head) - mean(s.base) }

func mean(xs []float64) float64 {
	sum := 0.0
	for _, x := range xs {
		sum += x
	}
	return sum / float64(len(xs))
}

// squaresAbout is the sum of the squared distances from the mean.
func squaresAbout(xs []float64) float64 {
	m, sum := mean(xs), 0.0
	for _, x := range xs {
		sum += (x - m) * (x - m)
	}
	return sum
}

// Decisions tells of each scenario, in the order in which they were given. Pairs is
// the number of counts of each arm.
func (c *Counts) Decisions() []Decision {
	decisions := make([]Decision, len(c.scenarios))
	for i, s := range c.scenarios {
		decisions[i] = Decision{
			Hypothesis: s.Hypothesis, Outcome: s.outcome, Why: s.why,
			Estimate: math.Exp(s.center()), Lower: math.Exp(s.lower), Upper: math.Exp(s.upper),
			Pairs: len(s.base), Smallest: s.smallest, Slower: s.lower > 0,
			// The mirror image: as far above the estimate as lower is below.
			Faster: 2*s.center()-s.lower < 0,
		}
	}
	return decisions
}
