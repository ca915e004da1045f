package result

import (
	"testing"

	"github.com/logperf/logperf/suites/internal/stat"
)

func TestAVerdictIsOneLine(t *testing.T) {
	six := stat.Interval{Center: 1.71, Lo: 1.66, Hi: 1.75, Confidence: 0.96875, N: 6}
	for want, v := range map[string]Verdict{
		"FAIL  thresholds.yaml:12  queue/put ns/op / channel: 1.710 [1.660 .. 1.750] (n=6), limit <= 1.5 x channel: the whole interval is beyond the limit": {
			Outcome: Fail, Against: "channel", Metric: "ns/op", Unit: "ns", Interval: six, LimitText: "<= 1.5 x channel", Note: "the whole interval is beyond the limit",
		},
		"PASS  thresholds.yaml:12  queue/put ns/op: 1.71 ns [1.66 ns .. 1.75 ns] (n=6), limit max 2 ns": {
			Outcome: Pass, Metric: "ns/op", Unit: "ns", Interval: six, LimitText: "max 2 ns",
		},
		"FAIL  thresholds.yaml:12  queue/put allocs/op: - (n=0), limit max 0: there is no value of allocs/op": {
			Outcome: Fail, Metric: "allocs/op", Unit: "count", LimitText: "max 0", Note: "there is no value of allocs/op",
		},
	} {
		v.File, v.Line, v.Scenario = "thresholds.yaml", 12, "queue/put"
		if got := v.String(); got != want {
			t.Errorf("the verdict reads\n%s\nwant\n%s", got, want)
		}
	}
}
