package result

import (
	"context"
	"slices"
	"time"

	"github.com/logperf/logperf/suites/internal/metric"
	"github.com/logperf/logperf/suites/internal/stat"
)

// DefaultHistory is how many runs a History looks at where nothing is asked for.
const DefaultHistory = 200

// History is what the stored runs of one environment measured.
type History struct {
	// Runs are sorted by time, the oldest first.
	Runs []Past
	// Others is how many runs were left out because their environment is another.
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
	// Doubt marks a figure that says nothing by the run's own word.
	Doubt bool
}

// Of is the history of a metric of a row, the oldest run first; runs without it
// are passed over, and rows that the run does not have that the history was asked
// for. The caller does not change it.
func (h *History) Of(row, metric string) []Moment { return h.series[figure{row, metric}] }

// past is what of a run.json a History is made of.
type past struct {
	Schema      int            `json:"schema"`
	Started     time.Time      `json:"started"`
	Environment Environment    `json:"environment"`
	Settings    map[string]any `json:"settings"`
	Corpus      *Corpus        `json:"corpus"`
	Results     []pastRow      `json:"results"`
}

type pastRow struct {
	Scenario  string               `json:"scenario"`
	Reference string               `json:"reference"`
	Source    string               `json:"source"`
	Corpus    bool                 `json:"corpus"`
	Doubt     string               `json:"doubt"`
	Doubts    map[string]string    `json:"doubts"`
	Values    map[string][]float64 `json:"values"`
}

// doubts reports whether the row says of a metric that it says nothing. A doubt of
// the whole row is about what depends on the speed of the machine.
func (r pastRow) doubts(name string) bool {
	if r.Doubt == "" || r.Doubts[name] != "" {
		return r.Doubts[name] != ""
	}
	m, known := metric.Lookup(name)
	return m.Machine || !known
}

// History reads the newest runs of the store, at most that many, and keeps those
// of the environment of the given run, which is one of them where it is stored;
// of these the rows that consumed the same corpus. 0 for most means
// DefaultHistory.
func (s *Store) History(ctx context.Context, run *Run, most int) (*History, error) {
	if most <= 0 {
		most = DefaultHistory
	}
	ids, err := s.runs()
	if err != nil {
		return nil, err
	}
	ids = ids[:min(most, len(ids))]
	slices.Reverse(ids)
	rows := rowsOf(run)
	found := make([]chapter, len(ids))
	if err := each(ctx, len(ids), func(i int) { found[i] = s.chapter(ids[i], run, rows) }); err != nil {
		return nil, err
	}
	h := &History{series: map[figure][]Moment{}}
	for i, c := range found {
		switch {
		case c.err != nil:
			h.Damaged = append(h.Damaged, Entry{ID: ids[i], Err: c.err})
		case c.other:
			h.Others++
		default:
			h.add(c)
		}
	}
	return h, nil
}

func (h *History) add(c chapter) {
	for of, m := range c.moments {
		m.Run = len(h.Runs)
		h.series[of] = append(h.series[of], m)
	}
	h.Runs = append(h.Runs, c.past)
}

// chapter is what one run gives to a history.
type chapter struct {
	past    Past
	moments map[figure]Moment
	other   bool // of another environment
	err     error
}

// wanted is what a row has to agree in.
type wanted struct{ source, corpus string }

func rowsOf(run *Run) map[string]wanted {
	rows := map[string]wanted{}
	for _, r := range run.Results {
		rows[r.Row()] = wanted{r.Source, corpusOf(run.Corpus, r.Corpus)}
	}
	return rows
}

// corpusOf is the hash of what a row consumed; empty where that was generated.
func corpusOf(c *Corpus, consumed bool) string {
	if c == nil || !consumed {
		return ""
	}
	return c.SHA256
}

// past reads the lean text of a run, or the whole where that is at fault: the
// error then tells its place.
func (s *Store) past(id string) (past, error) {
	path, text, err := s.text(id)
	if err != nil {
		return past{}, err
	}
	var run past
	if short := lean(text); short != nil && decode(path, short, &run, &run.Schema) == nil {
		return run, nil
	}
	run = past{}
	return run, decode(path, text, &run, &run.Schema)
}

// chapter reads a run. It keeps the medians alone: two hundred runs with all
// their values and timelines would be gigabytes.
func (s *Store) chapter(id string, of *Run, rows map[string]wanted) chapter {
	run, err := s.past(id)
	if err != nil {
		return chapter{err: err}
	}
	if len(of.Environment.Differences(run.Environment)) > 0 {
		return chapter{other: true}
	}
	c := chapter{moments: map[figure]Moment{}, past: Past{
		ID: id, Started: run.Started, Commit: run.Environment.Commit, Dirty: run.Environment.Dirty,
		Settings: SettingsDifferences(of.Settings, run.Settings),
	}}
	for _, r := range run.Results {
		row := Result{Scenario: r.Scenario, Reference: r.Reference}.Row()
		want, ok := rows[row]
		if !ok || want.corpus != corpusOf(run.Corpus, r.Corpus) {
			continue
		}
		for name, values := range r.Values {
			if len(values) == 0 {
				continue
			}
			slices.Sort(values)
			c.moments[figure{row, name}] = Moment{
				Median: stat.Quantile(values, 0.5), Min: values[0], Max: values[len(values)-1],
				Changed: want.source != r.Source, Doubt: r.doubts(name),
			}
		}
	}
	return c
}
