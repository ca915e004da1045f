package page

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/logperf/logperf/suites/internal/metric"
	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/stat"
)

// curve is latency over throughput: a point for each rate and repetition, by
// rising rate.
type curve struct {
	X      numbers  `json:"x"` // achieved, in records a second
	Series []series `json:"series"`
	Late   []int    `json:"late,omitempty"` // indexes of points at which the pacer was late
	Beyond []int    `json:"beyond,omitempty"`
	Knee   *number  `json:"knee,omitempty"`
}

// mostMissed is the share of arrivals that the pacer may begin late before the
// times of a point say nothing.
const mostMissed = 0.01

// load fills the timelines and the curve of the subject.
func (b builder) load(s *scenario, rows []result.Result) {
	s.Timelines, s.Data.Timelines = timelinesOf(rows[0].Timelines, b.room)
	if shown, all := len(s.Timelines), len(rows[0].Timelines); shown < all {
		s.Missing = append(s.Missing, fmt.Sprintf("Of %d repetitions the timelines of the first %d are shown; run.json has all.", all, shown))
	}
	s.curve(rows[0], b.room.rates)
}

type ratePoint struct {
	result.CurvePoint
	repetition int
}

// fewer keeps some of the points, the extremes among them.
func fewer(points []ratePoint, most int) []ratePoint {
	columns := make([][]float64, 3)
	for _, p := range points {
		for i, v := range []float64{p.Achieved, p.ResponseP99, p.ServiceP99} {
			columns[i] = append(columns[i], v)
		}
	}
	var kept []ratePoint
	for _, k := range extremes(columns, len(points), most) {
		kept = append(kept, points[k])
	}
	return kept
}

func (s *scenario) curve(row result.Result, most int) {
	var points []ratePoint
	for i, c := range row.Curves {
		for _, p := range c {
			points = append(points, ratePoint{p, i + 1})
		}
	}
	if len(points) == 0 {
		return
	}
	slices.SortStableFunc(points, func(a, b ratePoint) int {
		return cmp.Or(cmp.Compare(a.Achieved, b.Achieved), cmp.Compare(a.Offered, b.Offered))
	})
	if all := len(points); all > most {
		points = fewer(points, most)
		s.Missing = append(s.Missing, fmt.Sprintf("Of %d rates that were tried %d are shown; run.json has all.", all, len(points)))
	}
	c := &curve{Series: []series{{Name: "response p50"}, {Name: "response p99"}, {Name: "response p99.9"}, {Name: "service p99"}}}
	t := table{Caption: "Rates that were tried, by what was achieved", Columns: []string{
		"achieved", "offered", "repetition", "response p50", "response p99", "response p99.9", "service p50", "service p99", "drain", "late", "verdict",
	}}
	ns, rate := metric.Nanoseconds.Format, metric.PerSecond.Format
	for i, p := range points {
		c.X = append(c.X, p.Achieved)
		for j, v := range []float64{p.ResponseP50, p.ResponseP99, p.ResponseP999, p.ServiceP99} {
			c.Series[j].Values = append(c.Series[j].Values, v)
		}
		verdict := "held"
		if !p.Held {
			verdict = "beyond"
			c.Beyond = append(c.Beyond, i)
		}
		if p.Missed > mostMissed {
			verdict += ", late"
			c.Late = append(c.Late, i)
		}
		t.Rows = append(t.Rows, []string{
			rate(p.Achieved), rate(p.Offered), fmt.Sprint(p.repetition), ns(p.ResponseP50), ns(p.ResponseP99), ns(p.ResponseP999),
			ns(p.ServiceP50), ns(p.ServiceP99), ns(float64(p.Drain)), fmt.Sprintf("%.1f %%", 100*p.Missed), verdict,
		})
	}
	if knees, _ := finiteOf(row.Values["knee-records/s"]); len(knees) > 0 {
		knee := number(stat.MedianOf(knees))
		c.Knee = &knee
	}
	s.Curve, s.Data.Curve = t, c
}
