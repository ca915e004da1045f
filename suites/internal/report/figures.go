package report

import (
	"fmt"
	"io"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/logperf/logperf/suites/internal/metric"
	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/stat"
)

// columns are the metrics of the table of figures, those that most scenarios
// share; the rest stands in run.json and bench.txt.
var columns = []struct{ title, metric string }{
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
// the medians over the repetitions, and the ratio of their times.
func Figures(w io.Writer, run *result.Run) error {
	t := table.NewWriter()
	t.SetStyle(style())
	header := table.Row{"scenario", "vs"}
	configs := []table.ColumnConfig{{Number: 2, Align: text.AlignRight, AlignHeader: text.AlignRight}}
	for i, c := range columns {
		header = append(header, c.title)
		configs = append(configs, table.ColumnConfig{Number: i + 3, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	t.AppendHeader(header)
	t.SetColumnConfigs(configs)
	var subject result.Result
	for _, row := range run.Results {
		name, ratio := row.Scenario, ""
		if row.Reference == "" {
			subject = row
		} else {
			name, ratio = "  "+row.Reference, against(subject, row.Reference)
		}
		line := table.Row{name, ratio}
		for _, c := range columns {
			line = append(line, median(row, c.metric))
		}
		t.AppendRow(line)
	}
	_, err := fmt.Fprintf(w, "\n%s\n(vs: time of the subject over that of the reference, in lockstep)\n", t.Render())
	return err
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
