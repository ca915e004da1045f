package gate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/logperf/logperf/suites/internal/count"
	"github.com/logperf/logperf/suites/internal/sequential"
)

const (
	// instructions is the metric that is counted.
	instructions = "instructions/op"
	// countLimit is how many more instructions fail where thresholds.yaml says
	// nothing, as a share.
	countLimit = 0.01
	// countTime bounds a count, which takes some seconds: what hangs would else hold
	// up the gate until somebody ends it.
	countTime = 2 * time.Minute
)

// counting compares the instructions of the scenarios on one goroutine. Counts
// know nothing of waiting, so those in which goroutines hand work to each other
// have none.
type counting struct {
	counter  count.Counter
	size     int                // of the family
	decision *sequential.Counts // nil before run, and where nothing is left to count
	subjects []*subject
	cheap    []string // scenarios whose operations take too little to be counted
	sizes    map[string]count.Size
	failed   map[string]error    // of scenarios whose size could not be found
	values   map[string]*sidesOf // by scenario
	shifts   map[string]float64  // what is accepted, as a log ratio
	links    *links
}

// countable reports whether the operations of a subject can be counted.
func (s *subject) countable() bool { return s.timed && !s.crossing }

// countables are the subjects that are counted; none where nothing can count. The
// note then says why, and how that is mended.
func countables(o Options, p *plan) (subjects []*subject, counter count.Counter, note string) {
	for _, s := range p.subjects {
		if s.countable() {
			subjects = append(subjects, s)
		}
	}
	switch {
	case len(subjects) == 0:
		return nil, nil, ""
	case o.NoCounts:
		return nil, nil, "the counted instructions were left out, as was asked for"
	}
	counter, err := o.counter()
	if err != nil {
		return nil, nil, err.Error()
	}
	return subjects, counter, ""
}

// newCounting decides at the levels of a family of that many hypotheses; nil
// without subjects.
func newCounting(subjects []*subject, counter count.Counter, l *links, size int) *counting {
	if len(subjects) == 0 {
		return nil
	}
	return &counting{
		counter: counter, size: size, subjects: subjects, links: l,
		sizes: map[string]count.Size{}, failed: map[string]error{}, values: map[string]*sidesOf{}, shifts: map[string]float64{},
	}
}

// run counts until all is decided or expired says so. Nothing is timed meanwhile:
// two runs go on side by side. What cannot be counted is INCONCLUSIVE, and the
// reason is shown; what is too cheap to be counted is left out.
func (c *counting) run(ctx context.Context, tell func(string), expired func() bool) error {
	if err := c.measureSizes(ctx, tell, expired); err != nil {
		return err
	}
	if err := c.begin(); err != nil || c.decision == nil {
		return err
	}
	for !c.decision.Look() {
		for _, want := range c.decision.Wants() {
			if expired() {
				c.decision.Stop()
				break
			}
			tell("counts the instructions of " + want.Scenario)
			if err := c.count(ctx, want); err != nil {
				return err
			}
		}
	}
	return nil
}

// measureSizes finds how many operations a count of each scenario takes, by the
// base. It comes before all counts: a scenario that is too cheap belongs to no
// decision, because the noise of its counts would widen the spread of all.
func (c *counting) measureSizes(ctx context.Context, tell func(string), expired func() bool) error {
	if err := c.links.grow(ctx, 1); err != nil {
		return err
	}
	for _, s := range c.subjects {
		if expired() {
			return nil
		}
		name := s.scenario.Name
		tell("finds how to count " + name)
		size, err := c.measureSize(ctx, name)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, count.ErrTooCheap):
			c.cheap = append(c.cheap, name)
		case err != nil:
			c.failed[name] = err
		}
		c.sizes[name] = size
	}
	return nil
}

// begin makes the decision on what can be counted. The levels remain those of
// the whole family, with which the timed hypotheses have begun.
func (c *counting) begin() error {
	var hypotheses []sequential.Hypothesis
	for _, s := range c.subjects {
		name := s.scenario.Name
		if slices.Contains(c.cheap, name) {
			continue
		}
		c.values[name], c.shifts[name] = &sidesOf{}, s.rules[instructions].shift()
		hypotheses = append(hypotheses, sequential.Hypothesis{Scenario: name, Metric: instructions, Limit: s.rules[instructions].limit})
	}
	if len(hypotheses) == 0 {
		return nil
	}
	var err error
	if c.decision, err = sequential.NewCounts(sequential.CountOptions{Size: c.size}, hypotheses); err != nil {
		return err
	}
	for name, err := range c.failed {
		c.decision.Lose(name, err.Error())
	}
	return nil
}

// decisions tells of each scenario that is counted.
func (c *counting) decisions() []sequential.Decision {
	if c == nil || c.decision == nil {
		return nil
	}
	return c.decision.Decisions()
}

// note names what was left out; empty where nothing was.
func (c *counting) note() string {
	if c == nil || len(c.cheap) == 0 {
		return ""
	}
	return "instructions are not counted where an operation takes too few of them: " + strings.Join(c.cheap, ", ")
}

// count counts both arms of a scenario as often as it wants, each time by another
// link of either side.
func (c *counting) count(ctx context.Context, want sequential.Want) error {
	if err := c.links.grow(ctx, want.Pairs); err != nil {
		return err
	}
	name := want.Scenario
	for i := want.Have; i < want.Pairs; i++ {
		base, head, err := c.both(ctx, name, c.links.base[i], c.links.head[i])
		if err != nil {
			return c.lose(ctx, name, err)
		}
		// What is accepted is taken off, as it is from the times.
		if err := c.decision.Add(name, base, head/math.Exp(c.shifts[name])); err != nil {
			return err
		}
		v := c.values[name]
		v.base, v.head = append(v.base, base), append(v.head, head)
	}
	return nil
}

// lose gives up a scenario whose arms cannot be counted.
func (c *counting) lose(ctx context.Context, name string, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	c.decision.Lose(name, err.Error())
	return nil
}

// measureSize finds how many operations a count of the scenario takes.
func (c *counting) measureSize(ctx context.Context, name string) (count.Size, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, countTime, errCountTime)
	defer cancel()
	size, err := count.SizeFor(ctx, c.counter, c.commands(c.links.base[0], name))
	return size, overdue(ctx, err)
}

// both counts the two arms side by side.
func (c *counting) both(ctx context.Context, name, base, head string) (ofBase, ofHead float64, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, countTime, errCountTime)
	defer cancel()
	var counts [2]float64
	var errs [2]error
	var wait sync.WaitGroup
	for side, path := range []string{base, head} {
		wait.Go(func() {
			counts[side], errs[side] = count.PerOperation(ctx, c.counter, c.commands(path, name), c.sizes[name])
		})
	}
	wait.Wait()
	for side, which := range []string{"base", "head"} {
		if errs[side] != nil {
			return 0, 0, fmt.Errorf("%s: %w", which, overdue(ctx, errs[side]))
		}
	}
	return counts[0], counts[1], nil
}

var errCountTime = fmt.Errorf("the count did not end within %v and was killed", countTime)

// overdue says of a count that failed whether that was for want of time.
func overdue(ctx context.Context, err error) error {
	if err != nil && errors.Is(context.Cause(ctx), errCountTime) {
		return fmt.Errorf("%w: %w", errCountTime, err)
	}
	return err
}

// commands are those of an arm that does n operations of a scenario. An arm that
// is killed leaves its folder behind, and the counter may leave others: all of
// them are made in the scratch folder, which goes.
func (c *counting) commands(path, scenario string) func(n int) count.Command {
	environ := append(os.Environ(), "TMPDIR="+c.links.dir)
	return func(n int) count.Command {
		return count.Command{Path: path, Args: []string{"count", scenario, strconv.Itoa(n)}, Env: environ, Dir: c.links.dir}
	}
}
