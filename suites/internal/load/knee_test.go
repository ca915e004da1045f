package load

import (
	"errors"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/logperf/logperf/suites/internal/experiment"
)

func TestTheSearchKeepsEachRateThatItTried(t *testing.T) {
	knee := Knees()[0]
	p := run(t, knee, experiment.Options{Seed: 1, Dir: t.TempDir(), Check: true})
	if len(p.Curve) == 0 || len(p.Curve) > kneeMost {
		t.Fatalf("the curve has %d points, want 1 to %d", len(p.Curve), kneeMost)
	}
	held := 0.0
	for i, point := range p.Curve {
		if i > 0 && point.Offered < p.Curve[i-1].Offered {
			t.Errorf("point %d offers %v, less than the one before it, %v", i, point.Offered, p.Curve[i-1].Offered)
		}
		if err := point.Check(); err != nil || point.Offered == 0 || point.ServiceP99 < point.ServiceP50 || point.ResponseP999 < point.ResponseP99 {
			t.Errorf("point %d is %+v (%v)", i, point, err)
		}
		if point.Held {
			held = point.Offered
		}
	}
	// Arrivals are whole, the rate that was asked for need not be.
	if found := p.Values["knee-records/s"]; found < held || found > held+200 {
		t.Errorf("the knee is %v, the highest rate of the curve that held %v", found, held)
	}
}

func TestATighterLimitIsTheOneThatIsHeld(t *testing.T) {
	p := run(t, Knees()[0], experiment.Options{Seed: 1, Dir: t.TempDir(), Check: true, KneeP99: time.Nanosecond})
	if p.Values["knee-records/s"] != 0 || slices.ContainsFunc(p.Curve, func(c experiment.CurvePoint) bool { return c.Held }) {
		t.Errorf("a rate has held a response time of a nanosecond: %+v", p.Curve)
	}
	if p.Values["lost-records"] != 0 {
		t.Errorf("%v records are lost", p.Values["lost-records"])
	}
}

// tries is how often a search with that bound tries a rate, whose calls take a
// message each.
func tries(t *testing.T, bound time.Duration, message func() string) (n int, last experiment.Traffic, held bool) {
	t.Helper()
	target, err := openTarget(experiment.Options{Seed: 1, Dir: t.TempDir(), Check: true}, opening{far: toFile, producers: kneeProducers, message: message})
	if err != nil {
		t.Fatal(err)
	}
	s := &search{target: target, bound: bound}
	phase := experiment.Phase{Name: "steady", Duration: 10 * time.Millisecond, Rate: 1000, Measured: true}
	last, _, held, err = s.try(t.Context(), phase)
	n = s.calls() / last.Scheduled
	if err := errors.Join(err, s.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	if n < 1 || n > kneeTries {
		t.Errorf("the rate was tried %d times, want 1 to %d", n, kneeTries)
	}
	return n, last, held
}

// attempts are enough for one that the machine does not disturb.
const attempts = 20

func TestARateThatThePacerWasInTimeForIsTriedOnce(t *testing.T) {
	for range attempts {
		n, last, held := tries(t, time.Nanosecond, nil)
		if held {
			t.Fatal("a response time of a nanosecond has held")
		}
		if n == 1 {
			if last.MissedShare() > mostMissed {
				t.Errorf("%v of the arrivals were missed, and the rate was given up", last.MissedShare())
			}
			return
		}
	}
	t.Errorf("the rate was tried again each time, though the pacer was in time")
}

// One processor, which a call keeps for longer than a tick: the other producer is
// free and begins late.
func TestARateThatThePacerWasLateForIsTriedAgain(t *testing.T) {
	before := runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(before)
	busy := func() string {
		for began := time.Now(); time.Since(began) < 3*time.Millisecond; {
		}
		return "busy"
	}
	for range attempts {
		if n, last, _ := tries(t, time.Nanosecond, busy); n == kneeTries && last.MissedShare() > mostMissed {
			return
		}
	}
	t.Errorf("no rate was tried %d times, though the pacer was late", kneeTries)
}

func TestARateThatHoldsIsNotTriedAgain(t *testing.T) {
	for range attempts {
		n, _, held := tries(t, time.Hour, nil)
		if held && n == 1 {
			return
		}
	}
	t.Error("no rate has held at its first try")
}
