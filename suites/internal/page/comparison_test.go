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
