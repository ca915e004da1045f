package gate

import (
	"context"
	"errors"
	"hash/fnv"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/logperf/logperf/suites/internal/count"
	"github.com/logperf/logperf/suites/internal/experiment"
	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/threshold"
)

// arithmetic counts 5,000 instructions for each operation of the base and more
// for the head, with the noise that each link has.
type arithmetic struct {
	more map[string]float64 // share, by scenario
	fail string             // scenario whose head crashes
}

func (arithmetic) String() string { return "arithmetic" }

func (a arithmetic) Count(ctx context.Context, c count.Command) (float64, error) {
	scenario, head := c.Args[1], strings.HasPrefix(filepath.Base(c.Path), "head-")
	n, err := strconv.Atoi(c.Args[2])
	switch {
	case err != nil || c.Args[0] != "count" || len(c.Args) != 3:
		return 0, errors.New("misuse")
	case ctx.Err() != nil:
		return 0, ctx.Err()
	case head && scenario == a.fail:
		return 0, errors.New("the arm crashed")
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(c.Path + scenario))
	each := 5000 * (1 + 0.003*(float64(h.Sum32()%1000)/500-1))
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
	c, err := newCounting(subjects, found, newLinks(t.TempDir(), 1, link, link), 30)
	if err != nil {
		t.Fatal(err)
	}
	err = c.run(t.Context(), func(string) {}, func() bool { return false })
	figures := map[string]Figure{}
	for _, d := range c.decision.Decisions() {
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
	c, err := newCounting([]*subject{s}, arithmetic{}, newLinks(t.TempDir(), 1, link, link), 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.run(ctx, func(string) { cancel(stopped) }, func() bool { return false }); !errors.Is(err, stopped) {
		t.Errorf("the error is %v", err)
	}
}
