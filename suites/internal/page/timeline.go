package page

import (
	"fmt"
	"maps"
	"slices"

	"github.com/logperf/logperf/suites/internal/metric"
	"github.com/logperf/logperf/suites/internal/result"
)

// timeline is the load of one repetition.
type timeline struct {
	Name   string  `json:"name"` // "repetition 1"
	At     numbers `json:"at"`   // seconds
	Panels []panel `json:"panels"`
}

// panel is series that share an axis.
type panel struct {
	Name   string   `json:"name"`
	Unit   string   `json:"unit"`
	Series []series `json:"series"`
}

// gauge is how the page shows one of the values of a timeline.
type gauge struct {
	value, panel string
	unit         metric.Unit
	rate         bool // it is a counter, shown as its growth in a second
}

// gauges are the values that load scenarios keep, in the order of their panels.
// A value that is not among them is shown as a plain number on a panel of its own.
var gauges = []gauge{
	{"offered", "load", metric.PerSecond, true},
	{"written", "load", metric.PerSecond, true},
	{"failed", "load", metric.PerSecond, true},
	{"depth", "queue depth", metric.Count, false},
	{"rss-B", "memory", metric.Bytes, false},
	{"held-B", "memory", metric.Bytes, false},
	{"gc", "collections, goroutines, files", metric.Count, false},
	{"goroutines", "collections, goroutines, files", metric.Count, false},
	{"descriptors", "collections, goroutines, files", metric.Count, false},
	{"retries", "retries, breaker", metric.Count, false},
	{"breaker-opened", "retries, breaker", metric.Count, false},
	{"service-p50-ns", "service time", metric.Nanoseconds, false},
}

// allowance is how much of the timelines, curves and histories a page has room for: the
// cells of all tables of timelines stay below mostCells and the points of all
// curves below mostRates, whatever the run. A page that compares has half of the room
// for curves and histories: there are the figures of another run.
type allowance struct{ points, repetitions, rates, runs int }

const (
	mostCells   = 16_000
	mostPoints  = 96
	leastPoints = 16
	mostRates   = 1_500
	leastRates  = 12
)

// roomOf shares the cells among all timelines of a run: fewer points first, then
// fewer repetitions.
func roomOf(rows []result.Result, compared bool) allowance {
	series, longest, curves := 0, 1, 0
	for _, r := range rows {
		if r.Reference != "" {
			continue
		}
		for _, line := range r.Timelines {
			if len(line) > 0 {
				series += 1 + len(line[0].Values)
			}
		}
		longest = max(longest, len(r.Timelines))
		if len(r.Curves) > 0 {
			curves++
		}
	}
	share := 1
	if compared {
		share = 2
	}
	rates, runs := max(mostRates/share/max(curves, 1), leastRates), mostPast/share
	points := mostCells / max(series, 1)
	if points >= leastPoints {
		return allowance{min(points, mostPoints), longest, rates, runs}
	}
	return allowance{leastPoints, max(longest*points/leastPoints, 1), rates, runs}
}

// timelinesOf lays the timelines of a row out, each repetition as a table and as
// data for its plots.
func timelinesOf(lines [][]result.Point, room allowance) (tables []table, all []timeline) {
	for i, points := range lines[:min(len(lines), room.repetitions)] {
		if len(points) == 0 {
			continue
		}
		gauges := gaugesOf(points)
		columns := make([][]float64, len(gauges))
		for j, g := range gauges {
			columns[j] = g.of(points)
		}
		kept := extremes(columns, len(points), room.points)
		l := timeline{Name: fmt.Sprintf("repetition %d", i+1)}
		t := table{Caption: "Load over time, " + l.Name, Columns: []string{"at"}}
		for _, k := range kept {
			l.At = append(l.At, points[k].At.Seconds())
			cells := []string{fmt.Sprintf("%.2f s", points[k].At.Seconds())}
			for j, g := range gauges {
				cells = append(cells, g.unit.Format(columns[j][k]))
			}
			t.Rows = append(t.Rows, cells)
		}
		for j, g := range gauges {
			name := visible(g.value)
			if g.rate {
				name += "/s"
			}
			t.Columns = append(t.Columns, name)
			l.panel(g, series{Name: name, Values: pick(columns[j], kept)})
		}
		if len(kept) < len(points) {
			t.Caption += fmt.Sprintf(", %d of %d moments with the extremes among them", len(kept), len(points))
		}
		tables, all = append(tables, t), append(all, l)
	}
	return tables, all
}

// panel adds a series to its panel.
func (l *timeline) panel(g gauge, s series) {
	i := slices.IndexFunc(l.Panels, func(p panel) bool { return p.Name == g.panel })
	if i < 0 {
		i = len(l.Panels)
		l.Panels = append(l.Panels, panel{Name: g.panel, Unit: string(g.unit)})
	}
	l.Panels[i].Series = append(l.Panels[i].Series, s)
}

// gaugesOf are those of the values of the points, in the order of gauges, and
// behind them the unknown ones by name.
func gaugesOf(points []result.Point) []gauge {
	names := map[string]bool{}
	for _, p := range points {
		for name := range p.Values {
			names[name] = true
		}
	}
	var found []gauge
	for _, g := range gauges {
		if names[g.value] {
			found = append(found, g)
			delete(names, g.value)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		found = append(found, gauge{value: name, panel: visible(name), unit: metric.Count})
	}
	return found
}

// of is the value at each point, NaN where a point has none. A rate is the growth
// since the point before over the time between; the first has none.
func (g gauge) of(points []result.Point) []float64 {
	values := make([]float64, len(points))
	for i, p := range points {
		v, ok := p.Values[g.value]
		if !ok {
			v = nan
		}
		values[i] = v
	}
	if !g.rate {
		return values
	}
	rates := make([]float64, len(points))
	rates[0] = nan
	for i := 1; i < len(points); i++ {
		rates[i] = nan
		// The last point may follow the one before at once: a rate over less than a
		// hundredth of a second would be that of a batch.
		if step := (points[i].At - points[i-1].At).Seconds(); step >= 0.01 {
			rates[i] = (values[i] - values[i-1]) / step
		}
	}
	return rates
}

// extremes are the indexes that stay of n points, at most about most: the first
// and the last, those at which a column has its least or greatest value, and
// others in even steps.
func extremes(columns [][]float64, n, most int) []int {
	if n <= most {
		kept := make([]int, n)
		for i := range kept {
			kept[i] = i
		}
		return kept
	}
	keep := map[int]bool{0: true, n - 1: true}
	for _, values := range columns {
		low, high := -1, -1
		for i, v := range values {
			if !finite(v) {
				continue
			}
			if low < 0 || v < values[low] {
				low = i
			}
			if high < 0 || v > values[high] {
				high = i
			}
		}
		if low >= 0 {
			keep[low], keep[high] = true, true
		}
	}
	for i, even := 0, max(most-len(keep), 2); i < even; i++ {
		keep[i*(n-1)/(even-1)] = true
	}
	return slices.Sorted(maps.Keys(keep))
}

func pick(values []float64, kept []int) numbers {
	picked := make(numbers, len(kept))
	for i, k := range kept {
		picked[i] = values[k]
	}
	return picked
}
