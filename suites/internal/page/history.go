package page

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/logperf/logperf/suites/internal/metric"
	"github.com/logperf/logperf/suites/internal/result"
)

const (
	// mostHistories is of how many metrics of a scenario the page shows a history.
	mostHistories = 3
	// mostPast is how many runs a history shows, with the extremes among them.
	mostPast = 24
)

// shared is what the plots of all scenarios need: the runs that histories are
// about, by index, and what the metrics are.
type shared struct {
	Started []int64           `json:"started"` // seconds since 1970
	Names   []string          `json:"names"`
	Current int               `json:"current"` // the run that the page shows, -1 where it is not stored
	Help    map[string]string `json:"help"`
	table   table
	others  string // what is said of runs that are not among them
}

// Table lists the runs, Others tells of those that it does not have.
func (p shared) Table() table   { return p.table }
func (p shared) Others() string { return p.others }

func sharedOf(in Input) shared {
	p := shared{Started: []int64{}, Names: []string{}, Current: -1, Help: map[string]string{}, table: table{
		Caption: "Stored runs of the same environment", Columns: []string{"run", "started", "commit", "settings that differ from this run"}, Class: "words",
	}}
	switch n := in.Past.Others; {
	case n == 1:
		p.others = "1 stored run of another environment is not shown."
	case n > 1:
		p.others = fmt.Sprintf("%d stored runs of another environment are not shown.", n)
	}
	for i, r := range in.Past.Runs {
		if r.ID == in.Run.ID {
			p.Current = i
		}
		p.Started = append(p.Started, r.Started.Unix())
		p.Names = append(p.Names, runName(r))
		differ := "none"
		if len(r.Settings) > 0 {
			differ = strings.Join(r.Settings, "; ")
		}
		p.table.Rows = append(p.table.Rows, []string{
			visible(r.ID), r.Started.UTC().Format("2006-01-02 15:04"), visible(commitOf(r.Commit, r.Dirty)), visible(differ),
		})
	}
	for _, r := range in.Run.Results {
		for name := range r.Values {
			if m, ok := metric.Lookup(name); ok {
				p.Help[name] = m.Help
			}
		}
	}
	return p
}

// runName is short enough to stand in each table.
func runName(r result.Past) string {
	name := r.Started.UTC().Format("2006-01-02 15:04") + " " + shortened(visible(r.Commit), 7)
	if r.Dirty {
		name += "+"
	}
	return name
}

func shortened(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return text[:most]
}

// histories is the history of one metric.
type histories struct {
	Name   string  `json:"name"`
	Unit   string  `json:"unit"`
	Runs   []int   `json:"runs"` // indexes of the past runs
	Median numbers `json:"m"`
	Min    numbers `json:"lo"`
	Max    numbers `json:"hi"`
	// Marked are the places in Runs at which a step says nothing of the code: the
	// scenario had another source, the run other settings, or its times were in doubt.
	Marked []int `json:"marked,omitempty"`
}

// history fills the histories of the subject's row: of the metrics that are
// judged first, then of the leading ones; a metric that never changed has none.
func (b builder) history(s *scenario, row result.Result, verdicts []result.Verdict) {
	if b.in.Past.Of == nil || len(b.in.Past.Runs) < 2 {
		return
	}
	var moments [][]result.Moment
	var names []string
	for _, name := range historyNames(row, verdicts) {
		m := slices.DeleteFunc(slices.Clone(b.in.Past.Of(row.Row(), name)), func(m result.Moment) bool {
			return !finite(m.Median) || m.Run < 0 || m.Run >= len(b.in.Past.Runs)
		})
		varies := slices.ContainsFunc(m, func(one result.Moment) bool { return one.Median != m[0].Median })
		if len(m) > 1 && varies && len(names) < mostHistories {
			moments, names = append(moments, m), append(names, name)
		}
	}
	kept, all := keptRuns(moments, b.room.runs)
	s.History = table{Caption: "Medians in the stored runs of the same environment", Columns: []string{"run"}}
	if len(kept) < all {
		s.History.Caption += fmt.Sprintf(", %d of %d runs with the extremes among them", len(kept), all)
	}
	cells := map[int][]string{}
	for i, name := range names {
		h := histories{Name: visible(name), Unit: string(unitOf(name))}
		s.History.Columns = append(s.History.Columns, h.Name)
		for _, m := range moments[i] {
			if !kept[m.Run] {
				continue
			}
			text := unitOf(name).Format(m.Median)
			if m.Changed || m.Doubt || len(b.in.Past.Runs[m.Run].Settings) > 0 {
				h.Marked = append(h.Marked, len(h.Runs))
				text += "*"
				s.Altered = true
			}
			h.Runs, h.Median = append(h.Runs, m.Run), append(h.Median, m.Median)
			h.Min, h.Max = append(h.Min, m.Min), append(h.Max, m.Max)
			if cells[m.Run] == nil {
				cells[m.Run] = slices.Repeat([]string{"-"}, len(names))
			}
			cells[m.Run][i] = text
		}
		s.Data.History = append(s.Data.History, h)
	}
	newest := slices.Sorted(maps.Keys(cells))
	slices.Reverse(newest)
	for _, run := range newest {
		s.History.Rows = append(s.History.Rows, append([]string{runName(b.in.Past.Runs[run])}, cells[run]...))
	}
}

// historyNames are the metrics whose history may be shown, the most telling first.
func historyNames(row result.Result, verdicts []result.Verdict) []string {
	var names []string
	add := func(name string) {
		if len(row.Values[name]) > 0 && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, name := range leading[:2] {
		add(name)
	}
	for _, v := range verdicts {
		add(v.Metric)
	}
	for _, name := range metricNames([]result.Result{row}) {
		add(name)
	}
	return names
}

// keptRuns are the runs that a scenario's histories show, the same for all of its
// metrics so that they stand in one table, and of how many they are.
func keptRuns(moments [][]result.Moment, most int) (kept map[int]bool, all int) {
	runs := map[int]int{} // run -> index among those with any figure
	for _, m := range moments {
		for _, one := range m {
			runs[one.Run] = 0
		}
	}
	sorted := slices.Sorted(maps.Keys(runs))
	for i, run := range sorted {
		runs[run] = i
	}
	columns := make([][]float64, len(moments))
	for i, m := range moments {
		columns[i] = slices.Repeat([]float64{nan}, len(sorted))
		for _, one := range m {
			columns[i][runs[one.Run]] = one.Median
		}
	}
	kept = map[int]bool{}
	if len(sorted) == 0 {
		return kept, 0
	}
	for _, i := range extremes(columns, len(sorted), most) {
		kept[sorted[i]] = true
	}
	return kept, len(sorted)
}
