package page

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/logperf/logperf/suites/internal/metric"
	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/stat"
)

// percents are latencies by percentile. X is 1/(1-q): on a logarithmic axis each
// decade is one more nine.
type percents struct {
	X      numbers  `json:"x"`
	Names  []string `json:"names"` // of the places on X
	Series []series `json:"series"`
}

// series is one curve.
type series struct {
	Name   string  `json:"name"`
	Values numbers `json:"v"`
}

// latency fills the percentiles from the histograms of all rows.
func (b builder) latency(s *scenario, rows []result.Result) {
	type times struct {
		name string
		h    *stat.Histogram
	}
	var curves []times
	most := int64(0)
	for _, r := range rows {
		if r.Histograms == "" || b.in.Histograms == nil {
			continue
		}
		found, err := b.in.Histograms(r)
		if err != nil {
			s.Missing = append(s.Missing, visible(err.Error()))
		}
		for _, tag := range slices.Sorted(maps.Keys(found)) {
			if h := found[tag]; h != nil && h.Count() > 0 {
				curves = append(curves, times{visible(who(r) + ", " + tag), h})
				most = max(most, h.Count())
			}
		}
	}
	if len(curves) == 0 {
		return
	}
	p := &percents{}
	t := table{Caption: "Time of single calls over all repetitions", Columns: []string{"percentile"}}
	for _, c := range curves {
		p.Series = append(p.Series, series{Name: c.name})
		t.Columns = append(t.Columns, c.name)
	}
	for _, nines := range ladder(most) {
		name := percentile(nines)
		p.X, p.Names = append(p.X, nines), append(p.Names, name)
		cells := []string{name}
		for i, c := range curves {
			v := nan
			// Beyond one in its number of calls a histogram has its maximum alone.
			if nines <= float64(c.h.Count()) || nines == 1 {
				v = c.h.Quantile(1 - 1/nines)
			}
			p.Series[i].Values = append(p.Series[i].Values, v)
			cells = append(cells, metric.Nanoseconds.Format(v))
		}
		t.Rows = append(t.Rows, cells)
	}
	longest, number := []string{"longest"}, []string{"calls"}
	p.X, p.Names = append(p.X, 2*p.X[len(p.X)-1]), append(p.Names, "longest")
	for i, c := range curves {
		p.Series[i].Values = append(p.Series[i].Values, c.h.Max())
		longest = append(longest, metric.Nanoseconds.Format(c.h.Max()))
		number = append(number, grouped(c.h.Count()))
	}
	t.Rows = append(t.Rows, longest, number)
	s.Percentiles, s.Data.Percentiles = t, p
}

// ladder are the places on the axis of percentiles as 1/(1-q), up to what that
// many calls can tell.
func ladder(calls int64) []float64 {
	all := []float64{1, 4.0 / 3, 2, 4}
	for decade := 10.0; decade <= 1e7; decade *= 10 {
		all = append(all, decade, 2*decade, 4*decade)
	}
	return slices.DeleteFunc(all, func(nines float64) bool { return nines > 1 && nines > float64(calls) })
}

// percentile names a place: 1000 is "99.9 %".
func percentile(nines float64) string {
	text := strconv.FormatFloat(100*(1-1/nines), 'f', 6, 64)
	text = strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
	return fmt.Sprintf("%s %%", text)
}
