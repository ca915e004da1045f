// Command logperf looks at limits and stored runs, and searches the knee of a
// load. It judges nothing itself: `make perf` does.
//
// Exit status: 0, 1 where the answer is no, 2 for misuse, 130 where ^C ended it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/logperf/logperf/fixtures/server"
	"github.com/logperf/logperf/suites/internal/load"
	"github.com/logperf/logperf/suites/internal/lockstep"
	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/scenario"
	"github.com/logperf/logperf/suites/internal/threshold"
)

func main() {
	if code, child := serve(os.Stdin, os.Stdout, os.Stderr); child {
		os.Exit(code)
	}
	os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
}

// serve does the work of a child process, where this is one: a knee is searched
// in an arm, which is this binary again, and so is the collector that it sends
// to. An arm's collector is marked as both, so it comes first.
func serve(in io.Reader, out, errs io.Writer) (code int, child bool) {
	switch {
	case server.IsCollector():
		return server.Main(in, out, errs), true
	case lockstep.IsArm():
		return lockstep.Main(load.All(), in, out, errs), true
	}
	return 0, false
}

// run is main without the process. The end of ctx ends what measures.
func run(ctx context.Context, args []string, out, errs io.Writer) int {
	misused := true
	root := &cobra.Command{
		Use: "logperf", Short: "Limits, stored runs and knees of the performance suite",
		SilenceUsage: true, SilenceErrors: true,
		// From here on the words of the call are right: an error is an answer.
		PersistentPreRun: func(*cobra.Command, []string) { misused = false },
	}
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(errs)
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(thresholdsCommand(), showCommand(), listCommand(), compareCommand(), pruneCommand(), kneeCommand())
	called, err := root.ExecuteContextC(ctx)
	switch {
	case err == nil:
		return 0
	case misused:
		_, _ = fmt.Fprintf(errs, "logperf: %v (%s --help tells more)\n", err, called.CommandPath())
		return 2
	}
	_, _ = fmt.Fprintf(errs, "logperf: %v\n", err)
	if errors.Is(err, errInterrupted) {
		return 130
	}
	return 1
}

func thresholdsCommand() *cobra.Command {
	c := &cobra.Command{Use: "thresholds", Short: "The limits of thresholds.yaml", Args: cobra.NoArgs, RunE: needsCommand}
	check := &cobra.Command{
		Use: "check [FILE]", Short: "Hold the limits and the scenarios against each other, both ways",
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			path, err := limitsFile(args)
			if err != nil {
				return err
			}
			file, err := threshold.Load(path, time.Now())
			if err != nil {
				return err
			}
			var known []threshold.Known
			for _, s := range slices.Concat(scenario.All(), load.All()) {
				known = append(known, threshold.Known{Name: s.Name, Metrics: s.Metrics, References: s.References()})
			}
			if err := file.Cover(known); err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%s: %d limits on %d scenarios\n", path, file.Len(), len(known))
			return err
		},
	}
	schema := &cobra.Command{
		Use: "schema", Short: "Print the JSON Schema of thresholds.yaml", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			text, err := threshold.Schema()
			if err != nil {
				return err
			}
			_, err = c.OutOrStdout().Write(text)
			return err
		},
	}
	c.AddCommand(check, schema)
	return c
}

// limitsFile is the file that was asked for, by default that of the repository.
func limitsFile(args []string) (string, error) {
	if len(args) == 1 {
		return args[0], nil
	}
	root, err := result.FindRepository()
	return root.Path("thresholds.yaml"), err
}

// needsCommand is what a command does that only has commands below it.
func needsCommand(c *cobra.Command, _ []string) error { return c.Help() }
