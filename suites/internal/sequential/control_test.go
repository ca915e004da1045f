package sequential

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func control(tb testing.TB, ys []float64) Control {
	tb.Helper()
	c, err := JudgeControl(ys, .04, 2)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func constant(center float64) []float64 {
	ys := make([]float64, ControlPairs)
	for i := range ys {
		ys[i] = center + .001*float64(i%5-2)
	}
	return ys
}

func TestAControlIsUnfitWhereTheSidesDifferByHalfTheLimit(t *testing.T) {
	for center, fit := range map[float64]bool{0: true, .015: true, .025: false, -.015: true, -.025: false} {
		c := control(t, constant(center))
		if c.Fit != fit || !near(c.Estimate, math.Exp(center), .001) || c.Pairs != 24 {
			t.Errorf("%v: %+v, want fit: %v", center, c, fit)
		}
		if !(c.Lower <= c.Estimate && c.Estimate <= c.Upper) {
			t.Errorf("the bounds are %v and %v", c.Lower, c.Upper)
		}
	}
}

// A wide control says nothing against the machine: the scenarios will not be decided.
func TestAControlThatIsNotCertainIsFit(t *testing.T) {
	ys := constant(0)
	for i := range ys {
		ys[i] = .03 + wild("", "", i+1)
	}
	if c := control(t, ys); !c.Fit {
		t.Errorf("%+v", c)
	}
}

func TestAControlWithoutItsPairsIsAnError(t *testing.T) {
	lost := constant(0)
	lost[6] = math.NaN()
	for _, c := range []struct {
		ys       []float64
		limit    float64
		controls int
		want     string
	}{
		{constant(0)[:23], .04, 2, "the control has 23 pairs: want 24"},
		{nil, .04, 2, "the control has 0 pairs"},
		{lost, .04, 2, "pair 7 of the control has no finite ratio"},
		{constant(0), 0, 2, "the limit 0 and 2 controls"},
		{constant(0), .04, 0, "the limit 0.04 and 0 controls"},
	} {
		if got, err := JudgeControl(c.ys, c.limit, c.controls); err == nil || !strings.Contains(err.Error(), c.want) || got.Fit {
			t.Errorf("%+v, %v: want %q", got, err, c.want)
		}
	}
}

func TestAControlIsTheSameFromBothSides(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ys := rapid.SliceOfN(rapid.Float64Range(-.1, .1), ControlPairs, ControlPairs).Draw(t, "ys")
		shift := rapid.Float64Range(-.1, .1).Draw(t, "shift")
		opposite := make([]float64, len(ys))
		for i := range ys {
			ys[i] += shift
			opposite[i] = -ys[i]
		}
		a, err := JudgeControl(ys, .04, 2)
		b, other := JudgeControl(opposite, .04, 2)
		if err != nil || other != nil || a.Fit != b.Fit || !near(a.Estimate*b.Estimate, 1, 1e-12) {
			t.Fatalf("%+v and %+v", a, b)
		}
	})
}

// At most 1 % of runs on a fit machine are to seem unfit.
func TestAFitMachineIsSeldomUnfit(t *testing.T) {
	const runs = 500
	for _, i := range []int{3, 5, 8, drift} {
		n, unfit := noises()[i], 0
		for run := range uint64(runs) {
			m := newMachine(800+uint64(i), run)
			fit := true
			for range 2 {
				ys := make([]float64, ControlPairs)
				for k := range ys {
					ys[k] = n.pair(m, 2)
					m.pass(20) // those of the scenarios in between
				}
				fit = fit && control(t, ys).Fit
			}
			if !fit {
				unfit++
			}
		}
		// Of 500 with .01 each more than 13 are rarer than one in 1,000.
		if unfit > 13 {
			t.Errorf("%s: %d of %d runs seem unfit", n.name, unfit, runs)
		}
	}
}
