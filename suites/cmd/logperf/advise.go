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

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/config"
	"github.com/logperf/logperf/suites/internal/advise"
	"github.com/logperf/logperf/suites/internal/experiment"
	"github.com/logperf/logperf/suites/internal/load"
	"github.com/logperf/logperf/suites/internal/lockstep"
	"github.com/logperf/logperf/suites/internal/result"
)

// adviser is a call of the command.
type adviser struct {
	run                  string // name of the stored run; empty: the latest, if there is one
	file                 string // of the settings
	only                 []string
	program              string // the file of a profile that a program took of itself
	sweep, profile, json bool

	settings logging.Settings // the present ones
	given    bool             // something says what they are
}

func adviseCommand() *cobra.Command {
	var a adviser
	c := &cobra.Command{
		Use:   "advise [RUN]",
		Short: "Say what to set otherwise, and quote what was measured",
		Long: `Say what to set otherwise in the settings of a logger, and quote what was
measured: the rows load/settings/* of a stored run, by default of the latest.
--sweep tries other values of the present settings in about two minutes, and
tells the gain of each with its interval; --profile takes a profile of the logger
as the settings say, and tells where the processor time goes; --cpu-profile reads
one that your own program has taken, with the stages that it adds. All of them can
be had without a stored run.

The present settings are those of --settings, or of LOGPERF_SETTINGS and its
variables; where nothing is set, those of the stored run.`,
		Example: "  logperf advise --sweep --settings app.yaml",
		Args: func(c *cobra.Command, args []string) error {
			if err := cobra.MaximumNArgs(1)(c, args); err != nil {
				return err
			}
			if len(args) == 1 {
				a.run = args[0]
			}
			return errors.Join(a.check(), a.read())
		},
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			r, err := a.advise(ctx, c.ErrOrStderr())
			if ctx.Err() != nil {
				return errInterrupted
			}
			if err != nil {
				return err
			}
			return a.show(c.OutOrStdout(), r)
		},
	}
	c.Flags().StringVar(&a.file, "settings", "", "the file of the present settings, in place of LOGPERF_SETTINGS")
	c.Flags().BoolVar(&a.sweep, "sweep", false, "try other values of the settings, about two minutes")
	c.Flags().StringSliceVar(&a.only, "only", nil, "with --sweep, the settings to change: "+strings.Join(advise.Factors(), ", "))
	c.Flags().BoolVar(&a.profile, "profile", false, "take a profile of the logger, a few seconds")
	c.Flags().StringVar(&a.program, "cpu-profile", "", "in place of --profile, the file of a profile of processor time of your program (runtime/pprof, net/http/pprof)")
	c.Flags().BoolVar(&a.json, "json", false, "as JSON, with every number unrounded")
	return c
}

// check refuses flags that cannot be followed.
func (a *adviser) check() error {
	if a.profile && a.program != "" {
		return errors.New("--profile takes a profile and --cpu-profile reads one: want one of them")
	}
	if len(a.only) > 0 && !a.sweep {
		return errors.New("--only is for --sweep, which is not there")
	}
	for _, name := range a.only {
		if !slices.Contains(advise.Factors(), name) {
			return fmt.Errorf("--only names %q: want some of %s", name, strings.Join(advise.Factors(), ", "))
		}
	}
	return nil
}

// read loads the present settings. What is wrong with them is misuse.
func (a *adviser) read() error {
	root, err := result.FindRepository()
	if err != nil {
		return err
	}
	environ := root.Environ(os.Environ(), config.FileVariable)
	if a.file != "" { // as the shell gives it: it begins where the user stands
		environ = append(environ, config.FileVariable+"="+a.file)
	}
	if a.settings, err = config.Load(environ); err != nil {
		return err
	}
	if a.file == "" {
		a.file = os.Getenv(config.FileVariable)
	}
	_, same := advise.Same(a.settings, logging.Settings{})
	a.given = a.file != "" || !same
	return nil
}

// configured are the settings of the environment as arms get them. Outside of a
// repository a relative path begins where the user stands.
func configured(environ []string) (map[string]any, error) {
	if root, err := result.FindRepository(); err == nil {
		environ = root.Environ(environ, config.FileVariable)
	}
	settings, err := config.Load(environ)
	if err != nil {
		return nil, err
	}
	return load.Configured(settings)
}

// advise puts together what the stored run, the sweep and the profile say.
func (a *adviser) advise(ctx context.Context, errs io.Writer) (advise.Report, error) {
	report, err := a.ofRun()
	if err != nil {
		return report, err
	}
	if a.sweep {
		swept, err := a.sweeps(ctx, errs)
		if err != nil {
			return report, err
		}
		report = advise.Merge(report, swept)
	}
	if a.profile || a.program != "" {
		profiled, err := a.profiles(ctx)
		if err != nil {
			return report, err
		}
		report = advise.Join(report, profiled)
	}
	if unseen := advise.Unseen(a.settings); unseen != "" {
		report.Notes = append(report.Notes, unseen)
	}
	return report, nil
}

// alone reports whether there need be no stored run.
func (a *adviser) alone() bool { return a.sweep || a.profile || a.program != "" }

// ofRun is what the stored run says. With a sweep or a profile there need be none,
// unless one was named.
func (a *adviser) ofRun() (advise.Report, error) {
	results, err := resultsFolder()
	if err != nil {
		return advise.Report{}, err
	}
	id := a.run
	if id == "" {
		id = result.Latest
	}
	run, err := result.At(results).Load(id)
	if err != nil {
		if a.run == "" && a.alone() {
			return advise.Report{Notes: []string{err.Error() + ": no counters among the evidence"}}, nil
		}
		return advise.Report{}, err
	}
	measured, err := load.FromConfigured(run.Settings)
	if err != nil {
		return advise.Report{}, fmt.Errorf("the run %s: %w", run.ID, err)
	}
	if path, same := advise.Same(measured, a.settings); a.given && !same {
		note := fmt.Sprintf("run %s was measured with another %s than the present settings have", run.ID, path)
		if a.alone() {
			return advise.Report{Notes: []string{note + ": its counters are not among the evidence"}}, nil
		}
		r := advise.FromRun(run, measured, "")
		r.Notes = append(r.Notes, note+": the advice is on those that it was measured with")
		return r, nil
	}
	if !a.given {
		a.settings = measured
	}
	return advise.FromRun(run, measured, a.file), nil
}

// sweeps runs a sweep in arms that are this binary.
func (a *adviser) sweeps(ctx context.Context, errs io.Writer) (advise.Report, error) {
	command, err := lockstep.Self()
	if err != nil {
		return advise.Report{}, err
	}
	s := advise.Sweep{Settings: a.settings, File: a.file, Names: load.SweepArms(), Only: a.only}
	s.Measure = func(ctx context.Context, m advise.Measurement) ([]result.Result, error) {
		return measured(ctx, m, lockstep.Options{Command: command, Seed: kneeSeed, Warmup: sweepWarmup})
	}
	if terminal(errs) {
		s.Progress = func(what string, left time.Duration) {
			_, _ = fmt.Fprintf(errs, "\r\x1b[K%s, %v left ", what, left.Round(time.Second))
		}
		defer func() { _, _ = io.WriteString(errs, "\r\x1b[K") }()
	}
	return s.Run(ctx)
}

// sweepWarmup is that of a run of the suite.
const sweepWarmup = 10

// sweepScenario is a scenario with the arms that are asked for.
func sweepScenario(name string, arms []advise.Arm) (experiment.Scenario, map[string]any, error) {
	all := load.Sweeps()
	i := slices.IndexFunc(all, func(s experiment.Scenario) bool { return s.Name == name })
	if i < 0 {
		return experiment.Scenario{}, nil, fmt.Errorf("there is no scenario %q to sweep under", name)
	}
	s := all[i]
	s.Arms = nil
	settings := map[string]any{}
	for _, one := range arms {
		arm, err := all[i].Arm(one.Name)
		if err != nil {
			return s, nil, err
		}
		s.Arms = append(s.Arms, arm)
		if settings[one.Name], err = load.Configured(one.Settings); err != nil {
			return s, nil, err
		}
	}
	return s, settings, nil
}

// measured makes the rows of a measurement.
func measured(ctx context.Context, m advise.Measurement, o lockstep.Options) ([]result.Result, error) {
	s, settings, err := sweepScenario(m.Scenario, m.Arms)
	if err != nil {
		return nil, err
	}
	o.Settings = settings
	var repetitions []*lockstep.Repetition
	for number := range m.Repetitions {
		r, err := lockstep.Repeat(ctx, s, number, o)
		if err != nil {
			return nil, err
		}
		repetitions = append(repetitions, r)
		m.Tick()
	}
	return lockstep.Collect(s, repetitions)
}

// profiles reads the program's own profile, or takes one of the present settings. Its
// file stays in the system's folder for temporary files: the report names it.
func (a *adviser) profiles(ctx context.Context) (advise.Report, error) {
	if a.program != "" {
		return advise.FromProfile(a.program, advise.Program, a.settings, a.file)
	}
	command, err := lockstep.Self()
	if err != nil {
		return advise.Report{}, err
	}
	s, settings, err := sweepScenario(advise.Profiled, []advise.Arm{{Name: load.ArmPresent, Settings: a.settings}})
	if err != nil {
		return advise.Report{}, err
	}
	s.Slices = 0 // as many as the profile needs
	dir, err := os.MkdirTemp("", "logperf-profile-")
	if err != nil {
		return advise.Report{}, err
	}
	r, err := lockstep.Repeat(ctx, s, 0, lockstep.Options{Command: command, Seed: kneeSeed, Warmup: sweepWarmup, Settings: settings, Profile: dir})
	if err != nil {
		return advise.Report{}, errors.Join(err, os.RemoveAll(dir))
	}
	return advise.FromProfile(r.Arms[0].Profiles["cpu"], s.Name, a.settings, a.file)
}

func (a *adviser) show(w io.Writer, r advise.Report) error {
	if a.json {
		r.Advice = append([]advise.Advice{}, r.Advice...) // none is [], not null
		return indented(w, r)
	}
	return r.Write(w)
}
