package drill

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/logperf/logperf/suites/internal/result"
)

const (
	// mostOfASuite bounds the build and the run of one scenario; the longest of
	// those that plants name take a minute.
	mostOfASuite = 10 * time.Minute
	// graceOfASuite is how long an interrupted suite has to end its arms, networks and
	// memory limits before it is killed.
	graceOfASuite = 30 * time.Second
	// outputTail is how much of what a command printed an error shows.
	outputTail = 4 << 10
)

// Suite holds plants against thresholds.yaml: it builds the suite with the
// overlay and measures the scenario of the catch, as `make perf ONLY=` does.
type Suite struct {
	// Root is the folder of the repository.
	Root string
}

// Judge implements Judge.
func (s Suite) Judge(ctx context.Context, laid Planted, p Plant, c Catch) (Finding, error) {
	ctx, cancel := context.WithTimeout(ctx, mostOfASuite)
	defer cancel()
	dir, err := os.MkdirTemp("", "logperf-drill-")
	if err != nil {
		return Finding{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary, results := filepath.Join(dir, "suite.test"), filepath.Join(dir, "results")
	// What is killed leaves its files there, and they go with the folder.
	scratch := "TMPDIR=" + dir
	if out, err := command(ctx, s.Root, []string{scratch}, "go", "test", "-c", "-overlay="+laid.Overlay, "-o", binary, "./suites"); err != nil {
		return Finding{}, fmt.Errorf("the suite does not build with plant %s: %w\n%s", p.Name, err, out)
	}
	// The specs look for the repository from the folder of their package.
	environ := []string{
		scratch, "LOGPERF_MEASURE=1", "LOGPERF_INCONCLUSIVE=warn", "GINKGO_NO_COLOR=TRUE",
		"LOGPERF_ONLY=" + c.Scenario, "LOGPERF_BENCHMARK_RESULTS=" + results,
	}
	if c.Profile != "" {
		environ = append(environ, "LOGPERF_BENCHMARK_PROFILE="+c.Profile)
	}
	out, failed := command(ctx, filepath.Join(s.Root, "suites"), environ, binary)
	run, err := result.At(results).Load(result.Latest)
	if err != nil {
		return Finding{}, fmt.Errorf("the suite left no results with plant %s: %w\n%s", p.Name, errors.Join(err, failed), out)
	}
	if run.Interrupted {
		return Finding{}, fmt.Errorf("the run with plant %s was interrupted: %w\n%s", p.Name, errors.Join(ctx.Err(), failed), out)
	}
	return judge(run, p, c), nil
}

// judge looks for the verdict that the catch names.
func judge(run *result.Run, p Plant, c Catch) Finding {
	switch {
	case p.Unchanged:
		return Finding{Outcome: run.Outcome, Caught: run.Outcome == result.Fail, Detail: worst(run)}
	case c.Error != "":
		return judgeError(run, c)
	}
	found := Finding{Outcome: result.NotJudged, Detail: "no limit on " + c.Metric + " was judged; " + worst(run)}
	for _, v := range run.Verdicts {
		if v.Scenario != c.Scenario || v.Of() != c.Metric || found.Caught {
			continue
		}
		found = Finding{Outcome: v.Outcome, Caught: v.Outcome == result.Fail, Detail: v.String()}
	}
	return found
}

func judgeError(run *result.Run, c Catch) Finding {
	for _, e := range run.Errors {
		if e.Scenario == c.Scenario && strings.Contains(e.Text, c.Error) {
			return Finding{Outcome: result.Fail, Caught: true, Detail: e.Text}
		}
	}
	return Finding{Outcome: run.Outcome, Detail: "the scenario did not break off with " + fmt.Sprintf("%q; ", c.Error) + worst(run)}
}

// worst is what speaks most against a run: an error, else a verdict that failed.
func worst(run *result.Run) string {
	if len(run.Errors) > 0 {
		return "ERROR " + run.Errors[0].Text
	}
	for _, outcome := range []result.Outcome{result.Fail, result.Inconclusive} {
		for _, v := range run.Verdicts {
			if v.Outcome == outcome {
				return v.String()
			}
		}
	}
	return fmt.Sprintf("all %d limits of the run hold", len(run.Verdicts))
}

// command runs a program in a process group of its own and returns the end of what
// it printed. At the end of ctx the group is interrupted, as by ^C in a terminal:
// a suite that is killed at once leaves its arms to themselves. The settings of
// whoever calls the drill do not reach it: what is planted would be measured with
// another corpus, or not at all.
func command(ctx context.Context, dir string, environ []string, name string, args ...string) (string, error) {
	c := exec.CommandContext(ctx, name, args...)
	c.Dir = dir
	for _, one := range os.Environ() {
		if !strings.HasPrefix(one, "LOGPERF_") {
			c.Env = append(c.Env, one)
		}
	}
	c.Env = append(c.Env, environ...)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGINT) }
	c.WaitDelay = graceOfASuite
	out, err := c.CombinedOutput()
	if c.Process != nil {
		// The process is gone, so this reaches what it left in its group.
		_ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL)
	}
	if over := len(out) - outputTail; over > 0 {
		out = out[over:]
	}
	return string(out), err
}
