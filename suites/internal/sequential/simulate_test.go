package sequential

import (
	"math"
	"strconv"
	"testing"

	"github.com/logperf/logperf/suites/internal/result"
)

// study is what is simulated: gate runs of a number of scenarios with one metric
// each, of which one may be slower.
type study struct {
	noise     noise
	options   Options
	scenarios int
	limit     float64
	slowdown  float64 // of one scenario, 0 for none
	// budget is the most pairs of a run, 0 for no bound.
	budget int
	// rowwise takes all pairs that a scenario wants in a row, as must not be done.
	rowwise bool
}

// tally is what came out of the runs of a study.
type tally struct {
	runs int
	// falseFails and falseSlower count runs in which an unchanged scenario FAILs, or
	// is found slower by whatever little.
	falseFails, falseSlower int
	// Of the unchanged scenarios: verdicts, INCONCLUSIVE ones, and pairs in all.
	unchanged, inconclusive, pairs int
	// Of the slower one.
	passed, failed, failedPairs int
}

func (s study) hypotheses() []Hypothesis {
	hs := make([]Hypothesis, s.scenarios)
	for i := range hs {
		hs[i] = Hypothesis{Scenario: strconv.Itoa(i), Metric: "ns/op", Limit: s.limit}
	}
	return hs
}

// run simulates one gate run. slow is the index of the slower scenario, -1 for none.
func (s study) run(tb testing.TB, m *machine) (decisions []Decision, slow int) {
	tb.Helper()
	p, err := New(s.options, s.hypotheses())
	if err != nil {
		tb.Fatal(err)
	}
	slow = -1
	if s.slowdown > 0 {
		slow = m.IntN(s.scenarios)
	}
	used := 0
	pair := func(w Want) {
		s.spent(p, used)
		if is := p.scenario(w.Scenario); is.pairs >= p.target(is) {
			return // not any more
		}
		scenario, err := strconv.Atoi(w.Scenario)
		if err != nil {
			tb.Fatal(err)
		}
		y := s.noise.pair(m, scenario)
		if scenario == slow {
			y += math.Log1p(s.slowdown)
		}
		m.advance()
		used++
		if err := p.Add(w.Scenario, map[string]float64{"ns/op": y}); err != nil {
			tb.Fatal(err)
		}
	}
	for !p.Look() {
		wants := p.Wants()
		m.Shuffle(len(wants), func(i, j int) { wants[i], wants[j] = wants[j], wants[i] })
		for _, w := range wants {
			pair(w)
			for n := w.Have + 1; s.rowwise && n < w.Pairs; n++ {
				pair(w)
			}
		}
	}
	return p.Decisions(), slow
}

// spent does what the gate does when time is short.
func (s study) spent(p *Procedure, used int) {
	reserved := 0
	for _, scenario := range p.scenarios {
		reserved += p.Reserve(scenario.name)
	}
	switch left := s.budget - used; {
	case s.budget == 0:
	case left <= 0:
		p.Stop()
	case left <= reserved:
		p.Settle()
	}
}

// many simulates runs whose seeds are seed and their number, so that more runs
// contain the fewer.
func (s study) many(tb testing.TB, seed uint64, runs int) tally {
	tb.Helper()
	t := tally{runs: runs}
	for run := range runs {
		t.count(s.run(tb, newMachine(seed, uint64(run))))
	}
	return t
}

func (t *tally) count(decisions []Decision, slow int) {
	falseFail, falseSlower := 0, 0
	for i, d := range decisions {
		switch {
		case i == slow && d.Outcome == result.Fail:
			t.failed++
			t.failedPairs += d.Pairs
		case i == slow && d.Outcome == result.Pass:
			t.passed++
		case i != slow:
			t.unchanged++
			t.pairs += d.Pairs
			if d.Outcome == result.Inconclusive {
				t.inconclusive++
			}
			if d.Outcome == result.Fail {
				falseFail = 1
			}
			if d.Slower {
				falseSlower = 1
			}
		}
	}
	t.falseFails += falseFail
	t.falseSlower += falseSlower
}

// family is a gate over 30 scenarios with time for 960 pairs, half a second each for 8
// minutes, or 32 for each scenario.
func family(n noise, slowdown float64) study {
	return study{noise: n, scenarios: 30, limit: .04, slowdown: slowdown, budget: 960}
}

func alone(n noise, slowdown float64) study {
	return study{noise: n, scenarios: 1, limit: .02, slowdown: slowdown, options: Options{Looks: Alone(128)}}
}

// few is how many runs make test simulates of each study; their seeds are fixed.
const few = 24

func TestUnchangedCodePasses(t *testing.T) {
	for i, n := range noises() {
		if i == busy {
			continue // most of it is INCONCLUSIVE there, and has to be
		}
		t.Run(n.name, func(t *testing.T) {
			got := family(n, 0).many(t, uint64(i), few)
			if got.falseFails > 0 {
				t.Errorf("%d of %d runs FAIL", got.falseFails, got.runs)
			}
			if share := float64(got.inconclusive) / float64(got.unchanged); share > .02 {
				t.Errorf("%.3f of the verdicts are INCONCLUSIVE", share)
			}
			// Slower, by whatever little, is what Alpha bounds, where the noise is
			// symmetric: of 24 runs with .05 each more than 6 are rarer than one in 1,000.
			if got.falseSlower > 6 && i != headBursts {
				t.Errorf("%d of %d runs find something slower", got.falseSlower, got.runs)
			}
		})
	}
}

func TestASlowdownOfTwiceTheLimitFails(t *testing.T) {
	for i, n := range noises() {
		if i == busy {
			continue
		}
		t.Run(n.name, func(t *testing.T) {
			if got := family(n, .08).many(t, uint64(100+i), few/3); got.failed < few/3-1 {
				t.Errorf("%d of %d FAIL", got.failed, got.runs)
			}
		})
	}
}

func TestASlowdownOfHalfTheLimitMostlyPasses(t *testing.T) {
	got := family(noises()[1], .02).many(t, 200, few/3)
	if got.passed < few/3-1 || got.failed > 0 {
		t.Errorf("%d of %d pass, %d FAIL", got.passed, got.runs, got.failed)
	}
}

// A pass is where the code is slower by just the limit in Beta of the runs, .01.
func TestASlowdownOfTheLimitDoesNotPass(t *testing.T) {
	got := family(noises()[0], .04).many(t, 300, few)
	if got.passed > 2 {
		t.Errorf("%d of %d pass", got.passed, got.runs)
	}
}

func TestABusyMachineIsInconclusiveRatherThanWrong(t *testing.T) {
	got := family(noises()[busy], 0).many(t, 400, few/3)
	if got.falseFails > 1 || got.inconclusive < got.unchanged/2 {
		t.Errorf("%d of %d runs FAIL, %d of %d verdicts are INCONCLUSIVE", got.falseFails, got.runs, got.inconclusive, got.unchanged)
	}
}

func TestOneScenarioAloneSeesLess(t *testing.T) {
	for _, n := range []noise{noises()[3], noises()[5]} {
		if got := alone(n, .04).many(t, 500, few); got.failed < few-2 {
			t.Errorf("%s: %d of %d FAIL at 4 %%", n.name, got.failed, got.runs)
		}
		if got := alone(n, 0).many(t, 600, few); got.falseFails > 0 || got.inconclusive > few/6 {
			t.Errorf("%s, unchanged: %d FAIL and %d INCONCLUSIVE of %d", n.name, got.falseFails, got.inconclusive, got.runs)
		}
	}
}

// The same noise harms where the pairs of a scenario come in a row: this is what
// taking turns is for, and it shows that the drift is no straw man.
func TestScenariosInTurnSurviveADrift(t *testing.T) {
	s := family(noises()[drift], 0)
	turns := s.many(t, 700, few/3)
	s.rowwise = true
	rows := s.many(t, 700, few/3)
	if turns.falseSlower > 4 || rows.falseSlower < few/6 {
		t.Errorf("something is found slower in %d of %d runs in turn, and in %d in a row: want few and most",
			turns.falseSlower, few/3, rows.falseSlower)
	}
}
