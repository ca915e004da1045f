package drill

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/logperf/logperf/suites/internal/result"
)

// A Judge measures code with a plant in it.
type Judge interface {
	// Judge builds with the plant, which is laid for it, measures the scenario of
	// the catch and says what became of it. An error means that there is no verdict.
	Judge(ctx context.Context, laid Planted, p Plant, c Catch) (Finding, error)
}

// A Finding is what a judge says of a plant.
type Finding struct {
	// Outcome is the verdict on what the catch names; of an unchanged plant, that
	// of the whole run.
	Outcome result.Outcome
	// Caught is set where that is FAIL, on the metric or with the error that the
	// catch names.
	Caught bool
	// Detail says why, in a sentence.
	Detail string
}

// A Trial is one plant before one judge.
type Trial struct {
	Plant Plant
	Catch Catch
	Finding
	// Err is why there is no finding.
	Err error
	// Took is the time of the build and of the measurement.
	Took time.Duration
}

// Good reports whether the trial came out as it has to: the plant was caught, or
// changes nothing and did not fail.
func (t Trial) Good() bool { return t.Err == nil && t.Caught != t.Plant.Unchanged }

// String is the trial in one word.
func (t Trial) String() string {
	switch {
	case t.Err != nil:
		return "broken"
	case t.Plant.Unchanged && t.Caught:
		return "FALSE ALARM"
	case t.Plant.Unchanged:
		return "silent"
	case t.Caught:
		return "caught"
	}
	return "MISSED"
}

// Options configures a drill. All fields but Watch are needed.
type Options struct {
	// Root is the folder of the repository.
	Root string
	// Judges are by what a catch names.
	Judges map[By]Judge
	// Watch sees the trials as they go on; nil: nobody does.
	Watch Watcher
}

// A Watcher sees a drill from outside.
type Watcher interface {
	// Begin is called before a trial, of which the plant and the catch are known.
	Begin(t Trial)
	// End is called after it.
	End(t Trial)
}

// Run tries each catch of each plant, one after the other: what measures must
// not run beside a build. The trials go on after one that went wrong; only the
// end of ctx ends them early, with its error.
func Run(ctx context.Context, plants []Plant, o Options) ([]Trial, error) {
	var trials []Trial
	for _, p := range plants {
		for _, c := range p.Catch {
			t := Trial{Plant: p, Catch: c}
			if o.Watch != nil {
				o.Watch.Begin(t)
			}
			began := time.Now()
			t.Finding, t.Err = try(ctx, p, c, o)
			t.Took = time.Since(began)
			if ctx.Err() != nil {
				return trials, context.Cause(ctx)
			}
			if o.Watch != nil {
				o.Watch.End(t)
			}
			trials = append(trials, t)
		}
	}
	return trials, nil
}

func try(ctx context.Context, p Plant, c Catch, o Options) (Finding, error) {
	judge, ok := o.Judges[c.By]
	if !ok {
		return Finding{}, fmt.Errorf("nothing here judges by %s", c.By)
	}
	dir, err := os.MkdirTemp("", "logperf-plant-")
	if err != nil {
		return Finding{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	laid, err := Lay(o.Root, dir, p)
	if err != nil {
		return Finding{}, err
	}
	return judge.Judge(ctx, laid, p, c)
}

// Verdict is nil where all trials came out as they have to, and at least one was
// made: a drill of nothing proves nothing.
func Verdict(trials []Trial) error {
	missed, alarms, broken := 0, 0, 0
	for _, t := range trials {
		switch {
		case t.Good():
		case t.Err != nil:
			broken++
		case t.Plant.Unchanged:
			alarms++
		default:
			missed++
		}
	}
	switch {
	case len(trials) == 0:
		return fmt.Errorf("the drill planted nothing")
	case missed+alarms+broken > 0:
		return fmt.Errorf("of %d trials %d were missed, %d were false alarms and %d had no verdict", len(trials), missed, alarms, broken)
	}
	return nil
}
