package report

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/stat"
)

var update = flag.Bool("update", false, "write the golden files anew")

// sample is a run with a verdict of each kind.
func sample() *result.Run {
	interval := func(c, lo, hi float64) stat.Interval {
		return stat.Interval{Center: c, Lo: lo, Hi: hi, Confidence: 0.96875, N: 6}
	}
	v := func(scenario, metric, against, unit, class, limit string, at float64, i stat.Interval, o result.Outcome, note string) result.Verdict {
		return result.Verdict{
			Scenario: scenario, Metric: metric, Against: against, Unit: unit, Class: class, LimitText: limit,
			File: "thresholds.yaml", Line: 12, Interval: i, Outcome: o, Note: note, Headroom: at, Limit: 1,
		}
	}
	near := v("queue/put", "ns/op", "channel", "ns", "ratio", "<= 1 x channel", 0.01, interval(0.99, 0.95, 1.02), result.Pass, "")
	near.AtLimit = true
	exact := v("queue/put", "allocs/op", "", "count", "exact", "max 0", 0, interval(0, 0, 0), result.Pass, "")
	exact.Limit = 0
	run := &result.Run{
		ID: "20261123T190342Z-abc", Outcome: result.Fail,
		Environment: result.Environment{CPU: "AMD EPYC", Cores: 2, Kernel: "6.18", Go: "go1.26.8", Commit: "abc"},
		Results: []result.Result{
			{
				Scenario: "queue/put", Iterations: []int{1}, Values: map[string][]float64{"ns/op": {20.4}, "allocs/op": {0}, "records/s": {2.05e6}},
				Ratios: []result.Ratio{{Metric: "ns/op", Against: "channel", Slices: []float64{0.49}}},
			},
			{Scenario: "queue/put", Reference: "channel", Iterations: []int{1}, Values: map[string][]float64{"ns/op": {41}, "allocs/op": {0}}},
			{Scenario: "sink/file/block=64KiB/sync=false", Iterations: []int{1}, Values: map[string][]float64{
				"MB/s": {1929}, "writes/1k-op": {2.81}, "total-ns/op": {64}, "lost-records": {0},
			}},
			{Scenario: "harness/latency", Iterations: []int{1}, Values: map[string][]float64{
				"allocs/op": {0}, "clock-ns": {86.4}, "latency-overhead-ns": {9.8},
			}},
		},
		Verdicts: []result.Verdict{
			exact, near,
			v("sink/file/block=64KiB/sync=false", "MB/s", "", "MB/s", "absolute", "min 250 MB/s", 6, interval(1929, 1761, 2128), result.Pass, ""),
			v("queue/put", "p99-ns", "", "ns", "absolute", "max 20 us", 0.5, interval(541, 500, 700), result.NotJudged, "measured for Big Iron with 64 cores"),
			v("pipeline/encode/f10", "ns/op", "phuslu", "ns", "ratio", "<= 1.5 x phuslu", -0.2, interval(1.805, 1.747, 1.864), result.Fail, "the whole interval is beyond the limit"),
			v("queue/put", "p99-ns", "", "ns", "absolute", "max 20 us", 0.9, stat.Interval{Center: 90, Lo: 90, Hi: 90, N: 3}, result.Inconclusive, "3 values are too few for an interval"),
		},
	}
	return run
}

// broken is a run with the only FAIL where there was nothing to judge.
func broken() *result.Run {
	run := sample()
	run.Verdicts = run.Verdicts[:3]
	run.Errors = []result.Fault{{Scenario: "queue/take", Text: "scenario queue/take, arm logperf, repetition 2: run: the arm ended instead of answering: exit status 2\n" +
		"its standard error ends with:\npanic: it blew up\n\ngoroutine 1 [running]:\nmain.main()\n\tmain.go:12\n"}}
	return run
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s (%v): got\n%s\nwant\n%s", path, err, got, want)
	}
}

func TestTheTableBeginsWithWhatNeedsAttention(t *testing.T) {
	var b bytes.Buffer
	if err := Table(&b, sample(), Options{Folder: "results/20261123T190342Z-abc"}); err != nil {
		t.Fatal(err)
	}
	golden(t, "table.txt", b.Bytes())
}

func TestAnInterruptedRunSaysSo(t *testing.T) {
	run := sample()
	run.Interrupted = true
	var b bytes.Buffer
	if err := Table(&b, run, Options{}); err != nil || !strings.Contains(b.String(), "interrupted: not all selected scenarios have run") || !strings.Contains(b.String(), "1 not judged, interrupted\n") {
		t.Errorf("%v\n%s", err, b.String())
	}
}

func TestColoursAreForTerminalsAlone(t *testing.T) {
	var plain, colored bytes.Buffer
	if err := Table(&plain, sample(), Options{}); err != nil || strings.Contains(plain.String(), "\x1b") {
		t.Errorf("%v: escapes without being asked for", err)
	}
	if err := Table(&colored, sample(), Options{Color: true}); err != nil || !strings.Contains(colored.String(), "\x1b[31mFAIL") {
		t.Errorf("%v: a failure is not red", err)
	}
}

func TestFiguresShowSubjectAndReferences(t *testing.T) {
	var b bytes.Buffer
	if err := Figures(&b, sample()); err != nil {
		t.Fatal(err)
	}
	golden(t, "figures.txt", b.Bytes())
}

func TestAFigureThatThisProgramDoesNotKnowIsNamed(t *testing.T) {
	run := sample()
	run.Results[0].Values["old-name/op"] = []float64{1}
	run.Results[1].Values["old-name/op"] = []float64{2}
	run.Results[2].Values = map[string][]float64{"a\x1b": {3}, "empty": {}}
	var b bytes.Buffer
	if err := Figures(&b, run); err != nil || !strings.HasSuffix(b.String(), "\n\n3 figures are left out: this program does not know the metrics a\\x1b, old-name/op\n") {
		t.Errorf("%v\n%s", err, b.String())
	}
	b.Reset()
	one := &result.Run{Results: []result.Result{{Scenario: "queue/put", Values: map[string][]float64{"old-name/op": {1}}}}}
	if err := Figures(&b, one); err != nil || b.String() != "\n1 figure is left out: this program does not know the metric old-name/op\n" {
		t.Errorf("%v\n%s", err, b.String())
	}
}

func TestMarkdownHoldsTheVerdictAndTheTable(t *testing.T) {
	var b bytes.Buffer
	if err := Markdown(&b, sample()); err != nil {
		t.Fatal(err)
	}
	golden(t, "summary.md", b.Bytes())
}

func TestWhatLeftNoVerdictIsNamedAndCounted(t *testing.T) {
	var b bytes.Buffer
	if err := Table(&b, broken(), Options{}); err != nil {
		t.Fatal(err)
	}
	_, below, _ := strings.Cut(b.String(), "\n\n")
	golden(t, "errors.txt", []byte(below))
	b.Reset()
	alone := broken()
	alone.Verdicts = nil
	if err := Table(&b, alone, Options{}); err != nil || !strings.HasPrefix(b.String(), "\nERROR  scenario queue/take") {
		t.Errorf("%v\n%s", err, b.String())
	}
	b.Reset()
	if err := Markdown(&b, broken()); err != nil || !strings.Contains(b.String(), "```\nERROR  scenario queue/take, arm logperf") {
		t.Errorf("%v\n%s", err, b.String())
	}
}

// clock is a time that the test moves.
type clock struct{ now time.Time }

func (c *clock) read() time.Time { return c.now }

func TestTimeLeftIsCorrectedByWhatHasRun(t *testing.T) {
	c := &clock{now: time.Unix(0, 0)}
	var b bytes.Buffer
	p := NewProgress(&b, ProgressOptions{Now: c.read, Steps: []Step{{"one", 10 * time.Second}, {"two", 20 * time.Second}, {"three", 10 * time.Second}}})
	p.Begin("two")
	c.now = c.now.Add(40 * time.Second) // twice as long as expected
	p.End(result.Pass)
	p.Begin("one")
	if text := b.String(); !strings.Contains(text, "[ 1/3] two") || !strings.Contains(text, "40s left") || !strings.Contains(text, "[ 2/3] one") {
		t.Errorf("progress is %q", text)
	}
	if strings.ContainsAny(b.String(), "\r\x1b") {
		t.Error("a line is rewritten without a terminal")
	}
	lines := strings.Split(b.String(), "[ 2/3]")
	if !strings.Contains(lines[1], "40s left") { // 20 s were planned for the rest
		t.Errorf("after a step of twice its time: %q", lines[1])
	}
}

func TestATerminalHasOneLine(t *testing.T) {
	var b bytes.Buffer
	p := NewProgress(&b, ProgressOptions{Terminal: true, Steps: []Step{{"one", time.Second}, {"two", time.Second}}})
	p.Begin("one")
	p.End(result.Fail)
	p.Begin("two")
	p.End(result.Pass)
	p.Done()
	if strings.Count(b.String(), "\n") != 1 || !strings.Contains(b.String(), "FAIL\n") || !strings.HasSuffix(b.String(), "\r\x1b[K") {
		t.Errorf("%q", b.String())
	}
}
