package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/logperf/logperf/logging/config"
	"github.com/logperf/logperf/suites/internal/compare"
	"github.com/logperf/logperf/suites/internal/report"
	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/threshold"
)

// formats are what --format takes.
var formats = []string{"text", "markdown", "json", "csv"}

func compareCommand() *cobra.Command {
	format, all := formats[0], false
	c := &cobra.Command{
		Use: "compare [OLD [NEW]]", Short: "Show what two stored runs differ in",
		Long: `Show what two stored runs differ in, what changed first. Without names these are
the latest and the one before it of the same selection of scenarios; with one name
that run and the latest.

Counts without noise are always compared. All else is compared where environment,
corpus and the source of the scenario are the same, as in benchstat: medians, and a
change that counts where it is certain (benchmark.confidence) and 4 % or more, or
what thresholds.yaml names as the figure's regression. The references tell what the
machine did: a time counts where its ratio to a reference changed as well, or it
rose or fell by more than those of the references did. Settings may differ, and are
listed.`,
		Example: "  logperf compare\n  logperf compare 20261125T141455Z-16abd15c77dc latest --format markdown",
		Args: func(c *cobra.Command, args []string) error {
			if err := cobra.MaximumNArgs(2)(c, args); err != nil {
				return err
			}
			if !slices.Contains(formats, format) {
				return fmt.Errorf("--format is %q: want %s", format, strings.Join(formats, ", "))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			results, err := resultsFolder()
			if err != nil {
				return err
			}
			before, after, err := twoRuns(c.Context(), result.At(results), args)
			if err != nil {
				return err
			}
			o, note, err := compareOptions()
			if err != nil {
				return err
			}
			if note != "" {
				_, _ = fmt.Fprintln(c.ErrOrStderr(), "note: "+note)
			}
			comparison := compare.Compare(before, after, o)
			switch format {
			case "json":
				return writeJSON(c, comparison)
			case "csv":
				return report.ComparisonCSV(c.OutOrStdout(), comparison)
			}
			return report.Comparison(c.OutOrStdout(), comparison, report.ComparisonOptions{
				Markdown: format == "markdown", All: all, Hint: gateHint(c.Context(), before),
			})
		},
	}
	c.Flags().StringVar(&format, "format", format, strings.Join(formats, ", "))
	c.Flags().BoolVar(&all, "all", false, "show what did not change and what cannot be compared, too")
	return c
}

// compareOptions are those of the settings and the limits of the repository. Limits
// that cannot be read are no reason to compare nothing: then what counts is the same
// for all figures, and note says so.
func compareOptions() (o compare.Options, note string, err error) {
	root, err := result.FindRepository()
	if err != nil {
		return o, "", err
	}
	settings, err := config.Load(root.Environ(os.Environ(), config.FileVariable))
	if err != nil {
		return o, "", err
	}
	o.Confidence = settings.Benchmark.Confidence
	// What has expired says all the same how large a change counts.
	file, err := threshold.Load(root.Path("thresholds.yaml"), time.Time{})
	if err != nil {
		line, _, _ := strings.Cut(err.Error(), "\n")
		return o, fmt.Sprintf("a change counts from %.3g %% on for all figures, because %s", 100*compare.DefaultLeast, line), nil
	}
	o.Least = func(scenario, metric, _ string) float64 {
		if r, ok := file.Regression(scenario, metric); ok && r.Limited {
			return r.Limit
		}
		return compare.DefaultLeast
	}
	return o, "", nil
}

// twoRuns loads the runs that are asked for; where none are, the latest that can
// be read and the one before it.
func twoRuns(ctx context.Context, store *result.Store, names []string) (before, after *result.Run, err error) {
	switch len(names) {
	case 0:
		runs, err := store.List(ctx)
		if err != nil {
			return nil, nil, err
		}
		runs = slices.DeleteFunc(runs, func(e result.Entry) bool { return e.Err != nil })
		if len(runs) < 2 {
			return nil, nil, fmt.Errorf("there are %d runs that can be read: want two to compare, or their names", len(runs))
		}
		names = []string{previous(runs).ID, runs[0].ID}
	case 1:
		names = []string{names[0], result.Latest}
	}
	if before, err = store.Load(names[0]); err != nil {
		return nil, nil, err
	}
	if after, err = store.Load(names[1]); err != nil {
		return nil, nil, err
	}
	if before.ID == after.ID {
		return nil, nil, fmt.Errorf("both names are run %s: want two runs to compare", after.ID)
	}
	return before, after, nil
}

// previous is the run before the first of runs that measured the same selection of
// scenarios; that before it where none did.
func previous(runs []result.Entry) result.Entry {
	for _, e := range runs[1:] {
		if e.Filter == runs[0].Filter && e.Only == runs[0].Only {
			return e
		}
	}
	return runs[1]
}

// gateHint is what answers the questions that stored times leave.
func gateHint(ctx context.Context, before *result.Run) string {
	const answers = "Between two runs the machine changes too. What that leaves open, make gate BASE=%s answers: it measures both in lockstep"
	root, err := result.FindRepository()
	if err == nil {
		err = result.FindCommit(ctx, string(root), before.Environment)
	}
	if err != nil {
		return fmt.Sprintf(answers, "REF") + fmt.Sprintf(". The old run is no base: %v.", err)
	}
	return fmt.Sprintf(answers, before.Environment.Commit) + "."
}
