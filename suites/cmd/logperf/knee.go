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

	"github.com/logperf/logperf/suites/internal/experiment"
	"github.com/logperf/logperf/suites/internal/load"
	"github.com/logperf/logperf/suites/internal/lockstep"
	"github.com/logperf/logperf/suites/internal/metric"
	"github.com/logperf/logperf/suites/internal/report"
	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/stat"
)

const (
	// kneeMetric is the figure of a scenario that searches a knee.
	kneeMetric = "knee-records/s"
	// kneeLimit is the limit of the search where none is given.
	kneeLimit = 5 * time.Millisecond
	// kneeRepetitions make a median, and a search of a few seconds.
	kneeRepetitions = 3
	// kneeSeed is that of the workload: two calls offer the same records.
	kneeSeed = 1
)

// errInterrupted is the end of a measurement that was not waited for.
var errInterrupted = errors.New("interrupted: the arms were ended, and there is no answer")

// kneeSearch is a call of the command.
type kneeSearch struct {
	scenario    experiment.Scenario
	limit       time.Duration
	repetitions int
	json        bool
}

func kneeCommand() *cobra.Command {
	var s kneeSearch
	c := &cobra.Command{
		Use:   "knee SCENARIO",
		Short: "Search the highest rate at which response times hold a limit and nothing is lost",
		Long: `Search the highest rate at which the 99th percentile of the response time holds
the limit of --p99, 99 % of the calls return in time, nothing is lost, and the
sink has all 20 ms after the last arrival. All rates that were tried are shown.

SCENARIO is load/knee/file, load/knee/http, or a load scenario that names one of
these as its knee.`,
		Example: "  logperf knee load/knee/file --p99 2ms",
		Args: func(c *cobra.Command, args []string) error {
			if err := cobra.ExactArgs(1)(c, args); err != nil {
				return err
			}
			var err error
			if s.scenario, err = kneeOf(args[0], load.All()); err != nil {
				return err
			}
			return s.check()
		},
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return s.run(ctx, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	c.Flags().DurationVar(&s.limit, "p99", kneeLimit, "what the 99th percentile of the response time has to hold")
	c.Flags().IntVar(&s.repetitions, "repetitions", kneeRepetitions, "how often the knee is searched, each time in a fresh process")
	c.Flags().BoolVar(&s.json, "json", false, "as JSON, with every number unrounded")
	return c
}

// check refuses flags that no search could follow.
func (s kneeSearch) check() error {
	if s.limit <= 0 {
		return fmt.Errorf("--p99 is %v: want more than 0, such as 5ms", s.limit)
	}
	if s.repetitions < 1 {
		return fmt.Errorf("--repetitions is %d: want 1 or more", s.repetitions)
	}
	return nil
}

// kneeOf is the scenario that searches the knee of the one with that name: it
// itself, or the one that it names.
func kneeOf(name string, scenarios []experiment.Scenario) (experiment.Scenario, error) {
	var names []string
	for _, s := range scenarios {
		if s.Emits(kneeMetric) || s.Knee != "" {
			names = append(names, s.Name)
		}
	}
	nearest := strings.Join(metric.Nearest(name, names), ", ")
	named := func(name string) int {
		return slices.IndexFunc(scenarios, func(s experiment.Scenario) bool { return s.Name == name })
	}
	i := named(name)
	if i < 0 {
		return experiment.Scenario{}, fmt.Errorf("there is no load scenario %q; the nearest with a knee are %s", name, nearest)
	}
	found := scenarios[i]
	if found.Emits(kneeMetric) {
		return found, nil
	}
	if found.Knee == "" {
		return experiment.Scenario{}, fmt.Errorf("the scenario %s has no knee; the nearest that have are %s", name, nearest)
	}
	if i = named(found.Knee); i < 0 {
		return experiment.Scenario{}, fmt.Errorf("the knee of %s is that of %s, which does not exist", name, found.Knee)
	}
	return scenarios[i], nil
}

// run searches and shows what was found. Losses fail it, and so does a search
// in which no rate held; the curve is shown all the same.
func (s kneeSearch) run(ctx context.Context, out, errs io.Writer) error {
	row, err := s.measure(ctx, errs)
	if ctx.Err() != nil {
		return errInterrupted
	}
	if err != nil {
		return err
	}
	knee := report.Knee{Row: row, Limit: s.limit, Machine: machine(ctx)}
	show := report.Curve
	if s.json {
		show = writeKnee
	}
	if err := show(out, knee); err != nil {
		return err
	}
	return verdict(knee)
}

// measure searches the knee as often as was asked for, and tells of each
// repetition where someone looks on.
func (s kneeSearch) measure(ctx context.Context, errs io.Writer) (result.Result, error) {
	command, err := lockstep.Self()
	if err != nil {
		return result.Result{}, err
	}
	o := lockstep.Options{Command: command, Seed: kneeSeed, KneeP99: s.limit}
	if o.Settings, err = configured(os.Environ()); err != nil {
		return result.Result{}, err
	}
	var repetitions []*lockstep.Repetition
	for number := range s.repetitions {
		r, err := lockstep.Repeat(ctx, s.scenario, number, o)
		if err != nil {
			return result.Result{}, err
		}
		repetitions = append(repetitions, r)
		if terminal(errs) {
			rate := metric.PerSecond.Format(r.Arms[0].Values[kneeMetric])
			_, _ = fmt.Fprintf(errs, "repetition %d of %d: %s\n", number+1, s.repetitions, rate)
		}
	}
	rows, err := lockstep.Collect(s.scenario, repetitions)
	if err != nil {
		return result.Result{}, err
	}
	return rows[0], nil
}

// verdict is why the knee is none: nil where it is one.
func verdict(k report.Knee) error {
	lost := 0.0
	for _, n := range k.Row.Values["lost-records"] {
		lost += n
	}
	if lost > 0 {
		return fmt.Errorf("%s lost %g records in %d repetitions: want none at any rate", k.Row.Scenario, lost, len(k.Rates()))
	}
	if stat.MedianOf(k.Rates()) == 0 {
		return fmt.Errorf("%s: no rate held a p99 of the response time of %s; a higher --p99, or a machine with less other work, may have a knee", k.Row.Scenario, metric.Nanoseconds.Format(float64(k.Limit)))
	}
	return nil
}

// machine is where the command runs. Outside of a repository only the commit is
// not known.
func machine(ctx context.Context) result.Environment {
	root, err := result.FindRepository()
	if err != nil {
		root = "."
	}
	return result.Machine(ctx, string(root))
}

// terminal reports whether someone sees what is written.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// kneeAnswer is what --json prints. Rates are in records a second.
type kneeAnswer struct {
	Scenario    string             `json:"scenario"`
	Limit       time.Duration      `json:"p99_limit_ns"`
	Knee        kneeRange          `json:"knee"`
	Environment result.Environment `json:"environment"`
	// Result is the row as run.json has it, with the curve of each repetition.
	Result result.Result `json:"result"`
}

// kneeRange sums up the repetitions.
type kneeRange struct {
	Median float64 `json:"median"`
	Lowest float64 `json:"lowest"`
	Most   float64 `json:"highest"`
}

func writeKnee(w io.Writer, k report.Knee) error {
	rates := k.Rates()
	return indented(w, kneeAnswer{
		Scenario: k.Row.Scenario, Limit: k.Limit, Environment: k.Machine, Result: k.Row,
		Knee: kneeRange{Median: stat.MedianOf(rates), Lowest: slices.Min(rates), Most: slices.Max(rates)},
	})
}
