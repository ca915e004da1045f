package load

import (
	"math"
	"math/rand/v2"
	"testing"
	"testing/synctest"

	"github.com/logperf/logperf/suites/internal/experiment"
)

// seriesOf are the values of a soak without its first segment.
func seriesOf(value func(i int) float64) []float64 {
	series := make([]float64, soakSegments-1)
	for i := range series {
		series[i] = value(i)
	}
	return series
}

func TestOnlyACertainGrowthIsADrift(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for _, c := range []struct {
		name      string
		series    []float64
		low, high float64
	}{
		// From 100 to 158, which is 58 of the median of 129.
		{"a line that rises", seriesOf(func(i int) float64 { return 100 + float64(i) }), 58.0 / 129, 58.0 / 129},
		{"a line that rises through noise", seriesOf(func(i int) float64 { return 100 + float64(i) + 4*random.NormFloat64() }), 0.3, 58.0 / 129},
		{"a line that falls", seriesOf(func(i int) float64 { return 200 - float64(i) }), 0, 0},
		{"a constant", seriesOf(func(int) float64 { return 7 }), 0, 0},
		{"nothing at all", seriesOf(func(int) float64 { return 0 }), 0, 0},
		{"noise", seriesOf(func(int) float64 { return 100 + 10*random.NormFloat64() }), 0, 0},
		{"a rise that is lost in noise", seriesOf(func(i int) float64 { return 100 + 0.05*float64(i) + 10*random.NormFloat64() }), 0, 0},
		{"a peak in the middle", seriesOf(func(i int) float64 { return 100 + float64(map[bool]int{true: 900}[i == 29]) }), 0, 0},
		{"a share of what is less than one", seriesOf(func(i int) float64 { return float64(i) / 1000 }), 0.058, 0.058},
		{"too few values", []float64{1, 2, 3, 4, 5, 6, 7, 8, 9}, 0, 0},
		{"no value", nil, 0, 0},
	} {
		if got := drift(c.series); !(got >= c.low-1e-9 && got <= c.high+1e-9) || math.IsNaN(got) {
			t.Errorf("%s drifts by %v, want %v to %v", c.name, got, c.low, c.high)
		}
	}
}

// standing plays the stall on the clock of a bubble.
func standing(t *testing.T) (g *generator) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s, err := openStanding(t.Context(), experiment.Options{})
		if err != nil {
			t.Fatal(err)
		}
		g = s.(*generator)
		g.load.Sleep = nil // the kernel's clock is outside of the bubble
		if err := g.Run(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		if err := g.Check(); err != nil {
			t.Error(err)
		}
	})
	return g
}

func TestAStallIsChargedToAllWhoCameMeanwhile(t *testing.T) {
	g := standing(t)
	values := map[string]float64{}
	if err := g.Report(values); err != nil || values["stall-charged"] != 1 {
		t.Errorf("of those who came during the stall %v were charged (%v), want all", values["stall-charged"], err)
	}
	if values["response-max-ns"] < float64(stallFor) || values["service-p50-ns"] > float64(stallFor)/100 {
		t.Errorf("the longest response is %v ns, the median service %v ns", values["response-max-ns"], values["service-p50-ns"])
	}
}

// A generator that calls when the last call has returned knows no intended start:
// its response times are its service times. That is coordinated omission.
func TestAGeneratorThatWaitsForItsSubjectIsFoundOut(t *testing.T) {
	g := standing(t)
	g.traffic.Response = g.traffic.Service
	if charged := g.stallCharged(); charged > 0.01 {
		t.Errorf("%v of those who came during the stall were charged, want one call", charged)
	}
}

func TestAGeneratorThatLeavesOutCallsIsFoundOut(t *testing.T) {
	g := standing(t)
	g.traffic.Calls--
	says(t, "a call too few", g.Check(), "has not made all the calls that were due")
}
