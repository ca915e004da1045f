package drill

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/logperf/logperf/suites/internal/gate"
	"github.com/logperf/logperf/suites/internal/result"
)

// reported is a report of the gate by its JSON, as its users read it.
func reported(t *testing.T, text string) *gate.Report {
	t.Helper()
	var r gate.Report
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		t.Fatal(err)
	}
	return &r
}

const (
	failed = `{"verdict": "FAIL", "scenarios": [{"name": "queue/put", "metric": "total-ns/op", "verdict": "FAIL", "figures": [
		{"name": "queue/put", "metric": "total-ns/op", "verdict": "FAIL", "estimate": 1.2},
		{"name": "queue/put", "metric": "ns/op", "verdict": "PASS", "estimate": 1.01, "lower": 0.99, "upper": 1.03, "pairs": 24, "limit": 0.04}]}]}`
	unfit     = `{"verdict": "INCONCLUSIVE", "why": "the machine is not fit", "scenarios": [{"name": "queue/put", "metric": "ns/op", "verdict": "FAIL", "figures": [{"name": "queue/put", "metric": "ns/op", "verdict": "FAIL"}]}]}`
	passed    = `{"verdict": "PASS", "scenarios": [{"name": "queue/put", "metric": "ns/op", "verdict": "PASS", "figures": [{"name": "queue/put", "metric": "ns/op", "verdict": "PASS"}]}]}`
	identical = `{"verdict": "PASS", "identical": true}`
	empty     = `{"verdict": "INCONCLUSIVE", "why": "one processor"}`
)

func TestTheGateCatchesByTheMetricThatIsNamed(t *testing.T) {
	for _, c := range []struct {
		report, metric, want, detail string
		unchanged                    bool
	}{
		{failed, "total-ns/op", "caught", "head/base 1.2000", false},
		{failed, "ns/op", "MISSED", "head/base 1.0100 [0.9900 .. 1.0300] of 24 pairs, limit 4 %", false},
		{failed, "instructions/op", "MISSED", "has not judged instructions/op", false},
		{unfit, "ns/op", "MISSED", "the machine is not fit", false},
		{identical, "ns/op", "broken", "no difference", false},
		{empty, "ns/op", "broken", "one processor", false},
		{failed, "", "FALSE ALARM", "total-ns/op", true},
		{unfit, "", "silent", "", true},
		{passed, "", "silent", "", true},
	} {
		g := Comparison{Root: root, run: func(_ context.Context, o gate.Options) (*gate.Report, error) {
			if o.Head.Overlay["a/b.go"] != "planted" || len(o.Base.Overlay) != 0 || !o.Select("queue/put", nil) || o.Select("queue/take", nil) {
				t.Errorf("the gate is called with %+v", o)
			}
			return reported(t, c.report), nil
		}}
		trial := Trial{Plant: Plant{Unchanged: c.unchanged}, Catch: Catch{By: Gate, Scenario: "queue/put", Metric: c.metric}}
		laid := Planted{Files: map[string]string{"a/b.go": "planted"}}
		trial.Finding, trial.Err = g.Judge(t.Context(), laid, trial.Plant, trial.Catch)
		if trial.String() != c.want || !strings.Contains(trial.reason(), c.detail) {
			t.Errorf("%s by %q: %v, %s: want %s, %s", c.report, c.metric, trial, trial.reason(), c.want, c.detail)
		}
	}
}

func TestPowerHasTheLevelsOfAFamily(t *testing.T) {
	var seen []gate.Options
	g := Comparison{Root: root, run: func(_ context.Context, o gate.Options) (*gate.Report, error) {
		seen = append(seen, o)
		return reported(t, failed), nil
	}}
	slow := Plant{Catch: []Catch{{By: Gate, Scenario: "queue/put", Metric: "ns/op", NoCounts: true}}}
	rows, err := g.Compare(t.Context(), Planted{}, slow, 5)
	if err != nil {
		t.Fatal(err)
	}
	if o := seen[0]; o.Family != family || !o.NoCounts || o.Seed != 5 {
		t.Errorf("the gate is called with %+v", o)
	}
	want := Row{Scenario: "queue/put", Metric: "ns/op", Verdict: result.Pass, Estimate: 1.01, Lower: 0.99, Upper: 1.03, Pairs: 24}
	if !reflect.DeepEqual(rows, []Row{want}) {
		t.Errorf("the rows are %+v, want %+v", rows, want)
	}
	// An unchanged plant is held against everything, by whatever metric speaks most
	// against it.
	rows, err = g.Compare(t.Context(), Planted{}, Plant{Unchanged: true, Catch: []Catch{{By: Gate, Scenario: "queue/put"}}}, 5)
	if err != nil || len(rows) != 1 || rows[0].Metric != "total-ns/op" || rows[0].Verdict != result.Fail {
		t.Errorf("the rows are %+v, %v", rows, err)
	}
	if o := seen[1]; o.Select != nil || o.Family != 0 {
		t.Errorf("the gate is called with %+v", o)
	}
	// What is counted is not timed, and all catches of a plant share one run.
	counted := func(scenario string) Catch { return Catch{By: Gate, Scenario: scenario, Metric: "instructions/op"} }
	if _, err := g.Compare(t.Context(), Planted{}, Plant{Catch: []Catch{counted("queue/put"), counted("queue/take")}}, 5); err == nil || !strings.Contains(err.Error(), "has not judged instructions/op of queue/put") {
		t.Errorf("a count that the report lacks: %v", err)
	}
	if o := seen[2]; !o.NoTimes || o.NoCounts || !o.Select("queue/put", nil) || !o.Select("queue/take", nil) || o.Select("queue/other", nil) {
		t.Errorf("the gate is called with %+v", o)
	}
	if _, err := g.Compare(t.Context(), Planted{}, Plant{Catch: []Catch{counted("queue/put"), slow.Catch[0]}}, 5); err == nil || !strings.Contains(err.Error(), "make two plants of it") {
		t.Errorf("catches that exclude each other: %v", err)
	}
	g.run = func(context.Context, gate.Options) (*gate.Report, error) { return nil, errors.New("crashed") }
	if _, err := g.Compare(t.Context(), Planted{}, slow, 1); err == nil {
		t.Error("a crash gives rows")
	}
}

// TestNoVerdictOfAMachineThatIsNotFitCounts, neither for the gate nor against it.
func TestNoVerdictOfAMachineThatIsNotFitCounts(t *testing.T) {
	got := rows(reported(t, unfit))
	if len(got) != 1 || got[0].Verdict != result.Inconclusive {
		t.Errorf("the rows are %+v", got)
	}
}
