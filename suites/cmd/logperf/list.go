package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/logperf/logperf/suites/internal/report"
	"github.com/logperf/logperf/suites/internal/result"
)

func listCommand() *cobra.Command {
	asJSON := false
	c := &cobra.Command{
		Use: "list", Short: "List the stored runs, the newest first",
		Long: `List the stored runs, the newest first: when, which commit, the verdict, and what
their environment has other than that of the newest. Times of runs of another
environment are not compared. A run that cannot be read is named below the list.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			results, err := resultsFolder()
			if err != nil {
				return err
			}
			runs, err := result.At(results).List(c.Context())
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(c, runs)
			}
			if len(runs) == 0 {
				_, err := fmt.Fprintf(c.OutOrStdout(), "there are no runs in %s: make perf leaves one\n", results)
				return err
			}
			return report.Runs(report.PlainWriter(c.OutOrStdout()), runs)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return c
}

// writeJSON writes indented JSON, in which control characters are escaped.
func writeJSON(c *cobra.Command, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.OutOrStdout(), "%s\n", text)
	return err
}
