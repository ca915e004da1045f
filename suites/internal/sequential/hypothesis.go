package sequential

import (
	"math"
	"slices"

	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/stat"
)

type state int

const (
	open        state = iota // the next look may decide it
	candidate                // slower by the limit or more, to be confirmed
	unconfirmed              // a candidate whose further pairs did not confirm it
	decided
)

// hypothesis is what is known of one. Its figures are logarithms.
type hypothesis struct {
	Hypothesis
	scenario *scenario
	limit    float64
	values   []float64
	state    state
	outcome  result.Outcome
	why      string
	// walsh are the averages at the present look.
	walsh stat.Walsh
	// lower and upper are the tightest bounds of all looks: the looks share one
	// error, so all bounds hold together.
	lower, upper              float64
	slower, faster, confirmed bool
	// pairs is how many decided, 0 before.
	pairs int
}

func (s *scenario) any(of state) bool {
	for _, h := range s.hypotheses {
		if h.state == of {
			return true
		}
	}
	return false
}

func (h *hypothesis) finish(outcome result.Outcome, why string) {
	h.state, h.outcome, h.why, h.pairs = decided, outcome, why, len(h.values)
}

// giveUp makes what is not decided INCONCLUSIVE.
func (h *hypothesis) giveUp(why string) {
	if h.state != decided {
		h.finish(result.Inconclusive, why)
	}
}

func (h *hypothesis) tighten(lower, upper float64) {
	h.lower, h.upper = math.Max(h.lower, lower), math.Min(h.upper, upper)
}

// Decision is what became of a hypothesis.
type Decision struct {
	Hypothesis
	// Outcome is PASS, FAIL or INCONCLUSIVE, which is also what a hypothesis is
	// that is not decided yet.
	Outcome result.Outcome
	// Why is the reason of an INCONCLUSIVE.
	Why string
	// Estimate is the ratio head/base by all pairs used, 1.04 for 4 % slower: the
	// centre of Hodges & Lehmann. NaN without pairs.
	Estimate float64
	// Lower and Upper are the bounds that decided, ratios too: the tightest of all
	// looks, and the estimate where that lies outside. Lower errs as Alpha says, Upper
	// as Beta. A bound that the pairs could not give is 0 or infinite; the lower one
	// is missing at a first look of fewer than 16 pairs.
	Lower, Upper float64
	// Pairs is how many were used, those that confirmed included.
	Pairs int
	// Smallest is the smallest slowdown, as a share, that is found significant with
	// 95 % by the last look, where pairs are as noisy as these: see
	// stat.SmallestDetectable. Infinite for fewer than six pairs.
	Smallest float64
	// Slower says that the slowdown is certain, by whatever little it is.
	Slower bool
	// Faster says that an improvement is certain: the mirror image of Slower with an
	// error of its own.
	Faster bool
	// Confirmed says that pairs after all looks confirmed the slowdown.
	Confirmed bool
	// LogRatios are the pairs used, in the order in which they were added. They belong
	// to the caller.
	LogRatios []float64
}

// Decisions tells of each hypothesis, in the order in which they were given.
func (p *Procedure) Decisions() []Decision {
	decisions := make([]Decision, len(p.hypotheses))
	for i, h := range p.hypotheses {
		decisions[i] = p.decision(h)
	}
	return decisions
}

func (p *Procedure) decision(h *hypothesis) Decision {
	values := h.values
	if h.state == decided {
		values = values[:h.pairs]
	}
	w := stat.WalshAverages(values)
	center := w.Center()
	lower, upper := h.lower, h.upper
	if len(values) > 0 {
		lower, upper = math.Min(lower, center), math.Max(upper, center)
	}
	last := p.spend.slower[len(p.spend.slower)-1]
	return Decision{
		Hypothesis: h.Hypothesis, Outcome: h.outcome, Why: h.why,
		Estimate: math.Exp(center), Lower: math.Exp(lower), Upper: math.Exp(upper),
		Pairs: len(values),
		Smallest: stat.SmallestDetectable(w, p.distribution(len(values)),
			p.options.Alpha/float64(p.size())*last, p.most()),
		Slower: h.slower, Faster: h.faster, Confirmed: h.confirmed, LogRatios: slices.Clone(values),
	}
}

// Overall is the worst outcome: FAIL, then INCONCLUSIVE, then PASS. Nothing decided
// is INCONCLUSIVE.
func Overall(decisions []Decision) result.Outcome {
	overall := result.Pass
	if len(decisions) == 0 {
		overall = result.Inconclusive
	}
	for _, d := range decisions {
		switch d.Outcome {
		case result.Pass:
		case result.Fail:
			return result.Fail
		default:
			overall = result.Inconclusive
		}
	}
	return overall
}
