package drill

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/logperf/logperf/suites/internal/gate"
	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/threshold"
)

// family is how many scenarios a measurement of power is done for: the levels of
// one scenario are then those that it has among so many.
const family = 30

// Comparison holds plants against the gate: the tree is the base, the tree with
// the plant the head.
type Comparison struct {
	// Root is the folder of the repository.
	Root string
	// Limits are those of thresholds.yaml; nil means the gate's defaults.
	Limits *threshold.File
	// Budget is the time of one run; 0 means the gate's default.
	Budget time.Duration
	// Seed is that of a trial; runs of a measured power have their own.
	Seed uint64

	run func(context.Context, gate.Options) (*gate.Report, error) // nil: gate.Run
}

// Judge implements Judge: the scenario of the catch is compared alone.
func (g Comparison) Judge(ctx context.Context, laid Planted, p Plant, c Catch) (Finding, error) {
	o := g.options(laid, g.Seed)
	o.Select = only(c.Scenario)
	o.NoCounts, o.NoTimes = c.NoCounts, c.counted()
	report, err := g.compare(ctx, o)
	if err != nil {
		return Finding{}, err
	}
	if p.Unchanged {
		return Finding{Outcome: report.Verdict, Caught: report.Verdict == result.Fail, Detail: detail(report, report.Scenarios[0].Figure)}, nil
	}
	f, ok := figure(report, c.Scenario, c.Metric)
	if !ok {
		return Finding{Outcome: result.NotJudged, Detail: "the gate has not judged " + c.Metric}, nil
	}
	// A run on a machine that is not fit fails nothing, whatever its figures say.
	outcome := f.Verdict
	if report.Verdict != result.Fail && outcome == result.Fail {
		outcome = report.Verdict
	}
	return Finding{Outcome: outcome, Caught: outcome == result.Fail, Detail: detail(report, f)}, nil
}

// Compare implements Comparer.
func (g Comparison) Compare(ctx context.Context, laid Planted, p Plant, seed uint64) ([]Row, error) {
	if p.Unchanged {
		report, err := g.compare(ctx, g.options(laid, seed))
		if err != nil {
			return nil, err
		}
		return rows(report), nil
	}
	// All catches at once: they share the links, which take most of the time.
	o, scenarios := g.options(laid, seed), []string{}
	o.Family, o.NoCounts, o.NoTimes = family, p.Catch[0].NoCounts, p.Catch[0].counted()
	for _, c := range p.Catch {
		if c.NoCounts != o.NoCounts || c.counted() != o.NoTimes {
			return nil, errors.New("the catches of a plant whose power is measured differ in no_counts or in whether they are counted: make two plants of it")
		}
		scenarios = append(scenarios, c.Scenario)
	}
	o.Select = func(name string, _ []string) bool { return slices.Contains(scenarios, name) }
	report, err := g.compare(ctx, o)
	if err != nil {
		return nil, err
	}
	var all []Row
	for _, c := range p.Catch {
		f, ok := figure(report, c.Scenario, c.Metric)
		if !ok {
			return nil, fmt.Errorf("the gate has not judged %s of %s", c.Metric, c.Scenario)
		}
		all = append(all, rowOf(report, f))
	}
	return all, nil
}

// counted reports whether instructions show the plant, for which no time is needed.
func (c Catch) counted() bool { return c.Metric == "instructions/op" }

func (g Comparison) options(laid Planted, seed uint64) gate.Options {
	return gate.Options{
		Root: g.Root, Limits: g.Limits, Budget: g.Budget, Seed: seed,
		Base: gate.Tree{Ref: gate.WorkingTree}, Head: gate.Tree{Ref: gate.WorkingTree, Overlay: laid.Files},
	}
}

// compare runs the gate and refuses a comparison of nothing.
func (g Comparison) compare(ctx context.Context, o gate.Options) (*gate.Report, error) {
	run := g.run
	if run == nil {
		run = gate.Run
	}
	report, err := run(ctx, o)
	switch {
	case err != nil:
		return nil, err
	case report.Identical:
		return nil, errors.New("the plant makes no difference to the gate's binaries: nothing was compared")
	case len(report.Scenarios) == 0:
		return nil, fmt.Errorf("the gate has compared no scenario: %s", cmp.Or(report.Why, "it does not say why"))
	}
	return report, nil
}

func only(scenario string) func(string, []string) bool {
	return func(name string, _ []string) bool { return name == scenario }
}

func figure(r *gate.Report, scenario, metric string) (gate.Figure, bool) {
	for _, row := range r.Scenarios {
		i := slices.IndexFunc(row.Figures, func(f gate.Figure) bool { return f.Metric == metric })
		if row.Name == scenario && i >= 0 {
			return row.Figures[i], true
		}
	}
	return gate.Figure{}, false
}

// detail is a figure in a sentence.
func detail(r *gate.Report, f gate.Figure) string {
	text := fmt.Sprintf("%s  %s %s: head/base %.4f [%.4f .. %.4f] of %d pairs, limit %.3g %%",
		f.Verdict, f.Name, f.Metric, float64(f.Estimate), float64(f.Lower), float64(f.Upper), f.Pairs, 100*float64(f.Limit))
	for _, why := range []string{f.Why, r.Why} {
		if why != "" {
			text += "; " + why
		}
	}
	return text
}

// rows are those of a report, each with the figure that decides.
func rows(r *gate.Report) []Row {
	var all []Row
	for _, row := range r.Scenarios {
		all = append(all, rowOf(r, row.Figure))
	}
	return all
}

// rowOf is the row of a figure. On a machine that was not fit no FAIL counts.
func rowOf(r *gate.Report, f gate.Figure) Row {
	verdict := f.Verdict
	if r.Verdict == result.Inconclusive && verdict == result.Fail {
		verdict = result.Inconclusive
	}
	return Row{
		Scenario: f.Name, Metric: f.Metric, Verdict: verdict, Pairs: f.Pairs,
		Estimate: float64(f.Estimate), Lower: float64(f.Lower), Upper: float64(f.Upper), MDD: float64(f.MDD),
	}
}
