package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/logperf/logperf/suites/internal/result"
)

// Markdown writes the summary of a run for the page of a CI job: the verdict,
// what needs attention, and the whole table folded away. No text of the run is
// markup or HTML there.
func Markdown(w io.Writer, run *result.Run) error {
	var b strings.Builder
	e := run.Environment
	fmt.Fprintf(&b, "### logperf: %s\n\n%s\n\n", cell(string(run.Outcome)), cell(Summary(run, "")))
	machine := fmt.Sprintf("%s, %d cores, %s, %s, commit %s", e.CPU, e.Cores, e.Kernel, e.Go, e.Commit)
	fmt.Fprintf(&b, "%s\n\n", cell(machine))
	if text := failures(run); text != "" {
		fence := fenceOf(text)
		fmt.Fprintf(&b, "%s\n%s%s\n\n", fence, text, fence)
	}
	b.WriteString("<details><summary>All limits</summary>\n\n")
	b.WriteString("| scenario | metric | value | interval | limit | verdict |\n|---|---|---:|---:|---|---|\n")
	for _, v := range ordered(run.Verdicts) {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", cell(v.Scenario), cell(v.Of()), v.Value(), v.Span(), cell(v.LimitText), cell(outcome(v, false)))
	}
	b.WriteString("\n</details>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// fenceOf is a fence that no line of the text ends: longer than all of its runs of
// backticks.
func fenceOf(text string) string {
	longest, run := 0, 0
	for _, r := range text {
		run++
		if r != '`' {
			run = 0
		}
		longest = max(longest, run)
	}
	return strings.Repeat("`", max(3, longest+1))
}
