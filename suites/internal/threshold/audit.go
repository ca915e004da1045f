package threshold

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/logperf/logperf/suites/internal/metric"
	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/stat"
)

const (
	// tooFar is by how many intervals a limit may stand off before it could only
	// fail for a catastrophe.
	tooFar = 10
	// layout is the least noise that a figure is taken to have, as a share of it.
	// The interval of one run knows nothing of the layout of the code, which alone
	// moves figures by some per cent from build to build. With it, what stands up
	// to a half above the measured figure is never called loose.
	layout = 0.05
	// room is what a proposed limit leaves beyond the observed bound, as a share.
	room = 0.2
	// soon is how long before its day a limit is shown as expiring.
	soon = 30 * 24 * time.Hour
)

// AuditOptions says how a run is held against the limits. The zero value but for
// Now is of use.
type AuditOptions struct {
	// Confidence of the intervals; 0 means 0.95.
	Confidence float64
	// Profile is the profile that was forced; empty: the machine decides.
	Profile string
	// Now tells what has expired.
	Now time.Time
}

// The kinds of finding, the most urgent first.
const (
	Expired     = "expired"
	ExpiresSoon = "expires soon"
	Loose       = "loose"
	NeverJudged = "never judged"
)

// Audit is what was found of the limits of a file.
type Audit struct {
	// Run is the stored run whose figures the limits were held against.
	Run string `json:"run"`
	// Limits are all of the file, Judged those that the run has a figure for,
	// Absent those on scenarios that it has not measured.
	Limits int `json:"limits"`
	Judged int `json:"judged"`
	Absent int `json:"absent"`
	// Findings by kind, then in the order of the file.
	Findings []Finding `json:"findings"`
}

// Finding is one thing to look at.
type Finding struct {
	Kind     string `json:"kind"`
	File     string `json:"file"`
	Line     int    `json:"line"`
	Scenario string `json:"scenario,omitempty"` // empty for a whole profile
	// Of is the metric, and the reference of a ratio behind it.
	Of string `json:"of,omitempty"`
	// Limit is how the limit is shown, Observed what was measured.
	Limit    string `json:"limit,omitempty"`
	Observed string `json:"observed,omitempty"`
	// Proposed is a tighter value, as the file would have it; empty for none.
	Proposed string `json:"proposed,omitempty"`
	// Text says what is wrong, Why what the limit says for itself.
	Text string `json:"text"`
	Why  string `json:"why,omitempty"`
}

// Audit looks for limits that do not do their work: expired or about to, as the
// accept of an expected slowdown may be, too loose ever to fail given the noise of the run, and never judged on the run's
// machine. Limits on scenarios that the run has not measured are counted, and so
// is what it could not judge.
//
// A ratio or an absolute limit is loose where it stands more than ten intervals
// off the near bound of its interval; an interval counts as at least 5 % of the
// figure. An exact limit on a count is loose where it is beyond every value.
// Drifts and shares are exact too, but the tolerance of a test; they are passed
// over.
//
// The file is to be read with a time of zero, by which nothing has expired. A run
// that only checked is an error: it has measured no noise.
func (f *File) Audit(run *result.Run, o AuditOptions) (Audit, error) {
	if run.Check {
		return Audit{}, fmt.Errorf("run %s has checked and not measured: name one of make perf", run.ID)
	}
	a := Audit{Run: run.ID, Limits: len(f.limits), Findings: []Finding{}}
	a.Findings = append(a.Findings, f.elsewhere(run.Environment, o.Profile)...)
	for _, l := range f.applying(run.Environment, o.Profile) {
		if finding, found := expiry(l, o.Now, "the limit"); found {
			a.Findings = append(a.Findings, finding)
		}
		rows := rowsOf(run, l.Scenario)
		if len(rows) == 0 {
			a.Absent++
			continue
		}
		if !l.Applies {
			continue
		}
		v := Judge(l, rows, JudgeOptions{Confidence: o.Confidence, Corpus: rows[0].Corpus})
		if v.Outcome != result.Pass && v.Outcome != result.Fail || v.Interval.N == 0 {
			continue
		}
		a.Judged++
		if finding, found := looseness(l, v, rows[0], o.Confidence); found {
			a.Findings = append(a.Findings, finding)
		}
	}
	for _, r := range f.regressions {
		l := Limit{Scenario: r.Scenario, Metric: r.Metric, File: r.File, Line: r.Accept.Line, Expires: r.Accept.Until, Why: r.Accept.Why}
		if finding, found := expiry(l, o.Now, "accept"); found {
			finding.Limit = fmt.Sprintf("accept %g", r.Accept.Ratio)
			a.Findings = append(a.Findings, finding)
		}
	}
	order := []string{Expired, ExpiresSoon, Loose, NeverJudged}
	slices.SortStableFunc(a.Findings, func(x, y Finding) int {
		return cmp.Or(cmp.Compare(slices.Index(order, x.Kind), slices.Index(order, y.Kind)), cmp.Compare(x.Line, y.Line))
	})
	return a, nil
}

// applying are all limits, with whether each applies to the machine.
func (f *File) applying(env result.Environment, forced string) []Limit {
	var all []Limit
	seen := map[string]bool{}
	for _, l := range f.limits {
		if !seen[l.Scenario] {
			seen[l.Scenario] = true
			all = append(all, f.Limits(l.Scenario, env, forced)...)
		}
	}
	return all
}

// elsewhere are the profiles that do not fit the machine.
func (f *File) elsewhere(env result.Environment, forced string) []Finding {
	var found []Finding
	for _, p := range f.profiles {
		if p.matches(env, forced) {
			continue
		}
		n := 0
		for _, l := range f.limits {
			if l.Profile == p.name {
				n++
			}
		}
		found = append(found, Finding{
			Kind: NeverJudged, File: f.name, Line: p.line, Limit: fmt.Sprintf("%d of profile %s", n, p.name),
			Observed: fmt.Sprintf("%s with %d cores", env.CPU, env.Cores),
			Text:     "the profile is for " + strings.Join(p.cpus, " or ") + fmt.Sprintf(" with %d cores: measure there, or add a profile for this machine", p.cores),
		})
	}
	return found
}

func rowsOf(run *result.Run, scenario string) []result.Result {
	var rows []result.Result
	for _, r := range run.Results {
		switch {
		case r.Scenario != scenario:
		case r.Reference == "":
			rows = slices.Insert(rows, 0, r)
		default:
			rows = append(rows, r)
		}
	}
	return rows
}

func findingOf(kind string, l Limit) Finding {
	f := Finding{Kind: kind, File: l.File, Line: l.Line, Scenario: l.Scenario, Of: l.Metric.Name, Limit: l.Text(), Why: l.Why}
	if l.Against != "" {
		f.Of += " / " + l.Against
	}
	return f
}

// expiry finds what has a last day that is over or near: a limit, or the accept of an
// expected slowdown.
func expiry(l Limit, now time.Time, what string) (Finding, bool) {
	day := l.Expires.Format(time.DateOnly)
	switch {
	case l.Expires.IsZero() || l.Expires.Sub(now) > soon:
		return Finding{}, false
	case now.After(l.Expires.AddDate(0, 0, 1)):
		f := findingOf(Expired, l)
		f.Text = "expired on " + day + ", and ends each run before it measures: measure again, then move the day or drop " + what
		return f, true
	}
	f := findingOf(ExpiresSoon, l)
	f.Text = "expires on " + day + ", and ends each run from the day after: measure again, then move the day or drop " + what
	return f, true
}

// looseness finds a limit that the figures of the run do not come near.
func looseness(l Limit, v result.Verdict, row result.Result, confidence float64) (Finding, bool) {
	f := findingOf(Loose, l)
	f.Observed = v.Value()
	if span := v.Span(); span != "" {
		f.Observed += " [" + span + "]"
	}
	if l.Class() == "exact" {
		return exactLooseness(f, l, v.Interval)
	}
	unit := l.Metric.Unit
	intervals := []stat.Interval{v.Interval}
	if l.Kind == Vs {
		unit = metric.Ratio
		intervals = append(intervals, scaled(totalsOf(l, row, confidence), atLeast(l), l.Totals))
	}
	least := math.Inf(1)
	bound := 0.0
	for i, in := range intervals {
		if !in.Bounded() {
			return f, false
		}
		off, proposed := standsOff(l, in)
		least = min(least, off)
		if i == 0 || atLeast(l) && proposed < bound || !atLeast(l) && proposed > bound {
			bound = proposed
		}
	}
	if !(least > tooFar) || math.IsInf(least, 0) {
		return f, false
	}
	f.Text = fmt.Sprintf("%.0f intervals off", least)
	if bound = rounded(bound, unit == metric.Count, atLeast(l)); tighter(l, bound) {
		f.Proposed = proposal(l, unit, bound)
	}
	return f, true
}

// exactLooseness finds a limit on a count that no repetition has come to.
func exactLooseness(f Finding, l Limit, in stat.Interval) (Finding, bool) {
	worst := in.Hi
	if l.Kind == Min {
		worst = in.Lo
	}
	if l.Metric.Unit == metric.Ratio || !tighter(l, worst) {
		return f, false
	}
	f.Text = fmt.Sprintf("no value of %d came to it", in.N)
	f.Proposed = proposal(l, l.Metric.Unit, worst)
	return f, true
}

// atLeast reports whether the limit bounds the figure from below.
func atLeast(l Limit) bool {
	return l.Kind == Min || l.Kind == Vs && l.Metric.Better == metric.Higher
}

// tighter reports whether a value would be a stricter limit.
func tighter(l Limit, value float64) bool {
	if atLeast(l) {
		return value > l.Value
	}
	return value < l.Value
}

// totalsOf is the interval of the ratio of the totals; one without bounds where
// there is none.
func totalsOf(l Limit, row result.Result, confidence float64) stat.Interval {
	for _, r := range row.Ratios {
		if r.Metric == l.Metric.Name && r.Against == l.Against {
			return stat.Median(r.Totals, cmp.Or(confidence, 0.95))
		}
	}
	return stat.Interval{}
}

// scaled is the interval of the totals on the scale of the slices, whose limit is
// tighter by the factor.
func scaled(in stat.Interval, atLeast bool, factor float64) stat.Interval {
	if atLeast {
		factor = 1 / factor
	}
	in.Center, in.Lo, in.Hi = in.Center/factor, in.Lo/factor, in.Hi/factor
	return in
}

// standsOff is how many intervals the limit is away from the near bound, and the
// value that leaves the room of a limit beyond it. Where there is no noise at all
// there is no distance in it either: 0.
func standsOff(l Limit, in stat.Interval) (intervals, proposed float64) {
	width := in.Hi - in.Lo
	noise := max(width, layout*math.Abs(in.Center))
	if noise == 0 {
		return 0, l.Value
	}
	if atLeast(l) {
		return (in.Lo - l.Value) / noise, in.Lo - room*math.Abs(in.Lo) - width
	}
	return (l.Value - in.Hi) / noise, in.Hi + room*math.Abs(in.Hi) + width
}

// rounded is a value in two significant digits, away from the figure; a count of
// one and more is whole.
func rounded(v float64, count, down bool) float64 {
	if v == 0 || math.IsInf(v, 0) {
		return v
	}
	step := math.Pow(10, math.Floor(math.Log10(math.Abs(v)))-1)
	if count && math.Abs(v) >= 1 {
		step = max(step, 1)
	}
	n := v / step
	const slip = 1e-9 // of the division
	if down {
		n = math.Floor(n + slip)
	} else {
		n = math.Ceil(n - slip)
	}
	// Through its text, so that 59 steps of 0.01 are 0.59.
	text := strconv.FormatFloat(n*step, 'g', 2, 64)
	short, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return n * step
	}
	return short
}

// proposal is the limit as the file would have it.
func proposal(l Limit, unit metric.Unit, v float64) string {
	if l.Kind == Vs {
		return fmt.Sprintf("vs: {%s: %s}", l.Against, written(unit, v))
	}
	return string(l.Kind) + ": " + written(unit, v)
}

// written is a value as it stands in the file: "1.3us", "200k".
func written(unit metric.Unit, v float64) string {
	switch unit {
	case metric.Nanoseconds, metric.PerSecond:
	default:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	number, suffix, _ := strings.Cut(unit.Format(v), " ")
	if strings.Contains(number, ".") {
		number = strings.TrimRight(strings.TrimRight(number, "0"), ".")
	}
	return number + strings.TrimSuffix(suffix, "/s")
}
