package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/logperf/logperf/suites/internal/result"
)

// storedRuns makes a store with two runs, in the second of which a time has doubled.
func storedRuns(t *testing.T) (root string, ids []string) {
	t.Helper()
	root = t.TempDir()
	t.Setenv("LOGPERF_BENCHMARK_RESULTS", root)
	store, err := result.OpenStore(root)
	if err != nil {
		t.Fatal(err)
	}
	for i, ns := range []float64{20, 40} {
		started := time.Date(2026, 11, 25, 10+i, 0, 0, 0, time.UTC)
		folder, err := store.Create(started, "abc")
		if err != nil {
			t.Fatal(err)
		}
		run := &result.Run{Schema: 1, ID: folder.ID(), Started: started, Outcome: result.Pass, Results: []result.Result{{
			Scenario: "queue/put", Iterations: []int{1, 1, 1, 1, 1, 1},
			Values: map[string][]float64{"ns/op": {ns, ns + 1, ns + 2, ns + 3, ns + 4, ns + 5}},
		}}}
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

func TestAStoredRunIsWrittenAsAPage(t *testing.T) {
	root, ids := storedRuns(t)
	elsewhere := filepath.Join(t.TempDir(), "page.html")
	for _, c := range []struct {
		args []string
		path string
		has  []string
	}{
		{[]string{"report"}, filepath.Join(root, ids[1], "report.html"), []string{"42.5 ns", "22.5 ns", ids[1]}}, // its own and the history's
		{[]string{"report", ids[0]}, filepath.Join(root, ids[0], "report.html"), []string{"22.5 ns", ids[0]}},
		{[]string{"report", "-o", elsewhere}, elsewhere, []string{"42.5 ns"}},
		{[]string{"report", "--compare", ids[0], ids[1]}, filepath.Join(root, ids[1], "report-since-"+ids[0]+".html"), []string{"Compared with an earlier run", "slower", "before"}},
	} {
		code, out, errs := call(c.args...)
		if code != 0 || out != c.path+"\n" {
			t.Errorf("%v: exit %d, %q, %s", c.args, code, out, errs)
			continue
		}
		text, err := os.ReadFile(c.path)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range c.has {
			if !strings.Contains(string(text), want) {
				t.Errorf("%v: the page does not have %q", c.args, want)
			}
		}
	}
}

func TestADamagedRunBesideItIsNamedOnThePage(t *testing.T) {
	root, ids := storedRuns(t)
	if err := os.WriteFile(filepath.Join(root, ids[0], "run.json"), []byte(`{"schema": 1, "resul`), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := call("report"); code != 0 {
		t.Fatalf("exit %d, %s", code, errs)
	}
	text, err := os.ReadFile(filepath.Join(root, ids[1], "report.html"))
	if err != nil || !strings.Contains(string(text), filepath.Join(ids[0], "run.json")+" is damaged") {
		t.Errorf("%v: the damaged run is not named", err)
	}
	if code, _, errs := call("report", ids[0]); code != 1 || !strings.Contains(errs, "is damaged") {
		t.Errorf("the damaged run itself: exit %d, %s", code, errs)
	}
	if code, _, errs := call("report", "a", "b"); code != 2 {
		t.Errorf("two runs without --compare: exit %d, %s", code, errs)
	}
}

// TestAPageDoesNotTellWhereItWasMade: who passes it on passes no paths of a home
// folder on, whatever could not be read.
func TestAPageDoesNotTellWhereItWasMade(t *testing.T) {
	repository := t.TempDir()
	if err := os.WriteFile(filepath.Join(repository, "go.mod"), []byte("module example.com/x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	root, ids := storedRuns(t)
	results := filepath.Join(repository, "results")
	if err := os.Rename(root, results); err != nil {
		t.Fatal(err)
	}
	t.Chdir(repository)
	t.Setenv("LOGPERF_BENCHMARK_RESULTS", "results")
	store := result.At(results)
	for _, one := range []struct {
		folder string
		change func(*result.Run)
	}{
		{ids[1], func(r *result.Run) { r.Results[0].Histograms = "histograms/gone.hlog" }},
		{"20261125T090000Z-abc", func(r *result.Run) { r.Environment.Go = "go1.27" }},
	} {
		run, err := store.Load(ids[1])
		if err != nil {
			t.Fatal(err)
		}
		one.change(run)
		text, err := json.Marshal(run)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(results, one.folder), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(results, one.folder, "run.json"), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(results, ids[0], "run.json"), []byte(`{"schema": 1, "resul`), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := call("report", ids[1]); code != 0 {
		t.Fatalf("exit %d, %s", code, errs)
	}
	text, err := os.ReadFile(filepath.Join(results, ids[1], "report.html"))
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	for _, want := range []string{
		"<li>results/" + ids[0] + "/run.json is damaged: ", "there is no results/" + ids[1] + "/histograms/gone.hlog",
		"1 stored run of another environment is not shown",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not have %q", want)
		}
	}
	if i := strings.Index(page, repository); i >= 0 {
		t.Errorf("the page tells where it was made: ...%s...", page[max(0, i-100):min(len(page), i+100)])
	}
	_, notes, _ := strings.Cut(page, "What could not be read")
	notes, _, _ = strings.Cut(notes, "</section>")
	if strings.Contains(notes, "another environment") {
		t.Errorf("a run that can be read is among those that cannot: %s", notes)
	}
}
