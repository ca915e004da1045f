package result

import (
	"bytes"
	"flag"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/perf/benchfmt"

	"github.com/logperf/logperf/suites/internal/stat"
)

var update = flag.Bool("update", false, "write the golden files anew")

// sample is a run with a subject, a reference and one verdict.
func sample() *Run {
	return &Run{
		Schema: SchemaVersion, ID: "20261123T190342Z-abc", Started: time.Date(2026, 11, 23, 19, 3, 42, 0, time.UTC),
		Ended: time.Date(2026, 11, 23, 19, 5, 0, 0, time.UTC), Filter: "subject:queue", Seed: 1, Repetitions: 2,
		Environment: Environment{CPU: "AMD EPYC", Cores: 2, OS: "linux", Arch: "amd64", Kernel: "6.18", Go: "go1.26.8", GOMAXPROCS: 2, Filesystem: "ext4", Commit: "abc"},
		Corpus:      &Corpus{Path: "app.log", SHA256: "00", Records: 3, Scenarios: []string{"queue/put"}},
		Results: []Result{
			{
				Scenario: "queue/put", Labels: []string{"subject:queue"}, Source: "ff", Iterations: []int{100, 200},
				Values: map[string][]float64{"ns/op": {20, 21}, "allocs/op": {0, 0}},
				Ratios: []Ratio{{Metric: "ns/op", Against: "channel", Slices: []float64{0.5, 0.6}, Totals: []float64{0.7, 0.8}}},
				Counts: map[string]int64{"offered": 300},
				Curves: [][]CurvePoint{{{Offered: 1000, Achieved: 999, ServiceP50: 1, ServiceP99: 2, ResponseP50: 3, ResponseP99: 4, ResponseP999: 5, Drain: 6, Held: true, Missed: 0.25}}},
			},
			{Scenario: "queue/put", Reference: "channel", Iterations: []int{100, 100}, Values: map[string][]float64{"ns/op": {40, 41}}},
		},
		Verdicts: []Verdict{{
			Scenario: "queue/put", Metric: "ns/op", Against: "channel", Unit: "ns", Class: "ratio", Limit: 1, LimitText: "<= 1 x channel",
			File: "thresholds.yaml", Line: 3, Interval: stat.Interval{Center: 0.55, Lo: 0.55, Hi: 0.55, N: 2}, Outcome: Inconclusive, Note: "too few", Headroom: 0.45,
		}},
		Outcome: Inconclusive,
	}
}

func TestTheFirstSchemaIsRead(t *testing.T) {
	const golden = "testdata/run.v1.json"
	store, err := OpenStore(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	folder, err := store.Create(sample().Started, "abc")
	if err != nil {
		t.Fatal(err)
	}
	if err := folder.Save(sample()); err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile(folder.Path("run.json"))
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(golden, written, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(written, want) {
		t.Errorf("run.json is\n%s\nwant\n%s\nA field that goes or changes its meaning needs a new schema version.", written, want)
	}
	run, err := Decode(golden, want)
	if err != nil || !reflect.DeepEqual(run, sample()) {
		t.Errorf("the golden file reads as %+v, %v", run, err)
	}
	// So it was written before its lines were those of layout.
	const indented = "testdata/run.v1-indented.json"
	text, err := os.ReadFile(indented)
	if err != nil {
		t.Fatal(err)
	}
	if run, err := Decode(indented, text); err != nil || !reflect.DeepEqual(run, sample()) {
		t.Errorf("the indented file reads as %+v, %v", run, err)
	}
}

func TestAFileOfAnotherVersionOrDamagedIsRefusedByName(t *testing.T) {
	for text, want := range map[string]string{
		`{"schema": 2}`: "run.json has schema version 2: this program reads 1 to 1",
		`{}`:            "run.json has schema version 0",
		`{"schema": `:   "run.json is damaged",
	} {
		if _, err := Decode("run.json", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	if _, err := At(t.TempDir()).Load(Latest); err == nil || !strings.Contains(err.Error(), `there is no run "latest"`) {
		t.Errorf("an empty store: %v", err)
	}
}

func TestWhatIsNoNumberIsNotSaved(t *testing.T) {
	for name, spoil := range map[string]func(*Run){
		"queue/put: ns/op":                       func(r *Run) { r.Results[0].Values["ns/op"][1] = math.NaN() },
		"queue/put: a point of the curve":        func(r *Run) { r.Results[0].Curves[0][0].ResponseP999 = math.NaN() },
		"queue/put: ns/op against channel":       func(r *Run) { r.Results[0].Ratios[0].Totals[0] = math.Inf(1) },
		"queue/put/ref=channel: ns/op":           func(r *Run) { r.Results[1].Values["ns/op"][0] = math.Inf(-1) },
		"queue/put: ns/op has the value NaN: wa": func(r *Run) { r.Verdicts[0].Interval.Lo = math.NaN() },
	} {
		store, err := OpenStore(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		folder, err := store.Create(time.Now(), "abc")
		if err != nil {
			t.Fatal(err)
		}
		run := sample()
		spoil(run)
		if err := folder.Save(run); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v, want an error that names %s", err, name)
		}
		if _, err := os.Stat(folder.Path("run.json")); err == nil {
			t.Error("run.json was written all the same")
		}
	}
}

func TestTwoRunsInOneSecondGetFoldersOfTheirOwn(t *testing.T) {
	store, err := OpenStore(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	at := time.Date(2026, 11, 23, 19, 3, 42, 0, time.FixedZone("", 3600))
	for range 3 {
		f, err := store.Create(at, "abc")
		if err != nil {
			t.Fatal(err)
		}
		if seen[f.ID()] || !strings.HasPrefix(f.ID(), "20261123T180342Z-abc") {
			t.Errorf("the folder %s", f.ID())
		}
		seen[f.ID()] = true
		if err := f.Publish(); err != nil {
			t.Fatal(err)
		}
		if target, err := os.Readlink(filepath.Join(store.root, Latest)); err != nil || target != f.ID() {
			t.Errorf("latest points at %q, %v", target, err)
		}
	}
}

func TestAFolderThatCannotBeWrittenIsOneSentence(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, root := range []string{file, filepath.Join(file, "below"), "/proc/none"} {
		_, err := OpenStore(root)
		if err == nil || !strings.Contains(err.Error(), root) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", root, err)
		}
	}
}

func TestAFileIsWrittenWholeOrNotAtAll(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "run.json")
	for _, text := range []string{"first", "second"} {
		if err := WriteFileAtomic(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != text {
			t.Errorf("%q, %v", got, err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "taken"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := WriteFileAtomic(filepath.Join(dir, "taken"), []byte("x")); err == nil {
		t.Error("a folder was replaced by a file")
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("temporary files stay: %v, %v", entries, err)
	}
}

func TestBenchReadsBackAsWhatWasMeasured(t *testing.T) {
	var text bytes.Buffer
	if err := WriteBench(&text, sample()); err != nil {
		t.Fatal(err)
	}
	r := benchfmt.NewReader(&text, "bench.txt")
	var names []string
	for r.Scan() {
		switch rec := r.Result().(type) {
		case *benchfmt.SyntaxError:
			t.Error(rec)
		case *benchfmt.Result:
			names = append(names, rec.Name.String())
			if rec.GetConfig("cpu") != "AMD EPYC" || rec.GetConfig("commit") != "abc" {
				t.Errorf("the configuration of %s is %+v", rec.Name, rec.Config)
			}
			if v, ok := rec.Value("sec/op"); !ok || v < 20e-9 || v > 41e-9 {
				t.Errorf("the time of %s is %v", rec.Name, v)
			}
		}
	}
	want := []string{"Queue/put", "Queue/put", "Queue/put/ref=channel", "Queue/put/ref=channel"}
	if !reflect.DeepEqual(names, want) {
		t.Errorf("the lines are %v, want %v", names, want)
	}
	if u := r.Units(); u.GetBetter("sec/op") != -1 {
		t.Errorf("a time is better in the direction %d", u.GetBetter("sec/op"))
	}
}

func TestBenchstatReadsBench(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bench.txt")
	var text bytes.Buffer
	if err := WriteBench(&text, sample()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "go", "tool", "benchstat", path).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "Queue/put/ref=channel") || !strings.Contains(string(out), "sec/op") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestAnUnknownMetricIsNotWritten(t *testing.T) {
	run := sample()
	run.Results[0].Values["speed"] = []float64{1, 2}
	if err := WriteBench(&bytes.Buffer{}, run); err == nil || !strings.Contains(err.Error(), `"speed"`) {
		t.Errorf("%v", err)
	}
}

func TestTheMachineSaysWhatItIs(t *testing.T) {
	e := Machine(t.Context(), t.TempDir())
	if e.CPU == "" || e.Cores < 1 || e.GOMAXPROCS < 1 || !strings.HasPrefix(e.Go, "go") && !strings.HasPrefix(e.Go, "devel") || e.Filesystem == "" {
		t.Errorf("%+v", e)
	}
	if e.Commit != "unknown" || e.Dirty {
		t.Errorf("outside a repository the commit is %q, dirty %v", e.Commit, e.Dirty)
	}
}

func TestArmProcsFollowTheVariable(t *testing.T) {
	for _, c := range []struct {
		environ []string
		want    int
	}{
		{[]string{"GOMAXPROCS=7"}, 7},
		{[]string{"GOMAXPROCS=7", "A=1", "GOMAXPROCS=5"}, 5},
		{nil, min(2, runtime.NumCPU())},
		{[]string{"GOMAXPROCS="}, min(2, runtime.NumCPU())},
		{[]string{"GOMAXPROCS=many"}, min(2, runtime.NumCPU())},
		{[]string{"GOMAXPROCS=0"}, min(2, runtime.NumCPU())},
	} {
		if n := ArmProcs(c.environ); n != c.want {
			t.Errorf("%v gives %d, want %d", c.environ, n, c.want)
		}
	}
}

func TestAQuotaIsAShareOfProcessors(t *testing.T) {
	for _, c := range []struct {
		quota, period string
		want          float64
	}{{"150000", "100000", 1.5}, {"max", "100000", 0}, {"-1", "100000", 0}, {"", "", 0}} {
		if got := share(c.quota, c.period); got != c.want {
			t.Errorf("%q of %q is %v, want %v", c.quota, c.period, got, c.want)
		}
	}
}
