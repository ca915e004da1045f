package lockstep

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"time"

	"github.com/logperf/logperf/suites/internal/experiment"
)

// PairResult is what one pair of processes of two builds has measured.
type PairResult struct {
	// Number is that of the pair, from 0.
	Number int
	// N is the number of operations of each slice, the same in both arms.
	N int
	// Base and Head are the two arms. Slices with the same index ran in the same
	// round.
	Base, Head Arm
	// Logs are ln(head/base) by metric: of ns/op, cpu-ns/op and each lap the median
	// over the rounds, of total-ns/op that of the sums. A metric that took no time
	// in one of the arms is left out.
	Logs map[string]float64
	// Sliced is the time of all measured slices of both arms. Turns is what taking
	// turns cost: the time in which they ran less the slices and what the arms did
	// around them.
	Sliced, Turns time.Duration
}

// Overhead is what taking turns costs, as a share of the time of the slices.
func (p *PairResult) Overhead() float64 { return float64(p.Turns) / float64(p.Sliced) }

// Pair runs the subject of a scenario from two binaries in turns, each in a fresh
// process: the same number of operations in each slice, a new random order in
// each round. Which arm is started first is random too. Options.Command is not
// used, Options.Duration is that of the slices of one arm; both arms work with
// the same seed. Profiles go to the folders base and head below Options.Profile.
//
// The scenario may be one that ParseDescription has read. An error names the
// scenario, the side and the pair, and carries what that arm wrote to standard
// error. As after Repeat, nothing of the arms is left when Pair returns.
func Pair(ctx context.Context, s experiment.Scenario, base, head Command, number int, o Options) (*PairResult, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	p := &pairing{
		repeater: repeater{scenario: s, number: number, o: o, rand: order(o.Seed, s.Name, number)},
		sides:    [2]*side{{name: "base", command: base}, {name: "head", command: head}},
	}
	defer p.clear()
	if err := p.run(ctx); err != nil {
		p.clear()
		return nil, p.explain(ctx, err)
	}
	return p.result(), nil
}

// side is one of the two builds. Its arm has the name that the scenario gives
// it, the same on both.
type side struct {
	name    string
	command Command
	arm     *arm
}

// pairing is a repetition whose two arms are builds of the same subject.
type pairing struct {
	repeater
	sides  [2]*side
	acting *side // that a failure is attributed to
	sliced time.Duration
	turns  time.Duration
}

func (p *pairing) explain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		err = fmt.Errorf("the arms were killed: %w", context.Cause(ctx))
	}
	err = fmt.Errorf("scenario %s, %s, pair %d: %w", p.scenario.Name, p.acting.name, p.number+1, err)
	a := p.acting.arm
	if a == nil {
		return err
	}
	if errors.Is(err, errEnded) {
		err = fmt.Errorf("%w: %v", err, a.process.cmd.ProcessState)
	}
	if text := a.process.tail.String(); text != "" {
		err = fmt.Errorf("%w\nits standard error ends with:\n%s", err, text)
	}
	return err
}

// both does something with one side after the other, in random order.
func (p *pairing) both(do func(*side) error) error {
	order := p.sides
	p.rand.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	for _, one := range order {
		p.acting = one
		if err := do(one); err != nil {
			return err
		}
	}
	return nil
}

// step is a command that both arms are given.
func (p *pairing) step(do func(*arm) error) func() error {
	return func() error { return p.both(func(s *side) error { return do(s.arm) }) }
}

func (p *pairing) run(ctx context.Context) error {
	options := experiment.Options{Seed: p.o.Seed, Corpus: p.o.Corpus, Check: p.o.Check}
	return firstError(
		func() error { return p.both(func(s *side) error { return p.open(ctx, s) }) },
		p.step(func(a *arm) error { return a.hello(options) }),
		p.step((*arm).calibrate),
		p.agree,
		p.settle,
		p.step((*arm).begin),
		p.race,
		p.step((*arm).finish),
		p.step((*arm).complete),
	)
}

func (p *pairing) open(ctx context.Context, s *side) error {
	o := p.o
	o.Command = s.command
	a, err := openArm(ctx, p.scenario, p.scenario.Arms[0].Name, o)
	if err != nil {
		return err
	}
	if a.profiles != "" { // both arms have the same name
		a.profiles = filepath.Join(a.profiles, s.name)
	}
	s.arm = a
	p.arms = append(p.arms, a)
	return nil
}

// agree gives both arms the smaller of the two sizes: slices of the same number
// of operations cost the same apart from the change.
func (p *pairing) agree() error {
	n := min(p.sides[0].arm.result.N, p.sides[1].arm.result.N)
	if s := p.scenario; s.Ops == 0 && !p.o.Check {
		n *= max(1, p.o.Stretch)
		if s.MaxOps > 0 {
			n = min(n, s.MaxOps)
		}
	}
	for _, s := range p.sides {
		s.arm.result.N = n
	}
	return nil
}

// settle runs slices that do not count.
func (p *pairing) settle() error {
	if p.scenario.Once() {
		return nil
	}
	rounds := p.o.Warmup
	if p.o.Check {
		rounds = 1
	}
	laps := make([]time.Duration, len(p.scenario.Laps))
	var took time.Duration
	for round := 0; round < rounds && took < 2*p.o.Duration; round++ {
		err := p.both(func(s *side) error {
			one, err := s.arm.run(laps[:s.arm.laps])
			took += one.Wall
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// race runs the slices that count, and keeps what taking turns costs.
func (p *pairing) race() error {
	least, most := p.rounds()
	began := time.Now()
	for round := 0; round < least || round < most && p.sliced < 2*p.o.Duration || p.underexposed(p.sliced); round++ {
		err := p.both(func(s *side) error {
			one, err := s.arm.run(make([]time.Duration, s.arm.laps))
			p.sliced += one.Wall
			p.turns -= one.Wall + one.Around
			s.arm.result.Slices = append(s.arm.result.Slices, one)
			return err
		})
		if err != nil {
			return err
		}
	}
	p.turns += time.Since(began)
	return nil
}

func (p *pairing) result() *PairResult {
	r := &PairResult{
		Number: p.number, N: p.sides[0].arm.result.N, Logs: map[string]float64{},
		Base: p.sides[0].arm.result, Head: p.sides[1].arm.result, Sliced: p.sliced, Turns: p.turns,
	}
	set := func(name string, ratio float64) {
		if log := math.Log(ratio); finite(log) {
			r.Logs[name] = log
		}
	}
	for _, name := range slices.Concat([]string{"ns/op", "cpu-ns/op"}, p.scenario.Laps) {
		pairs, totals := compare(p.scenario, name, r.Head, r.Base)
		set(name, pairs)
		if name == "ns/op" {
			set("total-ns/op", totals)
		}
	}
	return r
}
