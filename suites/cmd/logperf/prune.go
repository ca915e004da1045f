package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/logperf/logperf/suites/internal/result"
)

func pruneCommand() *cobra.Command {
	var o result.PruneOptions
	c := &cobra.Command{
		Use: "prune --keep N", Short: "Remove all stored runs but the newest",
		Long: `Remove all stored runs but the newest N. The run that latest points at stays, and
so does a run in progress. A run that cannot be read stays and does not count:
a newer version may read it. Folders that are no runs are left alone.`,
		Example: "  logperf prune --keep 20 --dry-run",
		Args: func(c *cobra.Command, args []string) error {
			if err := cobra.NoArgs(c, args); err != nil {
				return err
			}
			if !c.Flags().Changed("keep") {
				return errors.New("--keep is missing: want the number of runs that stay, such as --keep 20")
			}
			if o.Keep < 1 {
				return fmt.Errorf("--keep is %d: want 1 or more", o.Keep)
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error {
			results, err := resultsFolder()
			if err != nil {
				return err
			}
			gone, err := result.At(results).Prune(c.Context(), o)
			what := "removed"
			if o.Dry {
				what = "would be removed"
			}
			for _, id := range gone {
				if _, err := fmt.Fprintf(c.OutOrStdout(), "%s %s\n", what, id); err != nil {
					return err
				}
			}
			if err == nil {
				_, err = fmt.Fprintf(c.OutOrStdout(), "%d runs %s from %s\n", len(gone), what, results)
			}
			return err
		},
	}
	c.Flags().IntVar(&o.Keep, "keep", 0, "how many of the newest runs stay")
	c.Flags().BoolVar(&o.Dry, "dry-run", false, "say what would be removed and remove nothing")
	return c
}
