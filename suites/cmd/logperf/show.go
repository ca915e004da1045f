package main

import (
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/logperf/logperf/logging/config"
	"github.com/logperf/logperf/suites/internal/report"
	"github.com/logperf/logperf/suites/internal/result"
)

func showCommand() *cobra.Command {
	markdown := false
	c := &cobra.Command{
		Use: "show [RUN]", Short: "Print the tables of a stored run, by default of the latest",
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			results, err := resultsFolder()
			if err != nil {
				return err
			}
			id := result.Latest
			if len(args) == 1 {
				id = args[0]
			}
			run, err := result.At(results).Load(id)
			if err != nil {
				return err
			}
			// Names and texts of a stored run may hold anything.
			out := report.PlainWriter(c.OutOrStdout())
			if markdown {
				return report.Markdown(out, run)
			}
			if err := report.Figures(out, run); err != nil {
				return err
			}
			return report.Table(out, run, report.Options{Folder: filepath.Join(results, run.ID)})
		},
	}
	c.Flags().BoolVar(&markdown, "markdown", false, "as Markdown, for the summary of a job")
	return c
}

// resultsFolder is the folder that the suite writes its runs to, by the same
// settings.
func resultsFolder() (string, error) {
	root, err := result.FindRepository()
	if err != nil {
		return "", err
	}
	settings, err := config.Load(root.Environ(os.Environ(), "LOGPERF_SETTINGS"))
	return root.Path(settings.Benchmark.Results), err
}
