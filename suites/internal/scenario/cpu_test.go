package scenario

import (
	"testing"

	"github.com/logperf/logperf/suites/internal/experiment"
)

// TestTheIdleLoggerIsExpectedToTakeItsWatch: the arm's deadline and the time
// left are reckoned from the slice that a scenario declares.
func TestTheIdleLoggerIsExpectedToTakeItsWatch(t *testing.T) {
	for _, s := range CPU() {
		if s.Name != "cpu/idle" {
			continue
		}
		subject, err := s.Arms[0].Open(t.Context(), experiment.Options{Dir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		i := subject.(*idle)
		if err := i.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if took := i.rest + i.watch; s.Slice < took {
			t.Errorf("a slice is declared to last %v, and takes %v", s.Slice, took)
		}
		return
	}
	t.Error("there is no scenario cpu/idle")
}
