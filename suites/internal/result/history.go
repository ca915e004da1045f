package result

import (
	"context"
	"time"
)

// History is what the stored runs of one environment and corpus measured.
type History struct {
	// Runs are sorted by time, the oldest first.
	Runs []Past
	// Others is how many runs were left out because their environment or corpus
	// is another.
	Others int
	// Damaged are the runs that could not be read, each with its error.
	Damaged []Entry

	series map[figure][]Moment
}

// Past is a run of a History.
type Past struct {
	ID      string
	Started time.Time
	Commit  string
	Dirty   bool
	// Settings are what its settings have other than those of the run that the
	// history was asked for, as SettingsDifferences gives them.
	Settings []string
}

// figure names a series: Row of a Result, and a metric.
type figure struct{ row, metric string }

// Moment is a figure of one run: the median of the repetitions, and the least and
// the greatest of them.
type Moment struct {
	Run              int // index in Runs
	Median, Min, Max float64
	// Changed marks a scenario whose source differs from that of the run that the
	// history was asked for.
	Changed bool
}

// Of is the history of a metric of a row, the oldest run first; runs without it
// are passed over.
func (h *History) Of(row, metric string) []Moment { return h.series[figure{row, metric}] }

// History reads the newest runs of the store, at most that many, that have the
// environment and the corpus of the given run, which is one of them where it is
// stored. 0 for most means 200.
func (s *Store) History(ctx context.Context, run *Run, most int) (*History, error) { panic("not yet") }
