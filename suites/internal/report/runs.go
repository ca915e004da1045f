package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/logperf/logperf/suites/internal/result"
)

// Runs writes the runs of a store, one a line, and below them those that cannot
// be read. The environment of each is held against that of the first that can.
func Runs(w io.Writer, runs []result.Entry) error {
	t := table.NewWriter()
	t.SetStyle(style())
	t.AppendHeader(table.Row{"run", "started (UTC)", "took", "commit", "verdict", "scenarios", "limits", "environment", "filter"})
	number := table.ColumnConfig{Align: text.AlignRight, AlignHeader: text.AlignRight}
	took, scenarios := number, number
	took.Number, scenarios.Number = 3, 6
	t.SetColumnConfigs([]table.ColumnConfig{took, scenarios})
	var newest *result.Entry
	var damaged strings.Builder
	for i, e := range runs {
		if e.Err != nil {
			fmt.Fprintf(&damaged, "\n%v", e.Err)
			continue
		}
		if newest == nil {
			newest = &runs[i]
		}
		t.AppendRow(table.Row{
			name(e), e.Started.UTC().Format("2006-01-02 15:04"), e.Ended.Sub(e.Started).Round(1e9), commitOf(e.Environment),
			verdictOf(e), e.Scenarios, limitsOf(e), apart(newest.Environment, e.Environment), selection(e),
		})
	}
	lines := ""
	if t.Length() > 0 {
		lines = t.Render() + "\n"
	}
	if damaged.Len() > 0 {
		lines += strings.TrimPrefix(damaged.String(), "\n") + "\n"
	}
	_, err := io.WriteString(w, lines)
	return err
}

func name(e result.Entry) string {
	if e.Latest {
		return e.ID + " (latest)"
	}
	return e.ID
}

func commitOf(e result.Environment) string {
	if e.Dirty {
		return e.Commit + " and changes"
	}
	return e.Commit
}

func verdictOf(e result.Entry) string {
	switch {
	case e.Going:
		return "in progress"
	case e.Interrupted:
		return string(e.Outcome) + ", interrupted"
	}
	return string(e.Outcome)
}

// limitsOf counts the verdicts: those that hold, and the others where there are
// any.
func limitsOf(e result.Entry) string {
	parts := []string{fmt.Sprintf("%d held", e.Verdicts[result.Pass])}
	for _, one := range []struct {
		n    int
		what string
	}{
		{e.Verdicts[result.Fail], "failed"},
		{e.Verdicts[result.Inconclusive], "inconclusive"},
		{e.Verdicts[result.NotJudged], "not judged"},
		{e.Errors, "errors"},
	} {
		if one.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", one.n, one.what))
		}
	}
	return strings.Join(parts, ", ")
}

// selection is what the run was asked to measure.
func selection(e result.Entry) string {
	if e.Only != "" {
		return e.Only
	}
	return e.Filter
}

// apart names what differs from the newest run; empty where times can be
// compared.
func apart(newest, one result.Environment) string {
	var names []string
	for _, difference := range one.Differences(newest) {
		what, _, _ := strings.Cut(difference, ":")
		names = append(names, what)
	}
	if len(names) == 0 {
		return ""
	}
	return "differs: " + strings.Join(names, ", ")
}
