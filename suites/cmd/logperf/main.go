// Command logperf looks at limits, stored runs and the machine, and searches the
// knee of a load. It judges nothing itself: `make perf` does.
//
// Exit status: 0, 1 where the answer is no, 2 for misuse and where the gate has no
// verdict, 3 where there can be no answer, as on a machine that is not fit to
// measure, 130 where ^C ended it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/logperf/logperf/fixtures/server"
	"github.com/logperf/logperf/suites/internal/load"
	"github.com/logperf/logperf/suites/internal/lockstep"
	"github.com/logperf/logperf/suites/internal/scenario"
)

func main() {
	if code, child := serve(os.Stdin, os.Stdout, os.Stderr); child {
		os.Exit(code)
	}
	os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
}

// serve does the work of a child process, where this is one: what is measured
// runs in an arm, which is this binary again, and so is the collector that it
// sends to. An arm's collector is marked as both, so it comes first.
func serve(in io.Reader, out, errs io.Writer) (code int, child bool) {
	switch {
	case server.IsCollector():
		return server.Main(in, out, errs), true
	case lockstep.IsArm():
		return lockstep.Main(slices.Concat(scenario.All(), load.All(), load.Sweeps()), in, out, errs), true
	}
	return 0, false
}

// run is main without the process. The end of ctx ends what measures.
func run(ctx context.Context, args []string, out, errs io.Writer) int {
	misused := true
	root := &cobra.Command{
		Use: "logperf", Short: "Limits, stored runs, knees and the machine of the performance suite",
		SilenceUsage: true, SilenceErrors: true,
		// From here on the words of the call are right: an error is an answer.
		PersistentPreRun: func(*cobra.Command, []string) { misused = false },
	}
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(errs)
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(
		thresholdsCommand(), listCommand(), showCommand(), compareCommand(), reportCommand(), adviseCommand(), pruneCommand(), kneeCommand(),
		doctorCommand(), gateCommand(), drillCommand(),
	)
	called, err := root.ExecuteContextC(ctx)
	switch {
	case err == nil:
		return 0
	case misused:
		_, _ = fmt.Fprintf(errs, "logperf: %v (%s --help tells more)\n", err, called.CommandPath())
		return 2
	}
	_, _ = fmt.Fprintf(errs, "logperf: %v\n", err)
	if with, ok := errors.AsType[interface {
		error
		Status() int
	}](err); ok {
		return with.Status()
	}
	switch {
	case errors.Is(err, errInterrupted):
		return 130
	case errors.Is(err, errUnfit):
		return 3
	}
	return 1
}

// needsCommand is what a command does that only has commands below it.
func needsCommand(c *cobra.Command, _ []string) error { return c.Help() }
