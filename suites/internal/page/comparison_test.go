package page

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/logperf/logperf/suites/internal/compare"
	"github.com/logperf/logperf/suites/internal/result"
)

// TestAnOlderRowThatCannotBeComparedSaysSo: beside the new one it looks as if it
// could.
func TestAnOlderRowThatCannotBeComparedSaysSo(t *testing.T) {
	for _, c := range []struct {
		what   string
		change func(*result.Run)
		want   string
	}{
		{"the same", func(*result.Run) {}, "before"},
		{"another environment", func(r *result.Run) { r.Environment.Go = "go1.25" }, "before (differs)"},
		{"another source", func(r *result.Run) { r.Results[0].Source = "x" }, "before (differs)"},
		{"another source of another scenario", func(r *result.Run) { r.Results[2].Source = "x" }, "before"},
	} {
		run, old := small(), small()
		c.change(old)
		s := viewOf(Input{Run: run, Comparison: compare.Compare(old, run, compare.Options{})}).Groups[0].Scenarios[0]
		var of []string
		for _, l := range s.Data.Strips[0].Lines {
			of = append(of, l.Of)
		}
		if want := []string{"subject", "channel", c.want}; !slices.Equal(of, want) {
			t.Errorf("%s: the lines are %q, want %q", c.what, of, want)
		}
	}
}

// TestAComparisonListsTheFirstOfManyFigures and says how many there are, and where.
func TestAComparisonListsTheFirstOfManyFigures(t *testing.T) {
	c := &compare.Comparison{Old: small(), New: small()}
	c.Old.ID = "old"
	for i, verdict := range []compare.Verdict{compare.Worse, compare.Same, compare.NotComparable} {
		for n := range mostChanges + 1 + i {
			c.Rows = append(c.Rows, compare.Row{Scenario: fmt.Sprintf("queue/%d", n), Metric: "ns/op", Unit: "ns", Verdict: verdict})
		}
	}
	for n := range mostNames + 7 {
		c.OnlyOld, c.OnlyNew = append(c.OnlyOld, fmt.Sprintf("gone/%d", n)), append(c.OnlyNew, fmt.Sprintf("new/%d", n))
	}
	text := written(t, Input{Run: c.New, Comparison: c})
	for _, want := range []struct {
		text string
		n    int
	}{
		{"Figures without a certain difference: 202", 1},
		{"Figures that are not comparable: 203", 1},
		{"alone: 107", 2},
		{">queue/199<", 1},
		{">queue/99<", 2},
		{">queue/200<", 0},
		{"<li>gone/99", 1},
		{"<li>new/100", 0},
		{fmt.Sprintf(" more: <code>go tool logperf compare --all old %s</code>", c.New.ID), 5},
	} {
		if n := strings.Count(text, want.text); n != want.n {
			t.Errorf("%q stands %d times on the page, want %d", want.text, n, want.n)
		}
	}
}
