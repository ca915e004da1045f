package matcher_test

import (
	"strings"
	"testing"

	"github.com/onsi/gomega"
	"github.com/onsi/gomega/gmeasure"

	"github.com/logperf/logperf/suites/internal/matcher"
	"github.com/logperf/logperf/suites/internal/metric"
	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/threshold"
)

func limit(t *testing.T, name string, kind threshold.Kind, value float64) threshold.Limit {
	t.Helper()
	m, ok := metric.Lookup(name)
	if !ok {
		t.Fatalf("no metric %s", name)
	}
	return threshold.Limit{
		Scenario: "queue/put", Metric: m, Kind: kind, Value: value, Against: map[bool]string{true: "channel"}[kind == threshold.Vs],
		Totals: 1.25, Applies: true, File: "thresholds.yaml", Line: 12,
	}
}

// expect returns the failure message of an expectation, "" where it holds.
func expect(actual any, m gomega.OmegaMatcher, not bool) (message string) {
	g := gomega.NewGomega(func(text string, _ ...int) { message = text })
	if not {
		g.Expect(actual).NotTo(m)
	} else {
		g.Expect(actual).To(m)
	}
	return message
}

func TestTheMessageIsMadeFromTheLimit(t *testing.T) {
	rows := []result.Result{{Scenario: "queue/put", Ratios: []result.Ratio{{
		Metric: "ns/op", Against: "channel", Slices: []float64{1.66, 1.7, 1.71, 1.71, 1.72, 1.75}, Totals: []float64{1, 1, 1, 1, 1, 1},
	}}}}
	m := matcher.HoldLimit(limit(t, "ns/op", threshold.Vs, 1.5), threshold.JudgeOptions{})
	want := "FAIL  thresholds.yaml:12  queue/put ns/op / channel: 1.710 [1.660 .. 1.750] (n=6), limit <= 1.5 x channel: the whole interval is beyond the limit"
	if got := expect(rows, m, false); got != want {
		t.Errorf("the message is\n%s\nwant\n%s", got, want)
	}
	if got := expect(rows, m, true); got != "" {
		t.Errorf("a limit that does not hold is said to hold: %s", got)
	}
	rows[0].Ratios[0].Slices = []float64{1, 1, 1, 1, 1, 1}
	if got := expect(rows, m, false); got != "" {
		t.Errorf("a limit that holds fails: %s", got)
	}
	if got := expect(rows, m, true); !strings.HasSuffix(got, "and it was expected not to hold") {
		t.Errorf("the negated message is %q", got)
	}
}

func TestAnExperimentIsHeldAgainstALimit(t *testing.T) {
	e := gmeasure.NewExperiment("queue/put")
	for range 6 {
		e.RecordValue("allocs/op", 1, gmeasure.Units("count"))
	}
	if got := expect(e, matcher.HoldLimit(limit(t, "allocs/op", threshold.Max, 1), threshold.JudgeOptions{}), false); got != "" {
		t.Error(got)
	}
	got := expect(e, matcher.HoldLimit(limit(t, "allocs/op", threshold.Max, 0), threshold.JudgeOptions{}), false)
	if !strings.HasPrefix(got, "FAIL  ") || !strings.Contains(got, "allocs/op: 1 (n=6), limit max 0") {
		t.Errorf("the message is %q", got)
	}
	// gmeasure reads a mistyped name as no values; those must not pass.
	got = expect(e, matcher.HoldLimit(limit(t, "lost-records", threshold.Max, 0), threshold.JudgeOptions{}), false)
	if !strings.Contains(got, "there is no value of lost-records") {
		t.Errorf("a metric without values gives %q", got)
	}
}

func TestWhatCannotBeHeldAgainstALimitIsSaid(t *testing.T) {
	ratio := matcher.HoldLimit(limit(t, "ns/op", threshold.Vs, 1), threshold.JudgeOptions{})
	if got := expect(gmeasure.NewExperiment("x"), ratio, false); !strings.Contains(got, "holds no slice pairs") {
		t.Errorf("an experiment against a ratio gives %q", got)
	}
	if got := expect(42, ratio, false); !strings.Contains(got, "not int") {
		t.Errorf("a number gives %q", got)
	}
}

func TestInconclusiveIsNoFailureOfTheLimit(t *testing.T) {
	rows := []result.Result{{Scenario: "queue/put", Values: map[string][]float64{"p99-ns": {1, 2}}}}
	if got := expect(rows, matcher.HoldLimit(limit(t, "p99-ns", threshold.Max, 1), threshold.JudgeOptions{}), false); got != "" {
		t.Error(got)
	}
}
