package harness

import (
	"testing"

	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/stat"
)

func TestTheTimesOfARowLieBesideTheRun(t *testing.T) {
	s := selected(t, "queue/one")
	h := stat.NewHistogram()
	h.Record(100)
	rows := []result.Result{
		{Scenario: "queue/one", Iterations: []int{10}, Times: map[string]*stat.Histogram{result.Service: h}},
		{Scenario: "queue/one", Reference: "channel", Iterations: []int{10}},
	}
	if err := s.keep(s.scenario(t, "queue/one"), rows, nil); err != nil {
		t.Fatal(err)
	}
	if s.run.Results[0].Times != nil {
		t.Error("the run still holds the times")
	}
	run := s.stored(t)
	times, err := result.At(s.o.Root.Path("results")).Histograms(run, run.Results[0])
	if err != nil || times[result.Service].Count() != 1 || run.Results[1].Histograms != "" {
		t.Errorf("%v, %v, and the reference names %q", times, err, run.Results[1].Histograms)
	}
}

func TestACheckKeepsNoTimes(t *testing.T) {
	s := &Suite{}
	rows := []result.Result{{Scenario: "queue/one", Times: map[string]*stat.Histogram{result.Service: stat.NewHistogram()}}}
	if err := s.keepTimes(rows); err != nil || rows[0].Times != nil || rows[0].Histograms != "" {
		t.Errorf("%+v, %v", rows[0], err)
	}
}
