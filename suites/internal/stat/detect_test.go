package stat

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestNormalQuantilesArePublished(t *testing.T) {
	for p, want := range map[float64]float64{
		.5: 0, .05: -1.644854, .025: -1.959964, .975: 1.959964, .05 / 30: -2.9352, .05 / 30 / 4: -3.3415, 1e-9: -5.997807,
	} {
		if got := NormalQuantile(p); !near(got, want, 1e-4) {
			t.Errorf("the quantile of %v is %v, want %v", p, got, want)
		}
	}
}

func TestTheSmallestDetectableSlowdownOfTheFormula(t *testing.T) {
	// s = (.0575-.0215)/3.92 = .0091837, z = 3.3415+1.6449 = 4.9864, sqrt(12/64) =
	// .4330127: the exponent is .0198293.
	w, d := WalshAverages(published()), NewSignedRank(12)
	if s := w.StandardError(d); !near(s, .0091837, 1e-7) {
		t.Errorf("the standard error is %v, want .0091837", s)
	}
	if got, want := SmallestDetectable(w, d, .05/30/4, 64), math.Expm1(.0198293); !near(got, want, 1e-5) {
		t.Errorf("the smallest detectable slowdown is %v, want %v", got, want)
	}
}

func TestTooFewValuesDetectNothing(t *testing.T) {
	for n := range 6 {
		w := WalshAverages(make([]float64, n))
		if got := SmallestDetectable(w, NewSignedRank(n), .05, 64); !math.IsInf(got, 1) {
			t.Errorf("%d values detect %v", n, got)
		}
	}
}

// What is called detectable has to be found in 95 % of samples of that many values.
func TestTheSmallestDetectableSlowdownIsDetected(t *testing.T) {
	const n, draws, sd, level = 32, 1000, 0.04, 0.001
	random := rand.New(rand.NewPCG(7, 8))
	d := NewSignedRank(n)
	c := d.Critical(level)
	draw := func(center float64) Walsh {
		y := make([]float64, n)
		for i := range y {
			y[i] = center + sd*random.NormFloat64()
		}
		return WalshAverages(y)
	}
	smallest := 0.0
	for range draws {
		smallest += SmallestDetectable(draw(0), d, level, n) / draws
	}
	found := 0
	for range draws {
		if draw(math.Log1p(smallest)).Lower(c) > 0 {
			found++
		}
	}
	if share := float64(found) / draws; share < 0.92 || share > 0.975 {
		t.Errorf("a slowdown of %.2f %% is found in %.3f of samples, want about .95", 100*smallest, share)
	}
}
