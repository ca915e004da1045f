package gate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/logperf/logperf/suites/internal/experiment"
	"github.com/logperf/logperf/suites/internal/sequential"
	"github.com/logperf/logperf/suites/internal/threshold"
)

const (
	// inOneGoroutine and handedOver are how long the slices of both arms of a pair
	// last together, where the scenario does not say it.
	inOneGoroutine = 300 * time.Millisecond
	handedOver     = 500 * time.Millisecond
	// stretchInOne and stretchHandedOver are how much longer the slices of a pair are
	// than the scenario asks for: taking turns costs some 45 us a slice, and has to
	// stay within 3 % of it.
	stretchInOne, stretchHandedOver = 5, 2
	// warmup is the number of slices of each arm before those that count.
	warmup = 4
	// untimedLeast is the number of pairs of a scenario of which nothing but counts
	// is compared. Where the head is worse in each of them there are untimedMost.
	untimedLeast, untimedMost = 3, 12
)

const (
	wall   = "ns/op"
	totals = "total-ns/op"
)

// exactMetrics are counts without noise. Of the first group any excess is a
// fault; the second is compared pair by pair.
var (
	faultMetrics = []string{"lost-records", "duplicated-records", "disordered-records", "leaked-goroutines", "leaked-descriptors"}
	countMetrics = []string{"allocs/op", "B/op", "writes/1k-op", "line-B/op", "heap-B/op"}
)

// countLimits are the shares by which a count may grow where thresholds.yaml says
// nothing. One allocation more is one more. Buffers that grow once are spread over
// the operations of a pair, and where a block ends depends on the lines in it.
var countLimits = map[string]float64{"B/op": 0.01, "writes/1k-op": 0.05, "line-B/op": 0.01, "heap-B/op": 0.05}

// mirrors are the scenarios whose heads are compared with themselves where they
// are selected: what they do, most others do. Without them it is the first of the
// kind.
var mirrors = []string{"pipeline/encode/f10", "pipeline/end-to-end/discard"}

// rule is how much worse than the base a metric of a scenario may be.
type rule struct {
	limit  float64 // as a share
	none   bool    // it is not compared
	accept threshold.Accept
	// at is where it stands; for a default, where the scenario does. Empty without a
	// file of limits.
	at        string
	byDefault bool
	why       string
}

// shift is what an accepted slowdown takes from the log ratio of a pair: the
// limit then stands on what comes on top of it.
func (r rule) shift() float64 {
	if r.accept.Ratio == 0 {
		return 0
	}
	return math.Log(r.accept.Ratio)
}

// subject is a scenario that is compared.
type subject struct {
	scenario experiment.Scenario
	// timed is set where its slices are compared, and not its counts alone.
	timed bool
	// crossing is set where goroutines hand work to each other.
	crossing bool
	rules    map[string]rule
	exact    []string // of its metrics
	draw     draw
	counts   []Figure // of its instructions
	tally    tally
}

// plan is what a run compares, fixed before it starts.
type plan struct {
	subjects                []*subject
	changed, fresh, removed []string
	// blind are those of which nothing can be compared but that they lose nothing.
	blind []string
}

func smoke(_ string, labels []string) bool { return slices.Contains(labels, "tier:smoke") }

// newPlan sorts the selected scenarios. What the base has in another form, has
// not, or alone has, is listed and not compared.
func newPlan(o Options, ours, theirs []experiment.Scenario) (*plan, error) {
	p := &plan{}
	sources := map[string]string{}
	for _, s := range theirs {
		sources[s.Name] = s.Source
	}
	selected := 0
	for _, s := range ours {
		source, known := sources[s.Name]
		delete(sources, s.Name)
		if s.Subject == "harness" || !o.Select(s.Name, s.Labels()) {
			continue
		}
		selected++
		switch {
		case theirs == nil || known && source == s.Source:
			one := newSubject(o, s, len(p.subjects))
			if !one.timed && !one.compares(countMetrics) {
				p.blind = append(p.blind, s.Name)
				continue
			}
			p.subjects = append(p.subjects, one)
		case known:
			p.changed = append(p.changed, s.Name)
		default:
			p.fresh = append(p.fresh, s.Name)
		}
	}
	for _, s := range theirs {
		if _, left := sources[s.Name]; left && s.Subject != "harness" && o.Select(s.Name, s.Labels()) {
			p.removed = append(p.removed, s.Name)
			selected++
		}
	}
	if selected == 0 {
		return nil, ErrNothing
	}
	return p, nil
}

func newSubject(o Options, s experiment.Scenario, index int) *subject {
	one := &subject{
		scenario: s, timed: !s.Once() && !s.Sized && s.Emits(wall), crossing: s.Aim() > time.Millisecond,
		rules: map[string]rule{}, draw: draw{rand: rand.New(rand.NewPCG(o.Seed, 1000+uint64(index)))},
		tally: newTally(),
	}
	set := func(name string, limit float64) {
		r := rule{limit: limit, byDefault: true}
		if o.Limits != nil {
			r.at = o.Limits.At(s.Name)
			if found, ok := o.Limits.Regression(s.Name, name); ok {
				r.accept, r.none, r.why, r.at = found.Accept, found.None, found.Why, fmt.Sprintf("%s:%d", found.File, found.Line)
				if found.Limited {
					r.limit, r.byDefault = found.Limit, false
				}
			}
		}
		one.rules[name] = r
	}
	set(wall, DefaultLimit)
	set(totals, totalsFactor*one.rules[wall].limit)
	set(instructions, countLimit)
	// These follow what is accepted of the slices, where nothing is said of them:
	// work that takes longer is more instructions too.
	for _, name := range []string{totals, instructions} {
		if r := one.rules[name]; r.accept.Ratio == 0 {
			r.accept = one.rules[wall].accept
			one.rules[name] = r
		}
	}
	for _, name := range countMetrics {
		set(name, countLimits[name])
	}
	for _, name := range slices.Concat(faultMetrics, countMetrics) {
		if s.Emits(name) && !one.rules[name].none {
			one.exact = append(one.exact, name)
		}
	}
	one.timed = one.timed && !one.rules[wall].none
	return one
}

// compares reports whether one of these is compared.
func (s *subject) compares(names []string) bool {
	return slices.ContainsFunc(s.exact, func(name string) bool { return slices.Contains(names, name) })
}

// timings are the metrics of its times that are compared.
func (s *subject) timings() []string {
	if s.rules[totals].none {
		return []string{wall}
	}
	return []string{wall, totals}
}

// duration is how long the slices of one arm last.
func (s *subject) duration() time.Duration {
	switch {
	case s.scenario.Paired > 0:
		return s.scenario.Paired
	case s.crossing:
		return handedOver / 2
	}
	return inOneGoroutine / 2
}

// stretch is how much longer its slices are than it asks for.
func (s *subject) stretch() int {
	if s.crossing {
		return stretchHandedOver
	}
	return stretchInOne
}

// ratios are what the procedure gets of a pair.
func (s *subject) ratios(logs map[string]float64) map[string]float64 {
	all := map[string]float64{}
	for _, name := range s.timings() {
		if log, ok := logs[name]; ok {
			all[name] = log - s.rules[name].shift()
		}
	}
	return all
}

// hypotheses of all timed subjects.
func (p *plan) hypotheses() []sequential.Hypothesis {
	var all []sequential.Hypothesis
	for _, s := range p.subjects {
		if !s.timed {
			continue
		}
		for _, name := range s.timings() {
			all = append(all, sequential.Hypothesis{Scenario: s.scenario.Name, Metric: name, Limit: s.rules[name].limit})
		}
	}
	return all
}

// find is the subject of that name.
func (p *plan) find(name string) *subject {
	for _, s := range p.subjects {
		if s.scenario.Name == name {
			return s
		}
	}
	return nil
}

// controls are a timed subject of each kind.
func (p *plan) controls() []*subject {
	var all []*subject
	for _, crossing := range []bool{false, true} {
		ofKind := func(s *subject) bool { return s.timed && s.crossing == crossing }
		i := slices.IndexFunc(p.subjects, func(s *subject) bool { return ofKind(s) && slices.Contains(mirrors, s.scenario.Name) })
		if i < 0 {
			i = slices.IndexFunc(p.subjects, ofKind)
		}
		if i >= 0 {
			all = append(all, p.subjects[i])
		}
	}
	return all
}

// kind is what a report calls a subject.
func (s *subject) kind() string {
	switch {
	case !s.timed:
		return "counts alone"
	case s.crossing:
		return "goroutines"
	}
	return "one goroutine"
}
