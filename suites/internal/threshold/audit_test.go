package threshold

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/logperf/logperf/suites/internal/metric"
	"github.com/logperf/logperf/suites/internal/result"
)

const audited = `profiles:
  here:
    cpu: AMD EPYC
    cores: 2
    scenarios:
      sink/file:
        records/s: {min: 80k}
        p99-ns: {max: 20us, why: for catastrophes}
        max-ns: {max: 200ms}
  elsewhere:
    cpu: [Intel Xeon, Intel Atom]
    cores: 4
    scenarios:
      sink/file:
        records/s: {min: 90k}
        p99-ns: {max: 30us}
scenarios:
  queue/put:
    allocs/op: {max: 2}
    B/op: {max: 64}
    lost-records: {max: 0}
    ns/op: {vs: {channel: 1.5, xsync: 0.9}}
    records/s: {vs: {channel: 0.2}}
    heap-B/op: {max: 700, expires: 2026-12-01}
    gc/1M-op: {max: 5, expires: 2026-11-20, why: until the pool is mended}
  queue/soak:
    rss-drift: {max: 5%}
    survived: {min: 0}
  load/none:
    lost-records: {max: 0}
    retries: {min: 1}
`

// auditedRun has figures for some of the limits.
func auditedRun() *result.Run {
	return &result.Run{
		ID: "20261123T190342Z-abc", Environment: result.Environment{CPU: "AMD EPYC", Cores: 2},
		Results: []result.Result{
			{Scenario: "queue/put", Reference: "channel", Values: map[string][]float64{}},
			{
				Scenario: "queue/put",
				Values: map[string][]float64{
					"allocs/op": {1, 1, 1, 0, 1, 1}, "B/op": {64, 16, 16, 16, 16, 16}, "lost-records": {0, 0, 0, 0, 0, 0},
					"heap-B/op": {480, 481, 482, 480, 481, 480}, "gc/1M-op": {0, 0, 0, 0, 0, 0},
				},
				Ratios: []result.Ratio{
					{Metric: "ns/op", Against: "channel", Slices: []float64{.60, .61, .60, .62, .61, .60}, Totals: []float64{.61, .66, .60, .62, .64, .60}},
					{Metric: "ns/op", Against: "xsync", Slices: []float64{.70, .71, .72, .71, .70, .73}, Totals: []float64{.70, .71, .72, .71, .70, .73}},
					{Metric: "records/s", Against: "channel", Slices: []float64{1.6, 1.62, 1.58, 1.6, 1.61, 1.6}, Totals: []float64{1.6, 1.62, 1.58, 1.6, 1.61, 1.6}},
				},
			},
			{Scenario: "sink/file", Values: map[string][]float64{
				"records/s": {1.2e6, 1.21e6, 1.19e6, 1.2e6, 1.22e6, 1.2e6}, "p99-ns": {812, 840, 800, 815, 822, 830},
				"max-ns": {1e6, 60e6, 3e6, 2e6, 90e6, 1e6},
			}},
			{Scenario: "queue/soak", Values: map[string][]float64{"rss-drift": {0, 0, 0}, "survived": {1, 1, 1}}},
		},
	}
}

func audit(t *testing.T, run *result.Run) Audit {
	t.Helper()
	f, err := Parse("thresholds.yaml", []byte(audited), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	a, err := f.Audit(run, AuditOptions{Now: today})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAnAuditFindsTheLimitsThatDoNoWork(t *testing.T) {
	a := audit(t, auditedRun())
	var found []string
	for _, f := range a.Findings {
		found = append(found, strings.Join([]string{f.Kind, f.Scenario, f.Of, f.Proposed}, " | "))
	}
	want := []string{
		"expired | queue/put | gc/1M-op | ",
		"expires soon | queue/put | heap-B/op | ",
		"loose | sink/file | records/s | min: 920k",
		"loose | sink/file | p99-ns | max: 1.1us",
		"loose | queue/put | allocs/op | max: 1",
		"loose | queue/put | ns/op / channel | vs: {channel: 0.77}",
		"loose | queue/put | records/s / channel | vs: {channel: 1.2}",
		"loose | queue/soak | survived | min: 1",
		"never judged |  |  | ",
	}
	if !slices.Equal(found, want) {
		t.Errorf("found are\n%s\nwant\n%s", strings.Join(found, "\n"), strings.Join(want, "\n"))
	}
	if a.Limits != 17 || a.Judged != 13 || a.Absent != 2 {
		t.Errorf("of %d limits %d were judged and %d are on scenarios that were not measured: want 17, 13 and 2", a.Limits, a.Judged, a.Absent)
	}
}

// A slowdown that is no longer accepted ends each run, as a limit that has expired.
func TestAnAuditFindsSlowdownsThatAreAcceptedNoLonger(t *testing.T) {
	const text = `scenarios:
  queue/put:
    lost-records: {max: 0}
    ns/op:
      regression: 3%
      accept: {ratio: 1.06, why: a field more, until: 2026-11-20}
    allocs/op:
      accept: {ratio: 2, why: a buffer more, until: 2026-12-01}
    B/op: {accept: {ratio: 1.5, why: as well, until: 2027-12-01}}
    total-ns/op: {regression: 5%}
`
	f, err := Parse("t.yaml", []byte(text), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	a, err := f.Audit(auditedRun(), AuditOptions{Now: today})
	if err != nil {
		t.Fatal(err)
	}
	want := []Finding{
		{
			Kind: Expired, File: "t.yaml", Line: 6, Scenario: "queue/put", Of: "ns/op", Limit: "accept 1.06", Why: "a field more",
			Text: "expired on 2026-11-20, and ends each run before it measures: measure again, then move the day or drop accept",
		},
		{
			Kind: ExpiresSoon, File: "t.yaml", Line: 8, Scenario: "queue/put", Of: "allocs/op", Limit: "accept 2", Why: "a buffer more",
			Text: "expires on 2026-12-01, and ends each run from the day after: measure again, then move the day or drop accept",
		},
	}
	if !slices.Equal(a.Findings, want) {
		t.Errorf("found are %+v, want %+v", a.Findings, want)
	}
	if a.Limits != 1 || a.Judged != 1 {
		t.Errorf("%d limits, of which %d were judged: an accept is none", a.Limits, a.Judged)
	}
}

func TestAnAuditIsShownToPeople(t *testing.T) {
	var b bytes.Buffer
	if err := audit(t, auditedRun()).Write(&b); err != nil {
		t.Fatal(err)
	}
	golden(t, "audit.txt", b.Bytes())
	quiet, err := Parse("t.yaml", []byte("scenarios:\n  queue/put:\n    lost-records: {max: 0}\n"), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	a, err := quiet.Audit(auditedRun(), AuditOptions{Now: today})
	if err != nil {
		t.Fatal(err)
	}
	b.Reset()
	if err := a.Write(&b); err != nil || b.String() != "1 limits: 0 expired, 0 expire soon, 0 loose; run 20261123T190342Z-abc has figures for 1 of them\n" {
		t.Errorf("%v, %q", err, b.String())
	}
	if text, err := json.Marshal(a); err != nil || !strings.Contains(string(text), `"findings":[]`) {
		t.Errorf("%s (%v): want an empty list", text, err)
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := "testdata/" + name
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s (%v): got\n%s\nwant\n%s", path, err, got, want)
	}
}

func TestAnotherMachineJudgesOnlyItsOwnProfile(t *testing.T) {
	run := auditedRun()
	run.Environment.CPU = "Intel Atom"
	run.Environment.Cores = 4
	for _, f := range audit(t, run).Findings {
		if f.Kind == NeverJudged && f.Limit != "3 of profile here" {
			t.Errorf("the finding is %+v", f)
		}
		if f.Kind == Loose && f.Scenario == "sink/file" && f.Line < 10 {
			t.Errorf("a limit of another machine is loose: %+v", f)
		}
	}
}

func TestWhatCannotBeJudgedIsNotLoose(t *testing.T) {
	run := auditedRun()
	for i := range run.Results {
		run.Results[i].Doubt = "the pacer was late"
		for name, values := range run.Results[i].Values {
			run.Results[i].Values[name] = values[:3]
		}
		for j := range run.Results[i].Ratios {
			run.Results[i].Ratios[j].Slices = run.Results[i].Ratios[j].Slices[:3]
		}
	}
	for _, f := range audit(t, run).Findings {
		if f.Kind == Loose && f.Of != "allocs/op" && f.Of != "B/op" && f.Of != "survived" {
			t.Errorf("three values make a limit loose: %+v", f)
		}
	}
	run.Check = true
	f, err := Parse("thresholds.yaml", []byte(audited), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Audit(run, AuditOptions{Now: today}); err == nil || !strings.Contains(err.Error(), "has checked and not measured") {
		t.Errorf("a check is audited: %v", err)
	}
}

// A proposal is a limit that the file accepts, tighter than the old one, and that
// the run it comes from holds.
func TestAProposalIsALimitThatHolds(t *testing.T) {
	names := []string{"p99-ns", "records/s", "heap-B/op", "gc/1M-op", "MB/s", "slice-overhead"}
	rapid.Check(t, func(r *rapid.T) {
		name := rapid.SampledFrom(names).Draw(r, "metric")
		m, _ := metric.Lookup(name)
		kind := Max
		if m.Better == metric.Higher {
			kind = Min
		}
		center := math.Pow(10, rapid.Float64Range(-2, 8).Draw(r, "magnitude"))
		var values []float64
		for range 6 {
			values = append(values, center*rapid.Float64Range(0.9, 1.1).Draw(r, "value"))
		}
		l := limit(t, name, kind, center*math.Pow(10, rapid.Float64Range(-3, 3).Draw(r, "limit")))
		rows := rowOf(name, values...)
		f, loose := looseness(l, Judge(l, rows, JudgeOptions{}), rows[0], 0.95)
		if !loose || f.Proposed == "" {
			return
		}
		text := "profiles: {p: {cpu: x, cores: 2, scenarios: {queue/one: {" + name + ": {" + f.Proposed + "}}}}}\nscenarios: {}\n"
		file, err := Parse("t.yaml", []byte(text), today)
		if err != nil {
			r.Fatalf("%s: %v", f.Proposed, err)
		}
		proposed := file.Limits("queue/one", result.Environment{CPU: "x", Cores: 2}, "")[0]
		if !tighter(l, proposed.Value) {
			r.Errorf("%s is not tighter than %g", f.Proposed, l.Value)
		}
		if v := Judge(proposed, rows, JudgeOptions{}); v.Outcome != result.Pass || v.AtLimit {
			r.Errorf("the run does not hold its own proposal: %v", v)
		}
	})
}

func TestAValueIsRoundedAwayFromTheFigure(t *testing.T) {
	for _, c := range []struct {
		value       float64
		count, down bool
		want        float64
	}{
		{0.591, false, false, 0.6},
		{0.59, false, false, 0.59},
		{1234, false, false, 1300},
		{1234, false, true, 1200},
		{0.0123, false, true, 0.012},
		{1, false, false, 1},
		{0, false, false, 0},
		{99.5, false, false, 100},
		{9.61, true, true, 9},
		{9.61, true, false, 10},
		{0.25, true, false, 0.25},
		{123, true, true, 120},
	} {
		if got := rounded(c.value, c.count, c.down); got != c.want {
			t.Errorf("%g becomes %g, want %g", c.value, got, c.want)
		}
	}
}
