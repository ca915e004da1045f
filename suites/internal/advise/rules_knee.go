package advise

import (
	"fmt"
	"slices"

	"github.com/logperf/logperf/suites/internal/metric"
	"github.com/logperf/logperf/suites/internal/result"
)

// nearKnee finds a load that the settings leave no room for.
func (f *finder) nearKnee() {
	r, load := f.rows[knee], f.rows[steady]
	rate := r.median("knee-records/s")
	if !r.has() || len(r.Values["knee-records/s"]) == 0 {
		return
	}
	f.looked(r, "the knee is at %s%s", metric.PerSecond.Format(rate), leaves(r.Curves))
	if late(r.Curves) {
		f.note("the knee of %s says nothing: the pacer was late at the rates beyond it", r.Scenario)
		return
	}
	offered := load.median("offered-records/s")
	if !load.has() || offered < nearKnee*rate {
		return
	}
	near := r.evidence("the knee is at %s%s; %s offers %s, which is %s of it", metric.PerSecond.Format(rate), leaves(r.Curves), steady, metric.PerSecond.Format(offered), times(offered, rate))
	if f.slow != nil { // which is why the knee is low
		for i, a := range f.report.Advice {
			if a.Gain == f.slow {
				f.report.Advice[i].Evidence = append(a.Evidence, near)
			}
		}
		return
	}
	f.add(r.Scenario, Advice{
		Cause: "the load is near the knee, or beyond: any peak makes callers wait", Do: "offer less, or log fewer levels", Evidence: []Evidence{near},
	})
}

// late reports whether in half of the searches or more the pacer was late at the
// lowest rate that did not hold: then it was the machine that did not bear it.
func late(curves [][]result.CurvePoint) bool {
	n := 0
	for _, curve := range curves {
		if i := slices.IndexFunc(curve, func(p result.CurvePoint) bool { return !p.Held }); i >= 0 && curve[i].Missed > mostMissed {
			n++
		}
	}
	return n > 0 && 2*n >= len(curves)
}

// leaves tells where the response times leave the knee: the highest rate that
// held and the lowest beyond it.
func leaves(curves [][]result.CurvePoint) string {
	if len(curves) == 0 {
		return ""
	}
	var held, beyond *result.CurvePoint
	for i, p := range curves[0] {
		if p.Held {
			held = &curves[0][i]
		} else if beyond == nil && held != nil {
			beyond = &curves[0][i]
		}
	}
	if held == nil || beyond == nil {
		return ""
	}
	return fmt.Sprintf(" (in its first search the response p99 was %s at %s and %s at %s)",
		metric.Nanoseconds.Format(held.ResponseP99), metric.PerSecond.Format(held.Offered),
		metric.Nanoseconds.Format(beyond.ResponseP99), metric.PerSecond.Format(beyond.Offered))
}
