package experiment

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// DefaultTick is how far apart arrivals are scheduled: sleeping for less is
// beyond what a shared kernel does reliably, and spinning would take a core
// from the subject.
const DefaultTick = time.Millisecond

// A Load is a schedule of calls, phase after phase. In an open phase arrivals
// come whether or not the calls before them have returned, so that a subject
// that stalls is charged for all who wait: no coordinated omission (Tene). The
// vocabulary is that of k6: constant and ramping arrival rates, virtual users.
type Load struct {
	// Producers is the number of goroutines that call, from 1. Arrivals go to
	// them in turn.
	Producers int
	// Tick is the grid of the arrivals; 0 means DefaultTick. All arrivals of a
	// tick have its beginning as their intended start.
	Tick time.Duration
	// Phases follow each other without a pause.
	Phases []Phase
	// Sleep is how the metronome waits for the next tick; nil means time.Sleep,
	// whose timers may be a millisecond late on Linux. Arms use Nanosleep.
	Sleep func(time.Duration)
}

// A Phase is a stretch of a Load. It is open, with a schedule that is computed
// (Rate, EndRate, Burst) or given (Times), or closed (Users). One without any of
// these is a pause.
type Phase struct {
	// Name says what the phase is for: warm-up, steady, burst, drain.
	Name string
	// Duration is a multiple of the tick.
	Duration time.Duration
	// Rate is the number of arrivals a second, of all producers together.
	Rate float64
	// EndRate is the rate at the end of a phase that ramps linearly; 0 means Rate.
	EndRate float64
	// Burst is a number of arrivals that come at once, at the beginning of the
	// phase and then every Every, beside those of Rate.
	Burst int
	// Every is the time between bursts; 0 means one burst alone.
	Every time.Duration
	// Times are the arrivals of a phase that has no rate: their offsets from its
	// beginning, sorted, each from 0 to below Duration. An arrival belongs to the
	// tick that contains it, so it is due up to a tick before its time; several
	// at the same time are several arrivals. The slice is read while the load is
	// played.
	Times []time.Duration
	// Users makes the phase closed: that many producers call, each again as soon
	// as its last call has returned. There is no intended start, so the phase
	// has service times alone.
	Users int
	// Measured is set where times count. All phases count for conservation.
	Measured bool
}

func (l Load) tick() time.Duration {
	if l.Tick == 0 {
		return DefaultTick
	}
	return l.Tick
}

// Duration is the time of all phases.
func (l Load) Duration() time.Duration {
	var sum time.Duration
	for _, p := range l.Phases {
		sum += p.Duration
	}
	return sum
}

// Arrivals is the number of arrivals of the open phases.
func (l Load) Arrivals() int {
	sum := 0
	for _, p := range l.Phases {
		sum += p.arrivals(p.Duration)
	}
	return sum
}

// arrivals is how many arrivals the phase has before the offset: the integral
// of the rate and the bursts that have begun, or the times that are less.
func (p Phase) arrivals(offset time.Duration) int {
	if offset <= 0 || p.Users > 0 {
		return 0
	}
	offset = min(offset, p.Duration)
	if len(p.Times) > 0 {
		before, _ := slices.BinarySearch(p.Times, offset)
		return before
	}
	t, whole := offset.Seconds(), p.Duration.Seconds()
	sum := p.Rate * t
	if p.EndRate > 0 {
		sum += (p.EndRate - p.Rate) * t * t / (2 * whole)
	}
	bursts := 0
	switch {
	case p.Burst > 0 && p.Every > 0:
		bursts = int((offset-1)/p.Every) + 1
	case p.Burst > 0:
		bursts = 1
	}
	// What is due at the end of a tick is a sum of fractions: 999.9999999 is 1000.
	return int(math.Floor(sum+1e-6)) + bursts*p.Burst
}

// Validate reports all faults of the load at once; nil if there are none.
func (l Load) Validate() error {
	var faults []error
	if l.Producers < 1 {
		faults = append(faults, fmt.Errorf("the load has %d producers: want 1 or more", l.Producers))
	}
	if l.Tick < 0 {
		faults = append(faults, fmt.Errorf("its tick is %v: want 0 (for %v) or more", l.Tick, DefaultTick))
	}
	if len(l.Phases) == 0 {
		faults = append(faults, errors.New("the load has no phase"))
	}
	for i, p := range l.Phases {
		for _, err := range p.faults(l) {
			faults = append(faults, fmt.Errorf("phase %d, %q: %w", i+1, p.Name, err))
		}
	}
	return errors.Join(faults...)
}

func (p Phase) faults(l Load) []error {
	var faults []error
	if p.Name == "" {
		faults = append(faults, errors.New("it has no name"))
	}
	if p.Duration <= 0 || l.Tick >= 0 && p.Duration%l.tick() != 0 {
		faults = append(faults, fmt.Errorf("its duration is %v: want a multiple of the tick of %v", p.Duration, l.tick()))
	}
	open := p.Rate != 0 || p.EndRate != 0 || p.Burst != 0
	switch {
	case !finiteRate(p.Rate) || !finiteRate(p.EndRate):
		faults = append(faults, fmt.Errorf("its rate is %v to %v: want finite numbers from 0", p.Rate, p.EndRate))
	case p.Burst < 0 || p.Every < 0 || p.Every > 0 && p.Every%l.tick() != 0:
		faults = append(faults, fmt.Errorf("it has bursts of %d every %v: want 0 or more, a multiple of the tick of %v apart", p.Burst, p.Every, l.tick()))
	case p.Users < 0 || p.Users > l.Producers:
		faults = append(faults, fmt.Errorf("it has %d users: want 0 to %d, the number of producers", p.Users, l.Producers))
	case open && p.Users > 0:
		faults = append(faults, errors.New("it has both a rate and users: a phase is open or closed"))
	case (open || p.Users > 0) && len(p.Times) > 0:
		faults = append(faults, errors.New("it has times beside a rate, bursts or users: want one of these alone"))
	}
	if err := p.timesFault(); err != nil {
		faults = append(faults, err)
	}
	return faults
}

// timesFault is the first fault of the times. Numbers begin at 1.
func (p Phase) timesFault() error {
	for i, at := range p.Times {
		if at < 0 || at >= p.Duration {
			return fmt.Errorf("its time %d is %v: want 0 to below the duration of %v", i+1, at, p.Duration)
		}
		if i > 0 && at < p.Times[i-1] {
			return fmt.Errorf("its time %d is %v and comes behind %v: want them sorted", i+1, at, p.Times[i-1])
		}
	}
	return nil
}

func finiteRate(r float64) bool { return r >= 0 && !math.IsInf(r, 0) && !math.IsNaN(r) }
