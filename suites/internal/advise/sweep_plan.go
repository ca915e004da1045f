package advise

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/stat"
)

// lasts is about how long an arm takes in one repetition of a course, its start
// and the count of its records included. What the finished ones took corrects it.
var lasts = map[string]time.Duration{
	throughput: 500 * time.Millisecond,
	steady:     700 * time.Millisecond,
	burst:      700 * time.Millisecond,
	trickle:    900 * time.Millisecond,
}

// courses are the loads, in their order.
var courses = [...]string{throughput, steady, burst, trickle}

// plan is a sweep at work.
type plan struct {
	Sweep
	factors []factor

	began         time.Time
	planned, done time.Duration // by the estimates
}

func newPlan(w Sweep) *plan {
	if w.Now == nil {
		w.Now = time.Now
	}
	if w.Progress == nil {
		w.Progress = func(string, time.Duration) {}
	}
	w.Settings = w.Settings.WithDefaults()
	if w.Loads == nil {
		w.Loads = courses[:]
	}
	p := &plan{Sweep: w, factors: factors(w.Settings)}
	if w.Only != nil {
		p.factors = slices.DeleteFunc(p.factors, func(f factor) bool { return !slices.Contains(w.Only, f.name) })
	}
	p.began = w.Now()
	for _, c := range courses {
		arms := 1
		for _, f := range p.factors {
			if f.course == c {
				arms += len(f.changes)
			}
		}
		if arms > 1 {
			p.planned += time.Duration(screening*arms) * lasts[c]
		}
		if slices.Contains(w.Loads, c) {
			p.planned += confirming * (2 + mostConfirmed) * lasts[c] // at most
		}
	}
	return p
}

// measure has one measurement made.
func (p *plan) measure(ctx context.Context, course, what string, sets [][]Change, repetitions int) ([]result.Result, error) {
	m := Measurement{Scenario: sweepPrefix + course, Arms: []Arm{{present, p.Settings}}, Repetitions: repetitions}
	if len(sets) > len(p.Names) {
		return nil, fmt.Errorf("the sweep of %s has %d arms: want at most %d", course, len(sets), len(p.Names))
	}
	for i, set := range sets {
		m.Arms = append(m.Arms, Arm{p.Names[i], with(p.Settings, set...)})
	}
	step := time.Duration(len(m.Arms)) * lasts[course]
	p.Progress(what, p.left())
	m.Tick = func() {
		p.done += step
		p.Progress(what, p.left())
	}
	rows, err := p.Measure(ctx, m)
	if err == nil && len(rows) != len(m.Arms) {
		err = errNoRows
	}
	return rows, err
}

// left is what is planned yet, at the pace so far.
func (p *plan) left() time.Duration {
	rest := p.planned - p.done
	if p.done > 0 {
		rest = time.Duration(float64(rest) * float64(p.Now().Sub(p.began)) / float64(p.done))
	}
	return max(rest, 0)
}

// screen looks at each value of each setting.
func (p *plan) screen(ctx context.Context) ([]Trial, error) {
	var all []Trial
	for _, course := range courses {
		var sets [][]Change
		for _, f := range p.factors {
			if f.course != course {
				continue
			}
			for _, c := range f.changes {
				sets = append(sets, []Change{c})
			}
		}
		if len(sets) == 0 {
			continue
		}
		rows, err := p.measure(ctx, course, fmt.Sprintf("look at %d values under %s", len(sets), course), sets, screening)
		if err != nil {
			return nil, err
		}
		for i, set := range sets {
			all = append(all, trialOf(set, p.Names[i], map[string][]result.Result{course: rows}).judged())
		}
	}
	return all, nil
}

// confirm measures the picked changes, and the two best together, under all
// loads. It returns the rows by course too.
func (p *plan) confirm(ctx context.Context, picked []Trial) ([]Trial, map[string][]result.Result, error) {
	var sets [][]Change
	for _, t := range picked {
		sets = append(sets, t.Set)
	}
	if len(picked) > 1 {
		sets = append(sets, slices.Concat(picked[0].Set, picked[1].Set))
	}
	p.planned = p.done
	for _, c := range p.Loads {
		p.planned += time.Duration(confirming*(1+len(sets))) * lasts[c]
	}
	rows := map[string][]result.Result{}
	for _, course := range p.Loads {
		var err error
		if rows[course], err = p.measure(ctx, course, fmt.Sprintf("measure the best %d under %s", len(sets), course), sets, confirming); err != nil {
			return nil, nil, err
		}
	}
	var all []Trial
	for i, set := range sets {
		t := trialOf(set, p.Names[i], rows)
		t.Confirmed = true
		all = append(all, t.judged())
	}
	return all, rows, nil
}

// trialOf puts together what the courses tell of an arm.
func trialOf(set []Change, arm string, rows map[string][]result.Result) Trial {
	t := Trial{Set: set}
	for _, a := range aspects {
		if len(rows[a.course]) == 0 {
			continue
		}
		if f, ok := a.factorOf(rows[a.course], arm); ok {
			t.Factors = append(t.Factors, f)
		}
	}
	for _, all := range rows {
		if other := rowOf(all, arm); other != nil {
			t.Dropped = max(t.Dropped, dropped(*other))
			t.DroppedNow = max(t.DroppedNow, dropped(all[0]))
		}
	}
	return t
}

func inverse(i stat.Interval) stat.Interval {
	i.Center, i.Lo, i.Hi = 1/i.Center, 1/i.Hi, 1/i.Lo
	return i
}
