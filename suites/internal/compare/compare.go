// Package compare holds two stored runs against each other.
package compare

import (
	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/stat"
)

// Comparison is what two runs differ in.
type Comparison struct {
	Old, New *result.Run
	// Differences are why times are not comparable: what differs in environment
	// and corpus, one sentence each. Empty where nothing does.
	Differences []string
	// Settings are the settings that differ, "Batch.Bytes: 65536 -> 1024". They do
	// not keep anything from being compared: who changes one wants to see what it
	// does.
	Settings []string
	// Rows are all figures that both runs have, what changed first: worse, better,
	// changed, the same, not comparable; among them by the size of the change.
	Rows []Row
	// OnlyOld and OnlyNew are the rows and figures that one of the runs has alone:
	// "queue/put", or "queue/put: ns/op".
	OnlyOld, OnlyNew []string
}

// Class says how a figure is compared.
type Class string

// The classes.
const (
	Exact Class = "exact" // a count without noise: always compared
	Time  Class = "time"  // depends on the speed of the machine
	Ratio Class = "ratio" // subject against a reference in the same run
	Count Class = "count" // has noise, and depends on the machine little
)

// Verdict is what became of a figure.
type Verdict string

// The verdicts, in the order of Rows.
const (
	Worse         Verdict = "worse"
	Better        Verdict = "better"
	Changed       Verdict = "changed" // neither better nor worse
	Same          Verdict = "~"       // no difference that is certain and beyond the limit
	NotComparable Verdict = "not comparable"
)

// Row is one figure in both runs.
type Row struct {
	Scenario  string `json:"scenario"`
	Reference string `json:"reference,omitempty"` // whose figure it is; empty: the subject's
	Against   string `json:"against,omitempty"`   // the reference of a ratio
	Metric    string `json:"metric"`
	Unit      string `json:"unit"` // of Old and New; "ratio" for a ratio
	Class     Class  `json:"class"`
	// Old and New are medians with their intervals; for exact figures the bounds
	// are the least and the greatest value.
	Old stat.Interval `json:"old"`
	New stat.Interval `json:"new"`
	// Ratio is New over Old with its interval; N is 0 where there is none, as for
	// an old value of 0, and it is not comparable.
	Ratio stat.Interval `json:"ratio"`
	// P is the probability of a difference like this without a change, by the
	// test of Mann and Whitney, as benchstat; 1 for exact figures.
	P float64 `json:"p"`
	// Comparable says whether Verdict means something; Why is the reason where it
	// does not, or what to keep in mind.
	Comparable bool    `json:"comparable"`
	Why        string  `json:"why,omitempty"`
	Verdict    Verdict `json:"verdict"`
	// Limit is how the limit on the figure reads, OldOutcome and NewOutcome what
	// became of it in each run; empty where there was none.
	Limit      string         `json:"limit,omitempty"`
	OldOutcome result.Outcome `json:"old_outcome,omitempty"`
	NewOutcome result.Outcome `json:"new_outcome,omitempty"`
}

// Options configures a comparison. The zero value works.
type Options struct {
	// Confidence of the intervals; 0 means 0.95.
	Confidence float64
	// Least is the share by which a figure with noise has to change to count; nil
	// means DefaultLeast for each. against is the reference of a ratio.
	Least func(scenario, metric, against string) float64
}

// DefaultLeast is the change of a figure with noise that counts.
const DefaultLeast = 0.04

// Compare holds the runs against each other.
func Compare(before, after *result.Run, o Options) *Comparison { panic("not yet") }

// Of is what the figure stands on: "ns/op", or "ns/op / zerolog" for a ratio.
func (r Row) Of() string { panic("not yet") }

// Name is the row's name: the scenario, and behind it the reference.
func (r Row) Name() string { panic("not yet") }

// Word is the verdict as one says it of this figure: "slower" for a time, "more"
// for bytes.
func (r Row) Word() string { panic("not yet") }
