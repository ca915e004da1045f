package sequential

import (
	"math"
	"slices"
	"testing"

	"github.com/logperf/logperf/suites/internal/stat"
)

func near(a, b, tolerance float64) bool { return math.Abs(a-b) <= tolerance }

func TestTheLooksOfAFamilyHaveThePublishedLevels(t *testing.T) {
	looks := Family()
	if !slices.Equal(looks, []int{12, 16, 24, 32, 48, 64}) {
		t.Fatalf("the looks are %v", looks)
	}
	s := newSpending(looks)
	slower := []float64{0, .000416667, .000208333, .000208333, .000416667, .000416667}
	pass := []float64{.001875, .000625, .00125, .00125, .0025, .0025}
	for k, n := range looks {
		if got := .05 / 30 * s.slower[k]; !near(got, slower[k], 1e-9) {
			t.Errorf("at %d pairs a slowdown has the level %v, want %v", n, got, slower[k])
		}
		if got := .01 * s.pass[k]; !near(got, pass[k], 1e-9) {
			t.Errorf("at %d pairs a pass has the level %v, want %v", n, got, pass[k])
		}
	}
}

func TestTheLooksOfAFamilyHaveThePublishedCriticalValues(t *testing.T) {
	looks := Family()
	s := newSpending(looks)
	for m, want := range map[int][]int{
		30: {0, 9, 34, 84, 271, 550},
		29: {0, 9, 35, 84, 272, 551},
		10: {0, 13, 43, 98, 299, 595},
		1:  {0, 26, 64, 133, 371, 706},
	} {
		for k, n := range looks {
			if c := stat.NewSignedRank(n).Critical(.05 / float64(m) * s.slower[k]); c != want[k] {
				t.Errorf("%d hypotheses, %d pairs: C is %d, want %d", m, n, c, want[k])
			}
		}
	}
	for k, want := range []int{5, 10, 48, 107, 319, 625} {
		if c := stat.NewSignedRank(looks[k]).Critical(.01 * s.pass[k]); c != want {
			t.Errorf("%d pairs: C of a pass is %d, want %d", looks[k], c, want)
		}
	}
}

func TestNoErrorIsSpentTwice(t *testing.T) {
	for _, looks := range [][]int{Family(), Alone(128), Alone(96), {16}, {20, 30}} {
		s := newSpending(looks)
		for name, shares := range map[string][]float64{"slower": s.slower, "pass": s.pass, "faster": s.faster} {
			sum := 0.0
			for _, share := range shares {
				sum += share
			}
			if !near(sum, 1, 1e-12) || slices.Min(shares) < 0 {
				t.Errorf("looks %v: %s spends %v, in all %v", looks, name, shares, sum)
			}
		}
	}
}

func TestTwelvePairsMayFindSixtyHypothesesFaster(t *testing.T) {
	share := newSpending(Family()).faster[0]
	if c := stat.NewSignedRank(12).Critical(.05 / 60 * share); c != 1 {
		t.Errorf("C is %d, want 1: all twelve below 0", c)
	}
}

func TestOneScenarioAloneHasMoreLooks(t *testing.T) {
	if got, want := Alone(128), []int{16, 24, 32, 48, 64, 96, 128}; !slices.Equal(got, want) {
		t.Errorf("the looks are %v, want %v", got, want)
	}
	if got, want := Alone(96), []int{16, 24, 32, 48, 64, 96}; !slices.Equal(got, want) {
		t.Errorf("the looks are %v, want %v", got, want)
	}
}
