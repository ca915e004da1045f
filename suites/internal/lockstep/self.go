package lockstep

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/logperf/logperf/suites/internal/experiment"
)

// variable marks a process that was started by the command of Self.
const variable = "LOGPERF_ARM"

// IsArm reports whether this process is to be an arm. A program that starts
// itself again as one asks before anything else, and calls Main: an arm serves
// scenarios, and never looks at specs, settings, limits or arguments.
func IsArm() bool { return os.Getenv(variable) != "" }

// Main is the arm's process: it serves the scenarios over in and out until the
// coordinator ends it, writes what went wrong to errs, and returns the exit code.
func Main(scenarios []experiment.Scenario, in io.Reader, out, errs io.Writer) int {
	if err := Serve(context.Background(), in, out, scenarios); err != nil {
		_, _ = fmt.Fprintln(errs, err)
		return 1
	}
	return 0
}

// Self is the command that starts this binary again, as an arm. Its error tells
// that the system does not say where the binary is.
func Self() (Command, error) {
	path, err := os.Executable()
	if err != nil {
		return Command{}, fmt.Errorf("this program cannot find its own binary to start arms from: %w", err)
	}
	return Command{Path: path, Env: append(os.Environ(), variable+"=1")}, nil
}
