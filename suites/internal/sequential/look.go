package sequential

import (
	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/stat"
)

// decide is a look: what is slower, then what may pass. Whatever is open has just
// the pairs of the look.
func (p *Procedure) decide() {
	n := p.options.Looks[p.look]
	last := p.look == len(p.options.Looks)-1
	for _, h := range p.hypotheses {
		if h.state == open {
			h.walsh = stat.WalshAverages(h.values)
		}
	}
	p.findSignificant(n)
	remain := false
	for _, h := range p.hypotheses {
		if h.state != open {
			continue
		}
		h.tighten(p.slowerBound(h.walsh, n, p.look), p.passBound(h.walsh, n, p.look))
		switch {
		case h.slower && h.walsh.Center() >= h.limit:
			h.state, h.why = candidate, "the slowdown is not confirmed yet"
		case p.passBound(h.walsh, n, p.look) < h.limit:
			h.finish(result.Pass, "")
		case last:
			h.finish(result.Inconclusive, "the pairs allow no decision: they are too noisy, or the slowdown is close to the limit")
		default:
			remain = true
		}
		h.walsh = nil
	}
	if p.look++; !remain {
		p.endLooks()
	}
}

// findSignificant repeats the look until nothing changes, because each finding
// raises the levels of all others (Holm 1979; for looks Ye, Li, Liu & Yao 2013).
func (p *Procedure) findSignificant(n int) {
	for found := true; found; {
		found = false
		for _, h := range p.hypotheses {
			if h.state != open {
				continue
			}
			if lower := p.slowerBound(h.walsh, n, p.look); !h.slower && lower > 0 {
				h.slower, found = true, true
				h.tighten(lower, h.upper)
				p.slower++
			}
			if !h.faster && p.fasterBound(h.walsh, n) < 0 {
				h.faster, found = true, true
				p.faster++
			}
		}
	}
}

// slowerBound is the lower bound at the level of a look: Alpha over the hypotheses
// that are not yet slower.
func (p *Procedure) slowerBound(w stat.Walsh, n, look int) float64 {
	return w.Lower(p.distribution(n).Critical(p.holm(p.slower) * p.spend.slower[look]))
}

func (p *Procedure) fasterBound(w stat.Walsh, n int) float64 {
	return w.Upper(p.distribution(n).Critical(p.holm(p.faster) * p.spend.faster[p.look]))
}

// passBound is the upper bound. Beta holds for each hypothesis by itself: whoever
// wrote one slowdown asks whether that one passes.
func (p *Procedure) passBound(w stat.Walsh, n, look int) float64 {
	return w.Upper(p.distribution(n).Critical(p.options.Beta * p.spend.pass[look]))
}

func (p *Procedure) holm(found int) float64 {
	return p.options.Alpha / float64(max(1, p.size()-found))
}

func (p *Procedure) distribution(n int) stat.SignedRank {
	d, ok := p.distributions[n]
	if !ok {
		d = stat.NewSignedRank(n)
		p.distributions[n] = d
	}
	return d
}

// endLooks begins to confirm the candidates. Their pairs come after those of all
// others, when what disturbed the machine may have passed.
func (p *Procedure) endLooks() {
	p.phase = confirming
	for _, s := range p.scenarios {
		s.before = s.pairs
	}
	p.finishPhase(candidate)
}

// confirm asks the further pairs alone whether there is a slowdown, and all of them
// whether it reaches the limit.
func (p *Procedure) confirm() {
	for _, h := range p.hypotheses {
		if h.state != candidate {
			continue
		}
		fresh := stat.WalshAverages(h.values[h.scenario.before:])
		slower := fresh.Lower(p.distribution(ConfirmPairs).Critical(confirmLevel)) > 0
		switch {
		case slower && stat.WalshAverages(h.values).Center() >= h.limit:
			h.confirmed = true
			h.finish(result.Fail, "")
		case h.scenario.pairs < p.most():
			h.state = unconfirmed
		default:
			h.finish(result.Inconclusive, "further pairs did not confirm the slowdown")
		}
	}
	p.phase = ending
	p.finishPhase(unconfirmed)
}

// end decides what was not confirmed by the levels of the last look. FAIL errs no
// more often than the finding that made the hypothesis a candidate.
func (p *Procedure) end() {
	n, last := p.most(), len(p.options.Looks)-1
	for _, h := range p.hypotheses {
		if h.state != unconfirmed {
			continue
		}
		w := stat.WalshAverages(h.values)
		lower, upper := p.slowerBound(w, n, last), p.passBound(w, n, last)
		h.tighten(lower, upper)
		switch {
		case lower > 0 && w.Center() >= h.limit:
			h.finish(result.Fail, "")
		case upper < h.limit:
			h.finish(result.Pass, "")
		default:
			h.finish(result.Inconclusive, "further pairs did not confirm the slowdown")
		}
	}
	p.phase = done
}

// finishPhase ends the procedure where no hypothesis is left for the phase.
func (p *Procedure) finishPhase(of state) {
	for _, h := range p.hypotheses {
		if h.state == of {
			return
		}
	}
	p.phase = done
}
