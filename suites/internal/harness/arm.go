package harness

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/logperf/logperf/suites/internal/experiment"
	"github.com/logperf/logperf/suites/internal/lockstep"
)

// armVariable marks a process that the suite has started as an arm.
const armVariable = "LOGPERF_ARM"

// IsArm reports whether this process is an arm of a running suite. The
// bootstrap asks before anything else: an arm serves scenarios, and never
// looks at specs, settings or limits.
func IsArm() bool { return os.Getenv(armVariable) != "" }

// ServeArm serves the scenarios over in and out until the coordinator ends it,
// and returns the exit code of the process.
func ServeArm(scenarios []experiment.Scenario, in io.Reader, out io.Writer, errs io.Writer) int {
	if err := lockstep.Serve(context.Background(), in, out, scenarios); err != nil {
		_, _ = fmt.Fprintln(errs, err)
		return 1
	}
	return 0
}

// selfCommand starts this binary again, as an arm.
func selfCommand() (lockstep.Command, error) {
	path, err := os.Executable()
	if err != nil {
		return lockstep.Command{}, fmt.Errorf("the suite cannot find its own binary to start arms from: %w", err)
	}
	return lockstep.Command{Path: path, Env: append(os.Environ(), armVariable+"=1")}, nil
}
