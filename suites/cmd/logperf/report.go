package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

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
		Use:   "report [RUN | --compare [OLD [NEW]]]",
		Short: "Write a stored run as one HTML page, by default the latest",
		Long: `Write a stored run as one HTML page with its plots: the verdict, what needs
attention, each scenario, and its history over the stored runs of the same
environment. The page needs no network; its path is printed.

RUN is the name of a folder in the results, or "latest". With --compare the page
shows NEW and what has changed since OLD, by default the two latest runs.`,
		Example: "  logperf report\n  logperf report --compare 20261125T141455Z-16abd15c77dc latest -o compared.html",
		Args: func(c *cobra.Command, args []string) error {
			if r.compare {
				return cobra.MaximumNArgs(2)(c, args)
			}
			return cobra.MaximumNArgs(1)(c, args)
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
	c.Flags().BoolVar(&r.compare, "compare", false, "show what has changed since an older run, too")
	c.Flags().StringVarP(&r.out, "output", "o", "", "the file to write (default report.html in the folder of the run, report-since-OLD.html with --compare)")
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
	in, err := r.runs(ctx, store, args)
	if err != nil {
		return "", err
	}
	run := in.Run
	in.Folder = shown(filepath.Join(results, run.ID))
	in.Histograms = func(row result.Result) (map[string]*stat.Histogram, error) {
		times, err := store.Histograms(run, row)
		if err != nil {
			err = within(results, err)
		}
		return times, err
	}
	if err := past(ctx, store, results, &in); err != nil {
		return "", err
	}
	var b bytes.Buffer
	if err := page.Write(&b, in); err != nil {
		return "", err
	}
	path := r.out
	if path == "" {
		path = filepath.Join(results, run.ID, "report.html")
		if in.Comparison != nil { // the page of the run alone stays
			path = filepath.Join(results, run.ID, "report-since-"+in.Comparison.Old.ID+".html")
		}
	}
	return path, result.WriteFileAtomic(path, b.Bytes())
}

// runs loads what is asked for.
func (r reportOf) runs(ctx context.Context, store *result.Store, names []string) (page.Input, error) {
	if r.compare {
		before, after, err := twoRuns(ctx, store, names)
		if err != nil {
			return page.Input{}, err
		}
		o, note, err := compareOptions()
		if err != nil {
			return page.Input{}, err
		}
		in := page.Input{Run: after, Comparison: compare.Compare(before, after, o)}
		if note != "" {
			in.Notes = append(in.Notes, strings.ToUpper(note[:1])+note[1:]+".")
		}
		return in, nil
	}
	run, err := store.Load(append(names, result.Latest)[0])
	return page.Input{Run: run}, err
}

// shown is a path as a command in the repository takes it: a page that is passed
// on does not tell where it was made.
func shown(path string) string {
	root, err := result.FindRepository()
	if err != nil {
		return path
	}
	below, err := filepath.Rel(string(root), path)
	if err != nil || !filepath.IsLocal(below) {
		return path
	}
	return below
}

// past adds what earlier runs measured. A store whose runs cannot be listed
// leaves a page without history, not no page.
func past(ctx context.Context, store *result.Store, results string, in *page.Input) error {
	history, err := store.History(ctx, in.Run, 0)
	if err != nil {
		if ctx.Err() != nil {
			return err
		}
		in.Notes = append(in.Notes, fmt.Sprintf("The history cannot be read: %v.", within(results, err)))
		return nil
	}
	in.Past = page.Past{Runs: history.Runs, Of: history.Of, Others: history.Others}
	for _, d := range history.Damaged {
		in.Notes = append(in.Notes, within(results, d.Err).Error())
	}
	return nil
}

// within is an error whose paths in the results are as shown gives them.
func within(results string, err error) error {
	return errors.New(strings.ReplaceAll(err.Error(), results, shown(results)))
}
