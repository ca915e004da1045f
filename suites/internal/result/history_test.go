package result

import (
	"fmt"
	"testing"
	"time"
)

func TestAHistoryHasTheRunsOfOneEnvironment(t *testing.T) {
	l := newLibrary(t)
	first := l.run(nil)
	l.run(func(r *Run) { r.Environment.Go = "go1.27" })
	damaged := l.folder("{")
	last := l.run(func(r *Run) {
		r.Environment.Commit, r.Environment.Dirty = "def", true
		r.Settings = map[string]any{"Level": "warn"}
		r.Results[0].Values["ns/op"] = []float64{31, 30, 29}
		r.Results[0].Source = "another"
		r.Results[1].Values = map[string][]float64{"ns/op": {}}
		r.Results[1].Iterations = []int{}
		r.Results[0].Iterations = []int{1, 1, 1}
		r.Results[0].Values["allocs/op"] = []float64{0, 0, 0}
	})
	h, err := l.History(t.Context(), first, 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(h.Runs) != 2 || h.Runs[0].ID != first.ID || h.Runs[1].ID != last.ID || h.Others != 1 {
		t.Fatalf("%+v", h)
	}
	if len(h.Damaged) != 1 || h.Damaged[0].ID != damaged || h.Damaged[0].Err == nil {
		t.Errorf("the damaged are %+v", h.Damaged)
	}
	past := h.Runs[1]
	if past.Commit != "def" || !past.Dirty || len(past.Settings) != 1 || past.Settings[0] != "Level: unset -> warn" || len(h.Runs[0].Settings) != 0 {
		t.Errorf("%+v", h.Runs)
	}
	moments := h.Of("queue/put", "ns/op")
	if len(moments) != 2 || moments[0] != (Moment{Run: 0, Median: 20.5, Min: 20, Max: 21}) || moments[1] != (Moment{Run: 1, Median: 30, Min: 29, Max: 31, Changed: true}) {
		t.Errorf("%+v", moments)
	}
	if moments := h.Of("queue/put/ref=channel", "ns/op"); len(moments) != 1 || moments[0].Run != 0 {
		t.Errorf("the reference has no value in the last run: %+v", moments)
	}
	if moments := h.Of("queue/put", "none"); moments != nil {
		t.Errorf("%+v", moments)
	}
}

// TestAHistoryKnowsWhichFiguresSayNothing: counts without noise are right whatever
// the machine did.
func TestAHistoryKnowsWhichFiguresSayNothing(t *testing.T) {
	l := newLibrary(t)
	add := func(r *Run) {
		r.Results[0].Values["allocs/op"], r.Results[0].Values["p99-ns"] = []float64{0, 1}, []float64{3, 4}
	}
	first := l.run(func(r *Run) { add(r); r.Results[0].Doubts = map[string]string{"allocs/op": "it was a check"} })
	l.run(func(r *Run) { add(r); r.Results[0].Doubt = "the pacer was late" })
	h, err := l.History(t.Context(), first, 0)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]bool{"ns/op": {false, true}, "p99-ns": {false, true}, "allocs/op": {true, false}} {
		m := h.Of("queue/put", name)
		if len(m) != 2 || m[0].Doubt != want[0] || m[1].Doubt != want[1] {
			t.Errorf("%s: %+v, want the doubts %v", name, m, want)
		}
	}
	if m := h.Of("queue/put/ref=channel", "ns/op"); len(m) != 2 || m[1].Doubt {
		t.Errorf("the reference: %+v", m)
	}
}

func TestAHistoryLeavesOutWhatConsumedAnotherCorpus(t *testing.T) {
	l := newLibrary(t)
	consume := func(hash string) func(*Run) {
		return func(r *Run) { r.Corpus.SHA256, r.Results[0].Corpus = hash, true }
	}
	first := l.run(consume("aa"))
	l.run(consume("bb"))
	l.run(func(r *Run) { r.Corpus = nil })
	l.run(consume("aa"))
	h, err := l.History(t.Context(), first, 0)
	if err != nil {
		t.Fatal(err)
	}
	if m := h.Of("queue/put", "ns/op"); len(m) != 2 || m[0].Run != 0 || m[1].Run != 3 {
		t.Errorf("the row that consumed it: %+v", m)
	}
	if m := h.Of("queue/put/ref=channel", "ns/op"); len(m) != 4 {
		t.Errorf("the row that did not: %+v", m)
	}
}

func TestAHistoryIsOfTheNewestRuns(t *testing.T) {
	l := newLibrary(t)
	var last *Run
	for range 4 {
		last = l.run(nil)
	}
	h, err := l.History(t.Context(), last, 2)
	if err != nil || len(h.Runs) != 2 || h.Runs[1].ID != last.ID {
		t.Errorf("%+v, %v", h, err)
	}
}

// full is a run of 60 scenarios with their references and timelines, as long as
// those of the tier full.
func full(id string, started time.Time) *Run {
	run := sample()
	run.ID, run.Started = id, started
	run.Results, run.Verdicts = nil, nil
	values := map[string][]float64{}
	for _, name := range []string{
		"ns/op", "total-ns/op", "cpu-ns/op", "user-ns/op", "sys-ns/op", "records/s", "MB/s", "allocs/op", "B/op",
		"gc/1M-op", "gc-pause-ns/1M-op", "switches/1k-op", "peak-RSS-B", "leaked-goroutines", "lost-records",
	} {
		values[name] = []float64{101.25, 102.5, 99.75, 100.125, 103.375, 98.5}
	}
	var ratios []Ratio
	for name, v := range values {
		ratios = append(ratios, Ratio{Metric: name, Against: "zerolog", Slices: v, Totals: v})
	}
	var timeline []Point
	for i := range 30 {
		timeline = append(timeline, Point{At: time.Duration(i) * 20 * time.Millisecond, Values: map[string]float64{
			"depth": float64(i), "rss-B": 1e7, "heap-B": 5e6, "gc": 3, "offered": 1e5, "goroutines": 12,
		}})
	}
	for i := range 60 {
		name := fmt.Sprintf("load/steady/%d", i)
		row := Result{Scenario: name, Source: "ff", Iterations: []int{1, 1, 1, 1, 1, 1}, Values: values, Ratios: ratios}
		if i%4 == 0 {
			row.Timelines = [][]Point{timeline, timeline, timeline, timeline, timeline, timeline}
		}
		run.Results = append(run.Results, row, Result{Scenario: name, Reference: "zerolog", Source: "ff", Iterations: row.Iterations, Values: values})
	}
	return run
}

func storeFull(b *testing.B, runs int) (*Store, *Run) {
	b.Helper()
	store, err := OpenStore(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	run := full("", time.Now())
	for i := range runs {
		f, err := store.Create(time.Date(2026, 1, 1, i, 0, 0, 0, time.UTC), "abc")
		if err != nil {
			b.Fatal(err)
		}
		run.ID = f.ID()
		if err := f.Save(run); err != nil {
			b.Fatal(err)
		}
		if err := f.Publish(); err != nil {
			b.Fatal(err)
		}
	}
	return store, run
}

// BenchmarkHistory reads 200 runs of 60 scenarios, which has to take 2 s at most.
func BenchmarkHistory(b *testing.B) {
	store, run := storeFull(b, DefaultHistory)
	for b.Loop() {
		h, err := store.History(b.Context(), run, 0)
		if err != nil || len(h.Runs) != DefaultHistory || len(h.Of("load/steady/59/ref=zerolog", "MB/s")) != DefaultHistory {
			b.Fatalf("%d runs, %v", len(h.Runs), err)
		}
	}
}

func BenchmarkList(b *testing.B) {
	store, _ := storeFull(b, DefaultHistory)
	for b.Loop() {
		if entries, err := store.List(b.Context()); err != nil || len(entries) != DefaultHistory {
			b.Fatalf("%d runs, %v", len(entries), err)
		}
	}
}
