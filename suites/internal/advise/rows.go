package advise

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/stat"
)

// The rows of a run that were measured with the user's settings, and the
// reference that they have: the same logger with the defaults.
const (
	rowPrefix  = "load/settings/"
	throughput = "throughput"
	steady     = "steady"
	burst      = "burst"
	trickle    = "trickle"
	knee       = "knee"
	reference  = "default"
)

// confidence is that of the intervals of gains.
const confidence = 0.95

// row is one of them, with its reference.
type row struct {
	result.Result
	plain *result.Result // nil where the scenario has none
	run   string
}

// rowsOf are the rows of a run by their last word.
func rowsOf(run *result.Run) map[string]row {
	rows := map[string]row{}
	for _, r := range run.Results {
		if name, ok := strings.CutPrefix(r.Scenario, rowPrefix); ok && r.Reference == "" {
			rows[name] = row{Result: r, run: run.ID}
		}
	}
	for _, r := range run.Results {
		name, ok := strings.CutPrefix(r.Scenario, rowPrefix)
		if one, subject := rows[name]; ok && subject && r.Reference == reference {
			one.plain = &r
			rows[name] = one
		}
	}
	return rows
}

func (r row) has() bool { return r.Scenario != "" }

// median is that of a metric, 0 where it was not measured.
func (r row) median(name string) float64 { return medianIn(&r.Result, name) }

// plainMedian is that of the reference.
func (r row) plainMedian(name string) float64 {
	if r.plain == nil {
		return 0
	}
	return medianIn(r.plain, name)
}

func medianIn(r *result.Result, name string) float64 {
	if len(r.Values[name]) == 0 {
		return 0
	}
	return stat.MedianOf(r.Values[name])
}

// worse is by which factor a time is longer than with the defaults, as an
// interval; false where it says nothing: it was not measured, or disturbed.
func (r row) worse(name string) (stat.Interval, bool) {
	if r.doubtful() {
		return stat.Interval{}, false
	}
	i := slices.IndexFunc(r.Ratios, func(one result.Ratio) bool { return one.Metric == name && one.Against == reference })
	if i < 0 || len(r.Ratios[i].Slices) == 0 {
		return stat.Interval{}, false
	}
	return stat.Median(r.Ratios[i].Slices, confidence), true
}

// doubtful reports whether the pacer was late, here or beside.
func (r row) doubtful() bool { return r.Doubt != "" || r.plain != nil && r.plain.Doubt != "" }

// share is a counter over another, 0 where there is none.
func (r row) share(part, whole string) float64 {
	if r.Counts[whole] == 0 {
		return 0
	}
	return float64(r.Counts[part]) / float64(r.Counts[whole])
}

func (r row) lost() float64 { return r.share("rejected", "offered") + r.share("evicted", "offered") }

// evidence is a figure of the row.
func (r row) evidence(format string, args ...any) Evidence {
	return Evidence{Source: "run " + r.run, Scenario: r.Scenario, Text: fmt.Sprintf(format, args...)}
}

// full is the share of the looks at a queue that found at least nine of ten
// places taken, and the number of looks.
func full(timelines [][]result.Point, places int) (share float64, looks int) {
	n := 0
	for _, line := range timelines {
		for _, p := range line[:max(len(line)-1, 0)] { // the last look comes after the flush
			looks++
			if p.Values["depth"] >= 0.9*float64(places) {
				n++
			}
		}
	}
	if looks == 0 {
		return 0, 0
	}
	return float64(n) / float64(looks), looks
}

// lags are how long a record took, on average, from its call until the sink
// had it, one for each timeline. A record that is older than the load counts with
// the time that it has waited so far, so what has waited for longer than the load
// is longer than this. The metric sink-lag-ns is the same figure.
func lags(timelines [][]result.Point) []time.Duration {
	var all []time.Duration
	for _, line := range timelines {
		if d, ok := lag(line); ok {
			all = append(all, d)
		}
	}
	return all
}

func lag(line []result.Point) (time.Duration, bool) {
	var looks []stat.Look
	for _, p := range line[:max(len(line)-1, 0)] { // the last look comes after the flush
		looks = append(looks, stat.Look{At: p.At, Came: p.Values["offered"], Left: p.Values["written"] + p.Values["failed"]})
	}
	return stat.Sojourn(looks)
}

// ended are the last values of a name over the timelines, added.
func ended(timelines [][]result.Point, name string) float64 {
	sum := 0.0
	for _, line := range timelines {
		if len(line) > 0 {
			sum += line[len(line)-1].Values[name]
		}
	}
	return sum
}
