package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/logperf/logperf/suites/internal/drill"
	"github.com/logperf/logperf/suites/internal/metric"
	"github.com/logperf/logperf/suites/internal/report"
	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/threshold"
)

// plantsFolder holds the plants, from the root of the repository.
const plantsFolder = "suites/testdata/drill"

const (
	// powerRuns tell 39 of 40 from fewer.
	powerRuns = 40
	// drillSeed is that of each comparison by the gate: a drill that fails can be
	// repeated.
	drillSeed = 1
)

// interruptedDrill is the end of a drill that was not waited for.
var interruptedDrill = gateEnded{130, "interrupted: what was being measured was ended, and the drill has no verdict"}

// drillCall is a call of the command.
type drillCall struct {
	short  bool
	only   string
	by     string
	power  bool
	runs   int
	out    string
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

With --power the gate alone is tried, many times over, and each of its verdicts
is written to a file; hours pass. The same call with the same file goes on where
an earlier one ended, as long as the tree is the same.

The plants are the files of ` + plantsFolder + `.`,
		Example: "  logperf drill --short\n  logperf drill --only wake-per-record\n  logperf drill --power --runs 40 --out power.csv",
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
	c.Flags().StringVar(&d.by, "by", "", "what this alone has to catch: threshold, which takes a minute or two, or gate")
	c.Flags().BoolVar(&d.power, "power", false, "measure how often the gate catches the plants marked power, at the levels of a family of 30, and how often it fails unchanged code")
	c.Flags().IntVar(&d.runs, "runs", powerRuns, "with --power: how often each plant is compared, unless its file says fewer")
	c.Flags().StringVar(&d.out, "out", "", "with --power: the file of the verdicts, as CSV; the runs in it are not made again")
	return c
}

// check refuses flags that contradict each other.
func (d *drillCall) check() error {
	switch {
	case d.short && d.only != "":
		return errors.New("--short and --only both say which plants: want one of them")
	case d.by != "" && d.by != string(drill.Threshold) && d.by != string(drill.Gate):
		return fmt.Errorf("--by is %q: want %s or %s", d.by, drill.Threshold, drill.Gate)
	case d.power && d.by != "":
		return errors.New("--power tries the gate alone: leave --by out")
	case d.power && d.short:
		return errors.New("--power has no short form: want --only to measure one plant")
	case d.power && d.out == "":
		return errors.New("--power needs --out: the file that the verdicts are written to")
	case !d.power && d.out != "":
		return errors.New("--out is for --power: a drill prints its table")
	case d.runs < 1:
		return fmt.Errorf("--runs is %d: want 1 or more", d.runs)
	}
	return nil
}

// choose reads the plants and leaves those that were asked for. Its error is
// misuse; plants that cannot be read are none.
func (d *drillCall) choose() error {
	if err := d.check(); err != nil {
		return err
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
		if p = d.caughtBy(p); d.wants(p) {
			d.plants = append(d.plants, p)
		}
	}
	if len(d.plants) == 0 && d.only != "" {
		if d.by != "" && slices.Contains(names, d.only) {
			return fmt.Errorf("nothing of the plant %s has to be caught by the %s", d.only, d.by)
		}
		if slices.Contains(names, d.only) {
			return fmt.Errorf("the plant %s is not marked power: the gate does not have to catch it by time or counts", d.only)
		}
		return fmt.Errorf("there is no plant %q; the nearest are %s", d.only, strings.Join(metric.Nearest(d.only, names), ", "))
	}
	// What must stay silent comes last: a missed regression is known earlier.
	slices.SortStableFunc(d.plants, func(a, b drill.Plant) int { return bit(a.Unchanged) - bit(b.Unchanged) })
	return nil
}

// caughtBy leaves of a plant what the chosen judge has to catch.
func (d *drillCall) caughtBy(p drill.Plant) drill.Plant {
	if d.by != "" {
		p.Catch = slices.DeleteFunc(slices.Clone(p.Catch), func(c drill.Catch) bool { return string(c.By) != d.by })
	}
	return p
}

// wants reports whether the plant was asked for.
func (d *drillCall) wants(p drill.Plant) bool {
	switch {
	case d.only != "" && d.only != p.Name, len(p.Catch) == 0:
		return false
	case d.power:
		return p.Power
	}
	return d.only != "" || p.Short || !d.short
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
	limits, err := threshold.Load(d.root.Path("thresholds.yaml"), time.Now())
	if err != nil {
		return err
	}
	comparison := drill.Comparison{Root: string(d.root), Limits: limits, Seed: drillSeed}
	if d.power {
		return d.measure(ctx, comparison, out, errs)
	}
	trials, err := drill.Run(ctx, d.plants, drill.Options{
		Root:   string(d.root),
		Judges: map[drill.By]drill.Judge{drill.Threshold: drill.Suite{Root: string(d.root)}, drill.Gate: comparison},
		Watch:  newWatch(errs, d.plants),
	})
	if ctx.Err() != nil {
		return interruptedDrill
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

// measure runs the gate many times and shows what it found.
func (d *drillCall) measure(ctx context.Context, c drill.Comparison, out, errs io.Writer) error {
	path, err := filepath.Abs(d.out)
	if err != nil {
		return err
	}
	rows, err := drill.Power(ctx, d.plants, drill.PowerOptions{
		Root: string(d.root), Comparer: c, Runs: d.runs, Seed: drillSeed, Out: path,
		Watch: func(plant string, run, of int, rows []drill.Row) {
			_, _ = fmt.Fprintf(errs, "%s, run %d of %d: %s\n", plant, run, of, inWords(rows))
		},
	})
	if ctx.Err() != nil {
		return interruptedDrill
	}
	if err != nil {
		return err
	}
	return drill.Markdown(out, drill.Tallies(rows))
}

// inWords sums up the rows of a run: "FAIL after 93s", or how many verdicts of
// each kind there are.
func inWords(rows []drill.Row) string {
	counts := map[result.Outcome]int{}
	for _, r := range rows {
		counts[r.Verdict]++
	}
	var words []string
	for _, o := range []result.Outcome{result.Fail, result.Inconclusive, result.Pass} {
		if counts[o] > 0 {
			words = append(words, fmt.Sprintf("%d %s", counts[o], o))
		}
	}
	return strings.Join(words, ", ") + " after " + rows[0].Took.Round(time.Second).String()
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
