package gate

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/logperf/logperf/suites/internal/lockstep"
	"github.com/logperf/logperf/suites/internal/sequential"
)

const (
	// pairStart is about what a pair takes beside its slices, for a scenario of which
	// none has been measured.
	pairStart = 100 * time.Millisecond
	// shortBudget is what a scenario alone needs for the last of its looks, links
	// included: below it the looks end at 96 pairs.
	shortBudget = 3 * time.Minute
)

// control compares links of the head with other links of the head.
type control struct {
	subject *subject
	logs    []float64
}

// measurement drives the procedure with pairs.
type measurement struct {
	o         Options
	plan      *plan
	links     *links
	procedure *sequential.Procedure // nil where nothing is timed
	untimed   []*subject
	controls  []*control
	counting  *counting // nil where nothing is counted
	counted   bool
	uncounted string // why, where something could be
	rand      *rand.Rand
	machine   *disturbance
	scratch   string
	deadline  time.Time
	began     time.Time
	pairs     int
	stopped   bool // the budget is spent
	others    []float64
}

func newMeasurement(o Options, p *plan, l *links, scratch string) (*measurement, error) {
	m := &measurement{o: o, plan: p, links: l, scratch: scratch, rand: rand.New(rand.NewPCG(o.Seed, 3)), machine: o.alien()}
	for _, s := range p.subjects {
		if !s.timed {
			m.untimed = append(m.untimed, s)
		}
	}
	hypotheses := p.hypotheses()
	if len(hypotheses) == 0 {
		return m, nil
	}
	if o.NoTimes {
		hypotheses = nil
	} else {
		for _, s := range p.controls() {
			m.controls = append(m.controls, &control{subject: s})
		}
	}
	counted, counter, note := countables(o, p)
	m.uncounted = note
	// One level for all, those of a family that is only meant included.
	size := max(len(hypotheses)+len(counted), 2*o.Family) // of a scenario two times are compared
	m.counting = newCounting(counted, counter, l, size)
	if len(hypotheses) == 0 {
		return m, nil
	}
	var looks []int
	if len(p.subjects) == 1 && o.Family == 0 {
		looks = sequential.Alone(alone(o.Budget))
	}
	var err error
	m.procedure, err = sequential.New(sequential.Options{Looks: looks, Others: size - len(hypotheses)}, hypotheses)
	return m, err
}

// alone is the most pairs of a scenario by itself.
func alone(budget time.Duration) int {
	if budget < shortBudget {
		return 96
	}
	return 128
}

// run measures until everything is decided or the budget is spent.
func (m *measurement) run(ctx context.Context) error {
	m.began = m.o.now()
	m.deadline = m.began.Add(m.o.Budget)
	for look := 0; m.procedure != nil && !m.procedure.Look(); look++ {
		if look == 1 {
			if err := m.count(ctx); err != nil {
				return err
			}
		}
		if err := m.link(ctx); err != nil {
			return err
		}
		wants := m.procedure.Wants()
		for len(wants) > 0 {
			if err := m.round(ctx, wants); err != nil {
				return err
			}
			wants = m.procedure.Wants()
		}
	}
	if err := m.finishUntimed(ctx); err != nil {
		return err
	}
	if err := m.finishControls(ctx); err != nil {
		return err
	}
	return m.count(ctx)
}

// count counts instructions, once: after the first look, when there are links and
// nothing is timed, so that the times get what the counts leave of the budget. The
// counts hardly know noise; half of the budget is a bound for what hangs.
func (m *measurement) count(ctx context.Context) error {
	if m.counting == nil || m.counted {
		return nil
	}
	m.counted = true
	last := m.o.now().Add(m.o.Budget / 2)
	return m.counting.run(ctx, m.tell, func() bool { return m.o.now().After(last) })
}

// linkStep is how many links of each side are made before the time left is looked
// at again.
const linkStep = 4

// link makes as many links as the pairs up to the next look need, while there is
// time for pairs.
func (m *measurement) link(ctx context.Context) error {
	for {
		m.short()
		most := 0
		for _, want := range m.procedure.Wants() {
			most = max(most, want.Pairs)
		}
		made := len(m.links.base)
		if made >= most {
			return nil
		}
		m.tell(fmt.Sprintf("links %d more of each side", most-made))
		if err := m.links.grow(ctx, min(most, made+linkStep)); err != nil {
			return err
		}
	}
}

// round runs one pair of each scenario that wants one, in random order, and what
// goes along with it.
func (m *measurement) round(ctx context.Context, wants []sequential.Want) error {
	for _, i := range m.rand.Perm(len(wants)) {
		name := wants[i].Scenario
		if m.short(); !m.wanted(name) {
			continue
		}
		m.tell(name)
		if err := m.measure(ctx, m.plan.find(name)); err != nil {
			return err
		}
	}
	for _, s := range m.untimed {
		if s.wantsMore() {
			if err := m.measure(ctx, s); err != nil {
				return err
			}
		}
	}
	for range 2 {
		for _, c := range m.controls {
			if err := m.check(ctx, c); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *measurement) wanted(name string) bool {
	for _, want := range m.procedure.Wants() {
		if want.Scenario == name {
			return true
		}
	}
	return false
}

// short ends the looks where the time left is what the confirmations need, and
// everything where there is none.
func (m *measurement) short() {
	left := m.deadline.Sub(m.o.now())
	switch {
	case left <= 0:
		m.procedure.Stop()
		m.stopped = true
	case left < m.confirmTime():
		m.procedure.Settle()
	}
}

// confirmTime is what it takes to confirm the slowdowns found so far: their
// pairs, and links that they have not used.
func (m *measurement) confirmTime() time.Duration {
	pairs, used := time.Duration(0), 0
	for _, s := range m.plan.subjects {
		pairs += time.Duration(m.procedure.Reserve(s.scenario.Name)) * s.pairTime()
		used = max(used, s.tally.pairs)
	}
	if pairs == 0 {
		return 0
	}
	made := len(m.links.base)
	missing := max(0, used+sequential.ConfirmPairs-made)
	return pairs + m.links.spent/time.Duration(made)*time.Duration(missing)
}

// pairTime is how long a pair takes, its processes included.
func (s *subject) pairTime() time.Duration {
	if s.tally.pairs == 0 {
		return 2*s.duration() + pairStart
	}
	return s.tally.took / time.Duration(s.tally.pairs)
}

// measure runs the next pair of a subject, by links that it has not used.
func (m *measurement) measure(ctx context.Context, s *subject) error {
	number := s.tally.pairs
	if err := m.links.grow(ctx, number+1); err != nil {
		return err
	}
	s.draw.extend(len(m.links.base))
	base, head := m.links.base[s.draw.base[number]], m.links.head[s.draw.head[number]]
	began := m.o.now()
	p, busy, err := m.pair(ctx, s, base, head, number)
	if err != nil {
		return err
	}
	s.tally.took += m.o.now().Sub(began)
	s.tally.add(p, s.exact)
	if busy {
		s.tally.disturbed++
	}
	if !s.timed {
		return nil
	}
	for side, doubt := range map[string]string{"base": p.Base.Report.Doubt, "head": p.Head.Report.Doubt} {
		if doubt != "" {
			m.procedure.Lose(s.scenario.Name, side+": "+doubt)
			return nil
		}
	}
	return m.procedure.Add(s.scenario.Name, s.ratios(p.Logs))
}

// pair runs a pair and tells whether others kept the processors busy meanwhile.
func (m *measurement) pair(ctx context.Context, s *subject, base, head string, number int) (*lockstep.PairResult, bool, error) {
	m.machine.begin()
	p, err := m.o.pair(ctx, s.scenario, base, head, number, lockstep.Options{
		Seed: m.o.Seed, Duration: s.duration(), Stretch: s.stretch(), Warmup: warmup, Timeout: m.o.Timeout, Dir: m.scratch,
	})
	if err != nil {
		return nil, false, err
	}
	m.pairs++
	others, known := m.machine.end()
	// The kernel tells what the whole machine does. Of a container with a quota that
	// says nothing: the neighbours may be busy on processors that it never gets.
	if known = known && !m.o.quota; known {
		m.others = append(m.others, others)
	}
	return p, known && tooBusy(others, m.o.processors), nil
}

// check runs the next pair of a control, where it has one left: each link
// of the head against the one behind it in the order of the scenario, then against
// the one five behind. All layouts stand on both sides equally often, so that
// what is left is the machine.
func (m *measurement) check(ctx context.Context, c *control) error {
	n, k := len(m.links.head), len(c.logs)
	if k == sequential.ControlPairs {
		return nil
	}
	c.subject.draw.extend(n)
	order := c.subject.draw.head
	first := k % n
	second := (first + 1 + 4*(k/n)) % n
	if first == second {
		second = (first + 1) % n
	}
	// The number is one that no pair of the scenario has: it draws another order.
	p, _, err := m.pair(ctx, c.subject, m.links.head[order[first]], m.links.head[order[second]], controlNumber+k)
	if err != nil {
		return fmt.Errorf("control, head against head: %w", err)
	}
	log, ok := p.Logs[wall]
	if !ok {
		return fmt.Errorf("control, head against head: pair %d of %s has no ratio of %s", k+1, c.subject.scenario.Name, wall)
	}
	c.logs = append(c.logs, log)
	return nil
}

// controlNumber is where the numbers of control pairs begin.
const controlNumber = 1000

func (m *measurement) finishControls(ctx context.Context) error {
	if len(m.controls) > 0 {
		m.tell("compares the head with itself")
	}
	for _, c := range m.controls {
		for len(c.logs) < sequential.ControlPairs {
			if err := m.check(ctx, c); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *measurement) finishUntimed(ctx context.Context) error {
	for _, s := range m.untimed {
		for s.wantsMore() {
			m.tell(s.scenario.Name)
			if err := m.measure(ctx, s); err != nil {
				return err
			}
		}
	}
	return nil
}

// wantsMore bounds the pairs of a subject of which counts alone are compared: few
// pass it, and a suspicion gets the pairs that a FAIL takes.
func (s *subject) wantsMore() bool {
	n := s.tally.pairs
	return n < untimedLeast || n < untimedMost && s.suspect()
}

// tell reports the progress.
func (m *measurement) tell(doing string) {
	p := Progress{Doing: doing, Pairs: m.pairs, Most: max(0, m.deadline.Sub(m.o.now()))}
	if m.procedure != nil {
		for _, want := range m.procedure.Wants() {
			p.Open++
			p.Left += time.Duration(want.Pairs-want.Have) * m.plan.find(want.Scenario).pairTime()
		}
	}
	p.Left = min(p.Left, p.Most)
	m.o.Progress(p)
}
