package advise

import (
	"testing"
	"time"

	"github.com/logperf/logperf/suites/internal/result"
)

func TestLittlesLawTellsHowLongRecordsAreOnTheirWay(t *testing.T) {
	for _, want := range []time.Duration{0, 5 * time.Millisecond, 300 * time.Millisecond} {
		got, ok := lag(underWay(2000, want))
		if !ok || got < want-want/50 || got > want+want/50 {
			t.Errorf("records that take %v: %v, %v", want, got, ok)
		}
	}
	if _, ok := lag(underWay(2000, time.Second)[:3]); ok {
		t.Error("three points are too few")
	}
	still := []result.Point{{At: 0}, {At: 1}, {At: 2}, {At: 3}, {At: 4}}
	if _, ok := lag(still); ok {
		t.Error("where nothing is logged nothing is late")
	}
}

func TestAQueueIsFullWhereNineOfTenPlacesAreTaken(t *testing.T) {
	line := func(depths ...float64) (all []result.Point) {
		for _, d := range depths {
			all = append(all, result.Point{Values: map[string]float64{"depth": d}})
		}
		return all
	}
	// The last look, behind the flush, does not count.
	share, looks := full([][]result.Point{line(0, 15, 16, 14, 0), line(16, 0)}, 16)
	if share != 0.6 || looks != 5 {
		t.Errorf("%v of %d looks, want 0.6 of 5", share, looks)
	}
	if share, looks := full(nil, 16); share != 0 || looks != 0 {
		t.Errorf("without a timeline: %v of %d", share, looks)
	}
}
