package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/logperf/logperf/suites/internal/result"
)

// Markdown writes the summary of a run for the page of a CI job: the verdict,
// what needs attention, and the whole table folded away.
func Markdown(w io.Writer, run *result.Run) error {
	var b strings.Builder
	e := run.Environment
	fmt.Fprintf(&b, "### logperf: %s\n\n%s\n\n", run.Outcome, Summary(run, ""))
	fmt.Fprintf(&b, "%s, %d cores, %s, %s, commit %s\n\n", e.CPU, e.Cores, e.Kernel, e.Go, e.Commit)
	if text := failures(run); text != "" {
		fmt.Fprintf(&b, "```\n%s```\n\n", text)
	}
	b.WriteString("<details><summary>All limits</summary>\n\n")
	b.WriteString("| scenario | metric | value | interval | limit | verdict |\n|---|---|---:|---:|---|---|\n")
	for _, v := range ordered(run.Verdicts) {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", v.Scenario, v.Of(), v.Value(), v.Span(), v.LimitText, outcome(v, false))
	}
	b.WriteString("\n</details>\n")
	_, err := io.WriteString(w, b.String())
	return err
}
