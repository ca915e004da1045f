package count

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// afterKill bounds the wait for the output of a process that was killed.
const afterKill = time.Second

// Cachegrind counts with the tool of that name of valgrind, which runs a process
// on a processor of its own making. Without its caches it counts what callgrind
// counts, in a third of the time, because it keeps no graph of calls. Its value is
// the path of valgrind.
type Cachegrind string

// String implements Counter.
func (Cachegrind) String() string { return "cachegrind" }

// Count implements Counter.
func (v Cachegrind) Count(ctx context.Context, c Command) (float64, error) {
	dir, err := os.MkdirTemp(c.Dir, "logperf-count-")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	out := filepath.Join(dir, "cachegrind.out")
	// Its pipes for a debugger would stay behind in the temporary folder where it is
	// killed.
	args := append([]string{"--tool=cachegrind", "--cachegrind-out-file=" + out, "--cache-sim=no", "--vgdb=no", "--quiet", c.Path}, c.Args...)
	var errs bytes.Buffer
	child := exec.CommandContext(ctx, string(v), args...)
	child.Env, child.Stderr = steady(c.Env), &errs
	child.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	child.Cancel = func() error { return syscall.Kill(-child.Process.Pid, syscall.SIGKILL) }
	child.WaitDelay = afterKill
	if err := child.Run(); err != nil {
		return 0, explained(errors.Join(err, ctx.Err()), errs.String())
	}
	text, err := os.ReadFile(out)
	if err != nil {
		return 0, explained(fmt.Errorf("valgrind left no count: %w", err), errs.String())
	}
	return parseTotals(text)
}

// parseTotals reads the sum of all instructions from cachegrind's output, whose
// format the manual of valgrind describes: its line is "summary: N".
func parseTotals(text []byte) (float64, error) {
	events := ""
	for line := range strings.Lines(string(text)) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), ":")
		switch value = strings.TrimSpace(value); {
		case !ok:
		case key == "events":
			events = value
		case key == "summary":
			if events != "Ir" {
				return 0, fmt.Errorf("cachegrind counted the events %q: want Ir, instructions alone", events)
			}
			n, err := strconv.ParseUint(value, 10, 64)
			if err != nil {
				return 0, fmt.Errorf("cachegrind's line %q holds no count: %w", strings.TrimSpace(line), err)
			}
			return float64(n), nil
		}
	}
	return 0, errors.New("cachegrind's output has no line summary")
}
