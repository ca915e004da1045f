package sequential

import (
	"math"
	"strings"
	"testing"

	"github.com/logperf/logperf/suites/internal/result"
)

func TestTimeThatIsUpNeverPasses(t *testing.T) {
	for n := range 12 {
		p := begin(t, Options{}, one(.04))
		for range n {
			give(t, p, p.Wants()[0], flat(0))
		}
		p.Stop()
		if !p.Look() || len(p.Wants()) > 0 {
			t.Fatal("a stopped procedure goes on")
		}
		d := p.Decisions()[0]
		if d.Outcome != result.Inconclusive || d.Pairs != n || d.Why != outOfTime || d.Lower != 0 || !math.IsInf(d.Upper, 1) {
			t.Errorf("%d pairs: %+v", n, d)
		}
		if math.IsInf(d.Smallest, 1) != (n < 6) {
			t.Errorf("%d pairs detect %v", n, d.Smallest)
		}
	}
}

// A look that was due is not made up for: the pairs are there, the decision is not.
func TestAStopBeforeALookDecidesNothing(t *testing.T) {
	p := begin(t, Options{}, one(.04))
	for range 12 {
		give(t, p, p.Wants()[0], flat(0))
	}
	p.Stop()
	if d := p.Decisions()[0]; d.Outcome != result.Inconclusive {
		t.Errorf("%+v", d)
	}
}

func TestWhatIsDecidedStaysSo(t *testing.T) {
	hs := append(one(.04), Hypothesis{Scenario: "slow", Metric: "ns/op", Limit: .04})
	p := begin(t, Options{}, hs)
	reach(t, p, 32, func(scenario, _ string, pair int) float64 {
		if scenario == "slow" {
			return .08
		}
		return flat(0)("", "", pair)
	})
	p.Stop()
	p.Lose("a", "late")
	d := p.Decisions()
	if d[0].Outcome != result.Pass || d[1].Outcome != result.Inconclusive || !strings.Contains(d[1].Why, "before the slowdown was confirmed") {
		t.Errorf("%+v", d)
	}
}

func TestSettlingLeavesTheConfirmation(t *testing.T) {
	hs := append(one(.04), Hypothesis{Scenario: "slow", Metric: "ns/op", Limit: .04})
	of := func(scenario, _ string, pair int) float64 {
		if scenario == "slow" {
			return flat(.08)("", "", pair)
		}
		return wild("", "", pair)
	}
	p := begin(t, Options{}, hs)
	reach(t, p, 24, of)
	give(t, p, p.Wants()[0], of)
	p.Settle()
	w := p.Wants()
	if len(w) != 1 || w[0].Scenario != "slow" || !w[0].Confirm || p.Reserve("slow") != ConfirmPairs {
		t.Fatalf("wanted is %+v, reserved %d", w, p.Reserve("slow"))
	}
	give(t, p, w[0], of)
	if p.Reserve("slow") != ConfirmPairs-1 {
		t.Errorf("after one pair %d are reserved", p.Reserve("slow"))
	}
	p.Settle() // a second time does nothing
	d := finish(t, p, of)
	if d[0].Outcome != result.Inconclusive || d[0].Why != outOfTime || d[0].Pairs != 17 || d[1].Outcome != result.Fail {
		t.Errorf("%+v", d)
	}
}

func TestSettlingWithoutACandidateIsTheEnd(t *testing.T) {
	p := begin(t, Options{}, one(.04))
	p.Settle()
	if !p.Look() {
		t.Error("it goes on")
	}
}

func TestALookWithoutItsPairsDecidesNothing(t *testing.T) {
	p := begin(t, Options{}, one(.04))
	for range 11 {
		give(t, p, p.Wants()[0], flat(0))
		if p.Look() || p.Decisions()[0].Outcome != result.Inconclusive {
			t.Fatal("it decides")
		}
	}
	give(t, p, p.Wants()[0], flat(0))
	if !p.Look() {
		t.Error("with twelve pairs it does not decide")
	}
}

func TestAPairThatIsNotWhatItShouldBeIsAnError(t *testing.T) {
	two := []Hypothesis{{Scenario: "a", Metric: "ns/op", Limit: .04}, {Scenario: "a", Metric: "totals", Limit: .08}}
	for _, c := range []struct {
		name   string
		ratios map[string]float64
		want   string
	}{
		{"nothing", nil, "a: pair 1 has no finite ratio of ns/op"},
		{"one metric", map[string]float64{"ns/op": 0}, "a: pair 1 has no finite ratio of totals"},
		{"NaN", map[string]float64{"ns/op": math.NaN(), "totals": 0}, "a: pair 1 has no finite ratio of ns/op"},
		{"infinite", map[string]float64{"ns/op": 0, "totals": math.Inf(-1)}, "a: pair 1 has no finite ratio of totals"},
		{"another metric", map[string]float64{"ns/op": 0, "totals": 0, "B/op": 0}, "a: pair 1 has 3 ratios: want 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := begin(t, Options{}, two)
			if err := p.Add("a", c.ratios); err == nil || err.Error() != c.want {
				t.Errorf("%v, want %q", err, c.want)
			}
			if !p.Look() {
				t.Error("a scenario that lost a pair goes on")
			}
			for _, d := range p.Decisions() {
				if d.Outcome != result.Inconclusive || "a: "+d.Why != c.want {
					t.Errorf("%+v", d)
				}
			}
		})
	}
}

func TestAPairThatIsNotWantedIsAnError(t *testing.T) {
	p := begin(t, Options{}, one(.04))
	if err := p.Add("b", map[string]float64{"ns/op": 0}); err == nil || err.Error() != "a pair of b, which is not in the family" {
		t.Errorf("%v", err)
	}
	for range 12 {
		give(t, p, p.Wants()[0], flat(0))
	}
	want := "a has 12 pairs and wants no more: a further one would move a look"
	if err := p.Add("a", map[string]float64{"ns/op": 0}); err == nil || err.Error() != want {
		t.Errorf("%v, want %q", err, want)
	}
	if !p.Look() || p.Decisions()[0].Outcome != result.Pass {
		t.Error("the error has cost the scenario its verdict")
	}
}

func TestALostScenarioLeavesTheOthers(t *testing.T) {
	hs := append(one(.04), Hypothesis{Scenario: "b", Metric: "ns/op", Limit: .04})
	p := begin(t, Options{}, hs)
	give(t, p, p.Wants()[1], flat(0))
	p.Lose("b", "the head arm crashed")
	p.Lose("c", "nobody knows it")
	d := finish(t, p, flat(0))
	if d[0].Outcome != result.Pass || d[1].Outcome != result.Inconclusive || d[1].Why != "the head arm crashed" || d[1].Pairs != 1 {
		t.Errorf("%+v", d)
	}
	if Overall(d) != result.Inconclusive {
		t.Errorf("overall %s", Overall(d))
	}
}

func TestAProcedureTellsEveryFaultOfItsArguments(t *testing.T) {
	_, err := New(Options{Alpha: 1, Beta: -1, Looks: []int{12, 12}, Others: -1}, one(.04))
	for _, want := range []string{"Alpha is 1", "Beta is -1", "Looks are [12 12]", "Others is -1"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not tell %q", err, want)
		}
	}
	_, err = New(Options{}, append(one(0), one(math.NaN())...))
	for _, want := range []string{"a ns/op has the limit 0", "a ns/op has the limit NaN", "a ns/op is there twice"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not tell %q", err, want)
		}
	}
	if _, err := New(Options{}, nil); err == nil {
		t.Error("no hypotheses are no error")
	}
	for _, looks := range [][]int{{12}, {16, 12}, {0, 16}} {
		if _, err := New(Options{Looks: looks}, one(.04)); err == nil {
			t.Errorf("the looks %v are no error", looks)
		}
	}
}

func TestTheWorstOutcomeIsThatOfTheWhole(t *testing.T) {
	of := func(outcomes ...result.Outcome) []Decision {
		var ds []Decision
		for _, o := range outcomes {
			ds = append(ds, Decision{Outcome: o})
		}
		return ds
	}
	for _, c := range []struct {
		decisions []Decision
		want      result.Outcome
	}{
		{of(), result.Inconclusive},
		{of(result.Pass, result.Pass), result.Pass},
		{of(result.Pass, result.Inconclusive), result.Inconclusive},
		{of(result.Inconclusive, result.Fail, result.Pass), result.Fail},
		{of(result.Pass, ""), result.Inconclusive},
	} {
		if got := Overall(c.decisions); got != c.want {
			t.Errorf("%+v: %s, want %s", c.decisions, got, c.want)
		}
	}
}
