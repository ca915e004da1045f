package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/logperf/logperf/suites/internal/metric"
	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/stat"
)

// mostMissed is the share of arrivals that the pacer may begin late before the
// times of a point say nothing.
const mostMissed = 0.01

// Knee is what the search of a knee is shown from.
type Knee struct {
	// Row is that of the scenario: its curves, and a rate for each repetition.
	Row result.Result
	// Limit is what the 99th percentile of the response time had to hold.
	Limit time.Duration
	// Machine is where it was measured.
	Machine result.Environment
}

// Rates are the rates at the knee in records a second, one a repetition; none
// where the row has no knee.
func (k Knee) Rates() []float64 { return k.Row.Values["knee-records/s"] }

// Curve writes the rates that all repetitions tried, by rising rate, and below
// them one line with the knee. A point at which the pacer was late is marked: its
// times are not the logger's alone.
func Curve(w io.Writer, k Knee) error {
	t := table.NewWriter()
	t.SetStyle(style())
	t.AppendHeader(table.Row{
		"repetition", "rate offered", "achieved", "service p50", "p99", "response p50", "p99", "p99.9", "drain", "verdict",
	})
	var right []table.ColumnConfig
	for number := 1; number <= 9; number++ {
		right = append(right, table.ColumnConfig{Number: number, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	t.SetColumnConfigs(right)
	late := false
	for _, p := range k.points() {
		t.AppendRow(p.line())
		late = late || p.late()
	}
	below := ""
	if t.Length() > 0 {
		below = t.Render() + "\n\n"
	}
	if late {
		below += fmt.Sprintf("(late: the pacer began more than %.0f %% of the arrivals more than a tick late, so that the times say little, and a rate that is beyond may have been borne)\n", 100*mostMissed)
	}
	_, err := fmt.Fprintf(w, "%s%s\n", below, k)
	return err
}

// point is a point of a curve with the repetition that it is of, from 1.
type point struct {
	result.CurvePoint
	repetition int
}

// points are those of all repetitions by rising rate.
func (k Knee) points() []point {
	var all []point
	for i, curve := range k.Row.Curves {
		for _, p := range curve {
			all = append(all, point{p, i + 1})
		}
	}
	slices.SortStableFunc(all, func(a, b point) int { return cmp.Compare(a.Offered, b.Offered) })
	return all
}

func (p point) late() bool { return p.Missed > mostMissed }

func (p point) line() table.Row {
	ns := metric.Nanoseconds.Format
	achieved := 0.0
	if p.Offered > 0 {
		achieved = p.Achieved / p.Offered
	}
	verdict := "beyond"
	if p.Held {
		verdict = "held"
	}
	if p.late() {
		verdict += ", late"
	}
	return table.Row{
		p.repetition, metric.PerSecond.Format(p.Offered), fmt.Sprintf("%.1f %%", 100*achieved), ns(p.ServiceP50), ns(p.ServiceP99),
		ns(p.ResponseP50), ns(p.ResponseP99), ns(p.ResponseP999), ns(float64(p.Drain)), verdict,
	}
}

// String is one line on the knee: its median with its range, the limit and the
// machine.
func (k Knee) String() string {
	rates, rate := k.Rates(), metric.PerSecond.Format
	found := "no knee was measured"
	switch {
	case len(rates) == 1:
		found = "the knee is at " + rate(rates[0])
	case len(rates) > 1:
		found = fmt.Sprintf("the knee is at %s, median of %d (%s to %s)", rate(stat.MedianOf(rates)), len(rates), rate(slices.Min(rates)), rate(slices.Max(rates)))
	}
	if len(rates) > 0 && slices.Max(rates) == 0 {
		found = "no rate held"
	}
	cores := "cores"
	if k.Machine.Cores == 1 {
		cores = "core"
	}
	return fmt.Sprintf("%s: %s, with a response p99 of at most %s, on %s with %d %s",
		k.Row.Scenario, found, metric.Nanoseconds.Format(float64(k.Limit)), k.Machine.CPU, k.Machine.Cores, cores)
}
