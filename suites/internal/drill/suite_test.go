package drill

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
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
	outcome := "PASS"
	switch work.Units {
	case 1:
	case 2:
		outcome = "FAIL"
	default:
		fmt.Println("no space left on device")
		os.Exit(2)
	}
	if os.Getenv("LOGPERF_ONLY") != "queue/put" || os.Getenv("LOGPERF_CORPUS") != "" {
		os.Exit(3)
	}
	text := fmt.Sprintf(` + "`{\"schema\": 1, \"outcome\": %q, \"verdicts\": [{\"scenario\": \"queue/put\", \"metric\": \"ns/op\", \"against\": \"channel\", \"outcome\": %q}]}`" + `, outcome, outcome)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		panic(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "run.json"), []byte(text), 0o600); err != nil {
		panic(err)
	}
}
`,
}

func smallRepository(t *testing.T) string { return written(t, small) }

// written are files in a folder of their own.
func written(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
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
	for _, c := range []struct{ units, want, detail string }{
		{"1 // as before", "MISSED", "PASS"},
		{"2", "caught", "queue/put ns/op / channel"},
		{"3", "broken", "no space left on device"},
		{"four", "broken", "undefined: four"},
	} {
		p := Plant{Name: "more-units", File: "work/work.go", Anchor: "= 1", Fault: "= " + c.units, Catch: []Catch{onRatio}}
		trials, err := Run(t.Context(), []Plant{p}, Options{Root: root, Judges: map[By]Judge{Threshold: Suite{Root: root}}})
		if err != nil {
			t.Fatal(err)
		}
		if got := trials[0]; got.String() != c.want || !strings.Contains(got.reason(), c.detail) {
			t.Errorf("%s units: %v, %s: want %s, %s", c.units, got, got.reason(), c.want, c.detail)
		}
	}
}

// waiting is a repository whose suite has something to put away when it is
// interrupted, and leaves a file in the temporary folder.
var waiting = map[string]string{
	"go.mod": small["go.mod"],
	"suites/suites_test.go": `package suites

import (
	"os"
	"os/signal"
	"path/filepath"
	"testing"
)

func TestMain(m *testing.M) {
	folder := os.Getenv("DRILL_TEST_FOLDER")
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt)
	if _, err := os.CreateTemp("", "left-by-an-arm-"); err != nil {
		panic(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "ready"), []byte("ready"), 0); err != nil {
		panic(err)
	}
	<-interrupted
	if err := os.WriteFile(filepath.Join(folder, "put-away"), nil, 0o600); err != nil {
		panic(err)
	}
	os.Exit(1)
}
`,
}

// TestAnInterruptedSuitePutsAwayWhatItHas: a suite that is killed at once leaves
// arms, networks and memory limits to themselves.
func TestAnInterruptedSuitePutsAwayWhatItHas(t *testing.T) {
	folder, temporary := t.TempDir(), t.TempDir()
	t.Setenv("DRILL_TEST_FOLDER", folder)
	t.Setenv("TMPDIR", temporary)
	if err := syscall.Mkfifo(filepath.Join(folder, "ready"), 0o600); err != nil {
		t.Fatal(err)
	}
	root := written(t, waiting)
	overlay := filepath.Join(t.TempDir(), "overlay.json")
	if err := os.WriteFile(overlay, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		_, _ = os.ReadFile(filepath.Join(folder, "ready")) // waits for the suite
		cancel()
	}()
	_, err := Suite{Root: root}.Judge(ctx, Planted{Overlay: overlay}, Plant{Name: "a"}, Catch{Scenario: "queue/put"})
	if err == nil || !strings.Contains(err.Error(), "left no results with plant a") {
		t.Errorf("the error is %v", err)
	}
	if _, err := os.Stat(filepath.Join(folder, "put-away")); err != nil {
		t.Errorf("the suite had no time to put anything away: %v", err)
	}
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		t.Errorf("%v is left behind (%v)", left, err)
	}
}

func TestOnlyWhatTheCatchNamesCatches(t *testing.T) {
	run := &result.Run{
		Outcome: result.Fail,
		Errors:  []result.Fault{{Scenario: "queue/take", Text: "3 items were lost"}},
		Verdicts: []result.Verdict{
			{Scenario: "queue/put", Metric: "ns/op", Against: "channel", Outcome: result.Fail},
			{Scenario: "queue/put", Metric: "ns/op", Outcome: result.Pass},
			{Scenario: "queue/put", Metric: "p99-ns", Outcome: result.Inconclusive},
			{Scenario: "queue/put", Metric: "max-ns", Outcome: result.NotJudged},
		},
	}
	for _, c := range []struct {
		catch   Catch
		outcome result.Outcome
		caught  bool
		detail  string
	}{
		{Catch{Scenario: "queue/put", Metric: "ns/op / channel"}, result.Fail, true, "queue/put ns/op / channel"},
		{Catch{Scenario: "queue/put", Metric: "ns/op"}, result.Pass, false, "PASS"},
		{Catch{Scenario: "queue/put", Metric: "p99-ns"}, result.Inconclusive, false, "INCONCLUSIVE"},
		{Catch{Scenario: "queue/put", Metric: "max-ns"}, result.NotJudged, false, "NOT JUDGED"},
		{Catch{Scenario: "queue/take", Metric: "ns/op / channel"}, result.NotJudged, false, "no limit on ns/op / channel was judged"},
		{Catch{Scenario: "queue/put", Metric: "allocs/op"}, result.NotJudged, false, "no limit on allocs/op was judged; ERROR 3 items"},
		{Catch{Scenario: "queue/take", Error: "items were lost"}, result.Fail, true, "3 items were lost"},
		{Catch{Scenario: "queue/put", Error: "items were lost"}, result.Fail, false, `did not break off with "items were lost"`},
		{Catch{Scenario: "queue/take", Error: "out of memory"}, result.Fail, false, "did not break off"},
	} {
		f := judge(run, Plant{}, c.catch)
		if f.Outcome != c.outcome || f.Caught != c.caught || !strings.Contains(f.Detail, c.detail) {
			t.Errorf("%+v: %+v, want %s, %v, %s", c.catch, f, c.outcome, c.caught, c.detail)
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
