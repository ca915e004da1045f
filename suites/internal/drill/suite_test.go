package drill

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/logperf/logperf/suites/internal/result"
)

// small is a repository whose suite has one limit: work.Units may be 1.
var small = map[string]string{
	"go.mod":       "module example.com/small\n\ngo 1.26\n",
	"work/work.go": "package work\n\nconst Units = 1\n",
	"suites/suites_test.go": `package suites

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"example.com/small/work"
)

func TestMain(m *testing.M) {
	folder := filepath.Join(os.Getenv("LOGPERF_BENCHMARK_RESULTS"), "latest")
	outcome, errors := "PASS", ""
	switch work.Units {
	case 1:
	case 2:
		outcome = "FAIL"
	case 3:
		outcome, errors = "FAIL", ` + "`{\"scenario\": \"queue/put\", \"text\": \"3 items were lost\"}`" + `
	default:
		fmt.Println("no space left on device")
		os.Exit(2)
	}
	if os.Getenv("LOGPERF_ONLY") != "queue/put" || os.Getenv("LOGPERF_CORPUS") != "" {
		os.Exit(3)
	}
	text := fmt.Sprintf(` + "`{\"schema\": 1, \"outcome\": %q, \"errors\": [%s], \"verdicts\": [{\"scenario\": \"queue/put\", \"metric\": \"ns/op\", \"against\": \"channel\", \"outcome\": %q}]}`" + `, outcome, errors, outcome)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		panic(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "run.json"), []byte(text), 0o600); err != nil {
		panic(err)
	}
}
`,
}

func smallRepository(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range small {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// TestTheSuiteIsBuiltWithThePlant: the very same limit holds without it.
func TestTheSuiteIsBuiltWithThePlant(t *testing.T) {
	t.Setenv("LOGPERF_CORPUS", "elsewhere.log")
	root := smallRepository(t)
	onRatio := Catch{By: Threshold, Scenario: "queue/put", Metric: "ns/op / channel"}
	byError := Catch{By: Threshold, Scenario: "queue/put", Error: "items were lost"}
	for _, c := range []struct {
		units  string
		catch  Catch
		want   string
		detail string
	}{
		{"1 // as before", onRatio, "MISSED", "PASS"},
		{"2", onRatio, "caught", "queue/put ns/op / channel"},
		{"2", byError, "MISSED", `did not break off with "items were lost"`},
		{"2", Catch{By: Threshold, Scenario: "queue/put", Metric: "allocs/op"}, "MISSED", "no limit on allocs/op was judged"},
		{"3", byError, "caught", "3 items were lost"},
		{"4", onRatio, "broken", "no space left on device"},
		{"four", onRatio, "broken", "undefined: four"},
	} {
		p := Plant{Name: "more-units", File: "work/work.go", Anchor: "= 1", Fault: "= " + c.units, Catch: []Catch{c.catch}}
		trials, err := Run(t.Context(), []Plant{p}, Options{Root: root, Judges: map[By]Judge{Threshold: Suite{Root: root}}})
		if err != nil {
			t.Fatal(err)
		}
		if got := trials[0]; got.String() != c.want || !strings.Contains(got.reason(), c.detail) {
			t.Errorf("%s units by %s: %v, %s: want %s, %s", c.units, c.catch.What(), got, got.reason(), c.want, c.detail)
		}
	}
}

func TestABuildEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	root := smallRepository(t)
	if _, err := (Suite{Root: root}).Judge(ctx, Planted{Overlay: "none"}, Plant{Name: "a"}, Catch{}); err == nil {
		t.Error("it builds all the same")
	}
}

func TestAnUnchangedPlantHasEachLimitToHold(t *testing.T) {
	run := &result.Run{Outcome: result.Fail, Verdicts: []result.Verdict{
		{Scenario: "queue/put", Metric: "allocs/op", Outcome: result.Pass},
		{Scenario: "queue/put", Metric: "ns/op", Outcome: result.Fail, File: "thresholds.yaml", Line: 7},
	}}
	f := judge(run, Plant{Unchanged: true}, Catch{Scenario: "queue/put"})
	if !f.Caught || !strings.Contains(f.Detail, "thresholds.yaml:7") {
		t.Errorf("the finding is %+v", f)
	}
	run.Outcome, run.Verdicts = result.Inconclusive, run.Verdicts[:1]
	if f = judge(run, Plant{Unchanged: true}, Catch{Scenario: "queue/put"}); f.Caught || f.Outcome != result.Inconclusive {
		t.Errorf("the finding is %+v", f)
	}
}
