// Package lockstep runs the arms of a scenario as child processes that take
// turns: one slice of each arm, in a new random order each round. What
// disturbs the machine for longer than a slice then disturbs all arms alike,
// and the ratio of two slices of a round knows little of it.
//
// The coordinator (Repeat) measures nothing itself. It trusts no arm: whatever
// is missing, late or cannot be true is an error, never a pass.
package lockstep

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/logperf/logperf/suites/internal/experiment"
)

const (
	defaultDuration = 500 * time.Millisecond
	defaultTimeout  = 30 * time.Second
	// leastRounds gives slices that are longer than the duration a median that
	// a single disturbance does not decide.
	leastRounds = 3
	// roundsPerAim bounds the rounds where slices stay far below their aim
	// because MaxOps or Ops holds them there: the trips between the processes
	// would cost many times the duration.
	roundsPerAim = 4
	// checkOps is how many operations a check does, in as few slices as it can.
	checkOps = 64
)

// Options configures a repetition. The zero value works but for Command.
type Options struct {
	// Command starts an arm.
	Command Command
	// Seed makes the order of the slices and the workload repeatable.
	Seed uint64
	// Duration is how long the slices of one arm take together; 0 means 500 ms.
	Duration time.Duration
	// Stretch is by how much the slices of a pair are longer than the scenario asks
	// for, where it leaves their size open: taking turns then costs a smaller share,
	// and a disturbance hits fewer pairs of slices more evenly. 0 means 1. Repeat does
	// not use it.
	Stretch int
	// Warmup is the number of slices of each arm before the measured ones, cut
	// short once they have taken Duration; 0 means none.
	Warmup int
	// Timeout is how long an arm may be silent beyond what its work is expected
	// to take; 0 means 30 s.
	Timeout time.Duration
	// Corpus is the path of the user's own log; empty without one.
	Corpus string
	// Knee is the rate at the knee that the scenario names; 0 without.
	Knee float64
	// Speedup is by what the times of the user's log are divided; 0: as fits.
	Speedup float64
	// Soak is how long a scenario of the tier soak lasts.
	Soak time.Duration
	// Settings is what the user has configured of what is measured, as the arms are
	// opened with it. It is handed on and not looked at.
	Settings map[string]any
	// Proxy is the path of the network proxy's program; empty without.
	Proxy string
	// Limit makes the limit on the memory of an arm of a scenario that has one;
	// nil means that there is none but Go's own.
	Limit func(name string, bytes int64) (Limit, error)
	// KneeP99 is what the 99th percentile of the response time has to hold where the
	// scenario searches a knee; 0 means the default of the search.
	KneeP99 time.Duration
	// Dir is where the scratch folders of the arms are made; empty means the
	// system's folder for temporary files.
	Dir string
	// Profile is the folder to which each arm writes a profile of processor time
	// and one of allocations over its measured slices; empty: none are taken, and
	// the slices are as if there were no such option. With profiles there are as
	// many slices as enough samples need, whatever Duration says, unless the
	// scenario fixes them. Times under a profile are no results.
	Profile string
	// Check runs one tiny slice of each arm, or as many as 64 operations need,
	// behind a slice of warm-up: first-time allocations are no fault.
	Check bool
}

func (o Options) withDefaults() Options {
	if o.Duration == 0 {
		o.Duration = defaultDuration
	}
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	return o
}

// A Repetition is what one repetition of a scenario measured.
type Repetition struct {
	// Number counts from 0.
	Number int
	// Arms are in the order of the scenario's, the subject first. All have the
	// same number of slices; those with the same index ran in the same round.
	Arms []Arm
}

// An Arm is one arm of a repetition.
type Arm struct {
	Name string
	N    int // operations of each slice
	// Limiter says what held the arm to the scenario's limit on memory.
	Limiter string
	Slices  []experiment.Slice
	Report  experiment.Report
	// Values are all metrics that can be told of the arm.
	Values map[string]float64
	// Profiles are the paths of its profiles by kind, "cpu" and "allocs", where
	// Options.Profile asked for them. They stay; whoever asked owns them.
	Profiles map[string]string
}

// Repeat runs one repetition, each arm in a fresh process. An error names
// scenario, arm and repetition, and carries what the arm wrote to standard
// error. When Repeat returns, its arms have ended and their scratch folders are
// gone, whatever happened; the end of ctx ends them at once.
func Repeat(ctx context.Context, s experiment.Scenario, repetition int, o Options) (*Repetition, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	r := &repeater{scenario: s, number: repetition, o: o, rand: order(o.Seed, s.Name, repetition)}
	defer r.clear()
	if err := r.repeat(ctx); err != nil {
		r.clear()
		return nil, r.explain(ctx, err)
	}
	done := &Repetition{Number: repetition}
	for _, a := range r.arms {
		done.Arms = append(done.Arms, a.result)
	}
	return done, nil
}

// order is the source of the random order of the slices.
func order(seed uint64, scenario string, repetition int) *rand.Rand {
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "%s\x00%d", scenario, repetition)
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

type repeater struct {
	scenario experiment.Scenario
	number   int
	o        Options
	rand     *rand.Rand
	arms     []*arm
	turn     []*arm // the arms in the order of the present round
	acting   string // the arm that a failure is attributed to
}

// clear kills what still runs.
func (r *repeater) clear() {
	for _, a := range r.arms {
		_ = a.close(0)
	}
}

func (r *repeater) explain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		err = fmt.Errorf("the arms were killed: %w", context.Cause(ctx))
	}
	err = fmt.Errorf("scenario %s, arm %s, repetition %d: %w", r.scenario.Name, r.acting, r.number+1, err)
	for _, a := range r.arms {
		if a.name != r.acting {
			continue
		}
		if errors.Is(err, errEnded) {
			err = fmt.Errorf("%w: %v", err, a.process.cmd.ProcessState)
		}
		if n := a.limit.killed(); n > 0 {
			err = fmt.Errorf("%w: the kernel killed it for its memory, %s", err, a.result.Limiter)
		}
		if text := a.process.tail.String(); text != "" {
			err = fmt.Errorf("%w\nits standard error ends with:\n%s", err, text)
		}
	}
	return err
}

// each does something with one arm after the other, so that only one is busy.
func (r *repeater) each(arms []*arm, do func(*arm) error) error {
	for _, a := range arms {
		r.acting = a.name
		if err := do(a); err != nil {
			return err
		}
	}
	return nil
}

func (r *repeater) repeat(ctx context.Context) error {
	for _, one := range r.scenario.Arms {
		r.acting = one.Name
		a, err := openArm(ctx, r.scenario, one.Name, r.o)
		if err != nil {
			return err
		}
		r.arms = append(r.arms, a)
	}
	r.turn = slices.Clone(r.arms)
	options := experiment.Options{Seed: r.o.Seed, Corpus: r.o.Corpus, Knee: r.o.Knee, KneeP99: r.o.KneeP99, Check: r.o.Check, Speedup: r.o.Speedup, Soak: r.o.Soak, Proxy: r.o.Proxy, Settings: r.o.Settings}
	return firstError(
		func() error { return r.each(r.arms, func(a *arm) error { return a.hello(options) }) },
		func() error { return r.each(r.arms, (*arm).calibrate) },
		r.warmUp,
		func() error { return r.each(r.arms, (*arm).begin) },
		r.measure,
		func() error { return r.each(r.arms, (*arm).finish) },
		func() error { return r.each(r.arms[:1], (*arm).complete) },
	)
}

func firstError(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// warmUp runs slices that do not count.
func (r *repeater) warmUp() error {
	rounds := r.o.Warmup
	switch {
	case r.scenario.Once():
		return nil
	case r.o.Check:
		rounds = 1
	}
	laps := make([]time.Duration, len(r.scenario.Laps))
	var took time.Duration
	for round := 0; round < rounds && took < r.o.Duration*time.Duration(len(r.arms)); round++ {
		err := r.round(func(a *arm) error {
			s, err := a.run(laps[:a.laps])
			took += s.Wall
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// measure runs the slices that count.
func (r *repeater) measure() error {
	least, most := r.rounds()
	whole := r.o.Duration * time.Duration(len(r.arms))
	began := time.Now()
	var took time.Duration
	for round := 0; round < least || round < most && took < whole || r.underexposed(time.Since(began)); round++ {
		err := r.round(func(a *arm) error {
			s, err := a.run(make([]time.Duration, a.laps))
			if err != nil {
				return err
			}
			took += s.Wall
			a.result.Slices = append(a.result.Slices, s)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// round does one slice of each arm in random order.
func (r *repeater) round(slice func(*arm) error) error {
	r.rand.Shuffle(len(r.turn), func(i, j int) { r.turn[i], r.turn[j] = r.turn[j], r.turn[i] })
	return r.each(r.turn, slice)
}

// rounds returns the bounds of the number of rounds; between them the duration
// decides.
func (r *repeater) rounds() (least, most int) {
	if r.o.Check {
		n := (checkOps + r.arms[0].result.N - 1) / r.arms[0].result.N
		if r.scenario.Slices > 0 {
			n = min(n, r.scenario.Slices)
		}
		return n, n
	}
	if r.scenario.Slices > 0 {
		return r.scenario.Slices, r.scenario.Slices
	}
	return leastRounds, max(leastRounds, roundsPerAim*int(r.o.Duration/r.scenario.Aim()))
}
