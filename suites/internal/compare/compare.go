// Package compare holds two stored runs against each other.
package compare

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/logperf/logperf/suites/internal/metric"
	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/stat"
)

// Comparison is what two runs differ in.
type Comparison struct {
	Old, New *result.Run
	// Differences are why times are not comparable: what differs in environment
	// and corpus, one sentence each. Empty where nothing does. Rows that did not
	// consume the corpus are compared whatever it is.
	Differences []string
	// Settings are the settings that differ, "Batch.Bytes: 65536 -> 1024". They do
	// not keep anything from being compared: who changes one wants to see what it
	// does.
	Settings []string
	// Rows are all figures that both runs have, what changed first: worse, better,
	// changed, the same, not comparable; among them what a limit has to say, and
	// then by the size of the change.
	Rows []Row
	// OnlyOld and OnlyNew are the rows and figures that one of the runs has alone:
	// "queue/put", or "queue/put: ns/op". Those of scenarios that broke off in the
	// other run come first, with the reason.
	OnlyOld, OnlyNew []string
	// References is by what the times of the references changed, but for those that
	// are the library itself (Ours): the median of their ratios, and the bounds of
	// the share Confidence of them. N is 0 without any. Where their code is the same
	// in both runs, it tells what the machine did.
	References stat.Interval
}

// Class says how a figure is compared.
type Class string

// The classes.
const (
	Exact Class = "exact" // a count without noise: always compared
	Time  Class = "time"  // depends on the speed of the machine
	Ratio Class = "ratio" // subject against a reference in the same run
	Count Class = "count" // has noise, and depends little on the speed of the machine
)

// Verdict is what became of a figure.
type Verdict string

// The verdicts, in the order of Rows.
const (
	Worse         Verdict = "worse"
	Better        Verdict = "better"
	Changed       Verdict = "changed" // neither better nor worse
	Same          Verdict = "~"       // no difference that is certain and large enough
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
	// an old value of 0.
	Ratio stat.Interval `json:"ratio"`
	// P is the probability of a difference like this without a change, by the
	// test of Mann and Whitney, as benchstat; 1 for exact figures, which need none.
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

// Of is what the figure is: "ns/op", or "ns/op / zerolog" for a ratio.
func (r Row) Of() string {
	if r.Against == "" {
		return r.Metric
	}
	return r.Metric + " / " + r.Against
}

// Name is the row's name: the scenario, and behind it the reference.
func (r Row) Name() string {
	return result.Result{Scenario: r.Scenario, Reference: r.Reference}.Row()
}

// Word is the verdict as one says it of this figure: times and rates become
// faster or slower.
func (r Row) Word() string {
	m, known := metric.Lookup(r.Metric)
	timed := known && (m.Unit == metric.Nanoseconds || m.Unit == metric.PerSecond || m.Unit == metric.MegabytesPerSecond)
	switch {
	case timed && r.Verdict == Worse:
		return "slower"
	case timed && r.Verdict == Better:
		return "faster"
	}
	return string(r.Verdict)
}

// Broke reports whether the limit on the figure held in the old run and does not
// in the new one.
func (r Row) Broke() bool { return r.NewOutcome == result.Fail && r.OldOutcome != result.Fail }

// Options configures a comparison. The zero value works.
type Options struct {
	// Confidence of the intervals, and 1 less the level of the test; 0 means 0.95.
	Confidence float64
	// Least is the share by which a figure with noise has to change to count, such
	// as its limit on regressions; nil means DefaultLeast for each. against is the
	// reference of a ratio.
	Least func(scenario, metric, against string) float64
}

// DefaultLeast is the change of a figure with noise that counts: about what the
// layout of the code does from build to build.
const DefaultLeast = 0.04

// level is 1 less the confidence, without the error of the subtraction: 1 - 0.9 is
// less than 0.1, the p of three values against three others.
func (o Options) level() float64 { return math.Round(1e12*(1-o.Confidence)) / 1e12 }

// Compare holds the runs against each other. It keeps both and changes neither.
func Compare(before, after *result.Run, o Options) *Comparison {
	if o.Confidence == 0 {
		o.Confidence = 0.95
	}
	if o.Least == nil {
		o.Least = func(string, string, string) float64 { return DefaultLeast }
	}
	c := &Comparison{
		Old: before, New: after,
		Settings: result.SettingsDifferences(before.Settings, after.Settings),
	}
	j := &judge{
		options: o, environment: before.Environment.Differences(after.Environment),
		oldLimits: limitsOf(before), newLimits: limitsOf(after), doubts: doubtsOf(before, after),
	}
	c.Differences = slices.Clone(j.environment)
	if one := corpusDifference(before.Corpus, after.Corpus); one != "" {
		c.Differences = append(c.Differences, one)
	}
	c.rows(j)
	c.OnlyOld, c.OnlyNew = explained(c.OnlyOld, after, "new"), explained(c.OnlyNew, before, "old")
	c.control()
	slices.SortStableFunc(c.Rows, order)
	return c
}

// rows compares what both runs have and names the rest.
func (c *Comparison) rows(j *judge) {
	old := map[string]result.Result{}
	for _, r := range c.Old.Results {
		old[r.Row()] = r
	}
	seen := map[string]bool{}
	for _, r := range c.New.Results {
		name := r.Row()
		before, both := old[name]
		if !both {
			c.OnlyNew = append(c.OnlyNew, name)
			continue
		}
		seen[name] = true
		c.row(j, before, r)
	}
	for _, r := range c.Old.Results {
		if !seen[r.Row()] {
			c.OnlyOld = append(c.OnlyOld, r.Row())
		}
	}
}

// explained are the names that a run does not have, with why where it broke off;
// these come first, because a list may be cut short.
func explained(names []string, missing *result.Run, which string) []string {
	why := map[string]string{}
	for _, fault := range missing.Errors {
		if _, known := why[fault.Scenario]; !known && fault.Scenario != "" {
			why[fault.Scenario], _, _ = strings.Cut(fault.Text, "\n")
		}
	}
	var broken, others []string
	for _, name := range names {
		if text, ok := why[name]; ok {
			broken = append(broken, fmt.Sprintf("%s: broke off in the %s run, %s", name, which, text))
		} else {
			others = append(others, name)
		}
	}
	return append(broken, others...)
}

// row compares the figures of one row.
func (c *Comparison) row(j *judge, before, after result.Result) {
	p := j.pair(c, before, after)
	a, b := figuresOf(before), figuresOf(after)
	for _, of := range sortedKeys(a) {
		if len(b[of]) == 0 {
			c.OnlyOld = append(c.OnlyOld, p.title(of))
			continue
		}
		c.Rows = append(c.Rows, p.compare(of, a[of], b[of]))
	}
	for _, of := range sortedKeys(b) {
		if len(a[of]) == 0 {
			c.OnlyNew = append(c.OnlyNew, p.title(of))
		}
	}
}

// figure is a metric, or the ratio of one to a reference.
type figure struct{ metric, against string }

// figuresOf are the values of a row that there are any of.
func figuresOf(r result.Result) map[figure][]float64 {
	all := map[figure][]float64{}
	for name, values := range r.Values {
		if len(values) > 0 {
			all[figure{metric: name}] = values
		}
	}
	for _, ratio := range r.Ratios {
		if len(ratio.Slices) > 0 {
			all[figure{ratio.Metric, ratio.Against}] = ratio.Slices
		}
	}
	return all
}

func sortedKeys(all map[figure][]float64) []figure {
	keys := make([]figure, 0, len(all))
	for of := range all {
		keys = append(keys, of)
	}
	slices.SortFunc(keys, func(a, b figure) int {
		return cmp.Or(cmp.Compare(a.metric, b.metric), cmp.Compare(a.against, b.against))
	})
	return keys
}

var ranks = map[Verdict]int{Worse: 0, Better: 1, Changed: 2, Same: 3, NotComparable: 4}

// order puts first what a reader has to see.
func order(a, b Row) int {
	return cmp.Or(
		cmp.Compare(broken(a), broken(b)),
		cmp.Compare(ranks[a.Verdict], ranks[b.Verdict]),
		cmp.Compare(size(b), size(a)),
		cmp.Compare(a.Name(), b.Name()),
	)
}

// broken is 0 for what broke its limit.
func broken(r Row) int {
	if r.Broke() {
		return 0
	}
	return 1
}

// size is how large a change is, up or down alike; one from or to 0 is the
// largest. What did not change has none: its order is that of its name.
func size(r Row) float64 {
	switch {
	case r.Verdict == Same || r.Verdict == NotComparable:
		return 0
	case r.Ratio.N == 0 || r.Ratio.Center <= 0:
		return math.Inf(1)
	}
	return math.Abs(math.Log(r.Ratio.Center))
}
