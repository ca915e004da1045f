package gate

import (
	"bytes"
	"context"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/logperf/logperf/suites/internal/experiment"
	"github.com/logperf/logperf/suites/internal/lockstep"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// row is a scenario of the tests, as an arm describes it.
func row(name string, change func(*experiment.Scenario)) experiment.Scenario {
	s := experiment.Scenario{
		Name: name, Subject: "queue", Tier: "smoke", Measure: "cost", Title: "runs",
		Metrics: []string{"ns/op", "allocs/op", "lost-records"}, Source: "0123",
		Arms: []experiment.Arm{{Name: "logperf", Open: func(context.Context, experiment.Options) (experiment.Subject, error) { return nil, os.ErrInvalid }}},
	}
	if change != nil {
		change(&s)
	}
	return s
}

func crossing(s *experiment.Scenario) { s.Slice = 4 * time.Millisecond }
func onceOnly(s *experiment.Scenario) {
	s.Metrics, s.Ops, s.Slices = []string{"allocs/op", "lost-records"}, 10, 1
}

// machine is a source of pairs with known truth.
type machine struct {
	rand   *rand.Rand
	slower map[string]float64 // ln(head/base) by scenario
	noise  float64
	// bias is added where head is compared with head.
	bias   float64
	allocs [2]float64
	lost   [2]float64
	fails  func(scenario string, number int) error
	doubt  string
	clock  *clock
	// slow is how many pairs take half a second; those behind them a minute.
	slow int

	used  map[string]bool // scenario, side and link
	again []string        // links that a scenario has used twice
	order []string
}

// clock is a time that only the fake pairs move.
type clock struct{ now time.Time }

func (c *clock) tell() time.Time { return c.now }

func newMachine(seed uint64) *machine {
	return &machine{
		rand: rand.New(rand.NewPCG(seed, 7)), slower: map[string]float64{}, noise: 0.015,
		clock: &clock{now: time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)}, used: map[string]bool{},
	}
}

func (m *machine) pair(_ context.Context, s experiment.Scenario, base, head string, number int, _ lockstep.Options) (*lockstep.PairResult, error) {
	if m.fails != nil {
		if err := m.fails(s.Name, number); err != nil {
			return nil, err
		}
	}
	took := 500 * time.Millisecond
	if m.slow > 0 && len(m.order) >= m.slow {
		took = time.Minute
	}
	m.clock.now = m.clock.now.Add(took)
	itself := strings.HasPrefix(filepath.Base(base), "head")
	y := m.noise*m.rand.NormFloat64() + m.slower[s.Name]
	if itself {
		y = m.noise*m.rand.NormFloat64() + m.bias
	} else {
		m.order = append(m.order, s.Name)
		for _, link := range []string{base, head} {
			if m.used[s.Name+link] {
				m.again = append(m.again, s.Name+" "+link)
			}
			m.used[s.Name+link] = true
		}
	}
	arm := func(side int, ns float64) lockstep.Arm {
		a := lockstep.Arm{Values: map[string]float64{"ns/op": ns, "allocs/op": m.allocs[side], "lost-records": m.lost[side]}}
		a.Report.Doubt = m.doubt
		return a
	}
	return &lockstep.PairResult{
		Number: number, N: 1, Base: arm(0, 1000), Head: arm(1, 1000*math.Exp(y)),
		Logs:   map[string]float64{wall: y, totals: y + m.noise*m.rand.NormFloat64(), "cpu-ns/op": y},
		Sliced: 300 * time.Millisecond, Turns: 6 * time.Millisecond,
	}, nil
}

// options are those of a run whose pairs the machine makes up.
func (m *machine) options(budget time.Duration) Options {
	o := Options{Budget: budget, Seed: 1, NoCounts: true, cores: 2, processors: 2, pair: m.pair, now: m.clock.tell, alien: calm}
	return o.withDefaults()
}

// calm is a machine that does nothing else.
func calm() *disturbance {
	return &disturbance{
		busy: func() (time.Duration, bool) { return 0, false }, own: func() time.Duration { return 0 }, now: time.Now,
	}
}

// fakeLinks writes files in place of binaries.
func fakeLinks(t *testing.T) *links {
	t.Helper()
	link := func(_ context.Context, out string, _ uint32) error { return os.WriteFile(out, []byte("arm"), 0o600) }
	return newLinks(t.TempDir(), 1, link, link)
}

// measured runs the plan of the scenarios on the machine.
func measured(t *testing.T, m *machine, o Options, scenarios ...experiment.Scenario) (*Report, error) {
	t.Helper()
	p, err := newPlan(o, scenarios, nil)
	if err != nil {
		t.Fatal(err)
	}
	l := fakeLinks(t)
	run, err := newMeasurement(o, p, l, l.dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := run.run(t.Context()); err != nil {
		return nil, err
	}
	if len(m.again) > 0 {
		t.Errorf("scenarios have used links twice: %v", m.again)
	}
	r := &Report{Schema: SchemaVersion}
	return r, r.fill(run)
}

// repositoryOf makes a git repository with files, committed on main.
func repositoryOf(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	git(t, dir, "init", "-q", "-b", "main")
	put(t, dir, files)
	commit(t, dir)
	return dir
}

func put(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// commit commits everything and returns the commit.
func commit(t *testing.T, dir string) string {
	t.Helper()
	git(t, dir, "add", "-A")
	git(t, dir, "commit", "-q", "-m", "change", "--allow-empty")
	return git(t, dir, "rev-parse", "HEAD")
}

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	c := exec.Command("git", args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.org", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.org")
	var errs bytes.Buffer
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil {
		t.Fatalf("git %v: %v %s", args, err, errs.String())
	}
	return strings.TrimSpace(string(out))
}
