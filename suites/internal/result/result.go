// Package result holds what a run leaves: rows of values, verdicts, the
// environment they were measured in, and the folder that keeps them.
package result

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/logperf/logperf/suites/internal/stat"
)

// SchemaVersion is the version of run.json that this package writes, and the
// newest that it reads.
const SchemaVersion = 1

// Run is one run of the suite, as run.json holds it.
type Run struct {
	Schema      int       `json:"schema"`
	ID          string    `json:"id"` // name of its folder
	Started     time.Time `json:"started"`
	Ended       time.Time `json:"ended"`
	Interrupted bool      `json:"interrupted"` // ended before all selected scenarios had run
	Check       bool      `json:"check,omitempty"`
	Filter      string    `json:"filter"`         // label filter
	Only        string    `json:"only,omitempty"` // the one scenario asked for
	Seed        uint64    `json:"seed"`
	Repetitions int       `json:"repetitions"`
	// Environment is the machine and the code that were measured.
	Environment Environment `json:"environment"`
	// Settings is what the settings came to, by their names in the file.
	Settings map[string]any `json:"settings,omitempty"`
	// Corpus is the user's own log, where one was given.
	Corpus   *Corpus   `json:"corpus,omitempty"`
	Results  []Result  `json:"results"`
	Verdicts []Verdict `json:"verdicts"`
	// Errors are the failures that left no verdict.
	Errors  []Fault `json:"errors,omitempty"`
	Outcome Outcome `json:"outcome"`
}

// Fault is why something failed that was never judged: an arm crashed or hung,
// or its check found that records were lost.
type Fault struct {
	Scenario string `json:"scenario,omitempty"` // empty: it was none
	Text     string `json:"text"`
}

// Corpus is a user's own log file that scenarios consumed.
type Corpus struct {
	Path      string   `json:"path"`
	SHA256    string   `json:"sha256"`
	Records   int      `json:"records"`
	Scenarios []string `json:"scenarios"` // those that consumed it
}

// Result is one row: what was measured of a scenario's subject, or of one of
// its references.
type Result struct {
	Scenario  string   `json:"scenario"`
	Reference string   `json:"reference,omitempty"` // empty for the subject
	Labels    []string `json:"labels,omitempty"`
	Source    string   `json:"source,omitempty"` // SHA-256 of the file that defines the scenario
	Corpus    bool     `json:"corpus,omitempty"` // consumed the user's corpus
	// Iterations is the number of operations of each repetition.
	Iterations []int `json:"iterations"`
	// Values has one value a repetition for each metric.
	Values map[string][]float64 `json:"values"`
	// Ratios compare the subject with its references; the subject alone has them.
	Ratios []Ratio `json:"ratios,omitempty"`
	// Counts are the subject's own counters, summed over the repetitions.
	Counts map[string]int64 `json:"counts,omitempty"`
	// Doubt is why the row's times say nothing, as found in one repetition or
	// more; empty if they do.
	Doubt string `json:"doubt,omitempty"`
	// Doubts are why single metrics say nothing, by their names.
	Doubts map[string]string `json:"doubts,omitempty"`
	// Limiter says what limited the process or its network, in words: "none" for a
	// load without a limit, empty for all else.
	Limiter string `json:"limiter,omitempty"`
	// Timelines show the load of each repetition, where it was watched.
	Timelines [][]Point `json:"timelines,omitempty"`
	// Curves show the rates that each repetition tried, by rising rate, where it
	// tried several.
	Curves [][]CurvePoint `json:"curves,omitempty"`
	// Histograms is the file below the folder of the run that holds the times of
	// single calls over all repetitions, in HDR log format; empty without.
	Histograms string `json:"histograms,omitempty"`
	// Times are the histograms themselves by their tags, as long as they are not in
	// that file; they are not part of run.json.
	Times map[string]*stat.Histogram `json:"-"`
	// Profiles are the files below the folder of the run that show where time and
	// memory went, by kind: cpu, allocs; they are from a pass of their own.
	Profiles map[string]string `json:"profiles,omitempty"`
	// Drift is the time of the last quarter of the slices over that of the
	// first, recorded and never judged.
	Drift float64 `json:"drift,omitempty"`
}

// Point is what a subject looked like at one moment of its load.
type Point struct {
	At     time.Duration      `json:"at_ns"` // since the load began
	Values map[string]float64 `json:"values"`
}

// CurvePoint is what became of one rate that was offered.
type CurvePoint struct {
	Offered      float64       `json:"offered"`  // arrivals due, a second
	Achieved     float64       `json:"achieved"` // calls that had returned by the end of the load, a second
	ServiceP50   float64       `json:"service_p50_ns"`
	ServiceP99   float64       `json:"service_p99_ns"`
	ResponseP50  float64       `json:"response_p50_ns"`
	ResponseP99  float64       `json:"response_p99_ns"`
	ResponseP999 float64       `json:"response_p999_ns"`
	Drain        time.Duration `json:"drain_ns"`     // until the sink had all, from the last arrival
	Held         bool          `json:"held"`         // the rate was not beyond the knee
	Missed       float64       `json:"missed_share"` // arrivals that the pacer began late, 0 to 1
}

// numbers are all that JSON could not hold.
func (p CurvePoint) numbers() []float64 {
	return []float64{p.Offered, p.Achieved, p.ServiceP50, p.ServiceP99, p.ResponseP50, p.ResponseP99, p.ResponseP999, p.Missed}
}

// Row is the row's name: the scenario, and behind it the reference.
func (r Result) Row() string {
	if r.Reference == "" {
		return r.Scenario
	}
	return r.Scenario + "/ref=" + r.Reference
}

// Ratio compares a time of the subject with that of a reference that ran in
// lockstep with it.
type Ratio struct {
	Metric  string `json:"metric"`
	Against string `json:"against"`
	// Slices has the median ratio of the slice pairs of each repetition. It
	// knows little of what happens in less than half of the slices.
	Slices []float64 `json:"slices"`
	// Totals has the ratio of the total times of each repetition.
	Totals []float64 `json:"totals"`
}

// check refuses what JSON cannot hold, naming the row: NaN or an infinity means
// that something was not measured.
func (r *Run) check() error {
	for _, row := range r.Results {
		if err := finite(row.Row(), "drift", row.Drift); err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(row.Values)) {
			if err := finite(row.Row(), name, row.Values[name]...); err != nil {
				return err
			}
		}
		for _, point := range slices.Concat(row.Curves...) {
			if err := finite(row.Row(), "a point of the curve", point.numbers()...); err != nil {
				return err
			}
		}
		for _, ratio := range row.Ratios {
			name := ratio.Metric + " against " + ratio.Against
			if err := finite(row.Row(), name, append(slices.Clone(ratio.Slices), ratio.Totals...)...); err != nil {
				return err
			}
		}
	}
	for _, v := range r.Verdicts {
		if err := finite(v.Scenario, v.Metric, v.Interval.Center, v.Interval.Lo, v.Interval.Hi, v.Interval.Confidence, v.Limit, v.Headroom); err != nil {
			return err
		}
	}
	return nil
}

func finite(row, name string, values ...float64) error {
	for _, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("%s: %s has the value %v: want a number", row, name, v)
		}
	}
	return nil
}
