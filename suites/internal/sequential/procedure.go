package sequential

import (
	"fmt"
	"math"
	"slices"

	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/stat"
)

// Procedure decides a family of hypotheses. Whoever measures asks what it Wants,
// Adds pairs, and calls Look, until that returns true:
//
//	for !p.Look() {
//		for _, want := range shuffled(p.Wants()) { // one pair of each in turn
//			p.Add(want.Scenario, measure(want.Scenario))
//		}
//	}
//
// One pair of each scenario in turn, never all pairs of one in a row: a machine
// that drifts would shift all of them the same way. It belongs to one goroutine.
type Procedure struct {
	options   Options
	spend     spending
	scenarios []*scenario
	// hypotheses of all scenarios, in the order in which they were given.
	hypotheses []*hypothesis
	// slower and faster count the hypotheses found to be so: Holm's procedure does
	// not count them any more.
	slower, faster int
	phase          phase
	look           int // index into options.Looks
	distributions  map[int]stat.SignedRank
}

type phase int

const (
	looking    phase = iota // at the planned numbers of pairs
	confirming              // candidates, by pairs that came after all looks
	ending                  // what was not confirmed, once, at the last look's number
	done
)

// scenario holds what the hypotheses of a scenario share.
type scenario struct {
	name       string
	hypotheses []*hypothesis
	pairs      int
	// before is the number of pairs before those that confirm.
	before int
}

// Want is what a scenario needs before the procedure can go on.
type Want struct {
	Scenario string
	// Have is the number of pairs that it has, Pairs how many it should have.
	Have, Pairs int
	// Confirm says that the pairs are to confirm a slowdown.
	Confirm bool
}

// New makes a procedure for a family that is complete: to add a hypothesis later
// would change the levels of all others. The error tells every fault of the
// arguments.
func New(options Options, hypotheses []Hypothesis) (*Procedure, error) {
	options = options.withDefaults()
	if err := options.validate(); err != nil {
		return nil, fmt.Errorf("options of a sequential procedure: %w", err)
	}
	if err := validate(hypotheses); err != nil {
		return nil, fmt.Errorf("hypotheses of a sequential procedure: %w", err)
	}
	p := &Procedure{
		options: options, spend: newSpending(options.Looks), distributions: map[int]stat.SignedRank{},
	}
	for _, given := range hypotheses {
		h := &hypothesis{
			Hypothesis: given, limit: math.Log1p(given.Limit),
			lower: math.Inf(-1), upper: math.Inf(1), outcome: result.Inconclusive, why: "it is not decided yet",
		}
		s := p.scenario(given.Scenario)
		if s == nil {
			s = &scenario{name: given.Scenario}
			p.scenarios = append(p.scenarios, s)
		}
		s.hypotheses = append(s.hypotheses, h)
		p.hypotheses = append(p.hypotheses, h)
		h.scenario = s
	}
	return p, nil
}

func (p *Procedure) scenario(name string) *scenario {
	i := slices.IndexFunc(p.scenarios, func(s *scenario) bool { return s.name == name })
	if i < 0 {
		return nil
	}
	return p.scenarios[i]
}

// Wants lists the scenarios that lack pairs, in the order of their hypotheses. It is
// empty where Look can decide, and when all is decided.
func (p *Procedure) Wants() []Want {
	var wants []Want
	for _, s := range p.scenarios {
		if target := p.target(s); s.pairs < target {
			wants = append(wants, Want{
				Scenario: s.name, Have: s.pairs, Pairs: target, Confirm: p.phase == confirming,
			})
		}
	}
	return wants
}

// target is the number of pairs that a scenario should have now, 0 where it needs
// none.
func (p *Procedure) target(s *scenario) int {
	switch {
	case p.phase == looking && s.any(open):
		return p.options.Looks[p.look]
	case p.phase == confirming && s.any(candidate):
		return s.before + ConfirmPairs
	case p.phase == ending && s.any(unconfirmed):
		return p.most()
	}
	return 0
}

// most is the number of pairs at the last look.
func (p *Procedure) most() int { return p.options.Looks[len(p.options.Looks)-1] }

// size is the number of hypotheses among which Alpha is divided at first.
func (p *Procedure) size() int { return len(p.hypotheses) + p.options.Others }

// Reserve is how many pairs of a scenario the confirmation of what has been found
// so far takes: keep the time for it, or a slowdown ends as INCONCLUSIVE.
func (p *Procedure) Reserve(name string) int {
	s := p.scenario(name)
	switch {
	case s == nil:
		return 0
	case p.phase == looking && s.any(candidate):
		return ConfirmPairs
	case p.phase == confirming && s.any(candidate):
		return s.before + ConfirmPairs - s.pairs
	}
	return 0
}

// Add gives a pair of a scenario: the log ratio head/base of each of its metrics. A
// pair that is not wanted is an error, because it would move a look. So is one
// without a finite value for each metric, and then the scenario is lost: a pair
// is never left out, for what made it fail may be what is looked for.
func (p *Procedure) Add(name string, logRatios map[string]float64) error {
	s := p.scenario(name)
	if s == nil {
		return fmt.Errorf("a pair of %s, which is not in the family", name)
	}
	if target := p.target(s); s.pairs >= target {
		return fmt.Errorf("%s has %d pairs and wants no more: a further one would move a look", name, s.pairs)
	}
	if err := s.check(logRatios); err != nil {
		p.Lose(name, err.Error())
		return fmt.Errorf("%s: %w", name, err)
	}
	for _, h := range s.hypotheses {
		h.values = append(h.values, logRatios[h.Metric])
	}
	s.pairs++
	return nil
}

func (s *scenario) check(logRatios map[string]float64) error {
	for _, h := range s.hypotheses {
		v, ok := logRatios[h.Metric]
		if !ok || math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("pair %d has no finite ratio of %s", s.pairs+1, h.Metric)
		}
	}
	if len(logRatios) != len(s.hypotheses) {
		return fmt.Errorf("pair %d has %d ratios: want %d", s.pairs+1, len(logRatios), len(s.hypotheses))
	}
	return nil
}

// Lose gives up a scenario that lost a pair: what is not decided of it is
// INCONCLUSIVE, for that reason.
func (p *Procedure) Lose(name, why string) {
	if s := p.scenario(name); s != nil {
		for _, h := range s.hypotheses {
			h.giveUp(why)
		}
	}
}

// Settle ends the looks because time is short: what is open is INCONCLUSIVE, and
// what is left confirms the candidates. It does nothing after the looks.
func (p *Procedure) Settle() {
	if p.phase != looking {
		return
	}
	for _, h := range p.hypotheses {
		if h.state == open {
			h.giveUp(outOfTime)
		}
	}
	p.endLooks()
}

// Stop ends all: what is not decided is INCONCLUSIVE.
func (p *Procedure) Stop() {
	for _, h := range p.hypotheses {
		if h.state == open {
			h.giveUp(outOfTime)
		} else {
			h.giveUp("time was up before the slowdown was confirmed")
		}
	}
	p.phase = done
}

const outOfTime = "time was up before the pairs allowed a decision"

// Look decides what the pairs allow, once every scenario has what it Wants, and
// does nothing before. It reports whether all is decided.
func (p *Procedure) Look() bool {
	if len(p.Wants()) > 0 {
		return false
	}
	switch p.phase {
	case looking:
		p.decide()
	case confirming:
		p.confirm()
	case ending:
		p.end()
	}
	return p.phase == done
}
