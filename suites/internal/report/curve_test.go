package report

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/logperf/logperf/suites/internal/result"
)

// searched is the search of a knee in two repetitions.
func searched() Knee {
	return Knee{
		Limit: 5 * time.Millisecond, Machine: result.Environment{CPU: "AMD EPYC", Cores: 2},
		Row: result.Result{
			Scenario: "load/knee/file", Values: map[string][]float64{"knee-records/s": {600_000, 650_000}},
			Curves: [][]result.CurvePoint{
				{
					{Offered: 600_000, Achieved: 600_000, ServiceP50: 540, ServiceP99: 1800, ResponseP50: 210e3, ResponseP99: 1.2e6, ResponseP999: 2.4e6, Drain: 700 * time.Microsecond, Held: true},
					{Offered: 900_000, Achieved: 810_000, ServiceP50: 900, ServiceP99: 2e6, ResponseP50: 8e6, ResponseP99: 21e6, ResponseP999: 24e6, Drain: 31 * time.Millisecond, Missed: 0.02},
				},
				{{Offered: 650_000, Achieved: 649_900, ServiceP50: 560, ServiceP99: 1900, ResponseP50: 250e3, ResponseP99: 1.9e6, ResponseP999: 3e6, Drain: time.Millisecond, Held: true, Missed: 0.01}},
			},
		},
	}
}

func TestACurveRisesOverAllRepetitionsToTheKnee(t *testing.T) {
	var b bytes.Buffer
	if err := Curve(&b, searched()); err != nil {
		t.Fatal(err)
	}
	golden(t, "curve.txt", b.Bytes())
}

func TestAKneeOfOneRepetitionHasNoRange(t *testing.T) {
	k := searched()
	k.Row.Values["knee-records/s"], k.Row.Curves = []float64{5000}, k.Row.Curves[:1]
	k.Row.Curves[0][1].Missed, k.Machine.Cores = 0, 1
	var b bytes.Buffer
	want := "load/knee/file: the knee is at 5 k/s, with a response p99 of at most 5 ms, on AMD EPYC with 1 core\n"
	if err := Curve(&b, k); err != nil || !strings.HasSuffix(b.String(), "\n\n"+want) || strings.Contains(b.String(), "late") {
		t.Errorf("%v\n%s", err, b.String())
	}
	k.Row.Values["knee-records/s"] = []float64{0, 0}
	if got := k.String(); !strings.HasPrefix(got, "load/knee/file: no rate held, with a response p99 of at most 5 ms") {
		t.Error(got)
	}
	b.Reset()
	if err := Curve(&b, Knee{Row: result.Result{Scenario: "queue/put"}}); err != nil || !strings.HasPrefix(b.String(), "queue/put: no knee was measured") {
		t.Errorf("%v\n%s", err, b.String())
	}
}
