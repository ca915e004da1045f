package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/logperf/logperf/suites/internal/metric"
	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/stat"
)

type column struct{ title, metric string }

// columns are the metrics of the table of figures, those that most scenarios
// share; the others stand in the list below it.
var columns = []column{
	{"time/op", "ns/op"},
	{"caller/op", "caller-ns/op"},
	{"CPU/op", "cpu-ns/op"},
	{"p50", "p50-ns"},
	{"p99", "p99-ns"},
	{"p99.9", "p99.9-ns"},
	{"rate", "records/s"},
	{"MB/s", "MB/s"},
	{"allocs", "allocs/op"},
	{"B/op", "B/op"},
}

// Figures writes what was measured of each subject, its references below it:
// the medians over the repetitions, and the ratio of their times. A list follows
// with the subjects' metrics that have no column, and whole with the rows that
// the columns would say next to nothing of, and last what of the run this program
// does not know.
func Figures(w io.Writer, run *result.Run) error {
	t, list := table.NewWriter(), table.NewWriter()
	list.SetStyle(style())
	list.AppendHeader(table.Row{"scenario", "further figures"})
	heads(t)
	var subject result.Result
	for _, row := range run.Results {
		if row.Reference == "" {
			subject = row
		}
		bare := isBare(row)
		if !bare {
			t.AppendRow(lineOf(row, subject))
		}
		if rest := others(row, bare); rest != "" {
			list.AppendRow(table.Row{row.Row(), rest})
		}
	}
	var out strings.Builder
	if t.Length() > 0 {
		fmt.Fprintf(&out, "\n%s\n(vs: time of the subject over that of the reference, in lockstep)\n", t.Render())
	}
	if list.Length() > 0 {
		fmt.Fprintf(&out, "\n%s\n", list.Render())
	}
	if left := unknown(run); left != "" {
		fmt.Fprintf(&out, "\n%s\n", left)
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// lineOf is a row of the table of figures.
func lineOf(row, subject result.Result) table.Row {
	line := table.Row{row.Scenario, ""}
	if row.Reference != "" {
		line = table.Row{"  " + row.Reference, against(subject, row.Reference)}
	}
	for _, c := range columns {
		line = append(line, median(row, c.metric))
	}
	return line
}

// heads sets style and header of the table of figures.
func heads(t table.Writer) {
	t.SetStyle(style())
	header := table.Row{"scenario", "vs"}
	configs := []table.ColumnConfig{{Number: 2, Align: text.AlignRight, AlignHeader: text.AlignRight}}
	for i, c := range columns {
		header = append(header, c.title)
		configs = append(configs, table.ColumnConfig{Number: i + 3, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	t.AppendHeader(header)
	t.SetColumnConfigs(configs)
}

// isBare reports whether the columns know nothing of a row, but at most what it
// allocates.
func isBare(row result.Result) bool {
	return !slices.ContainsFunc(columns, func(c column) bool {
		return c.metric != "allocs/op" && c.metric != "B/op" && len(row.Values[c.metric]) > 0
	})
}

// others are the metrics of a row that stand in no column, with their values;
// all of a bare one. Of the others, what a reader would skip is left out:
// references, the mean beside the median, and a loss that is none.
func others(row result.Result, bare bool) string {
	if row.Reference != "" && !bare {
		return ""
	}
	var all []string
	for _, m := range metric.All() {
		values := row.Values[m.Name]
		column := slices.ContainsFunc(columns, func(c column) bool { return c.metric == m.Name })
		lossless := (m.Name == "lost-records" || m.Name == "leaked-goroutines") && len(values) > 0 && slices.Max(values) == 0
		if len(values) > 0 && (bare || !column && !lossless && m.Name != "total-ns/op") {
			all = append(all, m.Name+" "+median(row, m.Name))
		}
	}
	return strings.Join(all, ", ")
}

// unknown says which figures are not shown: those of metrics that this program
// does not know have no unit, and no column.
func unknown(run *result.Run) string {
	n, names := 0, map[string]bool{}
	for _, row := range run.Results {
		for name, values := range row.Values {
			if _, ok := metric.Lookup(name); !ok && len(values) > 0 {
				n++
				names[Plain(name)] = true
			}
		}
	}
	if n == 0 {
		return ""
	}
	figures, metrics := "figures are", "metrics"
	if n == 1 {
		figures = "figure is"
	}
	if len(names) == 1 {
		metrics = "metric"
	}
	return fmt.Sprintf("%d %s left out: this program does not know the %s %s", n, figures, metrics, strings.Join(slices.Sorted(maps.Keys(names)), ", "))
}

// against is the ratio of the subject's time to the reference's.
func against(subject result.Result, reference string) string {
	for _, r := range subject.Ratios {
		if r.Metric == "ns/op" && r.Against == reference && len(r.Slices) > 0 {
			return fmt.Sprintf("%.2f x", stat.MedianOf(r.Slices))
		}
	}
	return ""
}

func median(row result.Result, name string) string {
	values := row.Values[name]
	m, ok := metric.Lookup(name)
	if !ok || len(values) == 0 {
		return ""
	}
	return m.Unit.Format(stat.MedianOf(values))
}
