package threshold

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/logperf/logperf/suites/internal/metric"
	"github.com/logperf/logperf/suites/internal/result"
)

func limit(t testing.TB, name string, kind Kind, value float64) Limit {
	t.Helper()
	m, ok := metric.Lookup(name)
	if !ok {
		t.Fatalf("no metric %s", name)
	}
	l := Limit{Scenario: "queue/one", Metric: m, Kind: kind, Value: value, Totals: DefaultTotals, Applies: true, File: "t.yaml", Line: 3}
	if kind == Vs {
		l.Against = "channel"
	}
	return l
}

func rowOf(name string, values ...float64) []result.Result {
	return []result.Result{{Scenario: "queue/one", Values: map[string][]float64{name: values}}}
}

func ratioOf(name string, slices, totals []float64) []result.Result {
	return []result.Result{{Scenario: "queue/one", Ratios: []result.Ratio{{Metric: name, Against: "channel", Slices: slices, Totals: totals}}}}
}

func doubted(rows []result.Result) []result.Result {
	rows[0].Doubt = "the pacer was late"
	return rows
}

// partly puts the one metric of a row in doubt.
func partly(name string, rows []result.Result) []result.Result {
	rows[0].Doubts = map[string]string{name: "the limit was not in force"}
	return rows
}

// beside adds the row of the reference, whose times are in doubt.
func beside(rows []result.Result) []result.Result {
	return append(rows, result.Result{Scenario: "queue/one", Reference: "channel", Doubt: "the pacer was late"})
}

// partlyBeside adds the row of the reference, one metric of which is in doubt.
func partlyBeside(name string, rows []result.Result) []result.Result {
	return append(rows, result.Result{Scenario: "queue/one", Reference: "channel", Doubts: map[string]string{name: "the limit was not in force"}})
}

func six(around float64) []float64 {
	return []float64{around * 0.98, around * 0.99, around, around, around * 1.01, around * 1.02}
}

func TestVerdicts(t *testing.T) {
	for _, c := range []struct {
		name    string
		limit   Limit
		rows    []result.Result
		options JudgeOptions
		want    result.Outcome
		at      bool
		note    string
	}{
		{"an exact limit holds", limit(t, "allocs/op", Max, 0), rowOf("allocs/op", 0, 0, 0), JudgeOptions{}, result.Pass, false, ""},
		{"one repetition beyond an exact limit", limit(t, "allocs/op", Max, 0), rowOf("allocs/op", 0, 0, 0, 0, 0, 1), JudgeOptions{}, result.Fail, false, "1 in one of 6"},
		{"an exact limit needs one value", limit(t, "lost-records", Max, 0), rowOf("lost-records", 0), JudgeOptions{}, result.Pass, false, ""},
		{"an absolute limit holds", limit(t, "p99-ns", Max, 20_000), rowOf("p99-ns", six(10_000)...), JudgeOptions{}, result.Pass, false, ""},
		{"wholly beyond an absolute limit", limit(t, "p99-ns", Max, 20_000), rowOf("p99-ns", six(30_000)...), JudgeOptions{}, result.Fail, false, "whole interval"},
		{"astride an absolute limit", limit(t, "p99-ns", Max, 20_000), rowOf("p99-ns", six(20_000)...), JudgeOptions{}, result.Pass, true, ""},
		{"too few values", limit(t, "p99-ns", Max, 20_000), rowOf("p99-ns", 1, 2, 3, 4, 5), JudgeOptions{}, result.Inconclusive, false, "too few"},
		{"a rate holds", limit(t, "records/s", Min, 100), rowOf("records/s", six(200)...), JudgeOptions{}, result.Pass, false, ""},
		{"a rate too low", limit(t, "records/s", Min, 100), rowOf("records/s", six(50)...), JudgeOptions{}, result.Fail, false, "whole interval"},
		{"a ratio holds", limit(t, "ns/op", Vs, 1), ratioOf("ns/op", six(0.9), six(0.9)), JudgeOptions{}, result.Pass, false, ""},
		{"a ratio beyond", limit(t, "ns/op", Vs, 1), ratioOf("ns/op", six(1.1), six(0.9)), JudgeOptions{}, result.Fail, false, "whole interval"},
		{"a ratio astride", limit(t, "ns/op", Vs, 1), ratioOf("ns/op", six(1), six(1)), JudgeOptions{}, result.Pass, true, ""},
		{"totals within the wider limit", limit(t, "ns/op", Vs, 1), ratioOf("ns/op", six(0.9), six(1.2)), JudgeOptions{}, result.Pass, false, ""},
		{"totals astride the wider limit", limit(t, "ns/op", Vs, 1), ratioOf("ns/op", six(0.9), six(1.25)), JudgeOptions{}, result.Pass, true, "straddles its limit of 1.25"},
		{"totals beyond the wider limit", limit(t, "ns/op", Vs, 1), ratioOf("ns/op", six(0.9), six(1.4)), JudgeOptions{}, result.Fail, false, "ratio of the totals"},
		{"a ratio of rates too low", limit(t, "records/s", Vs, 0.9), ratioOf("records/s", six(0.8), six(0.9)), JudgeOptions{}, result.Fail, false, "whole interval"},
		{"totals of rates too low", limit(t, "records/s", Vs, 0.9), ratioOf("records/s", six(1), six(0.6)), JudgeOptions{}, result.Fail, false, "ratio of the totals"},

		{"a time in doubt", limit(t, "p99-ns", Max, 20_000), doubted(rowOf("p99-ns", six(10_000)...)), JudgeOptions{}, result.Inconclusive, false, "the pacer was late"},
		{"a ratio in doubt", limit(t, "ns/op", Vs, 1), doubted(ratioOf("ns/op", six(3), six(3))), JudgeOptions{}, result.Inconclusive, false, "the pacer was late"},
		{"a loss in a row in doubt", limit(t, "lost-records", Max, 0), doubted(rowOf("lost-records", 2)), JudgeOptions{}, result.Fail, false, "2 in one"},
		{"no loss in a row in doubt", limit(t, "lost-records", Max, 0), doubted(rowOf("lost-records", 0)), JudgeOptions{}, result.Pass, false, ""},
		{"a rate in doubt", limit(t, "records/s", Min, 100), doubted(rowOf("records/s", six(50)...)), JudgeOptions{}, result.Inconclusive, false, "the pacer was late"},
		{"no value in a row in doubt", limit(t, "p99-ns", Max, 20_000), doubted(rowOf("ns/op", 1)), JudgeOptions{}, result.Inconclusive, false, "the pacer was late"},
		{"a time in doubt astride its limit", limit(t, "p99-ns", Max, 20_000), doubted(rowOf("p99-ns", six(20_000)...)), JudgeOptions{}, result.Inconclusive, false, "the pacer was late"},
		{"a ratio to a reference in doubt", limit(t, "ns/op", Vs, 1), beside(ratioOf("ns/op", six(0.5), six(0.5))), JudgeOptions{}, result.Inconclusive, false, "the pacer was late"},
		{"a share in a row in doubt", limit(t, "gc-cpu-share", Max, 0.5), doubted(rowOf("gc-cpu-share", six(0.9)...)), JudgeOptions{}, result.Fail, false, "whole interval"},
		{"a small share in a row in doubt", limit(t, "bound-share", Max, 1), doubted(rowOf("bound-share", six(0.9)...)), JudgeOptions{}, result.Pass, false, ""},
		{"a counted time in a row in doubt", limit(t, "sink-lag-ns", Max, 1e7), doubted(rowOf("sink-lag-ns", six(3e8)...)), JudgeOptions{}, result.Fail, false, "whole interval"},
		{"a ratio of sizes in a row in doubt", limit(t, "line-B/op", Vs, 1), doubted(ratioOf("line-B/op", six(3), six(3))), JudgeOptions{}, result.Fail, false, "whole interval"},

		{"an exact metric in doubt", limit(t, "survived", Min, 1), partly("survived", rowOf("survived", 1, 1)), JudgeOptions{}, result.Inconclusive, false, "the limit was not in force"},
		{"a broken exact limit in doubt", limit(t, "survived", Min, 1), partly("survived", rowOf("survived", 0)), JudgeOptions{}, result.Inconclusive, false, "the limit was not in force"},
		{"an exact metric in doubt in a check", limit(t, "survived", Min, 1), partly("survived", rowOf("survived", 1)), JudgeOptions{Check: true}, result.NotJudged, false, "the limit was not in force"},
		{"an absolute metric in doubt", limit(t, "bound-share", Max, 1), partly("bound-share", rowOf("bound-share", six(1)...)), JudgeOptions{}, result.Inconclusive, false, "the limit was not in force"},
		{"a doubt about another metric", limit(t, "lost-records", Max, 0), partly("survived", rowOf("lost-records", 0)), JudgeOptions{}, result.Pass, false, ""},
		{"a doubt about another metric excuses nothing", limit(t, "lost-records", Max, 0), partly("survived", rowOf("lost-records", 1)), JudgeOptions{}, result.Fail, false, "1 in one"},
		{"a ratio to a reference whose metric is in doubt", limit(t, "ns/op", Vs, 1), partlyBeside("ns/op", ratioOf("ns/op", six(0.5), six(0.5))), JudgeOptions{}, result.Inconclusive, false, "the limit was not in force"},
		{"a doubt about the reference is none about the subject", limit(t, "p99-ns", Max, 20_000), partlyBeside("p99-ns", rowOf("p99-ns", six(10_000)...)), JudgeOptions{}, result.Pass, false, ""},
		{"a metric in doubt that a check does not judge", limit(t, "bound-share", Max, 1), partly("bound-share", rowOf("bound-share", 1)), JudgeOptions{Check: true}, result.NotJudged, false, "check mode"},

		{"no row", limit(t, "allocs/op", Max, 0), nil, JudgeOptions{}, result.Fail, false, "no result"},
		{"the reference's row alone", limit(t, "allocs/op", Max, 0), []result.Result{{Scenario: "queue/one", Reference: "channel", Values: map[string][]float64{"allocs/op": {0}}}}, JudgeOptions{}, result.Fail, false, "no result"},
		{"no value", limit(t, "allocs/op", Max, 0), rowOf("ns/op", 1), JudgeOptions{}, result.Fail, false, "no value"},
		{"a value that is no number", limit(t, "allocs/op", Max, 0), rowOf("allocs/op", 0, math.NaN()), JudgeOptions{}, result.Fail, false, "no value"},
		{"no ratio", limit(t, "ns/op", Vs, 1), rowOf("ns/op", 1, 1, 1), JudgeOptions{}, result.Fail, false, "no ratio"},
		{"a ratio of 0", limit(t, "ns/op", Vs, 1), ratioOf("ns/op", []float64{0, 0, 0, 0, 0, 0}, six(0.5)), JudgeOptions{}, result.Fail, false, "is 0"},
		{"no totals", limit(t, "ns/op", Vs, 1), ratioOf("ns/op", six(0.5), nil), JudgeOptions{}, result.Fail, false, "no ratio"},

		{"a check judges exact limits", limit(t, "lost-records", Max, 0), rowOf("lost-records", 2), JudgeOptions{Check: true}, result.Fail, false, "2 in one"},
		{"a check judges no time", limit(t, "p99-ns", Max, 1), rowOf("p99-ns", 5), JudgeOptions{Check: true}, result.NotJudged, false, "check mode"},
		{"a check under the race detector judges no allocations", limit(t, "allocs/op", Max, 0), rowOf("allocs/op", 5), JudgeOptions{Check: true, Race: true}, result.NotJudged, false, "race"},
		{"a check without it does", limit(t, "allocs/op", Max, 0), rowOf("allocs/op", 5), JudgeOptions{Check: true}, result.Fail, false, "5 in one"},
		{"bytes of a corpus", limit(t, "line-B/op", Max, 10), rowOf("line-B/op", six(100)...), JudgeOptions{Corpus: true}, result.NotJudged, false, "corpus"},
		{"a ratio on a corpus", limit(t, "ns/op", Vs, 1), ratioOf("ns/op", six(2), six(2)), JudgeOptions{Corpus: true}, result.NotJudged, false, "corpus"},
		{"times on a corpus", limit(t, "ns/op", Max, 10), rowOf("ns/op", six(100)...), JudgeOptions{Corpus: true}, result.NotJudged, false, "corpus"},
		{"allocations on a corpus", limit(t, "allocs/op", Max, 0), rowOf("allocs/op", 1), JudgeOptions{Corpus: true}, result.NotJudged, false, "corpus"},
		{"leaks on a corpus", limit(t, "leaked-goroutines", Max, 0), rowOf("leaked-goroutines", 1), JudgeOptions{Corpus: true}, result.Fail, false, "1 in one"},
		{"losses on a corpus", limit(t, "lost-records", Max, 0), rowOf("lost-records", 1), JudgeOptions{Corpus: true}, result.Fail, false, "1 in one"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := Judge(c.limit, c.rows, c.options)
			if v.Outcome != c.want || v.AtLimit != c.at || !strings.Contains(v.Note, c.note) || c.note == "" && v.Note != "" {
				t.Errorf("%s, at the limit %v, %q: want %s, %v, %q", v.Outcome, v.AtLimit, v.Note, c.want, c.at, c.note)
			}
			if v.File != "t.yaml" || v.Line != 3 || v.Class != c.limit.Class() || v.LimitText == "" {
				t.Errorf("the verdict does not say where it comes from: %+v", v)
			}
			if v.Outcome == result.Fail && v.Headroom > 0 && v.Interval.N > 0 && !v.Totals && !strings.Contains(c.name, "totals") {
				t.Errorf("a failure has the headroom %v", v.Headroom)
			}
		})
	}
}

func TestALimitOfAnotherMachineIsNotJudged(t *testing.T) {
	l := limit(t, "p99-ns", Max, 1)
	l.Applies, l.Shape = false, "Big Iron with 64 cores"
	v := Judge(l, rowOf("p99-ns", six(100)...), JudgeOptions{})
	if v.Outcome != result.NotJudged || !strings.Contains(v.Note, "Big Iron") || v.Interval.Center != 100 {
		t.Errorf("%+v", v)
	}
}

func TestAWorseValueNeverTurnsAFailureIntoAPass(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limits := []Limit{{Kind: Max}, {Kind: Vs, Against: "channel"}}
		l := rapid.SampledFrom(limits).Draw(t, "kind")
		l.Metric, _ = metric.Lookup("p99-ns")
		l.Scenario, l.Applies, l.Totals, l.Value = "queue/one", true, DefaultTotals, rapid.Float64Range(0.5, 2).Draw(t, "limit")
		xs := rapid.SliceOfN(rapid.Float64Range(0.1, 4), 6, 14).Draw(t, "values")
		factor := rapid.Float64Range(1, 3).Draw(t, "factor")
		worse := make([]float64, len(xs))
		for i, x := range xs {
			worse[i] = x * factor
		}
		judge := func(values []float64, l Limit) result.Outcome {
			rows := ratioOf("p99-ns", values, values)
			rows[0].Values = map[string][]float64{"p99-ns": values}
			return Judge(l, rows, JudgeOptions{}).Outcome
		}
		if judge(xs, l) == result.Fail && judge(worse, l) != result.Fail {
			t.Fatalf("%v fails the limit %v and %v does not", xs, l.Value, worse)
		}
		scaled := l
		scaled.Value *= 4
		for i, x := range xs {
			worse[i] = x * 4
		}
		if judge(xs, l) != judge(worse, scaled) {
			t.Fatalf("the verdict on %v changes with the unit", xs)
		}
	})
}
