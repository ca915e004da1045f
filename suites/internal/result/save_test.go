package result

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/perf/benchfmt"
	"golang.org/x/perf/benchunit"
	"golang.org/x/sys/unix"

	"github.com/logperf/logperf/suites/internal/metric"
)

func TestANewerFileIsNotCalledDamaged(t *testing.T) {
	_, err := Decode("run.json", []byte(`{"schema": 2, "results": {"by": "name"}}`))
	if want := "run.json has schema version 2: this program reads 1 to 1"; err == nil || err.Error() != want {
		t.Errorf("%v, want %q", err, want)
	}
	_, err = Decode("run.json", []byte(`{"schema": 1, "results": {"by": "name"}}`))
	if err == nil || !strings.Contains(err.Error(), "run.json is damaged") {
		t.Errorf("%v", err)
	}
}

func TestADriftOrLimitThatIsNoNumberIsNamed(t *testing.T) {
	for want, spoil := range map[string]func(*Run){
		"queue/put/ref=channel: drift has the value NaN": func(r *Run) { r.Results[1].Drift = math.NaN() },
		"queue/put: ns/op has the value +Inf":            func(r *Run) { r.Verdicts[0].Limit = math.Inf(1) },
		"queue/put: ns/op has the value NaN":             func(r *Run) { r.Verdicts[0].Interval.Confidence = math.NaN() },
	} {
		run := sample()
		spoil(run)
		if err := run.check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestARowThatALineCannotHoldIsRefused(t *testing.T) {
	for want, spoil := range map[string]func(*Result){
		"queue/put: ns/op has 3 values for 2 repetitions": func(r *Result) { r.Values["ns/op"] = []float64{1, 2, 3} },
		"queue/put: ns/op has 1 values for 2 repetitions": func(r *Result) { r.Values["ns/op"] = []float64{1} },
		`the row ""`:          func(r *Result) { r.Scenario = "" },
		`the row "queue put"`: func(r *Result) { r.Scenario = "queue put" },
	} {
		run := sample()
		spoil(&run.Results[0])
		if err := WriteBench(&bytes.Buffer{}, run); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestEveryMetricSurvivesTheFormat guards the names against benchunit, which
// turns ns into sec and MB into B: two names must not become one, and no value
// may change by more than that.
func TestEveryMetricSurvivesTheFormat(t *testing.T) {
	run := sample()
	run.Results = run.Results[:1]
	row := &run.Results[0]
	row.Iterations = []int{1}
	row.Values = map[string][]float64{}
	for i, m := range metric.All() {
		row.Values[m.Name] = []float64{float64(i + 1)}
	}
	var text bytes.Buffer
	if err := WriteBench(&text, run); err != nil {
		t.Fatal(err)
	}
	r := benchfmt.NewReader(&text, "bench.txt")
	for r.Scan() {
		line, ok := r.Result().(*benchfmt.Result)
		if !ok {
			if fault, bad := r.Result().(*benchfmt.SyntaxError); bad {
				t.Error(fault)
			}
			continue
		}
		for i, m := range metric.All() {
			want, unit := benchunit.Tidy(float64(i+1), m.Name)
			if got, ok := line.Value(unit); !ok || got != want {
				t.Errorf("%s reads as %v %s, %v: want %v", m.Name, got, unit, ok, want)
			}
			better := map[metric.Direction]int{metric.Lower: -1, metric.Higher: 1}[m.Better]
			if got := r.Units().GetBetter(unit); got != better {
				t.Errorf("%s is better in the direction %d, want %d", m.Name, got, better)
			}
			if exact := r.Units().Get(unit, "assume") != nil; exact != m.Exact {
				t.Errorf("%s is declared exact: %v, want %v", m.Name, exact, m.Exact)
			}
		}
	}
}

func TestRunsThatBeginTogetherDoNotMix(t *testing.T) {
	store, err := OpenStore(filepath.Join(t.TempDir(), "a", "b"))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 23, 19, 3, 42, 0, time.UTC)
	const runs = 8
	var all sync.WaitGroup
	ids := make([]string, runs)
	faults := make([]error, runs)
	for i := range runs {
		all.Go(func() {
			f, err := store.Create(at, "abc")
			if err != nil {
				faults[i] = err
				return
			}
			ids[i] = f.ID()
			run := sample()
			run.ID, run.Seed = f.ID(), uint64(i)
			if faults[i] = f.Save(run); faults[i] == nil {
				faults[i] = f.Publish()
			}
		})
	}
	all.Wait()
	for i, id := range ids {
		if faults[i] != nil {
			t.Fatal(faults[i])
		}
		if run, err := store.Load(id); err != nil || run.ID != id || run.Seed != uint64(i) {
			t.Errorf("run %d in %s is %+v, %v", i, id, run, err)
		}
	}
	if run, err := store.Load(Latest); err != nil || run.ID == "" {
		t.Errorf("latest is %+v, %v", run, err)
	}
	entries, err := os.ReadDir(store.root)
	if err != nil || len(entries) != runs+1 {
		t.Errorf("%d entries of %d runs and their link: %v, %v", len(entries), runs, entries, err)
	}
}

func TestALinkThatCannotBeSetIsNamedAndLeavesNothing(t *testing.T) {
	store, err := OpenStore(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(store.root, Latest)
	if err := os.Mkdir(link, 0o700); err != nil {
		t.Fatal(err)
	}
	f, err := store.Create(time.Now(), "abc")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Publish(); err == nil || !strings.HasPrefix(err.Error(), fmt.Sprintf("the link %s cannot be set: ", link)) || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "rename") {
		t.Errorf("%v", err)
	}
	if entries, err := os.ReadDir(store.root); err != nil || len(entries) != 2 {
		t.Errorf("%v, %v", entries, err)
	}
}

func TestADamagedRunIsNamed(t *testing.T) {
	store, err := OpenStore(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	f, err := store.Create(time.Now(), "abc")
	if err != nil {
		t.Fatal(err)
	}
	if err := WriteFileAtomic(f.Path("run.json"), []byte(`{"schema": 1, "resu`)); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Load(f.ID()); err == nil || !strings.HasPrefix(err.Error(), f.Path("run.json")+" is damaged: ") {
		t.Errorf("%v", err)
	}
}

// TestWhatIsNoFileIsWrittenToAndStays: -o /dev/null, --json /dev/stdout.
func TestWhatIsNoFileIsWrittenToAndStays(t *testing.T) {
	dir := t.TempDir()
	fifo, target, link := filepath.Join(dir, "fifo"), filepath.Join(dir, "target"), filepath.Join(dir, "link")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	// Open for both, so that neither side waits for the other.
	f, err := os.OpenFile(fifo, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if err := errors.Join(os.WriteFile(target, []byte("longer than what comes"), 0o600), os.Symlink(target, link)); err != nil {
		t.Fatal(err)
	}
	for path, kind := range map[string]fs.FileMode{fifo: fs.ModeNamedPipe, link: fs.ModeSymlink} {
		if err := WriteFileAtomic(path, []byte("whole")); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Lstat(path); err != nil || info.Mode().Type() != kind {
			t.Fatalf("%s is %v now, %v", path, info.Mode(), err)
		}
	}
	if err := f.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	through := make([]byte, 5)
	if _, err := io.ReadFull(f, through); err != nil || string(through) != "whole" {
		t.Errorf("through the pipe came %q, %v", through, err)
	}
	if text, err := os.ReadFile(target); err != nil || string(text) != "whole" {
		t.Errorf("behind the link is %q, %v", text, err)
	}
	gone := filepath.Join(dir, "gone")
	if err := os.Symlink(filepath.Join(dir, "none", "x"), gone); err != nil {
		t.Fatal(err)
	}
	if err := WriteFileAtomic(gone, nil); err == nil || err.Error() != gone+" cannot be written: no such file or directory" {
		t.Errorf("a link that leads nowhere: %v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 4 {
		t.Errorf("left are %v, %v", entries, err)
	}
}
