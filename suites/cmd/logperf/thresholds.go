package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/logperf/logperf/logging/config"
	"github.com/logperf/logperf/suites/internal/load"
	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/scenario"
	"github.com/logperf/logperf/suites/internal/threshold"
)

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
			known := everyKnown()
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
	c.AddCommand(check, auditCommand(), schema)
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

// everyKnown is all that limits are held against.
func everyKnown() []threshold.Known {
	var known []threshold.Known
	for _, s := range slices.Concat(scenario.All(), load.All()) {
		known = append(known, threshold.Known{Name: s.Name, Metrics: s.Metrics, References: s.References()})
	}
	return known
}

func auditCommand() *cobra.Command {
	var strict, asJSON bool
	c := &cobra.Command{
		Use: "audit [RUN]", Short: "Look for limits that have expired or are too loose ever to fail",
		Long: `Hold the limits against the figures of a stored run, by default of the latest:
which have expired or will within 30 days, which stand more than ten intervals off
what was measured and could fail for a catastrophe alone, and which profile is not
this machine's. A tighter value is proposed where there is one.

The exit status is 0 whatever is found: a limit that is too loose is an invitation
to tighten it, and no fault of the change that is tested. --strict makes it 1.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			id := result.Latest
			if len(args) == 1 {
				id = args[0]
			}
			audit, err := audited(id)
			if err != nil {
				return err
			}
			show := audit.Write
			if asJSON {
				show = func(w io.Writer) error { return indented(w, audit) }
			}
			if err := show(c.OutOrStdout()); err != nil {
				return err
			}
			if n := len(audit.Findings); strict && n > 0 {
				return fmt.Errorf("%d findings, for which --strict fails", n)
			}
			return nil
		},
	}
	c.Flags().BoolVar(&strict, "strict", false, "exit with 1 where anything was found")
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return c
}

// audited holds the limits of the repository against a run of its store.
func audited(id string) (threshold.Audit, error) {
	root, err := result.FindRepository()
	if err != nil {
		return threshold.Audit{}, err
	}
	settings, err := config.Load(root.Environ(os.Environ(), "LOGPERF_SETTINGS"))
	if err != nil {
		return threshold.Audit{}, err
	}
	run, err := result.At(root.Path(settings.Benchmark.Results)).Load(id)
	if err != nil {
		return threshold.Audit{}, err
	}
	// What has expired is a finding here, and no reason to find nothing.
	file, err := threshold.Load(root.Path("thresholds.yaml"), time.Time{})
	if err != nil {
		return threshold.Audit{}, err
	}
	return file.Audit(run, threshold.AuditOptions{
		Confidence: settings.Benchmark.Confidence, Profile: settings.Benchmark.Profile, Now: time.Now(),
	})
}
