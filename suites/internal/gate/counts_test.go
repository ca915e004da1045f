package gate

import (
	"context"
	"errors"
	"hash/fnv"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/logperf/logperf/suites/internal/count"
	"github.com/logperf/logperf/suites/internal/experiment"
	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/threshold"
)

// arithmetic counts 5,000 instructions for each operation of the base and more
// for the head, with the noise that each link has.
type arithmetic struct {
	more  map[string]float64 // share, by scenario
	fail  string             // scenario whose head crashes
	cheap string             // scenario whose operations take 20 instructions
	hangs string             // scenario whose head does not end
}

func (arithmetic) String() string { return "arithmetic" }

func (a arithmetic) Count(ctx context.Context, c count.Command) (float64, error) {
	scenario, head := c.Args[1], strings.HasPrefix(filepath.Base(c.Path), "head-")
	n, err := strconv.Atoi(c.Args[2])
	switch {
	case err != nil || c.Args[0] != "count" || len(c.Args) != 3:
		return 0, errors.New("misuse")
	case c.Dir != filepath.Dir(c.Path) || !slices.Contains(c.Env, "TMPDIR="+c.Dir):
		return 0, errors.New("files would be left behind where this is killed")
	case ctx.Err() != nil:
		return 0, ctx.Err()
	case head && scenario == a.fail:
		return 0, errors.New("the arm crashed")
	case head && scenario == a.hangs:
		<-ctx.Done()
		return 0, ctx.Err()
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(c.Path + scenario))
	each := 5000.0
	if scenario == a.cheap {
		each = 20
	}
	each *= (1 + 0.003*(float64(h.Sum32()%1000)/500-1))
	if head {
		each *= 1 + a.more[scenario]
	}
	return 1e6 + each*float64(n), nil
}

// countedOf counts scenarios of these names and returns what became of them.
func countedOf(t *testing.T, counter count.Counter, accept float64, names ...string) (map[string]Figure, error) {
	t.Helper()
	p := &plan{}
	for _, name := range names {
		s := &subject{scenario: experiment.Scenario{Name: name}, timed: true, rules: map[string]rule{
			instructions: {limit: countLimit, accept: threshold.Accept{Ratio: accept}},
		}, tally: newTally()}
		p.subjects = append(p.subjects, s)
	}
	p.subjects = append(p.subjects, &subject{scenario: experiment.Scenario{Name: "queue/put-take"}, timed: true, crossing: true})
	link := func(_ context.Context, out string, _ uint32) error { return os.WriteFile(out, []byte("arm"), 0o600) }
	subjects, found, note := countables(Options{counter: func() (count.Counter, error) { return counter, nil }}, p)
	if note != "" || len(subjects) != len(names) {
		t.Fatalf("%d subjects are counted (%s), want %d", len(subjects), note, len(names))
	}
	c := newCounting(subjects, found, newLinks(t.TempDir(), 1, link, link), 30)
	err := c.run(t.Context(), func(string) {}, func() bool { return false })
	figures := map[string]Figure{}
	for _, d := range c.decisions() {
		figures[d.Scenario] = p.find(d.Scenario).countedFigure(d, c.values[d.Scenario])
	}
	return figures, err
}

func TestMoreInstructionsThanTheLimitFail(t *testing.T) {
	figures, err := countedOf(t, arithmetic{more: map[string]float64{"pipeline/b": 0.02, "pipeline/c": 0.002, "pipeline/d": -0.1}, fail: "pipeline/e"}, 0,
		"pipeline/a", "pipeline/b", "pipeline/c", "pipeline/d", "pipeline/e")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]result.Outcome{
		"pipeline/a": result.Pass, "pipeline/b": result.Fail, "pipeline/c": result.Pass, "pipeline/d": result.Pass, "pipeline/e": result.Inconclusive,
	} {
		if f := figures[name]; f.Verdict != want || f.Metric != instructions || f.Limit != countLimit {
			t.Errorf("%s is %+v, want %s", name, f, want)
		}
	}
	if f := figures["pipeline/b"]; math.Abs(float64(f.Estimate)-1.02) > 0.005 || f.Pairs < 3 || f.Base < 4900 || f.Head < 5000 {
		t.Errorf("2 %% more are %+v", f)
	}
	if !figures["pipeline/d"].Faster {
		t.Error("10 % fewer are no improvement")
	}
	if why := figures["pipeline/e"].Why; !strings.Contains(why, "head: ") || !strings.Contains(why, "the arm crashed") {
		t.Errorf("the reason of what cannot be counted is %q", why)
	}
}

func TestAcceptedInstructionsAreTakenOff(t *testing.T) {
	figures, err := countedOf(t, arithmetic{more: map[string]float64{"pipeline/a": 0.05}}, 1.05, "pipeline/a")
	if err != nil {
		t.Fatal(err)
	}
	if f := figures["pipeline/a"]; f.Verdict != result.Pass || math.Abs(float64(f.Estimate)-1.05) > 0.005 || f.Accepted != 1.05 {
		t.Errorf("an accepted growth of 5 %% is %+v, want PASS at 1.05", f)
	}
	if figures, err = countedOf(t, arithmetic{}, 1.05, "pipeline/a"); err != nil || figures["pipeline/a"].Faster {
		t.Errorf("no growth where 5 %% are accepted is %+v (%v), want no improvement", figures["pipeline/a"], err)
	}
}

// TestWhatIsTooCheapIsNotCounted: the noise of its counts would be that of all.
func TestWhatIsTooCheapIsNotCounted(t *testing.T) {
	counter := arithmetic{cheap: "sink/discard"}
	figures, err := countedOf(t, counter, 0, "sink/discard", "pipeline/a")
	if err != nil {
		t.Fatal(err)
	}
	if _, counted := figures["sink/discard"]; counted || figures["pipeline/a"].Verdict != result.Pass {
		t.Errorf("the figures are %+v, want a PASS of pipeline/a alone", figures)
	}
	if figures, err = countedOf(t, counter, 0, "sink/discard"); err != nil || len(figures) != 0 {
		t.Errorf("where all are too cheap: %+v (%v), want nothing", figures, err)
	}
}

func TestTheReportNamesWhatIsTooCheapToBeCounted(t *testing.T) {
	m := newMachine(14)
	o := m.options(8 * time.Minute)
	o.NoCounts, o.counter = false, func() (count.Counter, error) { return arithmetic{cheap: "sink/discard"}, nil }
	r, err := measured(t, m, o, row("sink/discard", nil), row("pipeline/a", nil))
	if err != nil {
		t.Fatal(err)
	}
	if r.Verdict != result.Pass || len(r.Notes) != 1 || r.Notes[0] != "instructions are not counted where an operation takes too few of them: sink/discard" {
		t.Errorf("%s with the notes %q", r.Verdict, r.Notes)
	}
	for _, row := range r.Scenarios {
		counted := slices.ContainsFunc(row.Figures, func(f Figure) bool { return f.Metric == instructions })
		if counted != (row.Name == "pipeline/a") {
			t.Errorf("%s is counted: %v", row.Name, counted)
		}
	}
}

func TestACountThatHangsIsInconclusive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		figures, err := countedOf(t, arithmetic{hangs: "pipeline/a"}, 0, "pipeline/a", "pipeline/b")
		if err != nil {
			t.Fatal(err)
		}
		if f := figures["pipeline/a"]; f.Verdict != result.Inconclusive || !strings.Contains(f.Why, "head: the count did not end within 2m0s and was killed") {
			t.Errorf("it is %s: %s", f.Verdict, f.Why)
		}
		if f := figures["pipeline/b"]; f.Verdict != result.Pass {
			t.Errorf("what does not hang is %s: %s", f.Verdict, f.Why)
		}
	})
}

func TestWithoutACounterTheReportSaysHowToGetOne(t *testing.T) {
	p := &plan{subjects: []*subject{{timed: true}}}
	none := func() (count.Counter, error) { return nil, errors.New("apt-get install valgrind") }
	if s, _, note := countables(Options{counter: none}, p); len(s) != 0 || note != "apt-get install valgrind" {
		t.Errorf("%d subjects and the note %q", len(s), note)
	}
	if s, _, note := countables(Options{counter: none, NoCounts: true}, p); len(s) != 0 || !strings.Contains(note, "left out") {
		t.Errorf("%d subjects and the note %q", len(s), note)
	}
	p.subjects[0].crossing = true
	if s, _, note := countables(Options{counter: none}, p); len(s) != 0 || note != "" {
		t.Errorf("where nothing could be counted: %d subjects and the note %q", len(s), note)
	}
}

func TestCountingEndsWithItsContext(t *testing.T) {
	link := func(_ context.Context, out string, _ uint32) error { return os.WriteFile(out, []byte("arm"), 0o600) }
	s := &subject{scenario: experiment.Scenario{Name: "pipeline/a"}, timed: true, rules: map[string]rule{instructions: {limit: countLimit}}}
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("stopped")
	c := newCounting([]*subject{s}, arithmetic{}, newLinks(t.TempDir(), 1, link, link), 1)
	if err := c.run(ctx, func(string) { cancel(stopped) }, func() bool { return false }); !errors.Is(err, stopped) {
		t.Errorf("the error is %v", err)
	}
}
