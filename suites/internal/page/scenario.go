package page

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/logperf/logperf/suites/internal/metric"
	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/stat"
)

// scenario is what the page says of one scenario. What there is nothing to say
// of is empty, and left out.
type scenario struct {
	raw     string // the name as the run has it
	ID      string
	Name    string
	Subject string // the label of that kind
	Outcome string
	Mark    string
	Class   string
	Figures string // the few that stand beside the name
	Open    bool   // it needs attention
	Facts   []fact
	Doubts  []string
	Errors  []string
	Limits  []limit
	// Metrics and Ratios are all figures; Strips are those with a plot.
	Metrics, Ratios table
	Percentiles     table
	Timelines       []table
	Curve           table
	Counters        table
	History         table
	Altered         bool     // the history has runs at which a step says nothing of the code
	Missing         []string // why something is not shown
	Data            data
}

// fact is a name with its value.
type fact struct{ Name, Value string }

// data is what the script draws; empty members have no plot.
type data struct {
	Strips      []strip     `json:"strips,omitempty"`
	Percentiles *percents   `json:"percentiles,omitempty"`
	Timelines   []timeline  `json:"timelines,omitempty"`
	Curve       *curve      `json:"curve,omitempty"`
	History     []histories `json:"history,omitempty"`
}

// Drawn reports whether the script has anything to draw.
func (s *scenario) Drawn() bool {
	d := s.Data
	return len(d.Strips) > 0 || d.Percentiles != nil || len(d.Timelines) > 0 || d.Curve != nil || len(d.History) > 0
}

// builder makes the scenarios of a page.
type builder struct {
	in         Input
	confidence float64
	room       allowance
}

// scenarios are those that left rows, in the order of the run, and behind them
// those that left a verdict or an error alone.
func (b builder) scenarios() []*scenario {
	var names []string
	add := func(name string) {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, r := range b.in.Run.Results {
		add(r.Scenario)
	}
	for _, v := range b.in.Run.Verdicts {
		add(v.Scenario)
	}
	for _, e := range b.in.Run.Errors {
		add(e.Scenario)
	}
	ids := anchors{}
	all := make([]*scenario, len(names))
	for i, name := range names {
		all[i] = b.scenario(name, ids.of(name))
	}
	return all
}

// scenario lays out one.
func (b builder) scenario(name, id string) *scenario {
	s := &scenario{raw: name, ID: id, Name: visible(name), Subject: "other"}
	var rows []result.Result
	for _, r := range b.in.Run.Results {
		if r.Scenario == name {
			rows = append(rows, r)
		}
	}
	var verdicts []result.Verdict
	for _, v := range b.in.Run.Verdicts {
		if v.Scenario == name {
			verdicts = append(verdicts, v)
		}
	}
	for _, e := range b.in.Run.Errors {
		if e.Scenario == name {
			s.Errors = append(s.Errors, visible(excerpt(e.Text)))
		}
	}
	s.judge(verdicts)
	s.Limits = limitsOf(verdicts)
	if len(rows) == 0 {
		s.Missing = append(s.Missing, "The scenario left no figures.")
		s.Subject = subjectOf(name, nil)
		return s
	}
	s.Subject = subjectOf(name, rows[0].Labels)
	s.Figures = headline(rows)
	s.Facts = b.facts(rows)
	s.doubt(rows)
	b.figures(s, rows, verdicts)
	b.latency(s, rows)
	b.load(s, rows)
	s.Counters = counters(rows)
	b.history(s, rows[0], verdicts)
	return s
}

// subjectOf is the scenario's label of that kind, else the first part of its
// name.
func subjectOf(name string, labels []string) string {
	for _, l := range labels {
		if subject, ok := strings.CutPrefix(l, "subject:"); ok {
			return visible(subject)
		}
	}
	first, _, _ := strings.Cut(name, "/")
	return visible(first)
}

// judge sums the verdicts up: the worst is the scenario's.
func (s *scenario) judge(verdicts []result.Verdict) {
	worst := result.Verdict{Outcome: result.NotJudged}
	rank := func(v result.Verdict) int {
		return slices.Index([]string{"none", "pass", "near", "unsure", "fail"}, class(v))
	}
	for _, v := range verdicts {
		if rank(v) > rank(worst) {
			worst = v
		}
	}
	s.Outcome, s.Mark, s.Class = string(worst.Outcome), mark(worst.Outcome, worst.AtLimit), class(worst)
	switch {
	case len(s.Errors) > 0:
		s.Outcome, s.Mark, s.Class = "ERROR", mark(result.Fail, false), "fail"
	case s.Class == "near":
		s.Outcome = "at the limit"
	case s.Class == "none" && len(verdicts) == 0:
		s.Outcome = "no limits"
	case s.Class == "none":
		s.Outcome = "not judged"
	}
	s.Outcome = visible(s.Outcome)
	s.Open = s.Class == "fail" || s.Class == "unsure"
}

// leading are the metrics that tell most of a scenario, the most telling first.
var leading = []string{
	"ns/op", "caller-ns/op", "knee-records/s", "p50-ns", "p99-ns", "response-p99-ns", "service-p99-ns", "records/s",
	"offered-records/s", "achieved", "cpu-ns/op", "MB/s", "allocs/op", "heap-B/op", "peak-RSS-B",
}

// headline is the few figures that stand beside the name.
func headline(rows []result.Result) string {
	const most = 3
	var parts []string
	for _, name := range leading {
		good, _ := finiteOf(rows[0].Values[name])
		if len(good) == 0 || len(parts) == most {
			continue
		}
		parts = append(parts, name+" "+unitOf(name).Format(stat.MedianOf(good)))
	}
	return strings.Join(parts, " · ")
}

// facts are what the figures were measured with.
func (b builder) facts(rows []result.Result) []fact {
	r := rows[0]
	var facts []fact
	add := func(name, value string) {
		if value != "" {
			facts = append(facts, fact{name, visible(value)})
		}
	}
	add("repetitions", operations(r.Iterations))
	add("labels", strings.Join(r.Labels, ", "))
	if names := references(rows); len(names) > 0 {
		add("in turns with", strings.Join(names, ", "))
	}
	add("limited by", r.Limiter)
	if r.Drift != 0 && finite(r.Drift) {
		add("drift", fmt.Sprintf("the last quarter of the slices took %s of the time of the first", metric.Ratio.Format(r.Drift)))
	}
	if r.Corpus {
		add("records", "of the user's own log")
	}
	for _, kind := range slices.Sorted(maps.Keys(r.Profiles)) {
		add(visible(kind)+" profile", "go tool pprof "+strings.TrimPrefix(b.in.Folder+"/"+r.Profiles[kind], "/"))
	}
	if len(r.Source) >= 12 {
		add("source", "SHA-256 "+r.Source[:12])
	}
	return facts
}

func operations(iterations []int) string {
	if len(iterations) == 0 {
		return ""
	}
	least, most := slices.Min(iterations), slices.Max(iterations)
	switch {
	case most == 1: // it is one whole, such as the search of a knee
		return fmt.Sprint(len(iterations))
	case least == most:
		return fmt.Sprintf("%d of %s operations", len(iterations), grouped(int64(least)))
	}
	return fmt.Sprintf("%d of %s to %s operations", len(iterations), grouped(int64(least)), grouped(int64(most)))
}

func references(rows []result.Result) []string {
	var names []string
	for _, r := range rows {
		if r.Reference != "" {
			names = append(names, r.Reference)
		}
	}
	return names
}

// doubt collects why times or single metrics say nothing.
func (s *scenario) doubt(rows []result.Result) {
	for _, r := range rows {
		if r.Doubt != "" {
			s.Doubts = append(s.Doubts, visible(who(r)+": "+r.Doubt))
		}
		for _, name := range slices.Sorted(maps.Keys(r.Doubts)) {
			s.Doubts = append(s.Doubts, visible(fmt.Sprintf("%s, %s: %s", who(r), name, r.Doubts[name])))
		}
	}
}

// who is whose row it is.
func who(r result.Result) string { return cmp.Or(r.Reference, "subject") }

// counters are the counts of each row beside each other.
func counters(rows []result.Result) table {
	t := table{Caption: "Counters, summed over the repetitions", Columns: []string{"counter"}}
	names := map[string]bool{}
	var of []result.Result
	for _, r := range rows {
		if len(r.Counts) == 0 {
			continue
		}
		of = append(of, r)
		t.Columns = append(t.Columns, visible(who(r)))
		for name := range r.Counts {
			names[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		cells := []string{visible(name)}
		for _, r := range of {
			cell := "-"
			if n, ok := r.Counts[name]; ok {
				cell = grouped(n)
			}
			cells = append(cells, cell)
		}
		t.Rows = append(t.Rows, cells)
	}
	return t
}

// environmentOf are the facts of the machine and the code.
func environmentOf(e result.Environment) table {
	t := table{Caption: "Environment", Columns: []string{"what", "value"}, Class: "words"}
	quota := ""
	if e.Quota > 0 {
		quota = fmt.Sprintf("%.3g processors", e.Quota)
	}
	for _, one := range []fact{
		{"processor", e.CPU},
		{"cores", fmt.Sprint(e.Cores)},
		{"quota", quota},
		{"system", strings.TrimSpace(e.OS + " " + e.Arch + ", kernel " + e.Kernel)},
		{"Go", e.Go},
		{"GOMAXPROCS of the arms", fmt.Sprint(e.GOMAXPROCS)},
		{"GOGC", cmp.Or(e.GOGC, "default")},
		{"GOMEMLIMIT", cmp.Or(e.GOMEMLIMIT, "default")},
		{"governor", e.Governor},
		{"file system", e.Filesystem},
		{"commit", commitOf(e.Commit, e.Dirty)},
	} {
		if one.Value != "" {
			t.Rows = append(t.Rows, []string{one.Name, visible(one.Value)})
		}
	}
	return t
}

// settingsOf are the settings with their paths, those of a nested one below each
// other.
func settingsOf(settings map[string]any) table {
	t := table{Caption: "Settings", Columns: []string{"setting", "value"}, Class: "words"}
	var walk func(path string, value any)
	walk = func(path string, value any) {
		if nested, ok := value.(map[string]any); ok && len(nested) > 0 {
			for _, name := range slices.Sorted(maps.Keys(nested)) {
				walk(strings.TrimPrefix(path+"."+name, "."), nested[name])
			}
			return
		}
		t.Rows = append(t.Rows, []string{visible(path), visible(setting(value))})
	}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		walk(name, settings[name])
	}
	return t
}

// setting writes numbers in full: 65536, never 6.5536e+04.
func setting(value any) string {
	switch v := value.(type) {
	case nil:
		return "none"
	case float64:
		return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.6f", v), "0"), ".")
	case string:
		return cmp.Or(v, `""`)
	default:
		return fmt.Sprint(v)
	}
}
