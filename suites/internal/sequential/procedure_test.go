package sequential

import (
	"math"
	"strings"
	"testing"

	"github.com/logperf/logperf/suites/internal/result"
)

// values tells the log ratio of a pair, counted from 1.
type values func(scenario, metric string, pair int) float64

func one(limit float64) []Hypothesis {
	return []Hypothesis{{Scenario: "a", Metric: "ns/op", Limit: limit}}
}

func begin(tb testing.TB, o Options, hs []Hypothesis) *Procedure {
	tb.Helper()
	p, err := New(o, hs)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// give adds one pair.
func give(tb testing.TB, p *Procedure, w Want, of values) {
	tb.Helper()
	s := p.scenario(w.Scenario)
	ratios := map[string]float64{}
	for _, h := range s.hypotheses {
		ratios[h.Metric] = of(s.name, h.Metric, s.pairs+1)
	}
	if err := p.Add(w.Scenario, ratios); err != nil {
		tb.Fatal(err)
	}
}

// reach gives pairs until the procedure wants n of some scenario, or is done.
func reach(tb testing.TB, p *Procedure, n int, of values) {
	tb.Helper()
	for !p.Look() {
		wants := p.Wants()
		if wants[0].Pairs >= n {
			return
		}
		for _, w := range wants {
			give(tb, p, w, of)
		}
	}
}

func finish(tb testing.TB, p *Procedure, of values) []Decision {
	tb.Helper()
	reach(tb, p, math.MaxInt, of)
	return p.Decisions()
}

// wild has no centre that 64 pairs could tell from one of 10 %.
func wild(_, _ string, pair int) float64 { return .5 * math.Cos(2.4*float64(pair)) }

// flat is a slowdown with a little noise to both sides.
func flat(slowdown float64) values {
	return func(_, _ string, pair int) float64 {
		return math.Log1p(slowdown) + .001*float64(pair%5-2)
	}
}

func TestUnchangedCodePassesAtTheFirstLook(t *testing.T) {
	d := finish(t, begin(t, Options{}, one(.04)), flat(0))[0]
	if d.Outcome != result.Pass || d.Pairs != 12 || d.Slower || d.Faster || d.Why != "" {
		t.Errorf("%+v", d)
	}
	if !(d.Lower <= d.Estimate && d.Estimate <= d.Upper && d.Upper < 1.04) || !near(d.Estimate, 1, .001) {
		t.Errorf("%+v", d)
	}
	if d.Lower != 0 {
		t.Errorf("the lower bound is %v, though twelve pairs have none", d.Lower)
	}
}

func TestASlowdownFailsOnceFurtherPairsConfirmIt(t *testing.T) {
	p := begin(t, Options{}, one(.04))
	reach(t, p, 16, flat(.08))
	if w := p.Wants()[0]; w.Have != 12 || w.Pairs != 16 || w.Confirm {
		t.Fatalf("after twelve pairs: %+v", w)
	}
	reach(t, p, 32, flat(.08))
	if w := p.Wants()[0]; w.Have != 16 || w.Pairs != 32 || !w.Confirm {
		t.Fatalf("after sixteen pairs: %+v", w)
	}
	if d := p.Decisions()[0]; d.Outcome != result.Inconclusive || d.Why != "the slowdown is not confirmed yet" {
		t.Errorf("before it is confirmed: %+v", d)
	}
	d := finish(t, p, flat(.08))[0]
	if d.Outcome != result.Fail || d.Pairs != 32 || !d.Confirmed || !d.Slower || d.Faster || !near(d.Estimate, 1.08, .002) {
		t.Errorf("%+v", d)
	}
	if !(d.Lower > 1 && d.Lower <= d.Estimate && d.Estimate <= d.Upper) {
		t.Errorf("the bounds are %v and %v", d.Lower, d.Upper)
	}
}

// What further pairs do not confirm is decided once more, with all pairs.
func TestASlowdownThatIsNotConfirmed(t *testing.T) {
	for _, c := range []struct {
		name                string
		first, fresh, after float64
		want                result.Outcome
	}{
		{"passes where it is gone", .08, -.02, -.02, result.Pass},
		{"fails where it is back", .08, -.001, .08, result.Fail},
		{"is inconclusive else", .11, -.001, -.001, result.Inconclusive},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := begin(t, Options{}, one(.04))
			of := func(_, _ string, pair int) float64 {
				switch {
				case pair <= 16:
					return c.first
				case pair <= 32:
					return c.fresh
				}
				return c.after
			}
			reach(t, p, 64, of)
			if w := p.Wants(); len(w) != 1 || w[0].Have != 32 || w[0].Pairs != 64 || w[0].Confirm {
				t.Fatalf("after the confirmation: %+v", w)
			}
			d := finish(t, p, of)[0]
			if d.Outcome != c.want || d.Pairs != 64 || d.Confirmed || (d.Why == "") == (c.want == result.Inconclusive) {
				t.Errorf("%+v", d)
			}
			if err := invariants(d); err != nil { // the lower bound of the first look is above what came after
				t.Error(err)
			}
		})
	}
}

func TestWithoutMorePairsWhatIsNotConfirmedIsInconclusive(t *testing.T) {
	d := finish(t, begin(t, Options{Looks: []int{16}}, one(.04)), func(_, _ string, pair int) float64 {
		if pair <= 16 {
			return .08
		}
		return 0
	})[0]
	if d.Outcome != result.Inconclusive || d.Pairs != 32 || d.Why != "further pairs did not confirm the slowdown" {
		t.Errorf("%+v", d)
	}
}

func TestASmallSlowdownIsCertainAndPasses(t *testing.T) {
	d := finish(t, begin(t, Options{Looks: []int{16}}, one(.04)), flat(.02))[0]
	if d.Outcome != result.Pass || !d.Slower || !(d.Lower > 1) {
		t.Errorf("%+v", d)
	}
}

func TestNoiseIsInconclusiveAtTheLastLook(t *testing.T) {
	d := finish(t, begin(t, Options{}, one(.04)), wild)[0]
	if d.Outcome != result.Inconclusive || d.Pairs != 64 || !strings.Contains(d.Why, "too noisy") {
		t.Errorf("%+v", d)
	}
	if !(d.Smallest > .1) {
		t.Errorf("the smallest detectable slowdown is %v", d.Smallest)
	}
}

// All bounds hold together, so that noise after the first look does not widen them.
func TestTheTightestBoundsOfAllLooksAreReported(t *testing.T) {
	p := begin(t, Options{Others: 29}, one(.04))
	reach(t, p, 24, func(scenario, metric string, pair int) float64 {
		if pair <= 12 {
			return flat(.05)(scenario, metric, pair)
		}
		return wild(scenario, metric, pair)
	})
	if d := p.Decisions()[0]; d.Pairs != 16 || !(d.Upper < 1.06) || !(d.Lower < 1) {
		t.Errorf("%+v", d)
	}
}

func TestAnImprovementIsSeenAndPasses(t *testing.T) {
	var hs []Hypothesis
	for _, name := range strings.Split("abcdefghijklmnopqrstuvwxyz", "") {
		for _, metric := range []string{"ns/op", "totals"} {
			hs = append(hs, Hypothesis{Scenario: name, Metric: metric, Limit: .04})
		}
	}
	for _, d := range finish(t, begin(t, Options{Others: 8}, hs), func(scenario, metric string, pair int) float64 {
		if scenario == "k" && metric == "ns/op" {
			return -.1 + .001*float64(pair)
		}
		return flat(0)(scenario, metric, pair)
	}) {
		if want := d.Scenario == "k" && d.Metric == "ns/op"; d.Faster != want || d.Outcome != result.Pass || d.Pairs != 12 {
			t.Errorf("%+v", d)
		}
	}
}

// A candidate is confirmed last, whatever its other hypotheses still need.
func TestACandidateWaitsForTheOthers(t *testing.T) {
	hs := []Hypothesis{
		{Scenario: "slow", Metric: "ns/op", Limit: .04},
		{Scenario: "slow", Metric: "totals", Limit: .08},
		{Scenario: "noisy", Metric: "ns/op", Limit: .04},
	}
	of := func(scenario, metric string, pair int) float64 {
		switch {
		case scenario == "noisy":
			return wild(scenario, metric, pair)
		case metric == "totals" && pair <= 12:
			return .2 * float64(2*(pair%2)-1)
		case metric == "totals":
			return 0
		}
		return flat(.06)("", "", pair)
	}
	p := begin(t, Options{}, hs)
	reach(t, p, 24, of)
	if got := p.Reserve(hs[0].Scenario); got != ConfirmPairs {
		t.Errorf("%d pairs are reserved, want %d", got, ConfirmPairs)
	}
	if w := p.Wants(); len(w) != 2 {
		t.Fatalf("the totals are open, but wanted is %+v", w)
	}
	reach(t, p, 64, of)
	if w := p.Wants(); len(w) != 1 || w[0].Scenario != "noisy" || w[0].Confirm {
		t.Fatalf("the noisy scenario is open, but wanted is %+v", w)
	}
	for _, w := range p.Wants() {
		for range w.Pairs - w.Have {
			give(t, p, w, of)
		}
	}
	if p.Look() {
		t.Fatal("it ends without a confirmation")
	}
	if w := p.Wants(); len(w) != 1 || w[0] != (Want{Scenario: "slow", Have: 48, Pairs: 64, Confirm: true}) {
		t.Fatalf("the slow scenario is to be confirmed, but wanted is %+v", w)
	}
	decisions := finish(t, p, of)
	for i, want := range []result.Outcome{result.Fail, result.Pass, result.Inconclusive} {
		if decisions[i].Outcome != want {
			t.Errorf("%+v, want %s", decisions[i], want)
		}
	}
}

// Ten averages of this sample are at most 0: with 16 pairs 30 hypotheses allow 8 at
// their level, and 10 allow 12.
func TestEachFindingRaisesTheLevelsOfTheOthers(t *testing.T) {
	borderline := func(pair int) float64 {
		if pair == 10 {
			return -.10
		}
		return .01 * float64(pair)
	}
	for slower, want := range map[int]bool{0: false, 20: true} {
		var hs []Hypothesis
		for i := range 30 {
			hs = append(hs, Hypothesis{Scenario: strings.Repeat("x", i+1), Metric: "ns/op", Limit: .04})
		}
		p := begin(t, Options{}, hs)
		reach(t, p, 24, func(scenario, _ string, pair int) float64 {
			switch {
			case scenario == "x":
				return borderline(pair)
			case len(scenario) <= 1+slower:
				return .08
			}
			return 0
		})
		if d := p.Decisions()[0]; d.Slower != want {
			t.Errorf("with %d slower others it is slower: %v, want %v", slower, d.Slower, want)
		}
	}
}

func TestHypothesesDecidedElsewhereShareTheError(t *testing.T) {
	// All 16 above 0 have the p-value 2^-16: enough at .05/819, not at .05/820.
	for others, want := range map[int]bool{818: true, 819: false} {
		p := begin(t, Options{Others: others}, one(.04))
		reach(t, p, 24, flat(.08))
		if d := p.Decisions()[0]; d.Slower != want {
			t.Errorf("with %d others it is slower: %v, want %v", others, d.Slower, want)
		}
	}
}

// Of the further pairs two may be far to the other side, three may not: of 16 values
// C is 36, and the ranks of the largest are 16, 15 and 14. All 32 together would
// decide the other way round.
func TestFurtherPairsConfirmByThemselves(t *testing.T) {
	for bursts, want := range map[int]bool{2: true, 3: false} {
		p := begin(t, Options{}, one(.04))
		of := func(scenario, metric string, pair int) float64 {
			if pair > 16 && pair <= 16+bursts {
				return -.5
			}
			return flat(.08)(scenario, metric, pair)
		}
		reach(t, p, 64, of)
		d := p.Decisions()[0]
		if d.Confirmed != want || (d.Outcome == result.Fail) != want || d.Pairs != 32 {
			t.Errorf("%d bursts: %+v", bursts, d)
		}
	}
}
