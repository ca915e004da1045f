package lockstep

import (
	"fmt"
	"os"
	"slices"

	"github.com/logperf/logperf/suites/internal/experiment"
)

// A Limit holds the process of an arm to an amount of memory.
type Limit interface {
	fmt.Stringer // what is in force, in words
	// Env is added to the environment of the process, which enters by it.
	Env() []string
	// Hard reports whether the kernel ends a process that needs more.
	Hard() bool
	// Killed is how many processes the kernel has ended so far.
	Killed() int
	// Close ends the limit, once the process has ended.
	Close() error
}

// armLimit is the limit of one arm, or none. What it says outlives it.
type armLimit struct {
	limit Limit
	soft  int64 // GOMEMLIMIT; 0 without
	dead  *int  // killed, as of close
}

func limitOf(s experiment.Scenario, o Options) (armLimit, error) {
	if s.Memory == 0 || o.Limit == nil {
		return armLimit{}, nil
	}
	l, err := o.Limit("arm", s.Memory)
	if err != nil {
		return armLimit{}, fmt.Errorf("the limit of %d B on the arm's memory: %w", s.Memory, err)
	}
	return armLimit{limit: l, soft: s.GoMemory(), dead: new(int)}, nil
}

// apply makes the command enter the limit. What a user sets for GOGC does not reach
// it: how far the heap may grow is part of what a bound on memory is held against.
func (l armLimit) apply(c Command) Command {
	if l.limit == nil {
		return c
	}
	if c.Env == nil {
		c.Env = os.Environ()
	}
	c.Env = append(slices.Clip(c.Env), append(l.limit.Env(), fmt.Sprintf("GOMEMLIMIT=%d", l.soft), "GOGC=100")...)
	return c
}

func (l armLimit) String() string {
	if l.limit == nil {
		return ""
	}
	return fmt.Sprintf("%v; GOMEMLIMIT %d MiB", l.limit, l.soft>>20)
}

func (l armLimit) hard() bool { return l.limit != nil && l.limit.Hard() }

// killed is how many processes of the arm the kernel has ended.
func (l armLimit) killed() int {
	if l.limit == nil {
		return 0
	}
	return max(*l.dead, l.limit.Killed())
}

// close may be called again.
func (l armLimit) close() error {
	if l.limit == nil {
		return nil
	}
	*l.dead = max(*l.dead, l.limit.Killed())
	return l.limit.Close()
}
