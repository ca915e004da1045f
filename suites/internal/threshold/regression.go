package threshold

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/logperf/logperf/suites/internal/metric"
)

// Compared are the metrics of a scenario that the gate compares between base
// and head, and that may have the keys regression and accept. The first two
// and instructions/op the gate can tell of scenarios that do not emit them.
func Compared() []string {
	return slices.Concat([]string{"ns/op", "total-ns/op", "instructions/op"}, emitted)
}

// emitted are those of Compared that a scenario has to emit itself.
var emitted = []string{"allocs/op", "B/op", "writes/1k-op", "line-B/op", "heap-B/op"}

// Regression says how much worse than the base the head may be in one metric of
// one scenario.
type Regression struct {
	Scenario string
	Metric   metric.Metric
	// Limit is the share by which head may exceed base: 0.04 for 4%. It counts
	// where Limited is set; else the gate's default does.
	Limit   float64
	Limited bool
	// None says that the metric is not compared; that of ns/op leaves out
	// total-ns/op too. Why is then set.
	None bool
	// Accept is an expected slowdown.
	Accept Accept
	Why    string
	File   string
	Line   int
	Col    int
}

// Accept is a slowdown that somebody expects. The zero value accepts none.
type Accept struct {
	// Ratio is head/base as it is expected, above 1; 0 without.
	Ratio float64
	Why   string
	// Until is the last day on which it is accepted.
	Until time.Time
	Line  int
}

// noComparison is the value of regression: that keeps a metric out of the gate.
const noComparison = "none"

// Regression returns what the file says of a metric of a scenario in the gate;
// false where it says nothing.
func (f *File) Regression(scenario, name string) (Regression, bool) {
	i := slices.IndexFunc(f.regressions, func(r Regression) bool { return r.Scenario == scenario && r.Metric.Name == name })
	if i < 0 {
		return Regression{}, false
	}
	return f.regressions[i], true
}

// At is where a scenario is named first: "thresholds.yaml:12"; the file alone
// where it is not.
func (f *File) At(scenario string) string {
	if at, ok := f.places[scenario]; ok {
		return fmt.Sprintf("%s:%d", f.name, at.line)
	}
	return f.name
}

// regressionKey reads regression or accept into r, at one of these keys.
func (p *parser) regressionKey(k key, n ast.Node, base Limit, r *Regression) {
	r.Scenario, r.Metric, r.File, r.Line, r.Col = base.Scenario, base.Metric, base.File, base.Line, base.Col
	switch {
	case base.Profile != "":
		p.fault(k.node, "%s compares two builds on the same machine: it belongs under scenarios:, not under a profile", k.text)
		return
	case !slices.Contains(Compared(), base.Metric.Name):
		p.fault(k.node, "the gate does not compare %s: %s may stand on %s", base.Metric.Name, k.text, strings.Join(Compared(), ", "))
		return
	case k.text == "accept":
		p.accept(k, n, &r.Accept)
		return
	}
	if text, ok := n.(*ast.StringNode); ok && text.Value == noComparison {
		r.None = true
		return
	}
	v, ok := p.value(n, metric.Ratio)
	if ok && (v >= 1 || v == 0 && !base.Metric.Exact) {
		p.fault(n, "regression is %g: want a share of the base's figure, such as 4%%, or none", v)
		return
	}
	r.Limit, r.Limited = v, ok
}

// accept reads the mapping of an expected slowdown. Without a reason and an end
// it would be a limit that nobody remembers.
func (p *parser) accept(at key, n ast.Node, a *Accept) {
	a.Line = where(at.node).line
	for k, v := range p.mapping(n, "accept", "ratio", "why", "until") {
		switch k.text {
		case "ratio":
			ratio, ok := p.value(v, metric.Ratio)
			if ok && (ratio <= 1 || ratio > 100) {
				p.fault(v, "ratio is %g: want head/base as it is expected, such as 1.06", ratio)
			}
			a.Ratio = ratio
		case "why":
			a.Why, _ = p.scalar(v, "why")
		case "until":
			a.Until = p.until(v)
		}
	}
	if len(p.faults) == 0 && (a.Ratio == 0 || a.Why == "" || a.Until.IsZero()) {
		p.fault(at.node, "accept needs ratio, why and until: what is expected, the reason, and the last day")
	}
}

func (p *parser) until(n ast.Node) time.Time {
	text, ok := p.scalar(n, "until")
	if !ok {
		return time.Time{}
	}
	day, err := time.Parse(time.DateOnly, text)
	switch {
	case err != nil:
		p.fault(n, "until is %q: want a day as 2027-06-30", text)
	case p.now.After(day.AddDate(0, 0, 1)):
		p.fault(n, "the slowdown was accepted until %s: by now the base has it too, so drop accept, or move the day", text)
	}
	return day
}
