package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/logperf/logperf/suites/internal/result"
)

// TestMain makes the binary its own arm and collector, as main does.
func TestMain(m *testing.M) {
	if code, child := serve(os.Stdin, os.Stdout, os.Stderr); child {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

func call(args ...string) (code int, out, errs string) {
	var o, e bytes.Buffer
	code = run(context.Background(), args, &o, &e)
	return code, o.String(), e.String()
}

func TestTheRepositorysLimitsCoverItsScenarios(t *testing.T) {
	code, out, errs := call("thresholds", "check", "../../../thresholds.yaml")
	if code != 0 || !strings.Contains(out, " limits on ") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
}

func TestAFaultInTheLimitsIsExitStatusOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "thresholds.yaml")
	if err := os.WriteFile(path, []byte("scenarios:\n  queue/none:\n    allocs/op: {max: 0}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, errs := call("thresholds", "check", path)
	if code != 1 || !strings.Contains(errs, `thresholds.yaml:2:3: the scenario "queue/none" does not exist`) {
		t.Errorf("exit %d\n%s", code, errs)
	}
}

func TestMisuseIsExitStatusTwo(t *testing.T) {
	for _, args := range [][]string{{"none"}, {"show", "a", "b"}, {"thresholds", "schema", "x"}, {"show", "--none"}} {
		if code, _, errs := call(args...); code != 2 || !strings.HasPrefix(errs, "logperf: ") {
			t.Errorf("%v: exit %d, %q", args, code, errs)
		}
	}
}

func TestTheSchemaIsPrinted(t *testing.T) {
	want, err := os.ReadFile("../../../docs/thresholds.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if code, out, _ := call("thresholds", "schema"); code != 0 || out != string(want) {
		t.Errorf("exit %d, and the schema is not that of docs/", code)
	}
}

func TestAStoredRunIsShownAgain(t *testing.T) {
	root := t.TempDir()
	t.Setenv("LOGPERF_BENCHMARK_RESULTS", root)
	if code, _, errs := call("show"); code != 1 || !strings.Contains(errs, `there is no run "latest"`) {
		t.Errorf("an empty store: exit %d, %s", code, errs)
	}
	store, err := result.OpenStore(root)
	if err != nil {
		t.Fatal(err)
	}
	folder, err := store.Create(time.Now(), "abc")
	if err != nil {
		t.Fatal(err)
	}
	run := &result.Run{Schema: 1, ID: folder.ID(), Outcome: result.Pass, Results: []result.Result{
		{Scenario: "queue/put", Iterations: []int{1}, Values: map[string][]float64{"ns/op": {20}}},
	}}
	if err := folder.Save(run); err != nil {
		t.Fatal(err)
	}
	if err := folder.Publish(); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"show"}, {"show", folder.ID()}} {
		if code, out, errs := call(args...); code != 0 || !strings.Contains(out, "queue/put") || !strings.Contains(out, "PASS: 1 scenarios") {
			t.Errorf("%v: exit %d\n%s%s", args, code, out, errs)
		}
	}
	if code, out, _ := call("show", "--markdown"); code != 0 || !strings.HasPrefix(out, "### logperf: PASS") {
		t.Errorf("exit %d\n%s", code, out)
	}
}

// TestRelativePathsBeginAtTheRepository as in the suite, which runs in the
// folder of its package.
func TestRelativePathsBeginAtTheRepository(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module example.com/x\n", "settings.yaml": "benchmark:\n  results: runs\n",
		"runs/one/run.json": `{"schema": 1, "id": "one", "outcome": "PASS"}`,
		"thresholds.yaml":   "scenarios:\n  queue/none:\n    allocs/op: {max: 0}\n",
		"suites/deep/file":  "",
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(filepath.Join(root, "suites", "deep"))
	t.Setenv("LOGPERF_BENCHMARK_RESULTS", "")
	t.Setenv("LOGPERF_SETTINGS", "settings.yaml")
	code, out, errs := call("show", "one")
	if code != 0 || !strings.Contains(out, "PASS: 0 scenarios") || !strings.Contains(out, filepath.Join("runs", "one")) {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	if code, _, errs := call("thresholds", "check"); code != 1 || !strings.Contains(errs, `thresholds.yaml:2:3: the scenario "queue/none" does not exist`) {
		t.Errorf("exit %d\n%s", code, errs)
	}
}
