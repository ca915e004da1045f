package gate

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/logperf/logperf/suites/internal/lockstep"
	"github.com/logperf/logperf/suites/internal/metric"
	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/stat"
)

// sidesOf are the values of one metric, one a pair.
type sidesOf struct{ base, head []float64 }

// tally is what was measured of a subject beside what the procedure keeps.
type tally struct {
	pairs     int
	disturbed int // pairs during which others used the processors
	values    map[string]*sidesOf
	sliced    time.Duration
	turns     time.Duration
	took      time.Duration
}

func newTally() tally { return tally{values: map[string]*sidesOf{}} }

// add keeps the values of a pair. A metric that the scenario emits and a side has
// not measured is an error of lockstep already.
func (t *tally) add(p *lockstep.PairResult, names []string) {
	t.pairs++
	t.sliced += p.Sliced
	t.turns += p.Turns
	for _, name := range append([]string{wall}, names...) {
		v := t.values[name]
		if v == nil {
			v = &sidesOf{}
			t.values[name] = v
		}
		v.base, v.head = append(v.base, p.Base.Values[name]), append(v.head, p.Head.Values[name])
	}
}

// medians are the typical values of a metric on both sides; 0 without pairs.
func (t *tally) medians(name string) (base, head float64) {
	v := t.values[name]
	if v == nil || len(v.base) == 0 {
		return 0, 0
	}
	return stat.MedianOf(v.base), stat.MedianOf(v.head)
}

// judgeExact compares counts. Of faults, such as lost records, any excess of the
// judgeExact compares counts. Of faults, such as lost records, any excess of the
// head over the worst of the base fails; of leaks, one in a single pair is
// INCONCLUSIVE, because a goroutine may end late on a busy machine, and a record
// never does. Other counts are compared pair by pair:
// they fail where the head exceeds the base in every one of untimedMost pairs or
// more. That the layouts of a pair or the moment do this to code that did not
// change has the chance of a coin that falls on the same side every time, and with
// a floor in between a smaller one: sign test, 1 in 4,096 for 12 pairs. Every one
// of fewer pairs, and more than five in six, are INCONCLUSIVE.
func judgeExact(name string, v *sidesOf, r rule) (result.Outcome, string) {
	if v == nil || len(v.base) == 0 {
		return result.Inconclusive, "it was not measured"
	}
	m, _ := metric.Lookup(name)
	show := m.Unit.Format
	if slices.Contains(faultMetrics, name) {
		base, head := slices.Max(v.base), slices.Max(v.head)
		worse := 0
		for _, n := range v.head {
			if n > base {
				worse++
			}
		}
		switch {
		case worse == 0:
			return result.Pass, ""
		case worse == 1 && strings.HasPrefix(name, "leaked-"):
			return result.Inconclusive, fmt.Sprintf("%s of the head once in %d pairs, %s of the base at worst", show(head), len(v.head), show(base))
		}
		return result.Fail, fmt.Sprintf("%s of the head in the worst pair, %s of the base", show(head), show(base))
	}
	beyond := v.beyond(r)
	switch n := len(v.base); {
	case beyond == n && n >= untimedMost:
		return result.Fail, fmt.Sprintf("more than the limit in each of %d pairs", n)
	case 6*beyond > 5*n:
		return result.Inconclusive, fmt.Sprintf("more than the limit in %d of %d pairs", beyond, n)
	}
	return result.Pass, ""
}

// beyond is how many pairs exceed the rule.
func (v *sidesOf) beyond(r rule) int {
	n := 0
	for i := range v.base {
		if v.head[i] > allowed(v.base[i], r) {
			n++
		}
	}
	return n
}

// suspect reports whether a count was beyond its rule in every pair so far.
func (s *subject) suspect() bool {
	for _, name := range s.exact {
		v := s.tally.values[name]
		if slices.Contains(countMetrics, name) && v != nil && v.beyond(s.rules[name]) == len(v.base) {
			return true
		}
	}
	return false
}

// allowed is the most that the head may have where the base has v. What is
// accepted is a factor, so it says nothing where the base has 0.
func allowed(v float64, r rule) float64 {
	most := v * (1 + r.limit)
	if r.accept.Ratio > 0 {
		most *= r.accept.Ratio
	}
	return most
}
