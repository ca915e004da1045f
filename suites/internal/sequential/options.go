// Package sequential decides from pairs of measurements, base and head, whether
// the head is slower than a limit allows. It looks at the data several times and
// stops early, for many scenarios at once, and keeps what errors it may make over
// all of that. It does not know where pairs come from.
//
// The procedure is that of group-sequential Holm tests (Ye, Li, Liu & Yao 2013) on
// Wilcoxon's signed-rank statistic: without a change base and head are
// exchangeable, so that the log ratio of a pair is symmetric about 0, and this is
// all that the levels rest on. docs/gate-statistics.md says it in plain words, with
// what it achieves in simulations.
package sequential

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
)

const (
	// firstSlower is the smallest number of pairs that may find a slowdown. Twelve
	// can hardly reach the levels of a family of 30: they need log2(1/level).
	firstSlower = 16
	// ConfirmPairs is the number of further pairs that confirm a slowdown.
	ConfirmPairs = 16
	// confirmLevel is the level at which these pairs alone must show a slowdown.
	confirmLevel = 0.05
)

// Family are the looks of a family of scenarios, in pairs.
func Family() []int { return []int{12, 16, 24, 32, 48, 64} }

// Alone are the looks of a scenario that has all the time, up to most pairs: 128,
// or 96 where the links of its pairs take too long.
func Alone(most int) []int {
	return slices.DeleteFunc([]int{16, 24, 32, 48, 64, 96, 128}, func(n int) bool { return n > most })
}

// Options are the errors that a procedure may make and the looks that it takes.
type Options struct {
	// Alpha is the chance that any unchanged hypothesis of the family is called
	// slower, 0 < Alpha < 1. Default 0.05.
	Alpha float64
	// Beta is the chance, for each hypothesis, that a slowdown of exactly the limit
	// passes, 0 < Beta < 1. Default 0.01.
	Beta float64
	// Looks are the numbers of pairs at which it is decided, rising, the last at
	// least 16. Default Family().
	Looks []int
	// Others is the number of hypotheses that something else decides and that share
	// Alpha, such as counted ones. They keep their part whatever becomes of them.
	Others int
}

// Hypothesis is that a scenario is not slower by a metric than its limit allows.
type Hypothesis struct {
	// Scenario names what is measured. Its pairs are shared by its hypotheses.
	Scenario string
	// Metric names which of a pair's log ratios is meant.
	Metric string
	// Limit is the slowdown as a share, above 0: 0.04 is 4 %.
	Limit float64
}

func (o Options) withDefaults() Options {
	o.Alpha = cmp.Or(o.Alpha, 0.05)
	o.Beta = cmp.Or(o.Beta, 0.01)
	if len(o.Looks) == 0 {
		o.Looks = Family()
	}
	return o
}

// validate tells every fault at once.
func (o Options) validate() error {
	var faults []error
	for _, share := range []struct {
		name  string
		value float64
	}{{"Alpha", o.Alpha}, {"Beta", o.Beta}} {
		if !(share.value > 0 && share.value < 1) {
			faults = append(faults, fmt.Errorf("%s is %v: want more than 0 and less than 1", share.name, share.value))
		}
	}
	rising := slices.IsSorted(o.Looks) && len(slices.Compact(slices.Clone(o.Looks))) == len(o.Looks)
	if !rising || o.Looks[0] < 1 || o.Looks[len(o.Looks)-1] < firstSlower {
		faults = append(faults, fmt.Errorf("Looks are %v: want rising numbers of pairs, the last at least %d", o.Looks, firstSlower))
	}
	if o.Others < 0 {
		faults = append(faults, fmt.Errorf("Others is %d: want at least 0", o.Others))
	}
	return errors.Join(faults...)
}

func validate(hypotheses []Hypothesis) error {
	if len(hypotheses) == 0 {
		return errors.New("there is nothing to decide: want at least one hypothesis")
	}
	type key struct{ scenario, metric string }
	seen := map[key]bool{}
	var faults []error
	for _, h := range hypotheses {
		if !(h.Limit > 0) || math.IsInf(h.Limit, 1) {
			faults = append(faults, fmt.Errorf("%s %s has the limit %v: want a share above 0", h.Scenario, h.Metric, h.Limit))
		}
		if k := (key{h.Scenario, h.Metric}); seen[k] {
			faults = append(faults, fmt.Errorf("%s %s is there twice: want each hypothesis once", h.Scenario, h.Metric))
		} else {
			seen[k] = true
		}
	}
	return errors.Join(faults...)
}
