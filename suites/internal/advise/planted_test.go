package advise

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/queue"
	"github.com/logperf/logperf/suites/internal/result"
)

// The runs of testdata were measured; testdata/README.md has the commands. Each but
// the first has one bad setting.
var plantedRuns = []struct {
	name     string
	settings logging.Settings
	set      string // what the advice has to say first; empty: nothing
	cause    string
	loses    bool
}{
	{"good", logging.Settings{}, "", "", false},
	{"batch-1", logging.Settings{Batch: logging.BatchSettings{Bytes: 1}}, "batch.bytes: 64KiB", "batches are small", false},
	{"delay-2s", logging.Settings{Batch: logging.BatchSettings{Delay: 2 * time.Second}}, "batch.delay: 10ms", "a batch that does not fill", false},
	{
		"drop-newest",
		logging.Settings{Queue: logging.QueueSettings{Capacity: 16, Overflow: queue.DropNewest}},
		"queue.overflow: block, queue.capacity: 8192", "the queue of 16 places was full, and its policy is drop-newest", true,
	},
	{"sync", logging.Settings{Sink: logging.SinkSettings{Sync: true}}, "sink.sync: false", "waits for the disk", false},
	{"block-4KiB", logging.Settings{Sink: logging.SinkSettings{BlockSize: 4 << 10}}, "sink.block_size: 64KiB", "blocks are small", false},
	{"capacity-2", logging.Settings{Queue: logging.QueueSettings{Capacity: 2}}, "queue.capacity: 8192", "the queue of 2 places is too small", false},
}

// trim makes a run of testdata of a stored one: go test -run TestATrimmedRun
// ./suites/internal/advise -record results/latest/run.json -as batch-1
var (
	record = flag.String("record", "", "path of a run.json to keep in testdata")
	as     = flag.String("as", "", "its name there")
)

func TestATrimmedRunIsKept(t *testing.T) {
	if *record == "" {
		t.Skip("-record names no run")
	}
	text, err := os.ReadFile(*record)
	if err != nil {
		t.Fatal(err)
	}
	run, err := result.Decode(*record, text)
	if err != nil {
		t.Fatal(err)
	}
	if text, err = json.Marshal(trimmed(run)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join("testdata", *as+".json"), append(text, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
}

// trimmed is a run with what advice is given on alone.
func trimmed(run *result.Run) *result.Run {
	kept := &result.Run{Schema: run.Schema, ID: run.ID, Started: run.Started, Ended: run.Ended, Seed: run.Seed, Repetitions: run.Repetitions, Outcome: run.Outcome}
	kept.Environment, kept.Settings = result.Environment{CPU: run.Environment.CPU, Cores: run.Environment.Cores}, run.Settings
	for _, r := range run.Results {
		if !strings.HasPrefix(r.Scenario, rowPrefix) {
			continue
		}
		r.Labels, r.Source = nil, ""
		for _, line := range r.Timelines {
			for i := range line {
				maps.DeleteFunc(line[i].Values, func(name string, _ float64) bool {
					return !slices.Contains([]string{"offered", "written", "failed", "depth", "retries", "breaker-opened"}, name)
				})
			}
		}
		kept.Results = append(kept.Results, r)
	}
	return kept
}

func stored(t *testing.T, name string) *result.Run {
	t.Helper()
	path := filepath.Join("testdata", name+".json")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	run, err := result.Decode(path, text)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// TestTheRunOfGoodSettingsIsNotInDoubt, or no rule on its times would speak. The
// search of the knee drives the pacer to its limit.
func TestTheRunOfGoodSettingsIsNotInDoubt(t *testing.T) {
	for _, r := range stored(t, "good").Results {
		if r.Doubt != "" && r.Scenario != rowPrefix+"knee" {
			t.Errorf("%s: %s", r.Scenario, r.Doubt)
		}
	}
}

func TestTheCauseOfEachBadConfigurationIsNamed(t *testing.T) {
	for _, c := range plantedRuns {
		r := FromRun(stored(t, c.name), c.settings, "app.yaml")
		if c.set == "" {
			if len(r.Advice) > 0 || len(r.Looked) < 5 {
				t.Errorf("%s: the advice is %q, looked at %q", c.name, sets(r), r.Looked)
			}
			continue
		}
		if len(r.Advice) == 0 {
			t.Errorf("%s: there is no advice, looked at %q", c.name, r.Looked)
			continue
		}
		a := r.Advice[0]
		if sets(r)[0] != c.set || !strings.Contains(a.Cause, c.cause) || a.Loses != c.loses || len(r.Advice) > 1 {
			t.Errorf("%s: the advice is %q, first because %q; want %q because %q", c.name, sets(r), a.Cause, c.set, c.cause)
		}
		if len(a.Evidence) == 0 || !strings.Contains(a.Evidence[0].Source, r.Run) || !strings.HasPrefix(a.Evidence[0].Scenario, rowPrefix) {
			t.Errorf("%s: the evidence is %+v", c.name, a.Evidence)
		}
		for _, one := range a.Set {
			if !strings.Contains(a.Proof, one.Variable()) {
				t.Errorf("%s: the proof %q does not set %s", c.name, a.Proof, one)
			}
		}
	}
}

// TestTheTextOfTheAdvice holds it against testdata; a difference is left beside
// the file.
func TestTheTextOfTheAdvice(t *testing.T) {
	for _, c := range plantedRuns {
		var got bytes.Buffer
		if err := FromRun(stored(t, c.name), c.settings, "app.yaml").Write(&got); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", c.name+".txt")
		want, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(got.Bytes(), want) {
			if err := os.WriteFile(path+".got", got.Bytes(), 0o600); err != nil {
				t.Error(err)
			}
			t.Errorf("%s: the text is that of %s.got, not of %s (%v)", c.name, path, path, err)
		}
	}
}

func TestARunWithoutTheRowsOfTheSettingsSaysSo(t *testing.T) {
	r := FromRun(&result.Run{ID: "one", Results: []result.Result{{Scenario: "queue/put"}}}, logging.Settings{}, "")
	var text strings.Builder
	if err := r.Write(&text); err != nil || !strings.HasPrefix(text.String(), "no advice on run one: nothing was there to look at\nnote: the run one has no row of load/settings/*") {
		t.Errorf("%v\n%s", err, text.String())
	}
}

// A row whose pacer was late tells nothing of times, and of losses all the same.
func TestTimesThatSayNothingGiveNoAdvice(t *testing.T) {
	for _, c := range plantedRuns[1:] {
		run := stored(t, c.name)
		for i := range run.Results {
			run.Results[i].Doubt = "the pacer was late"
		}
		r := FromRun(run, c.settings, "")
		if i := slices.IndexFunc(r.Advice, func(a Advice) bool { return a.Gain != nil && a.Gain.What != "time until the sink has a record" }); i >= 0 {
			t.Errorf("%s: the advice is %+v", c.name, r.Advice[i])
		}
		if !strings.Contains(strings.Join(r.Notes, "\n"), "say nothing: the pacer was late") {
			t.Errorf("%s: the notes are %q", c.name, r.Notes)
		}
		if c.loses && (len(r.Advice) == 0 || !r.Advice[0].Loses) {
			t.Errorf("%s: the loss is not told", c.name)
		}
	}
}

// TestARunThatIsCutShort has some of the rows, without values, counters or
// timelines: what is there is told of.
func TestARunThatIsCutShort(t *testing.T) {
	for _, c := range plantedRuns {
		for _, name := range []string{throughput, steady, burst, trickle, knee} {
			run := stored(t, c.name)
			run.Results = slices.DeleteFunc(run.Results, func(r result.Result) bool { return r.Scenario == rowPrefix+name })
			if notes := FromRun(run, c.settings, "").Notes; !strings.Contains(strings.Join(notes, "\n"), rowPrefix+name+" was not measured") {
				t.Errorf("%s without %s: the notes are %q", c.name, name, notes)
			}
			run = stored(t, c.name)
			for i := range run.Results {
				run.Results[i].Values, run.Results[i].Counts, run.Results[i].Timelines, run.Results[i].Curves, run.Results[i].Ratios = nil, nil, nil, nil, nil
			}
			if r := FromRun(run, c.settings, ""); len(r.Advice) > 0 {
				t.Errorf("%s: an empty run gets the advice %q", c.name, sets(r))
			}
		}
	}
}

func TestAReportIsJSON(t *testing.T) {
	for _, c := range plantedRuns {
		text, err := json.Marshal(FromRun(stored(t, c.name), c.settings, ""))
		if err != nil {
			t.Fatal(err)
		}
		var back Report
		if err := json.Unmarshal(text, &back); err != nil || len(sets(back)) != len(FromRun(stored(t, c.name), c.settings, "").Advice) {
			t.Errorf("%s: %v\n%s", c.name, err, text)
		}
	}
}
