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

// Callgrind counts with the tool of that name of valgrind, which runs a process
// on a processor of its own making, some 50 times slower. Its value is the path
// of valgrind.
type Callgrind string

// String implements Counter.
func (Callgrind) String() string { return "callgrind" }

// Count implements Counter.
func (v Callgrind) Count(ctx context.Context, c Command) (float64, error) {
	dir, err := os.MkdirTemp(c.Dir, "logperf-count-")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	out := filepath.Join(dir, "callgrind.out")
	// Its pipes for a debugger would stay behind in the temporary folder where it is
	// killed.
	args := append([]string{"--tool=callgrind", "--callgrind-out-file=" + out, "--vgdb=no", "--quiet", c.Path}, c.Args...)
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

// parseTotals reads the sum of all instructions from callgrind's output, whose
// format the manual of valgrind describes: its line is "totals: N", or
// "summary: N" where the output has no more than one part.
func parseTotals(text []byte) (float64, error) {
	events := ""
	for line := range strings.Lines(string(text)) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), ":")
		switch value = strings.TrimSpace(value); {
		case !ok:
		case key == "events":
			events = value
		case key == "totals" || key == "summary":
			if events != "Ir" {
				return 0, fmt.Errorf("callgrind counted the events %q: want Ir, instructions alone", events)
			}
			n, err := strconv.ParseUint(value, 10, 64)
			if err != nil {
				return 0, fmt.Errorf("callgrind's line %q holds no count: %w", strings.TrimSpace(line), err)
			}
			return float64(n), nil
		}
	}
	return 0, errors.New("callgrind's output has no line totals")
}
