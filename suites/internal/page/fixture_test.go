package page

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/logperf/logperf/suites/internal/compare"
	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/stat"
)

var morning = time.Date(2026, 11, 25, 9, 30, 0, 0, time.UTC)

func interval(center, lo, hi float64) stat.Interval {
	return stat.Interval{Center: center, Lo: lo, Hi: hi, Confidence: 0.96875, N: 6}
}

// small is a run that has one of each: a row that fails, one at its limit, one
// in doubt with a load and a curve, and an error that left no figures.
func small() *result.Run {
	run := &result.Run{
		Schema: 1, ID: "20261125T093000Z-0123456789ab", Started: morning, Ended: morning.Add(5 * time.Minute), Filter: "tier:smoke",
		Seed: 1, Repetitions: 6, Outcome: result.Fail,
		Environment: result.Environment{
			CPU: "Example CPU", Cores: 2, OS: "linux", Arch: "amd64", Kernel: "6.1.0", Go: "go1.26.8", GOMAXPROCS: 2,
			Filesystem: "ext4", Commit: "0123456789ab", Dirty: true,
		},
		Settings: map[string]any{
			"Batch":     map[string]any{"Bytes": 65536.0, "Delay": 10000000.0},
			"Benchmark": map[string]any{"Confidence": 0.95}, "Level": "info", "Sink": map[string]any{"Path": "", "Routes": nil},
		},
		Results: []result.Result{
			{
				Scenario: "queue/put", Labels: []string{"subject:queue", "tier:smoke"}, Source: "60434bc24394b0097ccafa90",
				Iterations: []int{1000, 1000, 1000, 1000, 1000, 1000}, Drift: 0.98,
				Values: map[string][]float64{
					"ns/op": {20.1, 20.4, 20.2, 21.9, 20.3, 20.2}, "allocs/op": {0, 0, 0, 0, 0, 0}, "p99-ns": {410, 420, 433, 415, 402, 980},
				},
				Ratios: []result.Ratio{{
					Metric: "ns/op", Against: "channel", Slices: []float64{0.55, 0.56, 0.57, 0.56, 0.55, 0.56}, Totals: []float64{0.6, 0.58, 0.57, 0.6, 0.59, 0.61},
				}},
				Counts: map[string]int64{"offered": 6000, "accepted": 6000}, Histograms: "histograms/queue/put.hlog",
				Profiles: map[string]string{"cpu": "profiles/queue-put.cpu.pprof"},
			},
			{
				Scenario: "queue/put", Reference: "channel", Iterations: []int{1000, 1000, 1000, 1000, 1000, 1000},
				Values: map[string][]float64{"ns/op": {36.1, 36.4, 37.2, 36.9, 36.3, 36.2}, "allocs/op": {0, 0, 0, 0, 0, 0}},
				Counts: map[string]int64{"offered": 6000},
			},
			loaded(),
		},
		Errors: []result.Fault{{Scenario: "sink/file", Text: "scenario sink/file, arm logperf: the arm ended instead of answering: exit status 2\npanic: it blew up\n\ngoroutine 1 [running]:"}},
	}
	v := func(scenario, metric, against, unit, class, text string, limit, room float64, i stat.Interval, o result.Outcome, note string) result.Verdict {
		return result.Verdict{
			Scenario: scenario, Metric: metric, Against: against, Unit: unit, Class: class, Limit: limit, LimitText: text,
			File: "thresholds.yaml", Line: 12, Interval: i, Outcome: o, Note: note, Headroom: room,
		}
	}
	near := v("queue/put", "ns/op", "channel", "ns", "ratio", "<= 0.565 x channel", 0.565, 0.01, interval(0.56, 0.55, 0.57), result.Pass, "")
	near.AtLimit = true
	run.Verdicts = []result.Verdict{
		v("queue/put", "allocs/op", "", "count", "exact", "max 0", 0, 0, interval(0, 0, 0), result.Pass, ""),
		near,
		v("queue/put", "p99-ns", "", "ns", "absolute", "max 300 ns", 300, -0.39, interval(417, 402, 980), result.Fail, "the whole interval is beyond the limit"),
		v("load/mixed", "records/s", "", "rec/s", "absolute", "min 80 k", 80e3, 0.25, interval(100e3, 99e3, 101e3), result.Pass, ""),
		v("load/mixed", "lost-records", "", "count", "exact", "max 0", 0, 0, interval(0, 0, 0), result.Pass, ""),
	}
	return run
}

// loaded is a row with a load: two repetitions of four moments, and a curve.
func loaded() result.Result {
	r := result.Result{
		Scenario: "load/mixed", Labels: []string{"subject:load", "tier:smoke"}, Iterations: []int{40000, 50000},
		Values:  map[string][]float64{"records/s": {100e3, 101e3}, "lost-records": {0, 0}, "knee-records/s": {150e3, 160e3}},
		Doubt:   "the pacer was late: 1.3 % of the arrivals began more than a tick late",
		Limiter: "none", Histograms: "histograms/load/mixed.hlog",
	}
	for rep := range 2 {
		var line []result.Point
		for i := range 4 {
			line = append(line, result.Point{At: time.Duration(i) * 100 * time.Millisecond, Values: map[string]float64{
				"offered": float64(i * 10000), "written": float64(i * 9000 * (1 + rep)), "failed": 0, "depth": float64(i * i), "rss-B": float64(24<<20 + i<<18), "gc": 6, "goroutines": 15,
			}})
		}
		r.Timelines = append(r.Timelines, line)
	}
	for i := range 3 {
		rate := float64(i+1) * 50e3
		r.Curves = append(r.Curves, []result.CurvePoint{{
			Offered: rate, Achieved: rate * 0.99, ServiceP50: 400, ServiceP99: 900, ResponseP50: 2e5, ResponseP99: 1e6 * float64(i+1),
			ResponseP999: 2e6 * float64(i+1), Drain: time.Millisecond, Held: i < 2, Missed: 0.02 * float64(i),
		}})
	}
	return r
}

// histogramsOf gives each row that names a file the same times.
func histogramsOf(r result.Result) (map[string]*stat.Histogram, error) {
	service, response := stat.NewHistogram(), stat.NewHistogram()
	for i := range int64(2000) {
		service.Record(300 + i%97)
		response.Record(300 + i*i%9973)
	}
	if r.Scenario == "queue/put" {
		return map[string]*stat.Histogram{result.Service: service}, nil
	}
	return map[string]*stat.Histogram{result.Service: service, result.Response: response}, nil
}

// pastOf is a history in which each figure of the run wanders.
func pastOf(run *result.Run, n int) Past {
	p := Past{}
	for i := range n {
		one := result.Past{ID: fmt.Sprintf("run-%d", i), Started: run.Started.Add(time.Duration(i-n+1) * 24 * time.Hour), Commit: fmt.Sprintf("%012x", 0xabc000+i)}
		if i == n-1 {
			one.ID = run.ID
		}
		if i == 1 {
			one.Settings = []string{"Batch.Bytes: 65536 -> 1024"}
		}
		p.Runs = append(p.Runs, one)
	}
	values := map[string][]float64{}
	for _, r := range run.Results {
		for name, v := range r.Values {
			values[r.Row()+" "+name] = v
		}
	}
	p.Of = func(row, metric string) []result.Moment {
		v := values[row+" "+metric]
		if len(v) == 0 || v[0] == 0 {
			return nil
		}
		moments := make([]result.Moment, n)
		for i := range moments {
			m := v[0] * (1 + 0.1*math.Sin(float64(i)))
			moments[i] = result.Moment{Run: i, Median: m, Min: m * 0.97, Max: m * 1.04, Changed: i == 0}
		}
		return moments
	}
	return p
}

// large is the largest run that a page is promised for: sixty scenarios that all
// have four references, histograms, a curve, and a timeline of a minute for each
// of six repetitions.
func large() *result.Run {
	random := rand.New(rand.NewPCG(1, 2))
	run := small()
	run.Results, run.Verdicts, run.Errors = nil, nil, nil
	metrics := []string{
		"ns/op", "total-ns/op", "caller-ns/op", "cpu-ns/op", "user-ns/op", "sys-ns/op", "records/s", "MB/s", "p50-ns", "p99-ns", "p99.9-ns",
		"max-ns", "allocs/op", "B/op", "peak-RSS-B", "switches/1k-op",
	}
	noisy := func(base float64) []float64 {
		values := make([]float64, 6)
		for i := range values {
			values[i] = base * (1 + 0.2*random.Float64())
		}
		return values
	}
	for i := range 60 {
		for j, reference := range []string{"", "zerolog", "phuslu", "zap", "slog"} {
			r := result.Result{
				Scenario: fmt.Sprintf("pipeline/end-to-end/number=%d", i), Reference: reference, Labels: []string{fmt.Sprintf("subject:%c", 'a'+i%8)},
				Iterations: []int{90001, 90002, 90003, 90004, 90005, 90006}, Values: map[string][]float64{}, Histograms: "histograms/x.hlog",
				Counts: map[string]int64{"accepted": 966746, "bytes": 361455673, "evicted": 0, "failed": 0, "filtered": 0, "offered": 966746, "written": 966746},
			}
			for k, name := range metrics {
				r.Values[name] = noisy(float64(100 * (1 + j) * (1 + k)))
			}
			r.Values["allocs/op"] = make([]float64, 6)
			if j == 0 {
				r.Timelines, r.Curves = longLoad(random), longCurve(random)
				for _, against := range []string{"zerolog", "phuslu", "zap", "slog"} {
					for _, name := range metrics[:7] {
						r.Ratios = append(r.Ratios, result.Ratio{Metric: name, Against: against, Slices: noisy(1), Totals: noisy(1.1)})
					}
				}
			}
			run.Results = append(run.Results, r)
		}
		for k, name := range metrics[:6] {
			run.Verdicts = append(run.Verdicts, result.Verdict{
				Scenario: fmt.Sprintf("pipeline/end-to-end/number=%d", i), Metric: name, Unit: "ns", Class: "absolute", Limit: 1e4, LimitText: "max 10 us",
				File: "thresholds.yaml", Line: i*10 + k, Interval: interval(700, 650, 800), Outcome: result.Pass, Headroom: 0.93,
			})
		}
	}
	return run
}

// largest is a page of it, with a history and compared with a run in which half of
// the times were shorter.
func largest() Input {
	run, old := large(), large()
	old.ID = "20261124T093000Z-ba9876543210"
	for i, r := range old.Results {
		for name, values := range r.Values {
			if name != "allocs/op" && (i/5+len(name))%2 == 0 {
				for j := range values {
					values[j] /= 3
				}
			}
		}
	}
	return Input{
		Run: run, Folder: "results/" + run.ID, Histograms: histogramsOf, Past: pastOf(run, 200), Comparison: compare.Compare(old, run, compare.Options{}),
	}
}

func longLoad(random *rand.Rand) [][]result.Point {
	lines := make([][]result.Point, 6)
	for rep := range lines {
		for i := range 600 {
			at := float64(i)
			lines[rep] = append(lines[rep], result.Point{At: time.Duration(i) * 100 * time.Millisecond, Values: map[string]float64{
				"offered": at * 1e4, "written": at*1e4 - 100*random.Float64(), "failed": 0, "depth": 1000 * random.Float64(), "rss-B": 3e7 + 1e6*random.Float64(),
				"gc": at / 7, "goroutines": 20, "retries": 0,
			}})
		}
	}
	return lines
}

func longCurve(random *rand.Rand) [][]result.CurvePoint {
	curves := make([][]result.CurvePoint, 6)
	for rep := range curves {
		for i := range 10 {
			rate := 1e5 * (1 + float64(i)*random.Float64())
			curves[rep] = append(curves[rep], result.CurvePoint{
				Offered: rate, Achieved: rate, ServiceP50: 500, ServiceP99: 5000 * random.Float64(), ResponseP50: 4e5, ResponseP99: 5e6 * random.Float64(), ResponseP999: 6e6, Held: i < 8,
			})
		}
	}
	return curves
}
