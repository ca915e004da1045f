package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/logperf/logperf/suites/internal/threshold"
)

// repositoryWith makes a repository of those files, and goes there.
func repositoryWith(t *testing.T, files map[string]string) {
	t.Helper()
	root := t.TempDir()
	files["go.mod"] = "module example.com/x\n"
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(root)
	t.Setenv("LOGPERF_BENCHMARK_RESULTS", "")
	t.Setenv("LOGPERF_SETTINGS", "")
}

const looseRun = `{"schema": 1, "id": "one", "outcome": "PASS", "results": [
	{"scenario": "queue/put", "iterations": [1], "values": {"allocs/op": [1, 1], "lost-records": [0, 0]}}]}`

func TestAnAuditFailsOnlyWhereItIsStrict(t *testing.T) {
	repositoryWith(t, map[string]string{
		"results/one/run.json": looseRun,
		"thresholds.yaml":      "scenarios:\n  queue/put:\n    allocs/op: {max: 4, expires: 2020-01-01}\n    lost-records: {max: 0}\n",
	})
	code, out, errs := call("thresholds", "audit", "one")
	if code != 0 || !strings.Contains(out, "max: 1") || !strings.Contains(out, "2 limits: 1 expired, 0 expire soon, 1 loose") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	code, out, errs = call("thresholds", "audit", "one", "--strict", "--json")
	var a threshold.Audit
	if err := json.Unmarshal([]byte(out), &a); err != nil || len(a.Findings) != 2 || code != 1 || errs != "logperf: 2 findings, for which --strict fails\n" {
		t.Errorf("exit %d (%v)\n%s%s", code, err, out, errs)
	}
}

func TestAnAuditWithoutFindingsPasses(t *testing.T) {
	repositoryWith(t, map[string]string{
		"results/latest/run.json": looseRun,
		"thresholds.yaml":         "scenarios:\n  queue/put:\n    allocs/op: {max: 1}\n    lost-records: {max: 0}\n",
	})
	if code, out, errs := call("thresholds", "audit", "--strict"); code != 0 || !strings.HasPrefix(out, "2 limits: 0 expired") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	if code, _, errs := call("thresholds", "audit", "none"); code != 1 || !strings.Contains(errs, `there is no run "none"`) {
		t.Errorf("exit %d, %s", code, errs)
	}
	if code, _, _ := call("thresholds", "audit", "a", "b"); code != 2 {
		t.Errorf("misuse has the exit status %d", code)
	}
}
