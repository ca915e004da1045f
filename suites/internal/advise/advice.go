// Package advise says what to set otherwise in the settings of a logger, and
// quotes what was measured: the rows of a stored run, a sweep that it runs, and
// profiles. What has no evidence is not said.
package advise

import (
	"cmp"
	"math"
	"slices"

	"github.com/logperf/logperf/suites/internal/stat"
)

// A Report is all that there is to say on a run.
type Report struct {
	// Run is the name of the stored run; empty where a sweep alone was asked.
	Run string `json:"run,omitempty"`
	// Advice is sorted: what ends a loss of records first, then by the expected
	// gain; what has an unknown gain comes last.
	Advice []Advice `json:"advice"`
	// Looked are the figures that were held against their bounds, a sentence each.
	Looked []string `json:"looked_at"`
	// Notes are what a reader should know of the evidence: what was not measured, and
	// why.
	Notes []string `json:"notes,omitempty"`
	// Tried are the settings that a sweep has tried, those without advice too.
	Tried []Trial `json:"tried,omitempty"`
	// Stages are the shares of processor time in a profile, the largest first.
	Stages []Share `json:"stages,omitempty"`
}

// An Advice is one thing to do.
type Advice struct {
	// Set are the settings to change, and their values; none where no setting helps.
	Set []Change `json:"set,omitempty"`
	// Cause is what is wrong, in one sentence.
	Cause string `json:"cause"`
	// Do is what to do where Set is empty.
	Do string `json:"do,omitempty"`
	// Evidence is what was measured.
	Evidence []Evidence `json:"evidence"`
	// Loses is set where records are lost as it is.
	Loses bool `json:"loses,omitempty"`
	// Gain is what it brings; nil: unknown, a sweep would tell.
	Gain *Gain `json:"gain,omitempty"`
	// Costs are what has to be paid, a sentence each.
	Costs []string `json:"costs,omitempty"`
	// Proof is a command that measures it.
	Proof string `json:"proof"`
}

// Evidence is a figure and where it comes from.
type Evidence struct {
	// Source is the run, the sweep or the profile.
	Source string `json:"source"`
	// Scenario is the row.
	Scenario string `json:"scenario"`
	// Text has the figures.
	Text string `json:"text"`
}

// A Gain is by how much something gets better.
type Gain struct {
	// What gets better, such as "records a second".
	What string `json:"what"`
	// Scenario is where it was measured.
	Scenario string `json:"scenario"`
	// Factor is above 1 where it gets better: 2 is twice the rate, or half the time.
	// It is the median over the repetitions with its interval, of ratios of arms that
	// ran in turns.
	Factor stat.Interval `json:"factor"`
	// Together is set where it is the gain of this advice and others at once.
	Together bool `json:"together,omitempty"`
}

// sorted brings the advice into its order. Between equals the order of the rules
// stays.
func sorted(all []Advice) []Advice {
	slices.SortStableFunc(all, func(a, b Advice) int { return cmp.Compare(b.weight(), a.weight()) })
	return all
}

func (a Advice) weight() float64 {
	switch {
	case a.Loses:
		return math.Inf(1)
	case a.Gain == nil:
		return 0
	}
	return a.Gain.Factor.Center
}
