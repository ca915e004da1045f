package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/logperf/logperf/suites/internal/compare"
	"github.com/logperf/logperf/suites/internal/page"
	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/stat"
)

// reportOf is a call of the command.
type reportOf struct {
	compare bool
	out     string
}

func reportCommand() *cobra.Command {
	var r reportOf
	c := &cobra.Command{
		Use:   "report [RUN | --compare OLD [NEW]]",
		Short: "Write a stored run as one HTML page, by default the latest",
		Long: `Write a stored run as one HTML page with its plots: the verdict, what needs
attention, each scenario, and its history over the stored runs of the same
environment. The page needs no network and is printed as a path.

RUN is the name of a folder in the results, or "latest". With --compare the page
shows NEW, by default the latest run, and what has changed since OLD.`,
		Example: "  logperf report\n  logperf report --compare 20261125T141455Z-16abd15c77dc latest -o compared.html",
		Args: func(c *cobra.Command, args []string) error {
			if !r.compare {
				return cobra.MaximumNArgs(1)(c, args)
			}
			if len(args) != 1 && len(args) != 2 {
				return fmt.Errorf("--compare has %d runs: want the older and, if it is not the latest, the newer", len(args))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			path, err := r.write(c.Context(), args)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(c.OutOrStdout(), path)
			return err
		},
	}
	c.Flags().BoolVar(&r.compare, "compare", false, "show what has changed since an older run")
	c.Flags().StringVarP(&r.out, "output", "o", "", "the file to write (default report.html in the folder of the run)")
	return c
}

// write makes the page and returns its path. What the store cannot read beside
// the run is said on the page.
func (r reportOf) write(ctx context.Context, args []string) (string, error) {
	results, err := resultsFolder()
	if err != nil {
		return "", err
	}
	store := result.At(results)
	id := result.Latest
	if len(args) > 0 {
		id = args[len(args)-1]
	}
	if r.compare && len(args) == 1 {
		id = result.Latest
	}
	run, err := store.Load(id)
	if err != nil {
		return "", err
	}
	in := page.Input{
		Run: run, Folder: filepath.Join(results, run.ID),
		Histograms: func(row result.Result) (map[string]*stat.Histogram, error) { return store.Histograms(run, row) },
	}
	if r.compare {
		old, err := store.Load(args[0])
		if err != nil {
			return "", err
		}
		if old.ID == run.ID {
			return "", fmt.Errorf("both runs are %s: want two", run.ID)
		}
		in.Comparison = compare.Compare(old, run, compare.Options{})
	}
	if err := past(ctx, store, &in); err != nil {
		return "", err
	}
	var b bytes.Buffer
	if err := page.Write(&b, in); err != nil {
		return "", err
	}
	path := r.out
	if path == "" {
		path = filepath.Join(results, run.ID, "report.html")
	}
	return path, result.WriteFileAtomic(path, b.Bytes())
}

// past adds what earlier runs measured. A store whose runs cannot be listed
// leaves a page without history, not no page.
func past(ctx context.Context, store *result.Store, in *page.Input) error {
	history, err := store.History(ctx, in.Run, 0)
	if err != nil {
		if ctxErr := ctx.Err(); ctxErr != nil {
			return errors.Join(ctxErr, err)
		}
		in.Notes = append(in.Notes, fmt.Sprintf("The history cannot be read: %v.", err))
		return nil
	}
	in.Past = page.Past{Runs: history.Runs, Of: history.Of}
	if history.Others > 0 {
		in.Notes = append(in.Notes, fmt.Sprintf("%d stored runs of another environment or corpus are not part of the history.", history.Others))
	}
	for _, d := range history.Damaged {
		in.Notes = append(in.Notes, fmt.Sprintf("The run %s: %v.", d.ID, d.Err))
	}
	return nil
}
