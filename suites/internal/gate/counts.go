package gate

import (
	"context"
	"fmt"
	"math"
	"os"
	"strconv"
	"sync"

	"github.com/logperf/logperf/suites/internal/count"
	"github.com/logperf/logperf/suites/internal/sequential"
)

const (
	// instructions is the metric that is counted.
	instructions = "instructions/op"
	// countLimit is how many more instructions fail where thresholds.yaml says
	// nothing, as a share.
	countLimit = 0.01
)

// counting compares the instructions of the scenarios on one goroutine. Counts
// know nothing of waiting, so those in which goroutines hand work to each other
// have none.
type counting struct {
	counter  count.Counter
	decision *sequential.Counts
	subjects []*subject
	sizes    map[string]count.Size
	values   map[string]*sidesOf // by scenario
	shifts   map[string]float64  // what is accepted, as a log ratio
	links    *links
}

// countable reports whether the operations of a subject can be counted.
func (s *subject) countable() bool { return s.timed && !s.crossing && !s.rules[instructions].none }

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
func newCounting(subjects []*subject, counter count.Counter, l *links, size int) (*counting, error) {
	if len(subjects) == 0 {
		return nil, nil
	}
	c := &counting{counter: counter, subjects: subjects, links: l, sizes: map[string]count.Size{}, values: map[string]*sidesOf{}, shifts: map[string]float64{}}
	var hypotheses []sequential.Hypothesis
	for _, s := range subjects {
		c.values[s.scenario.Name], c.shifts[s.scenario.Name] = &sidesOf{}, s.rules[instructions].shift()
		hypotheses = append(hypotheses, sequential.Hypothesis{
			Scenario: s.scenario.Name, Metric: instructions, Limit: s.rules[instructions].limit,
		})
	}
	var err error
	c.decision, err = sequential.NewCounts(sequential.CountOptions{Size: size}, hypotheses)
	return c, err
}

// run counts until all is decided or expired says so. Nothing is timed meanwhile:
// two runs go on side by side. What cannot be counted is INCONCLUSIVE, and the
// reason is shown.
func (c *counting) run(ctx context.Context, tell func(string), expired func() bool) error {
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

// count counts both arms of a scenario as often as it wants, each time by another
// link of either side.
func (c *counting) count(ctx context.Context, want sequential.Want) error {
	if err := c.links.grow(ctx, want.Pairs); err != nil {
		return err
	}
	name := want.Scenario
	if err := c.measureSize(ctx, name); err != nil {
		return c.lose(ctx, name, err)
	}
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

// measureSize finds how many operations a count of the scenario takes, by the base.
func (c *counting) measureSize(ctx context.Context, name string) error {
	if _, known := c.sizes[name]; known {
		return nil
	}
	size, err := count.SizeFor(ctx, c.counter, armCounts(c.links.base[0], name))
	c.sizes[name] = size
	return err
}

// both counts the two arms side by side.
func (c *counting) both(ctx context.Context, name, base, head string) (ofBase, ofHead float64, err error) {
	var counts [2]float64
	var errs [2]error
	var wait sync.WaitGroup
	for side, path := range []string{base, head} {
		wait.Go(func() {
			counts[side], errs[side] = count.PerOperation(ctx, c.counter, armCounts(path, name), c.sizes[name])
		})
	}
	wait.Wait()
	for side, which := range []string{"base", "head"} {
		if errs[side] != nil {
			return 0, 0, fmt.Errorf("%s: %w", which, errs[side])
		}
	}
	return counts[0], counts[1], nil
}

// armCounts are the commands of an arm that does n operations of a scenario.
func armCounts(path, scenario string) func(n int) count.Command {
	return func(n int) count.Command {
		return count.Command{Path: path, Args: []string{"count", scenario, strconv.Itoa(n)}, Env: os.Environ()}
	}
}
