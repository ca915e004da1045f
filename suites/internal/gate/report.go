package gate

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/logperf/logperf/suites/internal/metric"
	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/sequential"
	"github.com/logperf/logperf/suites/internal/stat"
)

// SchemaVersion is that of the JSON of a report.
const SchemaVersion = 1

// Report is what a run of the gate found.
type Report struct {
	Schema int `json:"schema"`
	// Verdict is the worst of the scenarios, or INCONCLUSIVE where the machine is
	// not fit.
	Verdict result.Outcome `json:"verdict"`
	// Why is the reason of a verdict that no scenario explains.
	Why string `json:"why,omitempty"`
	// Identical is set where base and head are the same program.
	Identical bool   `json:"identical,omitempty"`
	Base      string `json:"base"`
	// Commit is the base's, empty where that is the working tree.
	Commit string `json:"base_commit,omitempty"`
	Head   string `json:"head"`
	// HeadCommit likewise.
	HeadCommit string   `json:"head_commit,omitempty"`
	Notes      []string `json:"notes,omitempty"`
	Seed       uint64   `json:"seed"`
	Budget     float64  `json:"budget_s"`
	Took       float64  `json:"took_s"`
	// Pairs and Links (of each side) are what it took; LinkTime is in Took.
	Pairs    int     `json:"pairs"`
	Links    int     `json:"links"`
	LinkTime float64 `json:"link_s"`
	// Overhead is what taking turns cost, as a share of the time of the slices.
	Overhead number `json:"overhead"`
	// Others is how many processors others kept busy: the median over the pairs.
	Others    number    `json:"others_cores"`
	Controls  []Control `json:"controls,omitempty"`
	Scenarios []Row     `json:"scenarios"`
	Changed   []string  `json:"changed,omitempty"`
	New       []string  `json:"new,omitempty"`
	Removed   []string  `json:"removed,omitempty"`
	// OnlyRemoved is set where nothing but removed scenarios keeps the verdict from
	// being PASS.
	OnlyRemoved bool `json:"only_removed,omitempty"`
}

// Row is one scenario: the figure that decides and all others.
type Row struct {
	Figure
	Kind string `json:"kind"`
	// Overhead of taking turns in this scenario.
	Overhead number `json:"overhead"`
	// Figures are all hypotheses on the scenario, the one that decides first.
	Figures []Figure `json:"figures"`
	// Profiles are taken of what fails. ProfileNote is why there are none.
	Profiles    []Profiles `json:"profiles,omitempty"`
	ProfileNote string     `json:"profile_note,omitempty"`
}

// Figure is what became of one metric of one scenario. Ratios are head/base.
type Figure struct {
	Name     string         `json:"name"`
	Metric   string         `json:"metric"`
	Verdict  result.Outcome `json:"verdict"`
	Estimate number         `json:"estimate"`
	Lower    number         `json:"lower"`
	Upper    number         `json:"upper"`
	Pairs    int            `json:"pairs"`
	// MDD is the smallest slowdown that would have been found, as a share.
	MDD number `json:"mdd"`
	// Limit is the slowdown that fails, as a share, beyond what is accepted.
	Limit  number `json:"limit"`
	Base   number `json:"base"`
	Head   number `json:"head"`
	Faster bool   `json:"faster,omitempty"`
	// Accepted is the ratio that thresholds.yaml expects, 0 without; Until its last
	// day.
	Accepted number `json:"accepted,omitempty"`
	Until    string `json:"until,omitempty"`
	// At is the line of thresholds.yaml concerned. ByDefault says that the limit does
	// not stand there.
	At        string `json:"at,omitempty"`
	ByDefault bool   `json:"by_default,omitempty"`
	Why       string `json:"why,omitempty"`
	// LogRatios are ln(head/base) of the pairs, in their order, less what is accepted.
	LogRatios []float64 `json:"log_ratios,omitempty"`
}

// Control is the head against itself.
type Control struct {
	Scenario string `json:"scenario"`
	Fit      bool   `json:"fit"`
	Estimate number `json:"estimate"`
	Lower    number `json:"lower"`
	Upper    number `json:"upper"`
	Pairs    int    `json:"pairs"`
	// LogRatios are those of the pairs.
	LogRatios []float64 `json:"log_ratios,omitempty"`
}

// number is a figure that JSON may not be able to hold: null where it is not
// finite.
type number float64

// MarshalJSON writes null for what is no number.
func (n number) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(n)) || math.IsInf(float64(n), 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

// UnmarshalJSON reads null as NaN.
func (n *number) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*n = number(math.NaN())
		return nil
	}
	return json.Unmarshal(text, (*float64)(n))
}

func (r *Report) inconclusive(why string) { r.Verdict, r.Why = result.Inconclusive, why }

// miss makes a PASS INCONCLUSIVE where scenarios of the base are gone: who takes
// out the scenario that shows a slowdown must not get a PASS for it.
func (r *Report) miss() {
	if r.Verdict == result.Pass && len(r.Removed) > 0 {
		r.inconclusive("removed: " + strings.Join(r.Removed, ", "))
		r.OnlyRemoved = true
	}
}

// list names what is not compared.
func (r *Report) list(p *plan) {
	r.Changed, r.New, r.Removed = p.changed, p.fresh, p.removed
	if len(p.blind) > 0 {
		r.Notes = append(r.Notes, "the gate compares neither a time nor a count of "+strings.Join(p.blind, ", ")+": make perf judges them")
	}
}

// severity sorts verdicts, the worst first.
func severity(o result.Outcome) int {
	switch o {
	case result.Fail:
		return 0
	case result.Inconclusive:
		return 1
	}
	return 2
}

// fill makes the rows and the verdict.
func (r *Report) fill(m *measurement) error {
	r.Pairs, r.Links, r.LinkTime = m.pairs, len(m.links.base), m.links.spent.Seconds()
	r.Others = number(stat.MedianOf(m.others))
	decisions := map[string][]sequential.Decision{}
	if m.procedure != nil {
		for _, d := range m.procedure.Decisions() {
			decisions[d.Scenario] = append(decisions[d.Scenario], d)
		}
	}
	for _, d := range m.counting.decisions() {
		s := m.plan.find(d.Scenario)
		s.counts = append(s.counts, s.countedFigure(d, m.counting.values[d.Scenario]))
	}
	for _, note := range []string{m.uncounted, m.counting.note()} {
		if note != "" {
			r.Notes = append(r.Notes, note)
		}
	}
	sliced, turns := 0.0, 0.0
	for _, s := range m.plan.subjects {
		r.Scenarios = append(r.Scenarios, rowOf(s, decisions[s.scenario.Name]))
		sliced, turns = sliced+s.tally.sliced.Seconds(), turns+s.tally.turns.Seconds()
	}
	r.Overhead = number(turns / sliced)
	slices.SortStableFunc(r.Scenarios, func(a, b Row) int {
		return cmp.Or(cmp.Compare(severity(a.Verdict), severity(b.Verdict)), -cmp.Compare(a.Estimate, b.Estimate))
	})
	r.Verdict = result.Pass
	for _, row := range r.Scenarios {
		if severity(row.Verdict) < severity(r.Verdict) {
			r.Verdict = row.Verdict
		}
	}
	if err := r.judgeMachine(m); err != nil {
		return err
	}
	r.miss()
	return nil
}

// judgeMachine makes the run INCONCLUSIVE where the head differed from itself.
func (r *Report) judgeMachine(m *measurement) error {
	for _, c := range m.controls {
		limit := c.subject.rules[wall].limit
		judged, err := sequential.JudgeControl(c.logs, limit, len(m.controls))
		if err != nil {
			return err
		}
		name := c.subject.scenario.Name
		r.Controls = append(r.Controls, Control{
			Scenario: name, Fit: judged.Fit, Estimate: number(judged.Estimate),
			Lower: number(judged.Lower), Upper: number(judged.Upper), Pairs: judged.Pairs, LogRatios: c.logs,
		})
		if !judged.Fit {
			r.inconclusive(fmt.Sprintf("the machine is not fit to measure: in %s the head differs from itself by %s, which says nothing for or against the change", name, change(judged.Estimate)))
		}
	}
	return nil
}

// rowOf joins what is known of a subject.
func rowOf(s *subject, decisions []sequential.Decision) Row {
	row := Row{Kind: s.kind(), Overhead: number(float64(s.tally.turns) / float64(s.tally.sliced))}
	for _, d := range decisions {
		row.Figures = append(row.Figures, s.timedFigure(d))
	}
	row.Figures = append(row.Figures, s.counts...)
	for _, name := range s.exact {
		row.Figures = append(row.Figures, s.exactFigure(name))
	}
	slices.SortStableFunc(row.Figures, func(a, b Figure) int { return cmp.Compare(severity(a.Verdict), severity(b.Verdict)) })
	if len(row.Figures) == 0 {
		row.Figure = Figure{Name: s.scenario.Name, Verdict: result.Inconclusive, Why: "nothing of it can be compared"}
		return row
	}
	row.Figure = row.Figures[0]
	return row
}

func (s *subject) timedFigure(d sequential.Decision) Figure {
	r := s.rules[d.Metric]
	base, head := s.tally.medians(wall)
	back := math.Exp(r.shift())
	f := Figure{
		Name: s.scenario.Name, Metric: d.Metric, Verdict: d.Outcome, Why: d.Why, Pairs: d.Pairs,
		Estimate: number(d.Estimate * back), Lower: number(d.Lower * back), Upper: number(d.Upper * back),
		MDD: number(d.Smallest), Limit: number(r.limit), Base: number(base), Head: number(head),
		Faster: faster(d, back), LogRatios: d.LogRatios,
	}
	f.take(r)
	// Noise that others make is not the change's: it can hide a slowdown, and where
	// it hits one side alone make one up.
	if share := float64(s.tally.disturbed) / float64(max(1, s.tally.pairs)); share > disturbedShare && f.Verdict == result.Fail {
		f.Verdict = result.Inconclusive
		f.Why = fmt.Sprintf("other programs kept the processors busy during %d of %d pairs", s.tally.disturbed, s.tally.pairs)
	}
	return f
}

// faster reports whether the head is certainly faster than the base. The decision
// is on ratios without what is accepted, where code that did not change is faster
// than what was expected of it.
func faster(d sequential.Decision, back float64) bool { return d.Faster && d.Upper*back < 1 }

// Fault reports whether the metric counts faults, such as lost records, which are
// no matter of speed.
func (f Figure) Fault() bool { return slices.Contains(faultMetrics, f.Metric) }

// countedFigure is what became of the counts. Pairs are those of counts.
func (s *subject) countedFigure(d sequential.Decision, v *sidesOf) Figure {
	r := s.rules[instructions]
	back := math.Exp(r.shift())
	f := Figure{
		Name: s.scenario.Name, Metric: instructions, Verdict: d.Outcome, Why: d.Why, Pairs: d.Pairs,
		Estimate: number(d.Estimate * back), Lower: number(d.Lower * back), Upper: number(d.Upper * back),
		MDD: number(d.Smallest), Limit: number(r.limit), Faster: faster(d, back),
	}
	if len(v.base) > 0 {
		f.Base, f.Head = number(stat.MedianOf(v.base)), number(stat.MedianOf(v.head))
	}
	f.take(r)
	return f
}

func (s *subject) exactFigure(name string) Figure {
	r := s.rules[name]
	v := s.tally.values[name]
	base, head := s.tally.medians(name)
	f := Figure{
		Name: s.scenario.Name, Metric: name, Pairs: s.tally.pairs, MDD: number(math.NaN()), Limit: number(r.limit),
		Base: number(base), Head: number(head), Estimate: number(head / base), Lower: number(head / base), Upper: number(head / base),
	}
	if base == head && f.Pairs > 0 {
		f.Estimate, f.Lower, f.Upper = 1, 1, 1
	}
	f.Verdict, f.Why = judgeExact(name, v, r)
	f.Faster = f.Verdict == result.Pass && head < base
	f.take(r)
	return f
}

// take says where the rule stands.
func (f *Figure) take(r rule) {
	f.At, f.ByDefault, f.Accepted = r.at, r.byDefault, number(r.accept.Ratio)
	if !r.accept.Until.IsZero() {
		f.Until = r.accept.Until.Format("2006-01-02")
	}
}

// change is a ratio as people say it: "+8.1 %".
func change(ratio float64) string {
	if math.IsNaN(ratio) || math.IsInf(ratio, 0) || ratio <= 0 {
		return "-"
	}
	return fmt.Sprintf("%+.1f %%", 100*(ratio-1))
}

// value formats a figure of a metric.
func value(name string, v number) string {
	if name == totals {
		name = wall
	}
	m, _ := metric.Lookup(name)
	return m.Unit.Format(float64(v))
}
