package compare

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/logperf/logperf/suites/internal/result"
)

// around are values spread evenly by a per cent around a center, none of them
// equal.
func around(center float64) []float64 {
	return []float64{0.99 * center, 1.01 * center, 0.995 * center, 1.005 * center, 1.0025 * center, 0.9975 * center}
}

func same(v float64, n int) []float64 { return slices.Repeat([]float64{v}, n) }

// pairOf makes two runs of one scenario with a reference.
func pairOf() (before, after *result.Run) {
	of := func(commit string) *result.Run {
		return &result.Run{
			ID: "20261123T190342Z-" + commit, Started: time.Date(2026, 11, 23, 19, 3, 42, 0, time.UTC), Outcome: result.Pass,
			Environment: result.Environment{CPU: "AMD EPYC", Go: "go1.26.8", Commit: commit},
			Settings:    map[string]any{"Batch": map[string]any{"Bytes": 65536}},
			Results: []result.Result{
				{
					Scenario: "queue/put", Source: "ff", Values: map[string][]float64{"ns/op": around(100), "allocs/op": same(0, 6)},
					Ratios: []result.Ratio{{Metric: "ns/op", Against: "channel", Slices: around(0.5), Totals: around(0.5)}},
				},
				{Scenario: "queue/put", Reference: "channel", Source: "ff", Values: map[string][]float64{"ns/op": around(200)}},
			},
		}
	}
	return of("abc"), of("def")
}

// row is the row of that name and figure.
func row(t *testing.T, c *Comparison, name, of string) Row {
	t.Helper()
	for _, r := range c.Rows {
		if r.Name() == name && r.Of() == of {
			return r
		}
	}
	t.Fatalf("there is no row %s, %s in %+v", name, of, c.Rows)
	return Row{}
}

func TestARunDoesNotDifferFromItself(t *testing.T) {
	before, after := pairOf()
	c := Compare(before, after, Options{})
	if len(c.Rows) != 4 || len(c.Differences)+len(c.Settings)+len(c.OnlyOld)+len(c.OnlyNew) != 0 {
		t.Errorf("%+v", c)
	}
	for _, r := range c.Rows {
		if r.Verdict != Same || !r.Comparable || r.Why != "" || r.Old.Center != r.New.Center || r.Ratio.N > 0 && r.Ratio.Center != 1 {
			t.Errorf("%s %s: %+v", r.Name(), r.Of(), r)
		}
	}
	if c.References.Center != 1 || c.References.N != 1 {
		t.Errorf("the references changed by %+v", c.References)
	}
}

func TestATimeThatRoseIsSlower(t *testing.T) {
	for _, c := range []struct {
		metric  string
		factor  float64
		verdict Verdict
		word    string
	}{
		{"ns/op", 1.2, Worse, "slower"},
		{"ns/op", 0.8, Better, "faster"},
		{"ns/op", 1.03, Same, "~"}, // certain, and less than what counts
		{"records/s", 1.2, Better, "faster"},
		{"records/s", 0.8, Worse, "slower"},
		{"peak-RSS-B", 1.2, Worse, "worse"},
		{"peak-RSS-B", 0.8, Better, "better"},
	} {
		before, after := pairOf()
		after.Results[0].Ratios = nil // which did not change
		before.Results[0].Values = map[string][]float64{c.metric: around(1000)}
		after.Results[0].Values = map[string][]float64{c.metric: around(1000 * c.factor)}
		r := row(t, Compare(before, after, Options{}), "queue/put", c.metric)
		if r.Verdict != c.verdict || r.Word() != c.word || !r.Comparable || math.Abs(r.Ratio.Center-c.factor) > 1e-9 || r.P > 0.05 {
			t.Errorf("%s x %v: %+v", c.metric, c.factor, r)
		}
		if r.Ratio.Lo >= r.Ratio.Center || r.Ratio.Hi <= r.Ratio.Center || r.Ratio.Confidence != 0.95 || r.Old.N != 6 || !r.Old.Bounded() {
			t.Errorf("%s x %v: the intervals are %+v", c.metric, c.factor, r)
		}
		if (c.factor == 1.03) != strings.Contains(r.Why, "less than the 4 % that count") {
			t.Errorf("%s x %v: %q", c.metric, c.factor, r.Why)
		}
	}
}

func TestWhatCountsIsAnOption(t *testing.T) {
	before, after := pairOf()
	after.Results[0].Values["ns/op"] = around(103)
	after.Results[0].Ratios = nil
	var asked []string
	o := Options{Least: func(scenario, metric, against string) float64 {
		asked = append(asked, strings.TrimSpace(scenario+" "+metric+" "+against))
		return 0.02
	}}
	if r := row(t, Compare(before, after, o), "queue/put", "ns/op"); r.Verdict != Worse {
		t.Errorf("%+v", r)
	}
	if !slices.Contains(asked, "queue/put ns/op") {
		t.Errorf("asked for %q", asked)
	}
}

func TestAChangeThatIsNotCertainIsNone(t *testing.T) {
	before, after := pairOf()
	before.Results[0].Values["ns/op"] = []float64{100, 120, 90, 130, 110, 95}
	after.Results[0].Values["ns/op"] = []float64{118, 101, 140, 99, 125, 113}
	r := row(t, Compare(before, after, Options{}), "queue/put", "ns/op")
	if r.Verdict != Same || r.P < 0.05 || r.Ratio.Lo > 1 || r.Ratio.Hi < 1 {
		t.Errorf("%+v", r)
	}
}

func TestTooFewValuesAreNotComparable(t *testing.T) {
	before, after := pairOf()
	after.Results[0].Ratios = nil
	before.Results[0].Values["ns/op"], after.Results[0].Values["ns/op"] = []float64{100, 101, 99}, []float64{200, 201, 202}
	r := row(t, Compare(before, after, Options{}), "queue/put", "ns/op")
	if r.Comparable || r.Verdict != NotComparable || r.Why != "3 and 3 values are too few to tell a difference" || r.Ratio.Center != 2.01 || r.Ratio.Bounded() {
		t.Errorf("%+v", r)
	}
	if r := row(t, Compare(before, after, Options{Confidence: 0.9}), "queue/put", "ns/op"); r.Verdict != Worse || math.Abs(r.P-0.1) > 1e-9 {
		t.Errorf("at 0.9: %+v", r)
	}
}

func TestExactFiguresAreComparedWhateverDiffers(t *testing.T) {
	before, after := pairOf()
	after.Environment.Go, after.Results[0].Source = "go1.27.0", "00"
	after.Corpus, after.Results[0].Corpus = &result.Corpus{Path: "app.log", SHA256: "0123456789abcdef", Records: 3}, true
	after.Results[0].Values["allocs/op"] = same(1, 6)
	after.Results[0].Values["ns/op"] = around(1000)
	c := Compare(before, after, Options{})
	if want := []string{"go: go1.26.8 -> go1.27.0", "corpus: generated records -> app.log (3 records, SHA-256 0123456789ab)"}; !slices.Equal(c.Differences, want) {
		t.Errorf("%q, want %q", c.Differences, want)
	}
	const why = "the environment differs, the corpus differs, the source of the scenario differs"
	if r := row(t, c, "queue/put", "allocs/op"); r.Verdict != Worse || !r.Comparable || r.Why != why {
		t.Errorf("%+v", r)
	}
	for _, of := range []string{"ns/op", "ns/op / channel"} {
		if r := row(t, c, "queue/put", of); r.Verdict != NotComparable || r.Comparable || r.Why != why || r.New.N != 6 {
			t.Errorf("%+v", r)
		}
	}
	if r := row(t, c, "queue/put/ref=channel", "ns/op"); r.Why != "the environment differs" {
		t.Errorf("the row that did not consume the corpus: %+v", r)
	}
}

func TestSettingsThatDifferAreListedAndKeepNothingApart(t *testing.T) {
	before, after := pairOf()
	after.Settings = map[string]any{"Batch": map[string]any{"Bytes": 1024}}
	after.Results[0].Values["ns/op"] = around(150)
	after.Results[0].Ratios[0].Slices = around(0.75)
	c := Compare(before, after, Options{})
	if !slices.Equal(c.Settings, []string{"Batch.Bytes: 65536 -> 1024"}) || len(c.Differences) != 0 {
		t.Errorf("%q, %q", c.Settings, c.Differences)
	}
	if r := row(t, c, "queue/put", "ns/op"); r.Verdict != Worse {
		t.Errorf("%+v", r)
	}
}

func TestAnExactFigureIsJudgedByItsWorstRepetition(t *testing.T) {
	for _, c := range []struct {
		metric        string
		before, after []float64
		want          Verdict
	}{
		{"lost-records", same(0, 6), []float64{0, 0, 0, 0, 0, 1}, Worse},
		{"lost-records", []float64{0, 3, 0}, same(0, 3), Changed}, // it overlaps
		{"allocs/op", same(2, 6), same(1, 6), Better},
		{"allocs/op", same(2, 6), same(2, 12), Same},
		{"B/op", []float64{512, 513, 512}, []float64{512, 514, 513}, Changed},
		{"B/op", []float64{512, 513, 512}, []float64{600, 601, 600}, Worse},
		{"survived", same(1, 3), []float64{1, 0, 1}, Worse},
		{"survived", same(0, 3), same(1, 3), Better},
		{"allocs/op", []float64{1, 1, 2}, []float64{2, 2, 2}, Changed},
		{"allocs/op", same(2, 3), []float64{1, 1, 2}, Changed},
	} {
		before, after := pairOf()
		before.Results[0].Values = map[string][]float64{c.metric: c.before}
		after.Results[0].Values = map[string][]float64{c.metric: c.after}
		r := row(t, Compare(before, after, Options{}), "queue/put", c.metric)
		if r.Verdict != c.want || r.Class != Exact || r.P != 1 || r.Old.Lo != slices.Min(c.before) || r.New.Hi != slices.Max(c.after) {
			t.Errorf("%s %v -> %v: %+v, want %s", c.metric, c.before, c.after, r, c.want)
		}
	}
}

func TestDoubtedFiguresAreNotComparable(t *testing.T) {
	before, after := pairOf()
	before.Results[1].Doubt = "the pacer was late"
	after.Results[0].Doubts = map[string]string{"allocs/op": "no limit was in force"}
	after.Results[0].Values["peak-RSS-B"], before.Results[0].Values["peak-RSS-B"] = around(2e6), around(1e6)
	c := Compare(before, after, Options{})
	for of, why := range map[string]string{
		"ns/op": "the pacer was late", "ns/op / channel": "the pacer was late", "allocs/op": "no limit was in force",
	} {
		if r := row(t, c, "queue/put", of); r.Verdict != NotComparable || r.Why != why {
			t.Errorf("%s: %+v", of, r)
		}
	}
	if r := row(t, c, "queue/put", "peak-RSS-B"); r.Verdict != Worse {
		t.Errorf("memory does not depend on the pacer: %+v", r)
	}
	before, after = pairOf()
	before.Results[0].Doubt = "the pacer was late"
	before.Results[0].Values["sink-lag-ns"], after.Results[0].Values["sink-lag-ns"] = around(3e8), around(1e7)
	if r := row(t, Compare(before, after, Options{}), "queue/put", "sink-lag-ns"); r.Verdict != Better {
		t.Errorf("when records reach the sink is counted, whenever they were logged: %+v", r)
	}
}

func TestWhatOneRunHasAloneIsNamed(t *testing.T) {
	before, after := pairOf()
	before.Results = append(before.Results, result.Result{Scenario: "queue/gone", Values: map[string][]float64{"ns/op": {1}}})
	before.Results[0].Values["speed"] = []float64{1}
	before.Results[0].Values["B/op"] = []float64{}
	after.Results[0].Values["B/op"] = same(1, 6)
	after.Results[1].Reference = "lane"
	after.Results[0].Ratios = nil
	c := Compare(before, after, Options{})
	wantOld := []string{"queue/put: ns/op / channel", "queue/put: speed (this program does not know the metric)", "queue/put/ref=channel", "queue/gone"}
	if !slices.Equal(c.OnlyOld, wantOld) || !slices.Equal(c.OnlyNew, []string{"queue/put: B/op", "queue/put/ref=lane"}) {
		t.Errorf("%q, %q", c.OnlyOld, c.OnlyNew)
	}
}

// A scenario that broke off left no row: a list that is cut short has to name it,
// and say why.
func TestWhatBrokeOffInARunComesFirstWithItsReason(t *testing.T) {
	before, after := pairOf()
	lone := func(name string) result.Result {
		return result.Result{Scenario: name, Values: map[string][]float64{"ns/op": {1}}}
	}
	before.Results = append(before.Results, lone("queue/gone"), lone("queue/died"))
	after.Results = append(after.Results, lone("queue/new"), lone("queue/mended"))
	after.Errors = []result.Fault{
		{Text: "nothing was said of a scenario"},
		{Scenario: "queue/died", Text: "the arm was killed\ngoroutine 1 [running]:"},
		{Scenario: "queue/died", Text: "another"},
	}
	before.Errors = []result.Fault{{Scenario: "queue/mended", Text: "the arm hung"}}
	c := Compare(before, after, Options{})
	if want := []string{"queue/died: broke off in the new run, the arm was killed", "queue/gone"}; !slices.Equal(c.OnlyOld, want) {
		t.Errorf("%q, want %q", c.OnlyOld, want)
	}
	if want := []string{"queue/mended: broke off in the old run, the arm hung", "queue/new"}; !slices.Equal(c.OnlyNew, want) {
		t.Errorf("%q, want %q", c.OnlyNew, want)
	}
}

func TestAnUnknownMetricIsShownAndNotJudged(t *testing.T) {
	before, after := pairOf()
	before.Results[0].Values["speed"], after.Results[0].Values["speed"] = around(1), around(2)
	r := row(t, Compare(before, after, Options{}), "queue/put", "speed")
	if r.Verdict != NotComparable || r.Why != "this program does not know the metric speed" || r.Old.Center != 1 {
		t.Errorf("%+v", r)
	}
}

func TestValuesThatAreNoNumbersAreNotComparable(t *testing.T) {
	before, after := pairOf()
	after.Results[0].Values["ns/op"][3] = math.NaN()
	c := Compare(before, after, Options{})
	if r := row(t, c, "queue/put", "ns/op"); r.Verdict != NotComparable || r.Why != "a value is no number" {
		t.Errorf("%+v", r)
	}
	if _, err := json.Marshal(c); err != nil {
		t.Error(err)
	}
}

func TestAChangeFromZeroHasNoRatioAndIsCertainAllTheSame(t *testing.T) {
	before, after := pairOf()
	before.Results[0].Values["idle-switches/s"], after.Results[0].Values["idle-switches/s"] = same(0, 6), around(5)
	r := row(t, Compare(before, after, Options{}), "queue/put", "idle-switches/s")
	if r.Verdict != Worse || r.Ratio.N != 0 || r.P > 0.05 {
		t.Errorf("%+v", r)
	}
}

func TestRowsCarryWhatTheirLimitsSay(t *testing.T) {
	before, after := pairOf()
	limit := result.Verdict{Scenario: "queue/put", Metric: "ns/op", Against: "channel", LimitText: "<= 1 x channel", Outcome: result.Pass}
	before.Verdicts = []result.Verdict{limit}
	limit.Outcome = result.Fail
	after.Verdicts = []result.Verdict{
		limit,
		{Scenario: "queue/put", Metric: "ns/op", LimitText: "max 20 us", Outcome: result.NotJudged},
		{Scenario: "queue/put", Metric: "ns/op", LimitText: "max 10 us", Outcome: result.Inconclusive},
	}
	c := Compare(before, after, Options{})
	if r := c.Rows[0]; r.Of() != "ns/op / channel" || !r.Broke() || r.OldOutcome != result.Pass || r.NewOutcome != result.Fail || r.Limit != "<= 1 x channel" {
		t.Errorf("the limit that broke does not come first: %+v", r)
	}
	if r := row(t, c, "queue/put", "ns/op"); r.OldOutcome != "" || r.NewOutcome != result.Inconclusive || r.Limit != "max 10 us" || r.Broke() {
		t.Errorf("%+v", r)
	}
	if r := row(t, c, "queue/put/ref=channel", "ns/op"); r.Limit != "" {
		t.Errorf("a reference has no limit: %+v", r)
	}
}

func TestWhatChangedMostComesFirst(t *testing.T) {
	before, after := pairOf()
	before.Results, after.Results = nil, nil
	for i, factor := range []float64{1, 0.5, 1.3, 2, 0.9} {
		name := fmt.Sprintf("queue/%d", i)
		before.Results = append(before.Results, result.Result{Scenario: name, Values: map[string][]float64{"ns/op": around(100)}})
		after.Results = append(after.Results, result.Result{Scenario: name, Values: map[string][]float64{"ns/op": around(100 * factor)}})
	}
	after.Results[0].Source = "00"
	before.Results = append(before.Results, result.Result{Scenario: "queue/5", Values: map[string][]float64{"allocs/op": same(0, 6)}})
	after.Results = append(after.Results, result.Result{Scenario: "queue/5", Values: map[string][]float64{"allocs/op": same(1, 6)}})
	var names []string
	for _, r := range Compare(before, after, Options{}).Rows {
		names = append(names, r.Scenario)
	}
	if want := []string{"queue/5", "queue/3", "queue/2", "queue/1", "queue/4", "queue/0"}; !slices.Equal(names, want) {
		t.Errorf("%v, want %v", names, want)
	}
}

func TestTheReferencesTellWhatTheMachineDid(t *testing.T) {
	before, after := pairOf()
	after.Results[1].Values["ns/op"] = around(230)
	if c := Compare(before, after, Options{}); math.Abs(c.References.Center-1.15) > 1e-9 || c.References.N != 1 {
		t.Errorf("%+v", c.References)
	}
}

func TestComparingChangesNeitherRun(t *testing.T) {
	before, after := pairOf()
	keptBefore, keptAfter := pairOf()
	Compare(before, after, Options{})
	if !reflect.DeepEqual(before, keptBefore) || !reflect.DeepEqual(after, keptAfter) {
		t.Error("a run has changed")
	}
}

// BenchmarkCompare compares two runs of 60 scenarios, which has to take 0.5 s at
// most, reading them included.
func BenchmarkCompare(b *testing.B) {
	before, after := pairOf()
	before.Results, after.Results = nil, nil
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 60 {
		for _, reference := range []string{"", "channel", "zerolog"} {
			for run, shift := range map[*result.Run]float64{before: 0, after: float64(i % 3)} {
				r := result.Result{Scenario: fmt.Sprintf("queue/%d", i), Reference: reference, Values: map[string][]float64{}}
				for _, name := range []string{
					"ns/op", "total-ns/op", "cpu-ns/op", "user-ns/op", "sys-ns/op", "records/s", "MB/s", "p50-ns", "p99-ns", "p99.9-ns", "max-ns",
					"allocs/op", "B/op", "gc/1M-op", "gc-pause-ns/1M-op", "switches/1k-op", "peak-RSS-B", "lost-records", "leaked-goroutines", "missed-share",
				} {
					values := make([]float64, 12)
					for k := range values {
						values[k] = (100 + shift) * (1 + 0.02*random.NormFloat64())
					}
					if name == "missed-share" || name == "switches/1k-op" { // equal values make the test dear
						values = append(same(0, 6), same(shift+float64(i), 6)...)
					}
					r.Values[name] = values
					if reference == "" {
						r.Ratios = append(r.Ratios, result.Ratio{Metric: name, Against: "zerolog", Slices: values, Totals: values})
					}
				}
				run.Results = append(run.Results, r)
			}
		}
	}
	text, err := json.Marshal(before)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		for range 2 {
			var run result.Run
			if err := json.Unmarshal(text, &run); err != nil {
				b.Fatal(err)
			}
		}
		if c := Compare(before, after, Options{}); len(c.Rows) != 60*4*20 {
			b.Fatalf("%d rows", len(c.Rows))
		}
	}
}
