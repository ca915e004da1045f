package doctor

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/logperf/logperf/suites/internal/experiment"
	"github.com/logperf/logperf/suites/internal/lockstep"
)

// itself is a scenario with two arms of the same code.
func itself() experiment.Scenario {
	return experiment.Scenario{
		Name: "harness/self/one", Metrics: []string{"ns/op"}, Arms: []experiment.Arm{{Name: "logperf"}, {Name: "self"}},
	}
}

// measured is a repetition in which the second arm takes that much of the first.
func measured(number int, ratio float64) *lockstep.Repetition {
	arm := func(name string, wall time.Duration) lockstep.Arm {
		a := lockstep.Arm{Name: name, N: 1, Values: map[string]float64{"ns/op": float64(wall)}}
		for range 3 {
			a.Slices = append(a.Slices, experiment.Slice{N: 1, Wall: wall, CPU: wall})
		}
		return a
	}
	const first = time.Millisecond
	return &lockstep.Repetition{Number: number, Arms: []lockstep.Arm{arm("logperf", first), arm("self", time.Duration(float64(first)*ratio))}}
}

func TestTwoArmsOfTheSameCodeShowTheNoise(t *testing.T) {
	for _, c := range []struct {
		name  string
		slice time.Duration
		ratio []float64
		want  Rating
	}{
		{"quiet", 0, []float64{1.01, 0.99, 1.005, 0.995, 1, 1.002}, OK},
		{"uneasy", 0, []float64{1.04, 0.97, 1.01, 0.99, 1, 1.002}, Warn},
		{"loud", 0, []float64{1.2, 0.9, 1.1, 0.8, 1, 1.002}, Bad},
		{"loud for one goroutine", 4 * time.Millisecond, []float64{1.04, 0.97, 1.01, 0.99, 1, 1.002}, OK},
	} {
		s := itself()
		s.Slice = c.slice
		n, err := Self(t.Context(), s, 0, func(_ context.Context, _ experiment.Scenario, number int) (*lockstep.Repetition, error) {
			return measured(number, c.ratio[number]), nil
		})
		if err != nil {
			t.Fatal(err)
		}
		f := n.Finding()
		if f.Rating != c.want || n.Ratio.N != 6 || (f.Advice == "") != (c.want == OK) || f.About != s.Name {
			t.Errorf("%s: %+v of %+v, want %s", c.name, f, n, c.want)
		}
	}
}

func TestTheVariationIsThatOfSingleProcesses(t *testing.T) {
	// Mean 2, squares 1 and 1 over n-1.
	if got := variation([]float64{1, 3}); math.Abs(got-math.Sqrt2/2) > 1e-12 {
		t.Errorf("the variation of 1 and 3 is %g, want %g", got, math.Sqrt2/2)
	}
	if got := variation([]float64{5}); got != 0 {
		t.Errorf("one value varies by %g", got)
	}
}

func TestSelfMeasuresAsLongAsItIsAskedTo(t *testing.T) {
	for lasts, want := range map[time.Duration]int{0: leastPairs, 3 * time.Second: leastPairs, 10 * time.Second: 10} {
		synctest.Test(t, func(t *testing.T) {
			calls := 0
			n, err := Self(t.Context(), itself(), lasts, func(_ context.Context, _ experiment.Scenario, number int) (*lockstep.Repetition, error) {
				if number != calls {
					t.Errorf("repetition %d has the number %d", calls, number)
				}
				calls++
				time.Sleep(time.Second)
				return measured(number, 1), nil
			})
			if err != nil || calls != want || n.Ratio.N != want {
				t.Errorf("in %v there are %d repetitions of a second (%v), want %d", lasts, calls, err, want)
			}
		})
	}
}

func TestWhatCannotBeMeasuredIsAnError(t *testing.T) {
	broken := errors.New("the arm ended")
	if _, err := Self(t.Context(), itself(), 0, func(context.Context, experiment.Scenario, int) (*lockstep.Repetition, error) {
		return nil, broken
	}); !errors.Is(err, broken) {
		t.Errorf("the error is %v", err)
	}
	alone := itself()
	alone.Arms = alone.Arms[:1]
	if _, err := Self(t.Context(), alone, 0, nil); err == nil || !strings.Contains(err.Error(), "has one arm") {
		t.Errorf("one arm is measured against itself: %v", err)
	}
}
