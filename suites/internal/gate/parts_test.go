package gate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/logperf/logperf/suites/internal/experiment"
	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/threshold"
)

func parsed(t *testing.T, text string) *threshold.File {
	t.Helper()
	f, err := threshold.Parse("thresholds.yaml", []byte(text), time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestOneGateAtATime(t *testing.T) {
	name := fmt.Sprintf("@logperf-gate-test-%d", os.Getpid())
	unlock, err := lock(name)
	if err != nil {
		t.Fatal(err)
	}
	_, err = lock(name)
	if want := fmt.Sprintf("another gate runs on this machine (process %d)", os.Getpid()); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("the error is %v, want %q", err, want)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	unlock, err = lock(name)
	if err != nil {
		t.Fatal(err)
	}
	_ = unlock()
}

func TestLinksAreMadeTwoAtATimeAndNeverAlike(t *testing.T) {
	var running, most atomic.Int32
	layouts := [2]map[uint32]bool{{}, {}}
	var seen [2]chan uint32
	link := func(side int) linker {
		seen[side] = make(chan uint32, 100)
		return func(_ context.Context, out string, layout uint32) error {
			if now := running.Add(1); now > most.Load() {
				most.Store(now)
			}
			defer running.Add(-1)
			seen[side] <- layout
			return os.WriteFile(out, []byte("arm"), 0o600)
		}
	}
	l := newLinks(t.TempDir(), 1, link(0), link(1))
	for _, n := range []int{3, 3, 12} {
		if err := l.grow(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	for side := range seen {
		close(seen[side])
		for layout := range seen[side] {
			if layout == 0 || layouts[side][layout] {
				t.Errorf("side %d: layout %d is 0 or was used before", side, layout)
			}
			layouts[side][layout] = true
		}
		if len(layouts[side]) != 12 {
			t.Errorf("side %d has %d layouts, want 12", side, len(layouts[side]))
		}
	}
	if most.Load() > sideBySide {
		t.Errorf("%d links ran at a time", most.Load())
	}
}

func TestALinkThatFailsOrIsMissingIsAnError(t *testing.T) {
	full := func(context.Context, string, uint32) error { return errors.New("no space left on device") }
	silent := func(context.Context, string, uint32) error { return nil }
	for want, link := range map[string]linker{"no space left on device": full, "is missing or empty": silent} {
		if err := newLinks(t.TempDir(), 1, link, link).grow(t.Context(), 4); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, want %q", err, want)
		}
	}
}

func TestADrawTakesEachLinkOnce(t *testing.T) {
	d := draw{rand: rand.New(rand.NewPCG(1, 2))}
	for _, n := range []int{12, 12, 16, 24} {
		d.extend(n)
		for _, order := range [][]int{d.base, d.head} {
			sorted := slices.Sorted(slices.Values(order[:n]))
			for i, link := range sorted {
				if i != link {
					t.Fatalf("the first %d are %v, want each link once", n, order)
				}
			}
		}
	}
}

// of repeats figures until there are those of the pairs that a FAIL takes.
func of(figures ...float64) []float64 {
	return slices.Repeat(figures, untimedMost/len(figures))
}

func TestExactFiguresAreJudged(t *testing.T) {
	for _, c := range []struct {
		name, metric string
		base, head   []float64
		r            rule
		want         result.Outcome
	}{
		{"the same", "allocs/op", of(2), of(2), rule{}, result.Pass},
		{"one more", "allocs/op", of(2), of(3), rule{}, result.Fail},
		{"one more in few pairs", "allocs/op", []float64{2, 2, 2}, []float64{3, 3, 3}, rule{}, result.Inconclusive},
		{"one less", "allocs/op", of(2), of(1), rule{}, result.Pass},
		{"now and then more", "allocs/op", of(2), of(3, 2, 3), rule{}, result.Pass},
		{"nearly always more", "allocs/op", of(2), of(3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 2), rule{}, result.Inconclusive},
		{"accepted", "allocs/op", of(2), of(3), rule{accept: threshold.Accept{Ratio: 1.5}}, result.Pass},
		{"from none", "allocs/op", of(0), of(1), rule{accept: threshold.Accept{Ratio: 9}}, result.Fail},
		{"within the share", "B/op", of(500), of(504), rule{limit: countLimits["B/op"]}, result.Pass},
		{"beyond the share", "B/op", of(500), of(520), rule{limit: countLimits["B/op"]}, result.Fail},
		{"one loss in one pair", "lost-records", of(0), of(0, 1, 0), rule{}, result.Fail},
		{"losses of the base", "lost-records", of(0, 2, 0), of(1), rule{}, result.Pass},
		{"losses of the base, once exceeded", "lost-records", of(0, 2, 0), of(1, 3, 1), rule{}, result.Fail},
		{"one leak in one pair", "leaked-goroutines", []float64{0, 0, 0}, []float64{0, 1, 0}, rule{}, result.Inconclusive},
		{"a leak in two pairs", "leaked-goroutines", []float64{0, 0, 0}, []float64{1, 0, 1}, rule{}, result.Fail},
		{"a file left open in two pairs", "leaked-descriptors", []float64{1, 0, 0}, []float64{2, 0, 2}, rule{}, result.Fail},
		{"leaks of the base", "leaked-goroutines", []float64{1, 0, 0}, []float64{1, 1, 1}, rule{}, result.Pass},
		{"nothing", "lost-records", nil, nil, rule{}, result.Inconclusive},
	} {
		if got, why := judgeExact(c.metric, &sidesOf{c.base, c.head}, c.r); got != c.want || (got == result.Pass) != (why == "") {
			t.Errorf("%s: %s (%s), want %s", c.name, got, why, c.want)
		}
	}
}

func TestWhatTheBaseHasNotIsListedAndNotCompared(t *testing.T) {
	altered := row("queue/altered", nil)
	altered.Source = "4567"
	full := row("queue/full", func(s *experiment.Scenario) { s.Tier = "full" })
	harness := row("harness/self", func(s *experiment.Scenario) { s.Subject = "harness" })
	ours := []experiment.Scenario{row("queue/same", nil), row("queue/altered", nil), row("queue/new", nil), full, harness}
	theirs := []experiment.Scenario{row("queue/same", nil), altered, row("queue/gone", nil), full, harness}
	p, err := newPlan(Options{}.withDefaults(), ours, theirs)
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("%d %s %v %v %v", len(p.subjects), p.subjects[0].scenario.Name, p.changed, p.fresh, p.removed)
	if want := "1 queue/same [queue/altered] [queue/new] [queue/gone]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	o := Options{Select: func(string, []string) bool { return false }}.withDefaults()
	if _, err := newPlan(o, ours, theirs); !errors.Is(err, ErrNothing) {
		t.Errorf("nothing selected: %v", err)
	}
}

func TestRulesComeFromTheFileOrTheDefaults(t *testing.T) {
	o := Options{Limits: parsed(t, "scenarios:\n  queue/one:\n    ns/op: {regression: 3%}\n    B/op: {regression: 5%}\n")}.withDefaults()
	s := newSubject(o, row("queue/one", nil), 0)
	for name, want := range map[string]rule{
		wall:        {limit: 0.03, at: "thresholds.yaml:3"},
		totals:      {limit: 0.06, at: "thresholds.yaml:2", byDefault: true},
		"allocs/op": {limit: 0, at: "thresholds.yaml:2", byDefault: true},
		"B/op":      {limit: 0.05, at: "thresholds.yaml:4"},
	} {
		if got := s.rules[name]; got != want {
			t.Errorf("%s has %+v, want %+v", name, got, want)
		}
	}
	o = Options{Limits: parsed(t, "scenarios:\n  queue/one:\n    ns/op: {accept: {ratio: 1.08, why: \"it does more\", until: 2099-01-01}}\n")}.withDefaults()
	s = newSubject(o, row("queue/one", nil), 0)
	for _, name := range []string{wall, totals, instructions} {
		if got := s.rules[name].accept.Ratio; got != 1.08 {
			t.Errorf("%s accepts %v where ns/op accepts 1.08", name, got)
		}
	}
	s = newSubject(Options{}.withDefaults(), row("queue/two", crossing), 0)
	if s.rules[wall].limit != DefaultLimit || s.rules[totals].limit != totalsFactor*DefaultLimit || s.duration() != handedOver/2 {
		t.Errorf("the defaults are %+v, slices of %v", s.rules, s.duration())
	}
	long := func(s *experiment.Scenario) { s.Paired = time.Second }
	if s = newSubject(o, row("queue/three", long), 0); s.duration() != time.Second {
		t.Errorf("slices of %v, want what the scenario asks for", s.duration())
	}
	if got := s.pairTime(); got != 2*time.Second+pairStart {
		t.Errorf("before its first pair one takes %v, want both sides and a start", got)
	}
	if s.tally.pairs, s.tally.took = 2, 6*time.Second; s.pairTime() != 3*time.Second {
		t.Errorf("two pairs took 6 s and one takes %v", s.pairTime())
	}
}

func TestWhatIsKeptOutOfTheGateIsNotCompared(t *testing.T) {
	written := func(s *experiment.Scenario) {
		s.Metrics = []string{"ns/op", "allocs/op", "writes/1k-op", "lost-records"}
	}
	o := Options{Limits: parsed(t, `scenarios:
  queue/untimed:
    ns/op: {regression: none, why: x}
    writes/1k-op: {regression: none, why: x}
  queue/blind:
    allocs/op: {regression: none, why: x}
  queue/median:
    total-ns/op: {regression: none, why: x}
    instructions/op: {regression: none, why: x}
`)}.withDefaults()
	untimed := newSubject(o, row("queue/untimed", written), 0)
	if want := []string{"lost-records", "allocs/op"}; untimed.timed || untimed.countable() || !slices.Equal(untimed.exact, want) {
		t.Errorf("timed %v, counted %v, exact %v; want only %v", untimed.timed, untimed.countable(), untimed.exact, want)
	}
	median := newSubject(o, row("queue/median", written), 0)
	if want := []string{wall}; !median.timed || median.countable() || !slices.Equal(median.timings(), want) || !slices.Contains(median.exact, "writes/1k-op") {
		t.Errorf("timed %v, counted %v, timings %v, exact %v", median.timed, median.countable(), median.timings(), median.exact)
	}
	once := func(name string) experiment.Scenario { return row(name, onceOnly) }
	p, err := newPlan(o, []experiment.Scenario{once("queue/blind"), once("queue/counted")}, nil)
	if err != nil || len(p.subjects) != 1 || !slices.Equal(p.blind, []string{"queue/blind"}) {
		t.Errorf("%v, %d subjects, blind %v", err, len(p.subjects), p.blind)
	}
	r := &Report{}
	if r.list(p); len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "neither a time nor a count of queue/blind") {
		t.Errorf("the notes are %q", r.Notes)
	}
}

func TestAControlIsWhatMostOthersDo(t *testing.T) {
	p, err := newPlan(Options{}.withDefaults(), []experiment.Scenario{
		row("sink/discard", nil), row("queue/put-take", crossing), row("pipeline/encode/f10", nil), row("pipeline/end-to-end/discard", crossing),
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range p.controls() {
		names = append(names, s.scenario.Name)
	}
	if !slices.Equal(names, mirrors) {
		t.Errorf("the controls are %v, want %v", names, mirrors)
	}
}

func TestProcessorTimeOfOthers(t *testing.T) {
	stat := filepath.Join(t.TempDir(), "stat")
	write := func(line string) {
		if err := os.WriteFile(stat, []byte(line), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	now, own := time.Unix(0, 0), time.Duration(0)
	d := &disturbance{
		busy: func() (time.Duration, bool) { return busyOf(stat) }, own: func() time.Duration { return own }, now: func() time.Time { return now },
	}
	write("cpu  100 0 50 1000 30 0 0 0 0 0\n")
	d.begin()
	// In one second 1.8 s of processor time: 0.7 are ours, 0.2 were stolen.
	write("cpu  210 10 100 1020 40 0 0 20 0 0\n")
	now, own = now.Add(time.Second), 700*time.Millisecond
	others, ok := d.end()
	if !ok || math.Abs(others-1.2) > 1e-9 {
		t.Errorf("others used %v (%v), want 1.2", others, ok)
	}
	write("processor none\n")
	if _, ok := d.end(); ok {
		t.Error("rubbish is taken for a reading")
	}
	for _, c := range []struct {
		others float64
		cores  int
		want   bool
	}{{0.3, 2, false}, {0.9, 2, true}, {0.9, 4, false}, {2.6, 4, true}} {
		if tooBusy(c.others, c.cores) != c.want {
			t.Errorf("%v of %d cores used by others: want disturbed %v", c.others, c.cores, c.want)
		}
	}
}

func TestTheReportIsJSONWhateverTheFigures(t *testing.T) {
	r := Report{Scenarios: []Row{{Figure: Figure{Name: "a", Lower: 0, Upper: number(math.Inf(1)), MDD: number(math.NaN()), Estimate: 1.01}}}}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"name":"a"`, `"upper":null`, `"mdd":null`, `"estimate":1.01`, `"verdict":""`, `"pairs":0`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the JSON lacks %s: %s", want, text)
		}
	}
}
