package page

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/logperf/logperf/suites/internal/result"
)

// TestTheHistoryMarksWhatIsNoStepOfTheCode: another source, other settings, times
// in doubt.
func TestTheHistoryMarksWhatIsNoStepOfTheCode(t *testing.T) {
	run := small()
	past := pastOf(run, 5) // the first has another source, the second other settings
	of := past.Of
	past.Of = func(row, metric string) []result.Moment {
		moments := of(row, metric)
		if metric == "ns/op" && len(moments) > 0 {
			moments[3].Doubt = true
		}
		return moments
	}
	s := viewOf(Input{Run: run, Past: past}).Groups[0].Scenarios[0]
	for i, want := range [][]int{{0, 1, 3}, {0, 1}} {
		if h := s.Data.History[i]; !slices.Equal(h.Marked, want) {
			t.Errorf("%s is marked at %v, want %v", h.Name, h.Marked, want)
		}
	}
	marked := 0
	for _, row := range s.History.Rows { // the newest first
		if strings.HasSuffix(row[1], "*") {
			marked++
		}
	}
	if marked != 3 || !s.Altered {
		t.Errorf("%d rows of the table are marked, with a note: %v", marked, s.Altered)
	}
}

func TestTheHistorySaysHowManyRunsItShows(t *testing.T) {
	run := small()
	for _, n := range []int{mostPast, 90} {
		s := viewOf(Input{Run: run, Past: pastOf(run, n)}).Groups[0].Scenarios[0]
		const all = "Medians in the stored runs of the same environment"
		want := all
		if n > mostPast {
			want = fmt.Sprintf("%s, %d of %d runs with the extremes among them", all, len(s.History.Rows), n)
		}
		if s.History.Caption != want || len(s.History.Rows) > mostPast+8 {
			t.Errorf("of %d runs %d are shown under %q, want %q", n, len(s.History.Rows), s.History.Caption, want)
		}
	}
}
