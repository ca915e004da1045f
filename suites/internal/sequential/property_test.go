package sequential

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/logperf/logperf/suites/internal/result"
	"pgregory.net/rapid"
)

// invariants are what holds for every decision at any time.
func invariants(d Decision) error {
	if d.Pairs > 0 && !(d.Lower <= d.Estimate && d.Estimate <= d.Upper) {
		return fmt.Errorf("the estimate lies outside of its bounds: %+v", d)
	}
	if d.Confirmed && d.Outcome != result.Fail || d.Slower && !(d.Lower > 0) {
		return fmt.Errorf("what was found and what is said differ: %+v", d)
	}
	switch d.Outcome {
	case result.Pass:
		if !slices.Contains(Family(), d.Pairs) || !(d.Upper < 1+d.Limit+1e-12) {
			return fmt.Errorf("a pass of pairs or bounds that allow none: %+v", d)
		}
	case result.Fail:
		if d.Pairs < 32 || !(d.Lower > 1) || !(d.Estimate >= 1+d.Limit-1e-12) || !d.Slower {
			return fmt.Errorf("a FAIL of pairs or bounds that allow none: %+v", d)
		}
	case result.Inconclusive:
		if d.Why == "" {
			return fmt.Errorf("it is INCONCLUSIVE without a reason: %+v", d)
		}
	default:
		return fmt.Errorf("an outcome of its own: %+v", d)
	}
	return nil
}

func three() []Hypothesis {
	return []Hypothesis{
		{Scenario: "a", Metric: "ns/op", Limit: .04},
		{Scenario: "b", Metric: "ns/op", Limit: .04},
		{Scenario: "a", Metric: "totals", Limit: .08},
		{Scenario: "c", Metric: "ns/op", Limit: .03},
	}
}

// abuse is a procedure with a source that does what it should not: it forgets
// pairs, loses scenarios, looks early, stops. pairs counts what each scenario got.
type abuse struct {
	*Procedure
	stopped bool
	lost    map[string]bool
	pairs   map[string]int
}

func (a *abuse) step(op, value byte) error {
	scenario := string("abc"[int(op>>4)%3])
	y := float64(int8(value)) / 512
	if op%16 > 6 { // a pair decides nothing
		ratios := map[string]float64{"ns/op": y}
		if scenario == "a" {
			ratios["totals"] = y / 2
		}
		if a.Add(scenario, ratios) == nil {
			a.pairs[scenario]++
		}
		return a.checkWants()
	}
	before := a.Decisions()
	switch op % 16 {
	case 0:
		a.stopped = true
		a.Stop()
	case 1:
		if value < 8 {
			a.Settle()
		}
	case 2:
		if value < 16 {
			a.lost[scenario] = true
			a.Lose(scenario, "lost on purpose")
		}
	case 3, 4, 5:
		a.Look()
	case 6:
		if value < 16 && slices.ContainsFunc(a.Wants(), func(w Want) bool { return w.Scenario == scenario }) {
			a.lost[scenario] = true
			if a.Add(scenario, map[string]float64{"ns/op": math.NaN(), "totals": 0}) == nil {
				return fmt.Errorf("a pair without a ratio is no error")
			}
		}
	}
	return a.check(before)
}

func (a *abuse) check(before []Decision) error {
	for i, d := range a.Decisions() {
		if err := invariants(d); err != nil {
			return err
		}
		if d.Pairs > a.pairs[d.Scenario] {
			return fmt.Errorf("it uses more pairs than the %d that there are: %+v", a.pairs[d.Scenario], d)
		}
		was, is := before[i].Outcome, d.Outcome
		if was != result.Inconclusive && was != is {
			return fmt.Errorf("%s has become %s: %+v", was, is, d)
		}
		if was != is && (a.stopped || a.lost[d.Scenario]) {
			return fmt.Errorf("%s of what was stopped or lost: %+v", is, d)
		}
	}
	return a.checkWants()
}

func (a *abuse) checkWants() error {
	for _, w := range a.Wants() {
		if w.Pairs > 64+ConfirmPairs || w.Have >= w.Pairs || w.Have != a.pairs[w.Scenario] {
			return fmt.Errorf("it wants %+v of %d", w, a.pairs[w.Scenario])
		}
		if a.stopped || a.lost[w.Scenario] {
			return fmt.Errorf("it wants pairs of what was stopped or lost: %+v", w)
		}
	}
	return nil
}

// FuzzNoVerdictWithoutItsPairs reads two bytes as what a source does next. Its inputs
// are long: fuzz with -fuzzminimizetime 10x, or most of the time goes into making them
// shorter.
func FuzzNoVerdictWithoutItsPairs(f *testing.F) {
	random := rand.New(rand.NewPCG(9, 10))
	for _, slowdown := range []int{0, 10, 20, 60} {
		seed := make([]byte, 480)
		for i := 0; i < len(seed); i += 2 {
			op := 7 // a pair
			if random.IntN(8) == 0 {
				op = 3 // a look
			}
			seed[i] = byte(random.IntN(3)<<4 | op)
			seed[i+1] = byte(slowdown + random.IntN(21) - 10)
		}
		f.Add(seed)
		stop := slices.Clone(seed[:160+40*slowdown/10])
		f.Add(append(stop, 0, 0, 16, 0, 3, 3))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		data = data[:min(len(data), 2000)]
		a := &abuse{Procedure: begin(t, Options{}, three()), lost: map[string]bool{}, pairs: map[string]int{}}
		for ; len(data) > 1; data = data[2:] {
			if err := a.step(data[0], data[1]); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// rows are the pairs that a source would have, whenever it is asked.
type rows map[string][]float64

func drawRows(t *rapid.T, hs []Hypothesis) rows {
	all := rows{}
	for _, h := range hs {
		center := rapid.SampledFrom([]float64{-.1, 0, .02, .035, .045, .06, .1}).Draw(t, "center")
		sd := rapid.SampledFrom([]float64{.002, .02, .05, .2}).Draw(t, "sd")
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		for range 64 + ConfirmPairs {
			all[h.Scenario+h.Metric] = append(all[h.Scenario+h.Metric], center+sd*random.NormFloat64())
		}
	}
	return all
}

// play drives a procedure with pairs that arrive in random order: each round the
// scenarios are shuffled, now and then one of them runs ahead to its look.
func play(t testing.TB, p *Procedure, all rows, random *rand.Rand) []Decision {
	of := func(scenario, metric string, pair int) float64 { return all[scenario+metric][pair-1] }
	for !p.Look() {
		wants := p.Wants()
		random.Shuffle(len(wants), func(i, j int) { wants[i], wants[j] = wants[j], wants[i] })
		for _, w := range wants {
			for range 1 + random.IntN(w.Pairs-w.Have) {
				give(t, p, w, of)
			}
		}
	}
	return p.Decisions()
}

// equal compares decisions, of which none has a NaN: each has pairs.
func equal(t *rapid.T, got, want []Decision) {
	t.Helper()
	for i := range want {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Fatalf("%+v, want %+v", got[i], want[i])
		}
	}
}

func TestTheOrderOfArrivalChangesNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		all := drawRows(rt, three())
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "order"), 2))
		want := play(t, begin(t, Options{}, three()), all, random)
		for _, d := range want {
			if err := invariants(d); err != nil {
				rt.Fatal(err)
			}
		}
		equal(rt, play(t, begin(t, Options{}, three()), all, random), want)
	})
}

func TestTheOrderOfTheHypothesesChangesNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		all := drawRows(rt, three())
		random := rand.New(rand.NewPCG(1, 2))
		want := play(t, begin(t, Options{}, three()), all, random)
		reversed := three()
		slices.Reverse(reversed)
		got := play(t, begin(t, Options{}, reversed), all, random)
		slices.Reverse(got)
		equal(rt, got, want)
	})
}

// The order of the pairs that come between two decisions does not matter: these
// are after the looks and 16 pairs behind each that may find a slowdown.
func TestTheOrderOfThePairsOfALookChangesNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		all := drawRows(rt, three())
		random := rand.New(rand.NewPCG(1, 2))
		want := play(t, begin(t, Options{}, three()), all, random)
		for _, ys := range all {
			from := 0
			for _, n := range []int{12, 16, 24, 32, 40, 48, 64, 80} {
				part := ys[from:n]
				random.Shuffle(len(part), func(i, j int) { part[i], part[j] = part[j], part[i] })
				from = n
			}
		}
		got := play(t, begin(t, Options{}, three()), all, random)
		for i := range want { // the pairs alone are in another order
			slices.Sort(want[i].LogRatios)
			slices.Sort(got[i].LogRatios)
		}
		equal(rt, got, want)
	})
}

// A base that is exchanged for its head turns slower into faster. The two spend
// their errors over the looks in different ways, so this holds for one look.
func TestExchangedArmsExchangeSlowerAndFaster(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		all := drawRows(rt, three())
		opposite := rows{}
		for key, ys := range all {
			for _, y := range ys {
				opposite[key] = append(opposite[key], -y)
			}
		}
		look := func(all rows) []Decision {
			p := begin(t, Options{Looks: []int{16}}, three())
			for !p.Look() && !p.Wants()[0].Confirm {
				for _, w := range p.Wants() {
					give(t, p, w, func(s, m string, pair int) float64 { return all[s+m][pair-1] })
				}
			}
			return p.Decisions()
		}
		is, mirrored := look(all), look(opposite)
		for i := range is {
			if is[i].Slower != mirrored[i].Faster || is[i].Faster != mirrored[i].Slower {
				rt.Fatalf("%+v, mirrored %+v", is[i], mirrored[i])
			}
			if !near(is[i].Estimate*mirrored[i].Estimate, 1, 1e-12) {
				rt.Fatalf("the estimates are %v and %v", is[i].Estimate, mirrored[i].Estimate)
			}
		}
	})
}
