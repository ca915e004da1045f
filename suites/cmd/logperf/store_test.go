package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/logperf/logperf/suites/internal/result"
)

// stored makes a store of runs, an hour apart, the last one slower, and returns
// their names.
func stored(t *testing.T, n int) (root string, ids []string) {
	t.Helper()
	root = t.TempDir()
	t.Setenv("LOGPERF_BENCHMARK_RESULTS", root)
	store, err := result.OpenStore(root)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		started := time.Date(2026, 11, 23, 10+i, 0, 0, 0, time.UTC)
		folder, err := store.Create(started, "abc")
		if err != nil {
			t.Fatal(err)
		}
		values := []float64{100, 101, 102, 99, 98, 97}
		settings := map[string]any{"Batch": map[string]any{"Bytes": 65536}}
		if i == n-1 {
			values = []float64{150, 151, 152, 149, 148, 147}
			settings = map[string]any{"Batch": map[string]any{"Bytes": 1024}}
		}
		run := &result.Run{
			Schema: result.SchemaVersion, ID: folder.ID(), Started: started, Ended: started.Add(time.Minute), Outcome: result.Pass,
			Environment: result.Environment{Go: "go1.26.8", Commit: "0123456789ab"}, Settings: settings,
			Results: []result.Result{{Scenario: "queue/put", Source: "ff", Iterations: []int{1, 1, 1, 1, 1, 1}, Values: map[string][]float64{
				"ns/op": values, "allocs/op": {0, 0, 0, 0, 0, 0},
			}}},
		}
		if err := folder.Save(run); err != nil {
			t.Fatal(err)
		}
		if err := folder.Publish(); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, folder.ID())
	}
	return root, ids
}

func TestTheStoredRunsAreListed(t *testing.T) {
	root, ids := stored(t, 2)
	damaged := filepath.Join(root, "20261123T090000Z-abc")
	if err := os.Mkdir(damaged, 0o700); err != nil {
		t.Fatal(err)
	}
	code, out, errs := call("list")
	if code != 0 || strings.Index(out, ids[1]+" (latest)") > strings.Index(out, ids[0]) || !strings.Contains(out, `the run "20261123T090000Z-abc" in `+root+" has no run.json") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	code, out, errs = call("list", "--json")
	var entries []struct{ ID, Error, Outcome string }
	if err := json.Unmarshal([]byte(out), &entries); code != 0 || err != nil || len(entries) != 3 || entries[0].Outcome != "PASS" || entries[2].Error == "" {
		t.Errorf("exit %d, %v\n%s%s", code, err, out, errs)
	}
	t.Setenv("LOGPERF_BENCHMARK_RESULTS", filepath.Join(root, "none"))
	if code, out, _ := call("list"); code != 0 || !strings.HasPrefix(out, "there are no runs in ") {
		t.Errorf("an empty store: exit %d, %s", code, out)
	}
	if code, out, _ := call("list", "--json"); code != 0 || out != "[]\n" {
		t.Errorf("an empty store: exit %d, %s", code, out)
	}
}

func TestWhatATerminalObeysIsEscapedInJSON(t *testing.T) {
	const hostile = "\x1b\u007f\u009b\u202e\u2028\U000e0001 ä\t\"<"
	var out bytes.Buffer
	if err := indented(&out, map[string][]string{"filter": {hostile, "plain"}}); err != nil {
		t.Fatal(err)
	}
	for _, r := range out.String() {
		if !unicode.IsPrint(r) && r != '\n' {
			t.Errorf("%U is not escaped in %q", r, out.String())
		}
	}
	if !strings.Contains(out.String(), `\u007f\u009b\u202e\u2028\udb40\udc01 ä`) {
		t.Errorf("%s", out.String())
	}
	var back map[string][]string
	if err := json.Unmarshal(out.Bytes(), &back); err != nil || back["filter"][0] != hostile {
		t.Errorf("it reads %q, %v", back, err)
	}
}

func TestOldRunsArePruned(t *testing.T) {
	_, ids := stored(t, 3)
	if code, out, errs := call("prune", "--keep", "2", "--dry-run"); code != 0 || !strings.Contains(out, "would be removed "+ids[0]) {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	code, out, errs := call("prune", "--keep", "2")
	if want := fmt.Sprintf("removed %s\n1 runs removed from ", ids[0]); code != 0 || !strings.HasPrefix(out, want) {
		t.Errorf("exit %d\n%s%s, want %s", code, out, errs, want)
	}
	if _, out, _ := call("list"); strings.Contains(out, ids[0]) || !strings.Contains(out, ids[1]) {
		t.Errorf("left is\n%s", out)
	}
}

func TestTheTwoLatestRunsAreCompared(t *testing.T) {
	_, ids := stored(t, 3)
	for _, args := range [][]string{{"compare"}, {"compare", ids[1]}, {"compare", ids[0], result.Latest}, {"compare", ids[1], ids[2]}} {
		code, out, errs := call(args...)
		for _, want := range []string{"Batch.Bytes: 65536 -> 1024", "queue/put", "+50.3 %", "0.002", "slower", "2 figures: 1 worse, 0 better, 0 changed, 1 the same", "make gate BASE=REF", "git no longer has the commit 0123456789ab"} {
			if code != 0 || !strings.Contains(out, want) {
				t.Errorf("%v: exit %d, want %q in\n%s%s", args, code, want, out, errs)
			}
		}
		if strings.Contains(out, "allocs/op") {
			t.Errorf("%v shows what did not change\n%s", args, out)
		}
	}
	if _, out, _ := call("compare", "--all"); !strings.Contains(out, "allocs/op") {
		t.Errorf("--all does not show what did not change\n%s", out)
	}
}

// The repository's own limits name no scenario of these runs.
func TestWhatCountsComesFromTheSettingsAndTheLimits(t *testing.T) {
	_, ids := stored(t, 2)
	root := t.TempDir()
	limits := filepath.Join(root, "thresholds.yaml")
	for path, text := range map[string]string{
		filepath.Join(root, "go.mod"): "module example.com/x\n",
		limits:                        "scenarios:\n  queue/put:\n    ns/op: {regression: 60%, accept: {ratio: 1.7, why: it was, until: 2020-01-01}}\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(root)
	page := filepath.Join(root, "page.html")
	compared := func(want, said string) {
		t.Helper()
		code, out, errs := call("compare", "--all", ids[0], ids[1])
		if code != 0 || !strings.Contains(out, want) || (said == "") != (errs == "") || !strings.Contains(errs, said) {
			t.Errorf("exit %d, %q, want %q and %q in\n%s", code, errs, want, said, out)
		}
		if code, _, errs := call("report", "--compare", "-o", page, ids[0], ids[1]); code != 0 {
			t.Errorf("exit %d, %s", code, errs)
		}
	}
	compared("less than the 60 % that count", "")
	t.Setenv("LOGPERF_BENCHMARK_CONFIDENCE", "0.999")
	compared("6 and 6 values are too few to tell a difference", "")
	t.Setenv("LOGPERF_BENCHMARK_CONFIDENCE", "")
	if err := os.WriteFile(limits, []byte("scenarios: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	compared("slower", "note: a change counts from 4 % on for all figures, because thresholds.yaml:1:")
	if text, err := os.ReadFile(page); err != nil || !strings.Contains(string(text), "A change counts from 4 % on for all figures, because thresholds.yaml:1:") {
		t.Errorf("the page does not say it (%v)", err)
	}
}

func TestARunIsNotComparedWithItself(t *testing.T) {
	_, ids := stored(t, 2)
	for _, args := range [][]string{{"compare", ids[1]}, {"compare", ids[0], ids[0]}, {"report", "--compare", "latest", ids[1]}} {
		if code, out, errs := call(args...); code != 1 || out != "" || !strings.Contains(errs, "both names are run "+ids[1]) && !strings.Contains(errs, "both names are run "+ids[0]) {
			t.Errorf("%v: exit %d, %q and %q", args, code, out, errs)
		}
	}
}

func TestAComparisonHasFourFormats(t *testing.T) {
	stored(t, 2)
	if code, out, _ := call("compare", "--format", "markdown"); code != 0 || !strings.HasPrefix(out, "### logperf: two runs compared") || !strings.Contains(out, "|---|---|---:|") {
		t.Errorf("exit %d\n%s", code, out)
	}
	code, out, _ := call("compare", "--format", "csv")
	if lines, err := csv.NewReader(strings.NewReader(out)).ReadAll(); code != 0 || err != nil || len(lines) != 3 || lines[1][18] != "worse" {
		t.Errorf("exit %d, %v\n%s", code, err, out)
	}
	code, out, _ = call("compare", "--format", "json")
	var c struct {
		Old, New struct{ Commit string }
		Settings []string
		Rows     []struct {
			Scenario, Metric, Verdict string
			Ratio                     struct{ Center, Lo, Hi float64 }
		}
	}
	if err := json.Unmarshal([]byte(out), &c); code != 0 || err != nil || len(c.Rows) != 2 || c.Rows[0].Verdict != "worse" || c.Rows[0].Ratio.Center < 1.5 || c.Old.Commit != "0123456789ab" || !slices.Equal(c.Settings, []string{"Batch.Bytes: 65536 -> 1024"}) {
		t.Errorf("exit %d, %v\n%s", code, err, out)
	}
}

func TestARunThatCannotBeReadIsPassedOverOrNamed(t *testing.T) {
	root, ids := stored(t, 2)
	newest := filepath.Join(root, "20261124T000000Z-abc")
	if err := os.Mkdir(newest, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(newest, "run.json"), []byte(`{"schema": 1, "seed": NaN}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, errs := call("compare"); code != 0 || !strings.Contains(out, ids[0]) || !strings.Contains(out, ids[1]) {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	code, _, errs := call("compare", ids[0], filepath.Base(newest))
	if code != 1 || !strings.Contains(errs, "run.json is damaged: line 1 has the value NaN: want a number") {
		t.Errorf("exit %d\n%s", code, errs)
	}
	if code, _, errs := call("compare", "none"); code != 1 || !strings.Contains(errs, `there is no run "none"`) {
		t.Errorf("exit %d\n%s", code, errs)
	}
	stored(t, 1)
	if code, _, errs := call("compare"); code != 1 || !strings.Contains(errs, "there are 1 runs that can be read: want two to compare") {
		t.Errorf("exit %d\n%s", code, errs)
	}
}

func TestMisuseOfTheStoreIsExitStatusTwo(t *testing.T) {
	for want, args := range map[string][]string{
		"--keep is missing":   {"prune"},
		"--keep is 0: want 1": {"prune", "--keep", "0"},
		"invalid argument":    {"prune", "--keep", "x"},
		"unknown command":     {"prune", "--keep", "1", "x"},
		`--format is "html": want text, markdown, json, csv`: {"compare", "--format", "html"},
		"accepts at most 2 arg(s), received 3":               {"compare", "a", "b", "c"},
		`unknown command "x"`:                                {"list", "x"},
	} {
		if code, _, errs := call(args...); code != 2 || !strings.Contains(errs, want) {
			t.Errorf("%v: exit %d, %q, want %q", args, code, errs, want)
		}
	}
}

func TestTheRunBeforeIsOneOfTheSameSelection(t *testing.T) {
	runs := []result.Entry{{ID: "d", Filter: "smoke"}, {ID: "c", Filter: "smoke", Only: "queue/put"}, {ID: "b", Filter: "smoke"}, {ID: "a", Filter: "smoke"}}
	if got := previous(runs).ID; got != "b" {
		t.Errorf("%s", got)
	}
	if got := previous(runs[1:]).ID; got != "b" {
		t.Errorf("%s: the run before it, as no other has that selection", got)
	}
}
