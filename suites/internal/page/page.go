// Package page shows a stored run as one HTML file that a browser opens without
// a network: the verdict, what needs attention, and each scenario with its
// plots, whose figures all stand in tables too.
//
// The Go side decides what is shown, in which order and with how many points;
// the script draws it. Without scripts the tables are the page.
package page

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/logperf/logperf/suites/internal/compare"
	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/stat"
)

// Input is what a page is made of. All but Run may be empty; what is missing is
// left out or said in one sentence.
type Input struct {
	// Run is what is shown. It is only read.
	Run *result.Run
	// Folder is where the run is stored, for the commands that a reader is shown.
	Folder string
	// Histograms gives the times of single calls of a row by their tags, as
	// result.Store.Histograms does; what it can read beside an error is shown.
	Histograms func(row result.Result) (map[string]*stat.Histogram, error)
	// Past is what earlier runs measured.
	Past Past
	// Comparison holds an older run against Run, which is its New.
	Comparison *compare.Comparison
	// Notes are sentences on what could not be read, such as a damaged run.
	Notes []string
}

// Past is what the runs of the same environment measured, as result.History
// keeps it.
type Past struct {
	// Runs are sorted by time, the oldest first.
	Runs []result.Past
	// Of is the history of a metric of a row, by its name; the oldest run first.
	Of func(row, metric string) []result.Moment
	// Others is how many stored runs are of another environment, and not here.
	Others int
}

// Write writes the page. Nothing is written where it cannot be made.
func Write(w io.Writer, in Input) error {
	if in.Run == nil {
		return errors.New("there is no run to show")
	}
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, "page.html.tmpl", viewOf(in)); err != nil {
		return fmt.Errorf("the page of the run %s cannot be made: %w", in.Run.ID, err)
	}
	_, err := w.Write(b.Bytes())
	return err
}
