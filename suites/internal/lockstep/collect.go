package lockstep

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/logperf/logperf/suites/internal/experiment"
	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/stat"
)

// spread is the one metric that is a comparison: how far the ratio of the
// subject to its first reference lies from 1.
const spread = "spread"

// Collect makes the rows of a scenario from its repetitions: the subject's
// first, then one for each reference. The subject has a value of every declared
// metric in every repetition, or it is an error; a reference has those that it
// measured. A row has the times of single calls of all repetitions together.
//
// The subject's row carries its ratios to each reference. For ns/op, cpu-ns/op,
// records/s and the laps, Slices is the median of the ratios of the slices of
// each round, and Totals the ratio of the sums; for all other metrics both
// are the ratio of the two values. A ratio that has no finite value in
// some repetition, because the reference has 0 there, is left out, so that a
// limit on it finds no samples.
func Collect(s experiment.Scenario, repetitions []*Repetition) ([]result.Result, error) {
	if len(repetitions) == 0 {
		return nil, fmt.Errorf("scenario %s: there is no repetition to collect", s.Name)
	}
	rows := make([]result.Result, len(s.Arms))
	for i, a := range s.Arms {
		row, err := rowOf(s, i, repetitions)
		if err != nil {
			return nil, fmt.Errorf("scenario %s, arm %s, %w", s.Name, a.Name, err)
		}
		rows[i] = row
	}
	for i := range s.Arms[1:] {
		rows[0].Ratios = append(rows[0].Ratios, ratios(s, i+1, repetitions)...)
	}
	if s.Emits(spread) {
		values, err := spreads(rows[0].Ratios, s.Arms[1].Name)
		if err != nil {
			return nil, fmt.Errorf("scenario %s: %w", s.Name, err)
		}
		rows[0].Values[spread] = values
	}
	return rows, nil
}

// rowOf collects the values of one arm.
func rowOf(s experiment.Scenario, index int, repetitions []*Repetition) (result.Result, error) {
	row := result.Result{
		Scenario: s.Name, Labels: s.Labels(), Source: s.Source,
		Values: map[string][]float64{}, Counts: map[string]int64{},
	}
	if index > 0 {
		row.Reference = s.Arms[index].Name
	}
	var drifts []float64
	for _, r := range repetitions {
		a := r.Arms[index]
		row.Iterations = append(row.Iterations, experiment.Sum(a.Slices).N)
		addSeries(&row, a.Report)
		if err := addTimes(&row, a.Report); err != nil {
			return row, fmt.Errorf("repetition %d: %w", r.Number+1, err)
		}
		if row.Doubt == "" {
			row.Doubt = a.Report.Doubt
		}
		for name, why := range a.Report.Doubts {
			if row.Doubts == nil {
				row.Doubts = map[string]string{}
			}
			row.Doubts[name] = why
		}
		row.Limiter = cmp.Or(a.Limiter, a.Report.Limiter)
		for name, n := range a.Report.Counts {
			row.Counts[name] += n
		}
		if d, ok := drift(a.Slices); ok {
			drifts = append(drifts, d)
		}
	}
	if len(drifts) > 0 {
		row.Drift = stat.MedianOf(drifts)
	}
	for _, name := range s.Metrics {
		if name == spread {
			continue
		}
		values, err := valuesOf(name, index, repetitions)
		if err != nil {
			return row, err
		}
		if values != nil {
			row.Values[name] = values
		}
	}
	return row, nil
}

// addSeries adds what one repetition looked like: its timeline and its curve.
func addSeries(row *result.Result, r experiment.Report) {
	if len(r.Timeline) > 0 {
		timeline := make([]result.Point, len(r.Timeline))
		for i, p := range r.Timeline {
			timeline[i] = result.Point(p)
		}
		row.Timelines = append(row.Timelines, timeline)
	}
	if len(r.Curve) > 0 {
		curve := make([]result.CurvePoint, len(r.Curve))
		for i, p := range r.Curve {
			curve[i] = result.CurvePoint(p)
		}
		row.Curves = append(row.Curves, curve)
	}
}

// addTimes adds the times of single calls of one repetition to those of the row.
func addTimes(row *result.Result, r experiment.Report) error {
	encoded := maps.Clone(r.Histograms)
	if len(r.Latency) > 0 {
		if encoded == nil {
			encoded = map[string][]byte{}
		}
		encoded[result.Service] = r.Latency
	}
	for tag, data := range encoded {
		h, err := stat.DecodeHistogram(data)
		if err != nil {
			return fmt.Errorf("its %s times: %w", tag, err)
		}
		if row.Times == nil {
			row.Times = map[string]*stat.Histogram{}
		}
		if sum, ok := row.Times[tag]; ok {
			sum.Merge(h)
		} else {
			row.Times[tag] = h
		}
	}
	return nil
}

// valuesOf returns one value a repetition; nil where a reference has none in any.
func valuesOf(name string, index int, repetitions []*Repetition) ([]float64, error) {
	var values []float64
	missing := -1
	for _, r := range repetitions {
		v, ok := r.Arms[index].Values[name]
		switch {
		case !ok:
			missing = r.Number
		case math.IsNaN(v) || math.IsInf(v, 0):
			return nil, fmt.Errorf("repetition %d: %s is %v: want a finite number", r.Number+1, name, v)
		default:
			values = append(values, v)
		}
	}
	if missing >= 0 && (index == 0 || len(values) > 0) {
		return nil, fmt.Errorf("repetition %d: %s was not measured", missing+1, name)
	}
	return values, nil
}

// drift is the median time of an operation in the last quarter of the slices
// over that in the first; false where a quarter would be less than two slices.
func drift(all []experiment.Slice) (float64, bool) {
	quarter := len(all) / 4
	if quarter < 2 {
		return 0, false
	}
	first := stat.MedianOf(perOp(all[:quarter], wallOf))
	last := stat.MedianOf(perOp(all[len(all)-quarter:], wallOf))
	return last / first, true
}

// ratios compares the subject with the reference of that index.
func ratios(s experiment.Scenario, reference int, repetitions []*Repetition) []result.Ratio {
	var all []result.Ratio
	for _, name := range s.Metrics {
		if name == spread {
			continue
		}
		ratio := result.Ratio{Metric: name, Against: s.Arms[reference].Name}
		complete := true
		for _, r := range repetitions {
			pairs, totals := compare(s, name, r.Arms[0], r.Arms[reference])
			complete = complete && finite(pairs) && finite(totals)
			ratio.Slices = append(ratio.Slices, pairs)
			ratio.Totals = append(ratio.Totals, totals)
		}
		if complete {
			all = append(all, ratio)
		}
	}
	return all
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// compare returns the two ratios of subject to reference for one metric; NaN or
// an infinity where there is none.
func compare(s experiment.Scenario, name string, subject, reference Arm) (pairs, totals float64) {
	lap := slices.Index(s.Laps, name)
	switch {
	case name == "ns/op":
		return compareSlices(subject, reference, wallOf)
	case name == "cpu-ns/op":
		return compareSlices(subject, reference, func(s experiment.Slice) time.Duration { return s.CPU })
	case name == "records/s":
		pairs, totals = compareSlices(subject, reference, wallOf)
		return 1 / pairs, 1 / totals
	case lap >= 0:
		if lap >= laps(subject) || lap >= laps(reference) {
			return math.NaN(), math.NaN()
		}
		return compareSlices(subject, reference, func(s experiment.Slice) time.Duration { return s.Laps[lap] })
	}
	a, b := subject.Values, reference.Values
	if _, ok := b[name]; !ok {
		return math.NaN(), math.NaN()
	}
	ratio := a[name] / b[name]
	return ratio, ratio
}

func laps(a Arm) int { return len(a.Slices[0].Laps) }

// compareSlices returns the median ratio of the slices of each round and the
// ratio of the totals. Where some slice took none of the time in question (a
// lap may be empty, the processor clock may tick), the pairs say
// nothing and the totals stand for them.
func compareSlices(subject, reference Arm, of func(experiment.Slice) time.Duration) (pairs, totals float64) {
	a, b := perOp(subject.Slices, of), perOp(reference.Slices, of)
	totals = total(subject.Slices, of) / total(reference.Slices, of)
	pairs = stat.MedianRatio(a, b)
	if slices.Min(a) <= 0 || slices.Min(b) <= 0 {
		pairs = totals
	}
	return pairs, totals
}

func wallOf(s experiment.Slice) time.Duration { return s.Wall }

func perOp(all []experiment.Slice, of func(experiment.Slice) time.Duration) []float64 {
	values := make([]float64, len(all))
	for i, s := range all {
		values[i] = float64(of(s)) / float64(s.N)
	}
	return values
}

// total is the time of all slices over their operations.
func total(all []experiment.Slice, of func(experiment.Slice) time.Duration) float64 {
	var sum time.Duration
	n := 0
	for _, s := range all {
		sum += of(s)
		n += s.N
	}
	return float64(sum) / float64(n)
}

// spreads is the distance of the ratio of the slices from 1, in each repetition.
func spreads(all []result.Ratio, against string) ([]float64, error) {
	for _, r := range all {
		if r.Metric != "ns/op" || r.Against != against {
			continue
		}
		values := make([]float64, len(r.Slices))
		for i, ratio := range r.Slices {
			values[i] = math.Abs(ratio - 1)
		}
		return values, nil
	}
	return nil, fmt.Errorf("it emits %s, which needs ns/op of the arm %s", spread, against)
}
