package advise

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/suites/internal/result"
)

const (
	sweepPrefix = "load/sweep/"
	present     = "present"
	// screening is how often a value is looked at before the best of each setting
	// are measured, confirming how often those are: the fewest that have an
	// interval. What is told is of the second look alone, because the best of
	// several looks is too good.
	screening  = 3
	confirming = 6
	// mostConfirmed bounds the second look.
	mostConfirmed = 4
)

// An Arm is a logger of a sweep.
type Arm struct {
	Name     string // present, or one of Sweep.Names
	Settings logging.Settings
}

// A Measurement is what a sweep asks for: the arms in turns, so often, under one
// of the loads.
type Measurement struct {
	Scenario    string
	Arms        []Arm // the first is the present settings
	Repetitions int
	// Tick is called behind each repetition.
	Tick func()
}

// A Sweep measures the present settings against others.
type Sweep struct {
	// Settings are the present ones, File is where they stand: it is for the
	// commands alone.
	Settings logging.Settings
	File     string
	// Only are the settings that are changed; nil: all that Factors names. Loads are
	// those of the second look; nil: all.
	Only, Loads []string
	// Names are what arms may be called, but for present.
	Names []string
	// Measure makes the rows of a measurement, that of the present settings first.
	Measure func(context.Context, Measurement) ([]result.Result, error)
	// Progress is told what runs and the time that is left, after each
	// repetition; nil: nobody looks on.
	Progress func(what string, left time.Duration)
	// Now tells the time; nil means time.Now.
	Now func() time.Time
}

// A Trial is what became of some changes.
type Trial struct {
	Set []Change `json:"set"`
	// Confirmed is set where the figures are those of the second look.
	Confirmed bool     `json:"confirmed"`
	Factors   []Factor `json:"factors"`
	// Dropped is the share of the records that the policy dropped, in the worst of
	// the loads; DroppedNow is that of the present settings.
	Dropped    float64 `json:"dropped"`
	DroppedNow float64 `json:"dropped_now"`
	// Verdict is better, worse, mixed, loses, no difference, or not measured where the
	// pacer was late.
	Verdict string `json:"verdict"`
}

// Run sweeps. First each value of each setting alone is looked at under the load
// that shows it, then the best of each setting, and the two best together, are
// measured under all loads. The whole grid would be some hundred arms.
func (w Sweep) Run(ctx context.Context) (Report, error) {
	r := Report{Notes: []string{
		"the sweep changes one setting at a time around the present ones, then the best of each and the best two together: other pairs were not tried",
	}}
	p := newPlan(w)
	screened, err := p.screen(ctx)
	if err != nil {
		return r, err
	}
	r.Tried = screened
	if slices.ContainsFunc(screened, func(t Trial) bool { return t.Verdict == "not measured" }) {
		r.Notes = append(r.Notes, "the pacer was late under some loads, whose times say nothing: sweep again when the machine does nothing else (logperf doctor)")
	}
	picked := pick(screened)
	if len(picked) == 0 {
		r.Looked = []string{fmt.Sprintf("sweep: %d values of %d settings, none worth a second look", len(screened), len(p.factors))}
		return r, nil
	}
	confirmed, rows, err := p.confirm(ctx, picked)
	if err != nil {
		return r, err
	}
	r.Tried = append(r.Tried, confirmed...)
	r.Notes = append(r.Notes, doubtsOf(rows)...)
	r.Looked = []string{fmt.Sprintf("sweep: %d values of %d settings, %d measured again under all loads", len(screened), len(p.factors), len(confirmed))}
	for _, t := range confirmed {
		if a, ok := w.advice(t, rows); ok {
			r.Advice = append(r.Advice, a)
		}
	}
	r.Advice = withoutWeaker(sorted(r.Advice))
	return r, nil
}

// doubtsOf are the loads of the second look whose times say nothing. Without them an
// advice may make calls longer, and nobody has seen it.
func doubtsOf(rows map[string][]result.Result) []string {
	var notes []string
	for _, course := range courses {
		i := slices.IndexFunc(rows[course], func(r result.Result) bool { return r.Doubt != "" })
		if i >= 0 {
			notes = append(notes, fmt.Sprintf("the times of single calls of %s%s say nothing (%s): whether calls get longer was not seen", sweepPrefix, course, rows[course][i].Doubt))
		}
	}
	return notes
}

// asGood is the share of the best promise that the default value, or else a
// smaller one, has to have to be preferred: the first look is too short to tell
// them apart.
const asGood = 0.9

// pick takes one value of each setting that is worth a second look, the most
// promising first.
func pick(all []Trial) []Trial {
	bySetting := map[string][]Trial{}
	for _, t := range all {
		if t.promise() > 1 {
			bySetting[t.Set[0].Setting] = append(bySetting[t.Set[0].Setting], t)
		}
	}
	var picked []Trial
	for _, name := range slices.Sorted(maps.Keys(bySetting)) {
		picked = append(picked, bestOf(bySetting[name]))
	}
	slices.SortStableFunc(picked, func(a, b Trial) int { return cmp.Compare(b.promise(), a.promise()) })
	return picked[:min(len(picked), mostConfirmed)]
}

// bestOf takes the best of the values of one setting, which are sorted.
func bestOf(all []Trial) Trial {
	best := slices.MaxFunc(all, func(a, b Trial) int { return cmp.Compare(a.promise(), b.promise()) })
	good := slices.DeleteFunc(slices.Clone(all), func(t Trial) bool { return t.promise() < asGood*best.promise() })
	for _, t := range good {
		if _, same := Same(with(defaults(), t.Set...), defaults()); same {
			return t
		}
	}
	return good[0]
}

func names(all []Change) []string {
	var s []string
	for _, c := range all {
		s = append(s, c.String())
	}
	return s
}

// promise is the largest factor that is worth a change; 0 where there is none, or
// where records are lost that the present settings keep.
func (t Trial) promise() float64 {
	if t.loses() {
		return 0
	}
	if t.keeps() {
		return math.Inf(1)
	}
	best := 0.0
	for _, f := range t.Factors {
		if f.Factor.Center >= f.least {
			best = max(best, f.Factor.Center)
		}
	}
	return best
}

// loses reports whether more is dropped than now, keeps whether nothing is any
// more.
func (t Trial) loses() bool { return t.Dropped > t.DroppedNow+0.001 }
func (t Trial) keeps() bool { return t.DroppedNow > 0.001 && t.Dropped == 0 }

// judged sets the verdict.
func (t Trial) judged() Trial {
	better := slices.ContainsFunc(t.Factors, Factor.better)
	worse := slices.ContainsFunc(t.Factors, Factor.worse)
	switch {
	case t.loses():
		t.Verdict = "loses"
	case t.keeps() || better && !worse:
		t.Verdict = "better"
	case better:
		t.Verdict = "mixed"
	case worse:
		t.Verdict = "worse"
	case len(t.Factors) == 0 && t.Dropped == 0:
		t.Verdict = "not measured"
	default:
		t.Verdict = "no difference"
	}
	return t
}

// advice is that of a confirmed trial. What makes something worse is none, unless
// it ends a loss: a user who wants that exchange finds it among what was tried.
func (w Sweep) advice(t Trial, rows map[string][]result.Result) (Advice, bool) {
	if t.Verdict != "better" {
		return Advice{}, false
	}
	a := Advice{Set: t.Set, Cause: "another value is better than the present " + valuesOf(w.Settings, t.Set), Loses: t.keeps()}
	if len(t.Set) > 1 {
		a.Cause = "two other values together are better than the present " + valuesOf(w.Settings, t.Set)
	}
	var best *Factor
	for i, f := range t.Factors {
		if f.better() && (best == nil || f.Factor.Center > surely*best.Factor.Center) {
			best = &t.Factors[i]
		}
		switch {
		case f.better():
			a.Evidence = append(a.Evidence, Evidence{"sweep", f.Scenario, fmt.Sprintf("%s: %.3g times as good %s", f.What, f.Factor.Center, bounds(f.Factor))})
		case f.worse():
			a.Costs = append(a.Costs, fmt.Sprintf("%s: %.3g times as long %s", f.What, 1/f.Factor.Center, bounds(inverse(f.Factor))))
		}
	}
	scenario := sweepPrefix + throughput
	if best != nil {
		scenario = best.Scenario
		a.Gain = &Gain{What: best.What, Scenario: best.Scenario, Factor: best.Factor}
	}
	if a.Loses {
		now := worst(rows)
		scenario = now.Scenario
		a.Cause = "the present settings lose records"
		a.Evidence = append([]Evidence{{"sweep", scenario, fmt.Sprintf("%d of %d records were rejected and %d evicted; with the change %s lost", now.Counts["rejected"], now.Counts["offered"], now.Counts["evicted"], percent(t.Dropped))}}, a.Evidence...)
	}
	for _, c := range t.Set {
		if cost := costOf(c); cost != "" {
			a.Costs = append(a.Costs, cost)
		}
	}
	if cost := memoryCost(w.Settings, t.Set...); cost != "" {
		a.Costs = append(a.Costs, cost)
	}
	if len(a.Costs) == 0 {
		a.Costs = []string{"nothing that the sweep could measure"}
	}
	a.Proof = commandOf(w.Settings, w.File, "").proof(scenario, t.Set)
	return a, true
}

// surely is by how much a gain has to be larger than one that matters more, which
// stands before it among the aspects, to be the one that is told first.
const surely = 1.25

// valuesOf are the present values of what is to be changed.
func valuesOf(s logging.Settings, set []Change) string {
	var all []string
	for _, c := range set {
		all = append(all, Change{Setting: c.Setting, Value: valueOf(s.WithDefaults(), c.Setting)}.String())
	}
	return strings.Join(all, ", ")
}

// worst is the row of the present settings that drops most.
func worst(rows map[string][]result.Result) result.Result {
	var found result.Result
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		if now := rows[name][0]; found.Scenario == "" || dropped(now) > dropped(found) {
			found = now
		}
	}
	return found
}

// costOf is what no load shows.
func costOf(c Change) string {
	switch c.Setting {
	case "sink.sync":
		return "what the kernel has not written yet is lost where the machine fails, not where the program does"
	case "add_source":
		return "records no longer say where they were logged"
	case "queue.overflow", "queue.block_timeout":
		return "callers wait where the queue is full"
	}
	return ""
}

// withoutWeaker leaves out the advice that a pair contains, unless it is as good by
// itself: then the pair is left out.
func withoutWeaker(all []Advice) []Advice {
	i := slices.IndexFunc(all, func(a Advice) bool { return len(a.Set) > 1 })
	if i < 0 {
		return all
	}
	pair := all[i]
	single := slices.IndexFunc(all, func(a Advice) bool {
		return len(a.Set) == 1 && slices.Contains(names(pair.Set), a.Set[0].String()) && a.weight()*1.1 >= pair.weight() && a.Loses == pair.Loses
	})
	if single >= 0 {
		return slices.Delete(all, i, i+1)
	}
	return slices.DeleteFunc(all, func(a Advice) bool {
		return len(a.Set) == 1 && slices.Contains(names(pair.Set), a.Set[0].String())
	})
}

// errNoRows is a fault of who measures.
var errNoRows = errors.New("a measurement of the sweep has left no rows")
