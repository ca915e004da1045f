package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/logperf/logperf/fixtures/memlimit"
	"github.com/logperf/logperf/fixtures/netlimit"
	"github.com/logperf/logperf/logging/config"
	"github.com/logperf/logperf/suites/internal/doctor"
	"github.com/logperf/logperf/suites/internal/experiment"
	"github.com/logperf/logperf/suites/internal/lockstep"
	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/scenario"
	"github.com/logperf/logperf/suites/internal/threshold"
)

const (
	// selfLasts is how long the arms of each scenario of the harness are measured
	// against themselves: 20 s for the two.
	selfLasts = 10 * time.Second
	// selfScenarios begin the names of those that have a second arm of the same
	// code.
	selfScenarios = "harness/self/"
	// triedMemory is the limit that is made and removed again.
	triedMemory = 64 << 20
)

// errUnfit is the answer of a doctor who has found something bad.
var errUnfit = errors.New("this machine is not fit to measure: see what is bad")

// examination is a call of the command.
type examination struct {
	quick, json bool
	lasts       time.Duration
}

func doctorCommand() *cobra.Command {
	e := examination{lasts: selfLasts}
	c := &cobra.Command{
		Use: "doctor", Short: "Tell whether this machine is fit to measure, and what to do about it", Args: cobra.NoArgs,
		Long: `Look at the machine, at who else works on it, and at how far two arms of the same
code differ on it, which takes 20 s; then at which scenarios it can run. Each
finding that is not ok says what to do.

The exit status is 0 where it is fit, 3 where something is bad: figures from it say
nothing either way.`,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return e.run(ctx, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	c.Flags().BoolVar(&e.quick, "quick", false, "leave out what takes longer than a second: the arms against themselves, the build of the proxy")
	c.Flags().BoolVar(&e.json, "json", false, "as JSON")
	return c
}

func (e examination) run(ctx context.Context, out, errs io.Writer) error {
	root, err := result.FindRepository()
	if err != nil {
		return err
	}
	settings, err := config.Load(root.Environ(os.Environ(), "LOGPERF_SETTINGS"))
	if err != nil {
		return err
	}
	b := settings.Benchmark
	r := &doctor.Report{Environment: result.Machine(ctx, string(root)), Noise: []doctor.Finding{}}
	r.Machine = doctor.Examine(ctx, machineOf(ctx, r.Environment, root.Path(b.Results)))
	if !e.quick {
		o := lockstep.Options{Seed: b.Seed, Duration: b.Duration, Warmup: b.Warmup, Timeout: b.Timeout}
		if r.Noise, err = e.noise(ctx, o, errs); err != nil {
			return err
		}
	}
	r.Can = e.able(ctx, root, r.Environment, b.Profile)
	if ctx.Err() != nil {
		return errInterrupted
	}
	r.Judge()
	show := r.Write
	if e.json {
		show = func(w io.Writer) error { return indented(w, r) }
	}
	if err := show(out); err != nil {
		return err
	}
	if !r.Fit {
		return errUnfit
	}
	return nil
}

// machineOf is this machine as the doctor looks at it.
func machineOf(ctx context.Context, env result.Environment, results string) doctor.Machine {
	temp := os.TempDir()
	if path, err := filepath.Abs(temp); err == nil {
		temp = path
	}
	return doctor.Machine{
		Root: os.DirFS("/"), Environment: env, Environ: os.Environ(), Flags: goFlags(ctx),
		Temp: temp, Results: results, Free: freeBytes, Clock: doctor.ReadClock,
		Wait: func(ctx context.Context, d time.Duration) error {
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-time.After(d):
				return nil
			}
		},
	}
}

// goFlags are the GOFLAGS of the environment, or those that go env keeps.
func goFlags(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	text, err := exec.CommandContext(ctx, "go", "env", "GOFLAGS").Output()
	if err != nil {
		return os.Getenv("GOFLAGS")
	}
	return strings.TrimSpace(string(text))
}

// freeBytes is how many bytes can be written to a folder, or where it is yet to be
// made to the one that it will be made in.
func freeBytes(path string) (uint64, error) {
	for {
		var s syscall.Statfs_t
		err := syscall.Statfs(path, &s)
		if errors.Is(err, os.ErrNotExist) && path != filepath.Dir(path) {
			path = filepath.Dir(path)
			continue
		}
		return s.Bavail * uint64(s.Bsize), err
	}
}

// noise measures the arms of the harness against themselves. What cannot be
// measured is bad.
func (e examination) noise(ctx context.Context, o lockstep.Options, errs io.Writer) ([]doctor.Finding, error) {
	var err error
	if o.Command, err = lockstep.Self(); err != nil {
		return nil, err
	}
	watched := terminal(errs)
	var all []doctor.Finding
	for _, s := range scenario.Harness() {
		if !strings.HasPrefix(s.Name, selfScenarios) {
			continue
		}
		began := time.Now()
		n, err := doctor.Self(ctx, s, e.lasts, func(ctx context.Context, s experiment.Scenario, number int) (*lockstep.Repetition, error) {
			if left := e.lasts - time.Since(began); watched {
				_, _ = fmt.Fprintf(errs, "\r\x1b[K%s: pair %d, %v left", s.Name, number+1, max(0, left).Round(time.Second))
			}
			return lockstep.Repeat(ctx, s, number, o)
		})
		if watched {
			_, _ = io.WriteString(errs, "\r\x1b[K")
		}
		switch {
		case ctx.Err() != nil:
			return nil, errInterrupted
		case err != nil:
			all = append(all, doctor.Finding{About: s.Name, Rating: doctor.Bad, Value: "not measured", Advice: err.Error()})
		default:
			all = append(all, n.Finding())
		}
	}
	return all, nil
}

// able tries what scenarios need beyond Go.
func (e examination) able(ctx context.Context, root result.Repository, env result.Environment, forced string) []doctor.Finding {
	all := []doctor.Finding{doctor.Browser(exec.LookPath), doctor.Counting(exec.LookPath), memoryLimit()}
	if !e.quick {
		all = append(all, doctor.Proxy(buildProxy(ctx, root)))
	}
	var fitting []string
	file, err := threshold.Load(root.Path("thresholds.yaml"), time.Now())
	if err == nil {
		fitting = file.Fitting(env, forced)
	}
	return append(all, doctor.Profile(fitting, err))
}

// memoryLimit tries a limit on memory, under which nothing runs.
func memoryLimit() doctor.Finding {
	l, err := memlimit.New("doctor", triedMemory)
	if err != nil {
		return doctor.Memory(false, err.Error())
	}
	hard, what := l.Hard(), l.String()
	if err := l.Close(); err != nil {
		return doctor.Memory(false, err.Error())
	}
	return doctor.Memory(hard, what)
}

// buildProxy builds the network proxy, and throws it away.
func buildProxy(ctx context.Context, root result.Repository) error {
	dir, err := os.MkdirTemp("", "logperf-doctor-")
	if err != nil {
		return err
	}
	_, err = netlimit.Build(ctx, string(root), dir)
	return errors.Join(err, os.RemoveAll(dir))
}
