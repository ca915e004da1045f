// Package report shows a run to people: the table that ends it, the summary of
// a job, the progress while it goes on.
package report

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/logperf/logperf/suites/internal/result"
)

// Options says how a table is drawn. The zero value is plain text.
type Options struct {
	// Color marks the outcomes with colours, for a terminal.
	Color bool
	// Folder is where the results are, for the last line; empty: left out.
	Folder string
}

// Table writes the verdicts of a run, one a line: failures first, then what is
// inconclusive, then the nearest to its limit, and last what was not judged.
// Below it the references' figures and one line that sums up. What a run holds is
// text there: Options.Color adds the only escape sequences.
func Table(w io.Writer, run *result.Run, o Options) error {
	t := table.NewWriter()
	t.SetStyle(style())
	t.AppendHeader(table.Row{"scenario", "metric", "value", "interval", "limit", "verdict"})
	right := table.ColumnConfig{Align: text.AlignRight, AlignHeader: text.AlignRight}
	value, interval := right, right
	value.Number, interval.Number = 3, 4
	t.SetColumnConfigs([]table.ColumnConfig{value, interval})
	for _, v := range ordered(run.Verdicts) {
		t.AppendRow(table.Row{Plain(v.Scenario), Plain(v.Of()), v.Value(), v.Span(), Plain(v.LimitText), outcome(v, o.Color)})
	}
	verdicts := ""
	if t.Length() > 0 {
		verdicts = t.Render() + "\n\n"
	}
	_, err := fmt.Fprintf(w, "\n%s%s\n%s\n", verdicts, failures(run), Summary(run, o.Folder))
	return err
}

func style() table.Style {
	s := table.StyleDefault
	s.Options = table.Options{SeparateHeader: true}
	s.Box = table.BoxStyle{MiddleHorizontal: "-", PaddingRight: "  ", MiddleSeparator: " "}
	s.Format.Header = text.FormatDefault
	return s
}

// rank puts what needs attention first.
func rank(v result.Verdict) int {
	switch {
	case v.Outcome == result.Fail:
		return 0
	case v.Outcome == result.Inconclusive:
		return 1
	case v.Outcome == result.NotJudged:
		return 4
	case v.Class == "exact" && v.Limit == 0:
		return 3 // at its limit by nature: no news unless it fails
	}
	return 2
}

func ordered(verdicts []result.Verdict) []result.Verdict {
	sorted := slices.Clone(verdicts)
	slices.SortStableFunc(sorted, func(a, b result.Verdict) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Headroom, b.Headroom))
	})
	return sorted
}

func outcome(v result.Verdict, color bool) string {
	word := Plain(string(v.Outcome))
	if v.AtLimit && v.Outcome == result.Pass {
		word += ", at the limit"
	}
	if !color {
		return word
	}
	switch v.Outcome {
	case result.Fail:
		return text.FgRed.Sprint(word)
	case result.Inconclusive:
		return text.FgYellow.Sprint(word)
	case result.NotJudged:
		return text.Faint.Sprint(word)
	}
	return text.FgGreen.Sprint(word)
}

// failures names what left no verdict, each verdict that asks for something,
// with its place, and why others were not judged.
func failures(run *result.Run) string {
	var b strings.Builder
	for _, e := range run.Errors {
		fmt.Fprintf(&b, "ERROR  %s\n", escape(excerpt(e.Text), "\n\t"))
	}
	for _, v := range ordered(run.Verdicts) {
		if v.Outcome == result.Fail || v.Outcome == result.Inconclusive {
			fmt.Fprintln(&b, Plain(v.String()))
		}
	}
	notes := map[string]int{}
	for _, v := range run.Verdicts {
		if v.Outcome == result.NotJudged {
			notes[v.Note]++
		}
	}
	for _, note := range slices.Sorted(maps.Keys(notes)) {
		fmt.Fprintf(&b, "%d not judged: %s\n", notes[note], Plain(note))
	}
	if run.Interrupted {
		b.WriteString("interrupted: not all selected scenarios have run\n")
	}
	return b.String()
}

// excerpt is the beginning of an error: behind it may stand the stacks of all
// goroutines of an arm, which run.json holds whole.
func excerpt(text string) string {
	const most = 5
	lines := slices.DeleteFunc(strings.Split(text, "\n"), func(line string) bool { return strings.TrimSpace(line) == "" })
	if over := len(lines) - most; over > 0 {
		lines = append(lines[:most], fmt.Sprintf("... (%d more lines in run.json)", over))
	}
	return strings.Join(lines, "\n       ")
}

// Summary is one line on the whole run.
func Summary(run *result.Run, folder string) string {
	count := map[result.Outcome]int{}
	at := 0
	for _, v := range run.Verdicts {
		count[v.Outcome]++
		if v.AtLimit && v.Outcome == result.Pass {
			at++
		}
	}
	scenarios := 0
	for _, r := range run.Results {
		if r.Reference == "" {
			scenarios++
		}
	}
	line := fmt.Sprintf("%s: %d scenarios, %d limits: %d PASS (%d at the limit), %d FAIL, %d INCONCLUSIVE, %d not judged",
		Plain(string(run.Outcome)), scenarios, len(run.Verdicts), count[result.Pass], at, count[result.Fail],
		count[result.Inconclusive], count[result.NotJudged])
	if n := len(run.Errors); n > 0 {
		line += fmt.Sprintf(", %d ERROR", n)
	}
	if run.Interrupted {
		line += ", interrupted"
	}
	if folder != "" {
		line += "\nresults: " + Plain(folder)
	}
	return line
}
