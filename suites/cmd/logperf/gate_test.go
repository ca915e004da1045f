package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/logperf/logperf/suites/internal/gate"
	"github.com/logperf/logperf/suites/internal/result"
)

func TestACallOfTheGateThatCannotBeFollowedIsMisuse(t *testing.T) {
	for want, args := range map[string][]string{
		"--budget is 0s":               {"--budget", "0s"},
		`there is no scenario "queue"`: {"--only", "queue"},
		"exclude each other":           {"--only", "queue/put-take/producers=1/cap=1024", "--label-filter", "tier:smoke"},
		"--label-filter":               {"--label-filter", "(tier:smoke"},
		"unknown command":              {"main"},
	} {
		code, out, errs := call(append([]string{"gate"}, args...)...)
		if code != 2 || out != "" || !strings.Contains(errs, want) {
			t.Errorf("%v: exit %d, %q, want 2 with %q", args, code, errs, want)
		}
	}
}

func TestAGateOutsideOfARepositoryHasNoVerdict(t *testing.T) {
	t.Chdir(t.TempDir())
	if code, _, errs := call("gate"); code != 2 || !strings.Contains(errs, "go.mod") {
		t.Errorf("exit %d, %q", code, errs)
	}
}

func verdictOf(o result.Outcome) *gate.Report {
	f := gate.Figure{Name: "queue/put", Metric: "ns/op", Verdict: o, Estimate: 1.08, Lower: 1.05, Upper: 1.1, Pairs: 48, MDD: 0.02, Limit: 0.04, At: "thresholds.yaml:12", ByDefault: true}
	return &gate.Report{Schema: 1, Verdict: o, Base: "abc (main)", Commit: "abc", Head: "the working tree", Scenarios: []gate.Row{{Figure: f, Figures: []gate.Figure{f}}}}
}

func TestTheExitStatusIsTheVerdict(t *testing.T) {
	for outcome, want := range map[result.Outcome]int{result.Pass: 0, result.Fail: 1, result.Inconclusive: 3} {
		var g gateCall
		err := g.tell(&bytes.Buffer{}, verdictOf(outcome))
		got := 0
		if ended, ok := errors.AsType[gateEnded](err); ok {
			got = ended.Status()
		}
		if got != want || (err == nil) != (want == 0) {
			t.Errorf("%s ends with %d (%v), want %d", outcome, got, err, want)
		}
	}
	var out bytes.Buffer
	g := gateCall{accept: "the label"}
	if err := g.tell(&out, verdictOf(result.Fail)); err != nil || !strings.Contains(out.String(), "the slowdowns are accepted: the label") {
		t.Errorf("%v\n%s", err, out.String())
	}
	if err := g.tell(&out, verdictOf(result.Inconclusive)); err == nil {
		t.Error("what could not be decided is accepted")
	}
}

func TestTheLabelAcceptsNoLosses(t *testing.T) {
	for _, name := range []string{"lost-records", "duplicated-records", "disordered-records", "leaked-goroutines", "leaked-descriptors"} {
		r := verdictOf(result.Fail)
		// Behind a slowdown in the same scenario, which the label does accept.
		fault := r.Scenarios[0].Figure
		fault.Metric = name
		r.Scenarios[0].Figures = append(r.Scenarios[0].Figures, fault)
		g := gateCall{accept: "the label"}
		ended, ok := errors.AsType[gateEnded](g.tell(&bytes.Buffer{}, r))
		if !ok || ended.Status() != 1 || ended.Error() != "the label accepts slowdowns, not losses: "+name+" of queue/put" {
			t.Errorf("%s: it ends with %d, %q", name, ended.Status(), ended.Error())
		}
	}
}

func TestTheLabelAcceptsARemoval(t *testing.T) {
	r := verdictOf(result.Pass)
	r.Verdict, r.Why, r.Removed, r.OnlyRemoved = result.Inconclusive, "removed: queue/gone", []string{"queue/gone"}, true
	if ended, ok := errors.AsType[gateEnded]((&gateCall{}).tell(&bytes.Buffer{}, r)); !ok || ended.Status() != 3 || !strings.Contains(ended.Error(), "removed: queue/gone") {
		t.Errorf("without a label it ends with %d, %q", ended.Status(), ended.Error())
	}
	var out bytes.Buffer
	g := gateCall{accept: "the label"}
	if err := g.tell(&out, r); err != nil || !strings.Contains(out.String(), "the removal is accepted: the label") {
		t.Errorf("%v\n%s", err, out.String())
	}
}

func TestTheReportIsStoredAndAnnotated(t *testing.T) {
	dir := t.TempDir()
	g := gateCall{json: filepath.Join(dir, "gate.json"), markdown: filepath.Join(dir, "summary.md"), annotate: true}
	if err := os.WriteFile(g.markdown, []byte("# another step\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	_ = g.tell(&out, verdictOf(result.Fail))
	text, err := os.ReadFile(g.json)
	if err != nil {
		t.Fatal(err)
	}
	var read struct {
		Verdict   string
		Scenarios []struct {
			Name, Metric, Verdict       string
			Estimate, Lower, Upper, MDD float64
			Pairs                       int
		}
	}
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	if s := read.Scenarios[0]; read.Verdict != "FAIL" || s.Name != "queue/put" || s.Metric != "ns/op" || s.Verdict != "FAIL" ||
		s.Estimate != 1.08 || s.Lower != 1.05 || s.Upper != 1.1 || s.MDD != 0.02 || s.Pairs != 48 {
		t.Errorf("the JSON says %+v", read)
	}
	summary, err := os.ReadFile(g.markdown)
	if err != nil || !strings.HasPrefix(string(summary), "# another step\n### gate: FAIL") {
		t.Errorf("the summary is %q (%v)", summary, err)
	}
	if !strings.Contains(out.String(), "::error file=thresholds.yaml,line=12::FAIL  queue/put ns/op: +8.0 %25") {
		t.Errorf("no annotation in\n%s", out.String())
	}
}

func TestPathsBelowTheWorkingDirectoryAreShort(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{filepath.Join(here, "results", "gate"): filepath.Join("results", "gate"), "/elsewhere": "/elsewhere"} {
		if got := fromHere(path); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
}

func TestProgressIsALineAMinuteInALog(t *testing.T) {
	var b bytes.Buffer
	p := gateProgress{w: &b}
	for range 3 {
		p.show(gate.Progress{Doing: "queue/put", Pairs: 7, Open: 3, Left: 20 * time.Second, Most: time.Minute})
	}
	p.done()
	if got, want := b.String(), "   7 pairs,  3 scenarios open, 20s to the next look, at most 1m0s left: queue/put\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	b.Reset()
	p = gateProgress{w: &b, terminal: true}
	p.show(gate.Progress{Doing: "builds base and head", Left: -1})
	p.done()
	if got := b.String(); got != "\r\x1b[Kbuilds base and head\r\x1b[K" {
		t.Errorf("%q", got)
	}
}

// TestThePullRequestOfANoisyMachineEndsNeutral, and that which removes scenarios
// does not. The gate is a script that leaves a report and a status.
func TestThePullRequestOfANoisyMachineEndsNeutral(t *testing.T) {
	makefile, err := filepath.Abs("../../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("MAKEFLAGS", "") // of a make that runs this test
	for _, c := range []struct {
		name, report  string
		status        string
		accept        string
		runs          int
		good          bool
		says, saysNot string
	}{
		{"a pass", `{}`, "0", "", 1, true, "", "::"},
		{"a slowdown", `{}`, "1", "", 1, false, "", "::"},
		{"noise", `{"verdict": "INCONCLUSIVE"}`, "3", "", 2, true, "::warning::INCONCLUSIVE twice", "::error::"},
		{"a removal", `{"removed": [ "a" ], "only_removed": true}`, "3", "", 1, false, "::error::scenarios of the base are gone", "::warning::"},
		{"noise and a removal", `{"removed": [ "a" ]}`, "3", "", 2, false, "::error::scenarios of the base are gone", "::warning::"},
		{"noise and an accepted removal", `{"removed": [ "a" ]}`, "3", "the label", 2, true, "::warning::INCONCLUSIVE twice", "::error::"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			script := "#!/bin/sh\necho run >> runs\ncat > results/gate.json <<'END'\n" + c.report + "\nEND\nexit " + c.status + "\n"
			if err := os.WriteFile(filepath.Join(dir, "go"), []byte(script), 0o700); err != nil {
				t.Fatal(err)
			}
			t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
			out, err := exec.CommandContext(t.Context(), "make", "-C", dir, "-f", makefile, "gate-pull-request", "BASE=HEAD", "ACCEPT="+c.accept).CombinedOutput()
			if (err == nil) != c.good || !strings.Contains(string(out), c.says) || strings.Contains(string(out), c.saysNot) {
				t.Errorf("it ends with %v, want good %v with %q:\n%s", err, c.good, c.says, out)
			}
			runs, err := os.ReadFile(filepath.Join(dir, "runs"))
			if got := strings.Count(string(runs), "run\n"); err != nil || got != c.runs {
				t.Errorf("the gate ran %d times (%v), want %d", got, err, c.runs)
			}
		})
	}
}
