package experiment

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(s Subject) func(context.Context, Options) (Subject, error) {
	return func(context.Context, Options) (Subject, error) { return s, nil }
}

// plain is a scenario without fault whose subject is s.
func plain(s Subject) Scenario {
	return Scenario{
		Name: "queue/put-take/producers=8/size=64KiB", Subject: "queue", Tier: "smoke", Measure: "cost",
		Title: "puts and takes", Metrics: []string{"ns/op"}, Arms: []Arm{{Name: "logperf", Open: open(s)}},
	}
}

func TestScenarioWithoutFaultIsValid(t *testing.T) {
	s := plain(nil)
	s.Metrics, s.Laps = []string{"ns/op", "caller-ns/op"}, []string{"caller-ns/op"}
	if err := s.Validate(); err != nil {
		t.Error(err)
	}
}

func TestScenarioFaultsAreNamed(t *testing.T) {
	for _, tc := range []struct {
		name  string
		spoil func(*Scenario)
		want  string
	}{
		{"capital letters", func(s *Scenario) { s.Name = "queue/PutTake" }, "does not consist of words"},
		{"empty word", func(s *Scenario) { s.Name = "queue//put" }, "does not consist of words"},
		{"space", func(s *Scenario) { s.Name = "queue/put take" }, "does not consist of words"},
		{"digit first", func(s *Scenario) { s.Name = "8queue" }, "does not consist of words"},
		{"processors", func(s *Scenario) { s.Name = "queue/put-8" }, "number of processors"},
		{"subject", func(s *Scenario) { s.Subject = "queues" }, `subject is "queues"`},
		{"tier", func(s *Scenario) { s.Tier = "" }, `tier is ""`},
		{"measure", func(s *Scenario) { s.Measure = "speed" }, `measure is "speed"`},
		{"title", func(s *Scenario) { s.Title = "" }, "no title"},
		{"no metric", func(s *Scenario) { s.Metrics = nil }, "emits no metric"},
		{"unknown metric", func(s *Scenario) { s.Metrics = []string{"total-ns"} }, "nearest are total-ns/op"},
		{"metric twice", func(s *Scenario) { s.Metrics = []string{"ns/op", "ns/op"} }, "declared twice"},
		{"lap", func(s *Scenario) { s.Laps = []string{"caller-ns/op"} }, "not among its metrics"},
		{"lap twice", func(s *Scenario) { s.Laps = []string{"ns/op", "ns/op"} }, "declared twice"},
		{"spread alone", func(s *Scenario) { s.Metrics = append(s.Metrics, "spread") }, "second arm"},
		{"no arm", func(s *Scenario) { s.Arms = nil }, "no arm"},
		{"arm twice", func(s *Scenario) { s.Arms = append(s.Arms, s.Arms[0]) }, "two arms"},
		{"arm without a name", func(s *Scenario) { s.Arms[0].Name = "" }, "arm name"},
		{"arm without Open", func(s *Scenario) { s.Arms[0].Open = nil }, "Open is nil"},
		{"negative slice", func(s *Scenario) { s.Slice = -time.Second }, "want 0 or more"},
		{"negative repetitions", func(s *Scenario) { s.Repetitions = -1 }, "Repetitions is -1: want 0 or more"},
		{"negative memory", func(s *Scenario) { s.Memory = -1 }, "Memory is -1: want 0 or more"},
		{"ops beyond the most", func(s *Scenario) { s.MaxOps, s.Ops = 10, 11 }, "more than MaxOps"},
		{"single slice of unknown size", func(s *Scenario) { s.Slices = 1 }, "set Ops"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := plain(nil)
			tc.spoil(&s)
			err := s.Validate()
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("Validate() = %v, want an error with %q", err, tc.want)
			}
		})
	}
}

func TestScenarioReportsAllFaultsAtOnce(t *testing.T) {
	s := plain(nil)
	s.Tier, s.Measure = "x", "y"
	if err := s.Validate(); err == nil || !strings.Contains(err.Error(), `"x"`) || !strings.Contains(err.Error(), `"y"`) {
		t.Errorf("Validate() = %v, want both faults", err)
	}
}

func TestScenarioLabels(t *testing.T) {
	want := []string{"subject:queue", "tier:smoke", "measure:cost"}
	if got := plain(nil).Labels(); !slices.Equal(got, want) {
		t.Errorf("Labels() = %v, want %v", got, want)
	}
}

func TestGoHasThreeQuartersOfTheMemory(t *testing.T) {
	for memory, want := range map[int64]int64{0: 0, 64 << 20: 48 << 20, math.MaxInt64: math.MaxInt64 / 4 * 3} {
		if got := (Scenario{Memory: memory}).GoMemory(); got != want {
			t.Errorf("of %d B Go has %d, want %d", memory, got, want)
		}
	}
}

func TestCheckIsTiny(t *testing.T) {
	for _, tc := range []struct{ ops, most, want int }{{0, 0, 64}, {0, 32, 32}, {200_000, 0, 64}, {1, 0, 1}, {100, 100, 64}} {
		if got := (Scenario{Ops: tc.ops, MaxOps: tc.most}).fixedOps(true); got != tc.want {
			t.Errorf("Ops %d, MaxOps %d: a check does %d operations, want %d", tc.ops, tc.most, got, tc.want)
		}
	}
}
