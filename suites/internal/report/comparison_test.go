package report

import (
	"bytes"
	"encoding/csv"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/logperf/logperf/suites/internal/compare"
	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/stat"
)

// compared is a comparison with a row of each kind.
func compared() *compare.Comparison {
	at := time.Date(2026, 11, 23, 19, 3, 42, 0, time.UTC)
	of := func(commit string, after time.Duration) *result.Run {
		return &result.Run{ID: "20261123T190342Z-" + commit, Started: at.Add(after), Outcome: result.Pass, Environment: result.Environment{Commit: commit}}
	}
	interval := func(center, lo, hi float64) stat.Interval {
		return stat.Interval{Center: center, Lo: lo, Hi: hi, Confidence: 0.95, N: 6}
	}
	exact := func(center, lo, hi float64) stat.Interval {
		return stat.Interval{Center: center, Lo: lo, Hi: hi, N: 6}
	}
	c := &compare.Comparison{
		Old: of("abc", 0), New: of("def", time.Hour),
		Differences: []string{"corpus: generated records -> app.log (3 records, SHA-256 0123456789ab)"},
		Settings:    []string{"Batch.Bytes: 65536 -> 1024"},
		Rows: []compare.Row{
			{
				Scenario: "pipeline/write", Against: "zerolog", Metric: "ns/op", Unit: "ratio", Class: compare.Ratio, Old: interval(0.8, 0.79, 0.82), New: interval(1.25, 1.2, 1.31),
				Ratio: interval(1.5625, 1.5, 1.61), P: 0.002, Comparable: true, Verdict: compare.Worse, Limit: "<= 1 x zerolog", OldOutcome: result.Pass, NewOutcome: result.Fail,
			},
			{Scenario: "queue/put", Metric: "lost-records", Unit: "count", Class: compare.Exact, Old: exact(0, 0, 0), New: exact(0, 0, 3), P: 1, Comparable: true, Verdict: compare.Worse, Limit: "max 0", NewOutcome: result.Fail},
			{Scenario: "sink/file", Metric: "MB/s", Unit: "MB/s", Class: compare.Time, Old: interval(250, 240, 260), New: interval(3000, 2990, 3100), Ratio: interval(12, 11.5, 12.4), P: 0.002, Comparable: true, Verdict: compare.Better},
			{Scenario: "queue/put", Metric: "B/op", Unit: "B", Class: compare.Exact, Old: exact(512, 512, 514), New: exact(513, 512, 515), Ratio: exact(1.002, 1.002, 1.002), P: 1, Comparable: true, Verdict: compare.Changed, Why: "it varies from repetition to repetition"},
			{Scenario: "queue/put", Reference: "channel", Metric: "ns/op", Unit: "ns", Class: compare.Time, Old: interval(20, 19, 21), New: interval(20.2, 19.4, 21), Ratio: interval(1.01, 0.98, 1.03), P: 0.31, Comparable: true, Verdict: compare.Same},
			{Scenario: "load/replay", Metric: "p99-ns", Unit: "ns", Class: compare.Time, Old: interval(2e6, 1.9e6, 2.2e6), New: exact(3e6, 3e6, 3e6), Ratio: exact(1.5, 1.5, 1.5), P: 0.4, Verdict: compare.NotComparable, Why: "the corpus differs"},
			{Scenario: "load/idle", Metric: "speed", Class: compare.Count, P: 1, Verdict: compare.NotComparable, Why: "this program does not know the metric speed"},
		},
		OnlyOld:    []string{"queue/gone", "queue/put: speed (this program does not know the metric)"},
		OnlyNew:    []string{"a", "b", "c", "d", "e", "f"},
		References: interval(1.031, 1.01, 1.05),
	}
	c.New.Environment.Dirty, c.New.Outcome = true, result.Fail
	return c
}

func TestAComparisonShowsWhatChanged(t *testing.T) {
	const hint = "Between two runs the machine changes too."
	for file, o := range map[string]ComparisonOptions{
		"comparison.txt": {Hint: hint}, "comparison-all.txt": {All: true}, "comparison.md": {Markdown: true, Hint: hint},
	} {
		var out bytes.Buffer
		if err := Comparison(&out, compared(), o); err != nil {
			t.Fatal(err)
		}
		golden(t, file, out.Bytes())
	}
}

func TestAComparisonWithoutAChangeSaysSo(t *testing.T) {
	c := compared()
	c.Rows, c.Differences, c.Settings, c.OnlyOld, c.OnlyNew, c.References = c.Rows[4:5], nil, nil, nil, nil, stat.Interval{}
	var out bytes.Buffer
	if err := Comparison(&out, c, ComparisonOptions{}); err != nil {
		t.Fatal(err)
	}
	if want := "\n1 figures: 0 worse, 0 better, 0 changed, 1 the same, 0 not comparable (--all shows them)\n"; !strings.HasSuffix(out.String(), want) || strings.Contains(out.String(), "scenario") {
		t.Errorf("%s\nwant it to end with %q", out.String(), want)
	}
}

func TestAComparisonIsATableOfNumbersInCSV(t *testing.T) {
	var out bytes.Buffer
	if err := ComparisonCSV(&out, compared()); err != nil {
		t.Fatal(err)
	}
	golden(t, "comparison.csv", out.Bytes())
	lines, err := csv.NewReader(&out).ReadAll()
	if err != nil || len(lines) != 8 {
		t.Errorf("%d lines, %v", len(lines), err)
	}
}

// hostile is a name as a stored file might have it.
const hostile = "queue/\x1b[2J\u202e<script>alert(1)</script>|`x`\n```\n<script>alert(2)</script>\n\t\x00"

func TestNoNameOfARunReachesTheTerminalAsItIs(t *testing.T) {
	c := compared()
	c.Rows = c.Rows[:1]
	r := &c.Rows[0]
	r.Scenario, r.Against, r.Metric, r.Why, r.Limit = hostile, hostile, hostile, hostile, hostile
	c.Differences, c.Settings, c.OnlyOld, c.OnlyNew = []string{hostile}, []string{hostile}, []string{hostile}, []string{hostile}
	c.Old.ID, c.New.Environment.Commit, c.Old.Outcome = hostile, hostile, hostile
	run := sample()
	run.Outcome, run.Environment.CPU, run.Environment.Commit = hostile, hostile, hostile
	run.Results[0].Scenario = hostile
	for i := range run.Verdicts {
		v := &run.Verdicts[i]
		v.Scenario, v.Metric, v.Against, v.LimitText, v.Note, v.File = hostile, hostile, hostile, hostile, hostile, hostile
	}
	run.Errors = []result.Fault{{Text: hostile}}
	for name, write := range map[string]func(*bytes.Buffer) error{
		"text":     func(b *bytes.Buffer) error { return Comparison(b, c, ComparisonOptions{Hint: hostile}) },
		"markdown": func(b *bytes.Buffer) error { return Comparison(b, c, ComparisonOptions{Markdown: true, Hint: hostile}) },
		"csv":      func(b *bytes.Buffer) error { return ComparisonCSV(b, c) },
		"summary":  func(b *bytes.Buffer) error { return Markdown(b, run) },
		"table":    func(b *bytes.Buffer) error { return Table(b, run, Options{Folder: hostile}) },
		"figures":  func(b *bytes.Buffer) error { return Figures(PlainWriter(b), run) },
		"runs": func(b *bytes.Buffer) error {
			return Runs(PlainWriter(b), []result.Entry{{ID: hostile, Filter: hostile, Outcome: hostile}, {ID: "x", Err: errors.New(hostile)}})
		},
	} {
		var out bytes.Buffer
		if err := write(&out); err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(out.String(), "\x1b\x00\u202e") {
			t.Errorf("%s holds a control character:\n%q", name, out.String())
		}
		shown := out.String()
		if name == "summary" { // what stands between its fences is text
			shown = withoutFence(t, shown)
		}
		if (name == "markdown" || name == "summary") && strings.Contains(shown, "<script>") {
			t.Errorf("%s holds HTML:\n%s", name, out.String())
		}
	}
}

// withoutFence cuts the fenced block out of Markdown. A line of as many backticks
// ends it, however far it is indented: readers of Markdown differ in that.
func withoutFence(t *testing.T, text string) string {
	t.Helper()
	var outside []string
	fence := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		only := line != "" && strings.Trim(line, "`") == ""
		switch {
		case fence == "" && only && len(line) >= 3:
			fence = line
		case fence == "":
			outside = append(outside, line)
		case only && len(line) >= len(fence):
			fence = ""
		}
	}
	if fence != "" {
		t.Errorf("the block has no end:\n%s", text)
	}
	return strings.Join(outside, "\n")
}

func TestPlainTextStaysAsItIs(t *testing.T) {
	for text, want := range map[string]string{
		"queue/put ± 3 %": "queue/put ± 3 %", "a\x1b[1mb": `a\x1b[1mb`, "a\nb": `a\nb`, "\xff": "\ufffd", "": "",
	} {
		if got := Plain(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
	var out bytes.Buffer
	if n, err := PlainWriter(&out).Write([]byte("a\tb\n\x07")); n != 5 || err != nil || out.String() != "a\tb\n\\a" {
		t.Errorf("%q, %d, %v", out.String(), n, err)
	}
}

func TestTheRunsOfAStoreAreATable(t *testing.T) {
	at := time.Date(2026, 11, 23, 19, 3, 42, 0, time.UTC)
	entry := func(commit string, ago time.Duration) result.Entry {
		return result.Entry{
			ID: at.Add(-ago).Format("20060102T150405Z") + "-" + commit, Started: at.Add(-ago), Ended: at.Add(-ago + 263*time.Second), Filter: "(tier:smoke)",
			Environment: result.Environment{Go: "go1.26.8", Kernel: "6.18", Commit: commit}, Outcome: result.Pass, Scenarios: 60,
			Verdicts: map[result.Outcome]int{result.Pass: 180},
		}
	}
	first := entry("def", 0)
	first.Latest, first.Environment.Dirty, first.Outcome = true, true, result.Fail
	first.Verdicts, first.Errors = map[result.Outcome]int{result.Pass: 178, result.Fail: 1, result.NotJudged: 3}, 2
	second := entry("abc", time.Hour)
	second.Only, second.Interrupted = "queue/put", true
	third := entry("abc", 48*time.Hour)
	if word := verdictOf(result.Entry{Outcome: result.Fail, Interrupted: true, Going: true}); word != "in progress" {
		t.Errorf("a run that goes on is %q", word)
	}
	third.Environment.Go, third.Environment.Kernel = "go1.25.1", "6.12"
	var out bytes.Buffer
	err := Runs(&out, []result.Entry{{ID: "x", Err: errors.New("results/x/run.json is damaged: line 3 has the value NaN: want a number")}, first, second, third})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "runs.txt", out.Bytes())
}
