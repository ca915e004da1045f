package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/logperf/logperf/suites/internal/drill"
	"github.com/logperf/logperf/suites/internal/metric"
	"github.com/logperf/logperf/suites/internal/report"
	"github.com/logperf/logperf/suites/internal/result"
)

// plantsFolder holds the plants, from the root of the repository.
const plantsFolder = "suites/testdata/drill"

// drillCall is a call of the command.
type drillCall struct {
	short  bool
	only   string
	root   result.Repository
	plants []drill.Plant
	broken error // why the plants cannot be read
}

func drillCommand() *cobra.Command {
	var d drillCall
	c := &cobra.Command{
		Use:   "drill",
		Short: "Plant known regressions and see that each is caught",
		Long: `Plant known regressions, one after the other, and see that the limit or the gate
that is named for each says FAIL; then code that only looks different, which must
not fail. Nothing in the tree is touched. A regression that is missed, a FAIL of
unchanged code and a plant that no longer applies fail the drill.

The plants are the files of ` + plantsFolder + `.`,
		Example: "  logperf drill --short\n  logperf drill --only wake-per-record",
		Args: func(c *cobra.Command, args []string) error {
			if err := cobra.NoArgs(c, args); err != nil {
				return err
			}
			return d.choose()
		},
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return d.run(ctx, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	c.Flags().BoolVar(&d.short, "short", false, "the plants marked short alone: some minutes")
	c.Flags().StringVar(&d.only, "only", "", "the plant of that name alone")
	return c
}

// choose reads the plants and leaves those that were asked for. Its error is
// misuse; plants that cannot be read are none.
func (d *drillCall) choose() error {
	if d.short && d.only != "" {
		return errors.New("--short and --only both say which plants: want one of them")
	}
	if d.root, d.broken = result.FindRepository(); d.broken != nil {
		return nil
	}
	var all []drill.Plant
	if all, d.broken = drill.Read(os.DirFS(d.root.Path(plantsFolder))); d.broken != nil {
		return nil
	}
	var names []string
	for _, p := range all {
		names = append(names, p.Name)
		if d.only == p.Name || d.only == "" && (p.Short || !d.short) {
			d.plants = append(d.plants, p)
		}
	}
	if len(d.plants) == 0 && d.only != "" {
		return fmt.Errorf("there is no plant %q; the nearest are %s", d.only, strings.Join(metric.Nearest(d.only, names), ", "))
	}
	// What must stay silent comes last: a missed regression is known earlier.
	slices.SortStableFunc(d.plants, func(a, b drill.Plant) int { return bit(a.Unchanged) - bit(b.Unchanged) })
	return nil
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (d *drillCall) run(ctx context.Context, out, errs io.Writer) error {
	if d.broken != nil {
		return d.broken
	}
	trials, err := drill.Run(ctx, d.plants, drill.Options{
		Root:   string(d.root),
		Judges: map[drill.By]drill.Judge{drill.Threshold: drill.Suite{Root: string(d.root)}},
		Watch:  newWatch(errs, d.plants),
	})
	if ctx.Err() != nil {
		return gateEnded{130, "interrupted: what was being measured was ended, and the drill has no verdict"}
	}
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintln(out)
	if err := drill.Table(out, trials); err != nil {
		return err
	}
	if err := drill.Verdict(trials); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "\nall %d trials came out as they have to\n", len(trials))
	return err
}

// Expected times of a trial, for the time left.
const (
	suiteTakes = 30 * time.Second
	gateTakes  = 2 * time.Minute
)

// watch shows a drill as it goes on.
type watch struct {
	progress *report.Progress
	w        io.Writer
	terminal bool
}

func newWatch(w io.Writer, plants []drill.Plant) *watch {
	var steps []report.Step
	for _, p := range plants {
		for _, c := range p.Catch {
			step := report.Step{Name: stepName(p, c), Time: suiteTakes}
			if c.By == drill.Gate {
				step.Time = gateTakes
			}
			steps = append(steps, step)
		}
	}
	seen := terminal(w)
	return &watch{report.NewProgress(w, report.ProgressOptions{Terminal: seen, Steps: steps}), w, seen}
}

func stepName(p drill.Plant, c drill.Catch) string {
	if len(p.Catch) == 1 {
		return p.Name
	}
	return p.Name + " by " + string(c.By)
}

func (w *watch) Begin(t drill.Trial) { w.progress.Begin(stepName(t.Plant, t.Catch)) }

func (w *watch) End(t drill.Trial) {
	if w.terminal {
		outcome := result.Pass
		if !t.Good() {
			outcome = result.Fail
		}
		w.progress.End(outcome)
		return
	}
	w.progress.End(result.Pass)
	_, _ = fmt.Fprintf(w.w, "%v after %v\n", t, t.Took.Round(time.Second))
}
