package experiment

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestDerivedMetrics(t *testing.T) {
	s := Scenario{Slice: time.Millisecond, Laps: []string{"caller-ns/op"}}
	all := []Slice{
		{N: 10, Wall: 1000, CPU: 3000, Laps: []time.Duration{100}},
		{N: 10, Wall: 2000, CPU: 1000, Laps: []time.Duration{300}},
		{N: 20, Wall: 9000, CPU: 4000, Laps: []time.Duration{400}},
	}
	p := Report{
		N: 40, Barrier: 100, Mallocs: 119, Bytes: 4039, GCs: 2, GCPause: 80, User: 3, System: 1, Switches: 4,
		PeakRSS: 1 << 20, Leaked: 1, Values: map[string]float64{"line-B/op": 100, "allocs/op": 7},
	}
	got, err := Derive(s, all, p)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]float64{
		"ns/op": 200, "total-ns/op": 300, "cpu-ns/op": 200, "caller-ns/op": 20, "user-ns/op": 150, "sys-ns/op": 50,
		"records/s": 40 / 12e-6, "MB/s": 40 / 12e-6 * 100 / 1e6, "B/op": 100, "allocs/op": 7, "gc/1M-op": 50000,
		"gc-pause-ns/1M-op": 2e6, "switches/1k-op": 100, "peak-RSS-B": 1 << 20, "leaked-goroutines": 1,
		"barrier-ns": 100, "barrier-share": 0.05, "slice-overhead": 0.002, "line-B/op": 100,
	} {
		if math.Abs(got[name]-want) > 1e-9*want {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
	p.Values = nil
	if got, err = Derive(s, all, p); err != nil || got["allocs/op"] != 2 {
		t.Errorf("119 allocations in 40 operations are %v each (%v), want 2: rounded down", got["allocs/op"], err)
	}
	if _, ok := got["MB/s"]; ok {
		t.Error("MB/s is derived without the bytes of a line")
	}
}

func TestDeriveRefusesAReportOfOtherSlices(t *testing.T) {
	_, err := Derive(Scenario{}, []Slice{{N: 10, Wall: 1}}, Report{N: 9})
	if err == nil || !strings.Contains(err.Error(), "9 operations") {
		t.Errorf("Derive() = %v, want an error about the operations", err)
	}
	if _, err := Derive(Scenario{}, nil, Report{}); err == nil {
		t.Error("Derive() of no slice is no error")
	}
}

func TestReportOfNegativeCountsIsRefused(t *testing.T) {
	for _, p := range []Report{{N: -1}, {Leaked: -1}, {PeakRSS: -1}, {User: -1}, {GCPause: -1}, {Switches: -1}, {Curve: []CurvePoint{{Drain: -1}}}, {Curve: []CurvePoint{{}, {Missed: 1.1}}}} {
		if p.Check() == nil {
			t.Errorf("the report %+v is accepted", p)
		}
	}
}
