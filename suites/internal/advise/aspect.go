package advise

import (
	"slices"
	"time"

	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/stat"
)

// noticed is what the time until the sink has a record counts as where it is
// less: nobody sees the difference, and the shortest delay would always win.
const noticed = 20 * time.Millisecond

// An aspect is something that settings make better or worse.
type aspect struct {
	what   string
	course string
	metric string  // empty: the time until the sink has a record
	least  float64 // the factor that is worth a change
}

// aspects are all that a sweep looks at. The processor time of a record is that
// of the throughput: under an open load it contains the generator's.
var aspects = [...]aspect{
	{"time of a record from the call to the sink", throughput, "ns/op", 1.1},
	{"processor time of a record", throughput, "cpu-ns/op", 1.1},
	{"99th percentile of a call under steady load", steady, "service-p99-ns", leastLonger},
	{"99th percentile of a call in bursts", burst, "service-p99-ns", leastLonger},
	{"time until the sink has a record", trickle, "", 2},
}

// A Factor is what became of an aspect: by which factor it is better than with
// the present settings, worse where it is below 1.
type Factor struct {
	What     string        `json:"what"`
	Scenario string        `json:"scenario"`
	Factor   stat.Interval `json:"factor"`

	least float64
}

// better and worse report whether the interval is beyond what is worth a change.
// Where there is none the median decides.
func (f Factor) better() bool { return f.Factor.Lo >= f.least }
func (f Factor) worse() bool  { return f.Factor.Hi <= 1/f.least }

// factorOf compares the arm with the present settings, which are the first row
// of a course.
func (a aspect) factorOf(rows []result.Result, arm string) (Factor, bool) {
	present, other := rows[0], rowOf(rows, arm)
	f := Factor{What: a.what, Scenario: present.Scenario, least: a.least}
	if other == nil {
		return f, false
	}
	if a.metric == "" {
		g, ok := lagGain(present.Scenario, atLeast(lags(present.Timelines), noticed), atLeast(lags(other.Timelines), noticed))
		f.Factor = g.Factor
		return f, ok
	}
	if a.course != throughput && (present.Doubt != "" || other.Doubt != "") {
		return f, false
	}
	i := slices.IndexFunc(present.Ratios, func(r result.Ratio) bool { return r.Metric == a.metric && r.Against == arm })
	if i < 0 {
		return f, false
	}
	f.Factor = stat.Median(present.Ratios[i].Slices, confidence)
	return f, true
}

func atLeast(all []time.Duration, least time.Duration) []float64 {
	var s []float64
	for _, d := range all {
		s = append(s, max(d, least).Seconds())
	}
	return s
}

func rowOf(rows []result.Result, arm string) *result.Result {
	i := slices.IndexFunc(rows, func(r result.Result) bool { return r.Reference == arm })
	if i < 0 {
		return nil
	}
	return &rows[i]
}

// dropped is the share of the offered records that a policy has dropped.
func dropped(r result.Result) float64 {
	if r.Counts["offered"] == 0 {
		return 0
	}
	return float64(r.Counts["rejected"]+r.Counts["evicted"]) / float64(r.Counts["offered"])
}
