package gate

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/logperf/logperf/suites/internal/experiment"
	"github.com/logperf/logperf/suites/internal/result"
)

func family(n int) []experiment.Scenario {
	var all []experiment.Scenario
	for i := range n {
		change := crossing
		if i%2 == 0 {
			change = nil
		}
		all = append(all, row("queue/s="+string(rune('a'+i)), change))
	}
	return all
}

func TestUnchangedCodePasses(t *testing.T) {
	m := newMachine(1)
	r, err := measured(t, m, m.options(8*time.Minute), family(8)...)
	if err != nil {
		t.Fatal(err)
	}
	if r.Verdict != result.Pass || len(r.Scenarios) != 8 || len(r.Controls) != 2 {
		t.Errorf("%s with %d scenarios and %d controls, want PASS with 8 and 2\n%+v", r.Verdict, len(r.Scenarios), len(r.Controls), r.Scenarios)
	}
	for _, row := range r.Scenarios {
		if row.Pairs < 12 || row.MDD <= 0 || row.MDD > 0.1 || row.Base == 0 || row.Head == 0 {
			t.Errorf("the row is %+v", row.Figure)
		}
	}
	if r.Overhead < 0.019 || r.Overhead > 0.021 {
		t.Errorf("taking turns cost %v, want 0.02", r.Overhead)
	}
}

func TestASlowdownFailsAndIsConfirmed(t *testing.T) {
	m := newMachine(2)
	m.slower["queue/s=c"] = math.Log(1.08)
	r, err := measured(t, m, m.options(8*time.Minute), family(6)...)
	if err != nil {
		t.Fatal(err)
	}
	if r.Verdict != result.Fail {
		t.Fatalf("%s, want FAIL", r.Verdict)
	}
	first := r.Scenarios[0]
	if first.Name != "queue/s=c" || first.Verdict != result.Fail || first.Estimate < 1.06 || first.Estimate > 1.10 || first.Pairs < 32 {
		t.Errorf("the first row is %+v, want queue/s=c at 1.08 with at least 32 pairs", first.Figure)
	}
	for _, row := range r.Scenarios[1:] {
		if row.Verdict != result.Pass {
			t.Errorf("%s is %s", row.Name, row.Verdict)
		}
	}
}

func TestAnImprovementIsSaidAndDoesNotFail(t *testing.T) {
	m := newMachine(3)
	m.slower["queue/s=a"] = -0.2
	r, err := measured(t, m, m.options(8*time.Minute), family(2)...)
	if err != nil {
		t.Fatal(err)
	}
	i := 0
	if r.Scenarios[0].Name != "queue/s=a" {
		i = 1
	}
	if r.Verdict != result.Pass || !r.Scenarios[i].Faster || r.Scenarios[i].outcome() != "PASS, faster" {
		t.Errorf("%s, row %+v", r.Verdict, r.Scenarios[i].Figure)
	}
}

func TestTheScenariosTakeTurns(t *testing.T) {
	m := newMachine(4)
	if _, err := measured(t, m, m.options(8*time.Minute), family(3)...); err != nil {
		t.Fatal(err)
	}
	for i := 0; i+3 <= 36; i += 3 {
		seen := map[string]bool{}
		for _, name := range m.order[i : i+3] {
			seen[name] = true
		}
		if len(seen) != 3 {
			t.Fatalf("round %d is %v, want one pair of each scenario", i/3+1, m.order[i:i+3])
		}
	}
}

func TestTheEndOfTheBudgetIsNoPass(t *testing.T) {
	m := newMachine(5)
	r, err := measured(t, m, m.options(4*time.Second), family(4)...)
	if err != nil {
		t.Fatal(err)
	}
	if r.Verdict != result.Inconclusive || r.Scenarios[0].Why == "" {
		t.Errorf("%s, %+v: want INCONCLUSIVE with its reason", r.Verdict, r.Scenarios[0].Figure)
	}
}

// TestASlowdownThatCannotBeConfirmedInTimeIsNoFail: the pairs become slow just when
// the candidates are to be confirmed.
func TestASlowdownThatCannotBeConfirmedInTimeIsNoFail(t *testing.T) {
	m := newMachine(5)
	m.slow = 2 * 16
	m.slower["queue/s=a"], m.slower["queue/s=b"] = math.Log(1.2), math.Log(1.2)
	r, err := measured(t, m, m.options(5*time.Minute), family(2)...)
	if err != nil {
		t.Fatal(err)
	}
	if r.Verdict != result.Inconclusive || !strings.Contains(r.Scenarios[0].Why, "time was up") || len(m.order) > m.slow+10 {
		t.Errorf("%s after %d pairs: %+v", r.Verdict, len(m.order), r.Scenarios[0].Figure)
	}
}

func TestAMachineThatTellsTheHeadFromItselfIsUnfit(t *testing.T) {
	m := newMachine(6)
	m.slower["queue/s=b"], m.bias = math.Log(1.1), 0.1
	r, err := measured(t, m, m.options(8*time.Minute), family(4)...)
	if err != nil {
		t.Fatal(err)
	}
	if r.Verdict != result.Inconclusive || !strings.Contains(r.Why, "not fit") || r.Controls[0].Fit {
		t.Errorf("%s: %s, controls %+v", r.Verdict, r.Why, r.Controls)
	}
}

func TestALostPairIsAnError(t *testing.T) {
	m := newMachine(7)
	broken := errors.New("scenario queue/s=a, head, pair 3: the arm ended instead of answering")
	m.fails = func(name string, number int) error {
		if name == "queue/s=a" && number == 2 {
			return broken
		}
		return nil
	}
	if _, err := measured(t, m, m.options(8*time.Minute), family(2)...); !errors.Is(err, broken) {
		t.Errorf("the error is %v", err)
	}
}

func TestADoubtfulArmIsInconclusive(t *testing.T) {
	m := newMachine(8)
	m.doubt = "the pacer was late"
	r, err := measured(t, m, m.options(8*time.Minute), family(2)...)
	if err != nil {
		t.Fatal(err)
	}
	if r.Verdict != result.Inconclusive || !strings.Contains(r.Scenarios[0].Why, "the pacer was late") {
		t.Errorf("%s: %+v", r.Verdict, r.Scenarios[0].Figure)
	}
}

func TestCountsAreComparedAsSuch(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*machine)
		metric string
	}{
		"an allocation more": {func(m *machine) { m.allocs = [2]float64{0, 1} }, "allocs/op"},
		"a lost record":      {func(m *machine) { m.lost = [2]float64{0, 1} }, "lost-records"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(9)
			c.change(m)
			r, err := measured(t, m, m.options(8*time.Minute), row("queue/one", nil), row("queue/once", onceOnly))
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range r.Scenarios {
				if row.Verdict != result.Fail || row.Metric != c.metric {
					t.Errorf("%s is %s by %s, want FAIL by %s", row.Name, row.Verdict, row.Metric, c.metric)
				}
			}
		})
	}
}

func TestAScenarioOfCountsAloneNeedsFewPairs(t *testing.T) {
	m := newMachine(10)
	r, err := measured(t, m, m.options(8*time.Minute), row("queue/once", onceOnly))
	if err != nil {
		t.Fatal(err)
	}
	if r.Verdict != result.Pass || r.Scenarios[0].Pairs != untimedMost || len(r.Controls) != 0 {
		t.Errorf("%s after %d pairs with %d controls", r.Verdict, r.Scenarios[0].Pairs, len(r.Controls))
	}
}

// hog is a machine on which others take so many processors all the time.
func (m *machine) hog(processors float64) *disturbance {
	began := m.clock.now
	return &disturbance{
		busy: func() (time.Duration, bool) { return time.Duration(processors * float64(m.clock.now.Sub(began))), true },
		own:  func() time.Duration { return 0 }, now: m.clock.tell,
	}
}

// TestNeighboursOfAContainerDisturbNoPair: the kernel tells how busy all processors
// are, of which the container gets two.
func TestNeighboursOfAContainerDisturbNoPair(t *testing.T) {
	for _, c := range []struct {
		processors int
		quota      bool
		others     float64
		want       result.Outcome
	}{
		{64, false, 30, result.Fail},
		{64, false, 63, result.Inconclusive},
		{64, true, 63, result.Fail},
	} {
		m := newMachine(11)
		m.slower["queue/s=a"] = math.Log(1.1)
		o := m.options(8 * time.Minute)
		o.processors, o.quota = c.processors, c.quota
		o.alien = func() *disturbance { return m.hog(c.others) }
		r, err := measured(t, m, o, family(2)...)
		if err != nil {
			t.Fatal(err)
		}
		if r.Verdict != c.want || math.IsNaN(float64(r.Others)) != c.quota {
			t.Errorf("others on %v of %d processors, quota %v: %s, others %v: want %s", c.others, c.processors, c.quota, r.Verdict, r.Others, c.want)
		}
	}
}

func TestOtherProgramsTurnAFailIntoInconclusive(t *testing.T) {
	m := newMachine(11)
	m.slower["queue/s=a"] = math.Log(1.1)
	o := m.options(8 * time.Minute)
	o.alien = func() *disturbance { return m.hog(1) } // a second of processor time in each second
	r, err := measured(t, m, o, family(2)...)
	if err != nil {
		t.Fatal(err)
	}
	if r.Verdict != result.Inconclusive || !strings.Contains(r.Scenarios[0].Why, "other programs kept the processors busy") {
		t.Errorf("%s: %+v", r.Verdict, r.Scenarios[0].Figure)
	}
}

func TestAcceptedSlowdownsPass(t *testing.T) {
	limits := parsed(t, `scenarios:
  queue/s=a:
    ns/op: {accept: {ratio: 1.08, why: "it does more", until: 2099-01-01}}
`)
	for slower, want := range map[float64]result.Outcome{1: result.Pass, 1.08: result.Pass, 1.19: result.Fail} {
		m := newMachine(12)
		m.slower["queue/s=a"] = math.Log(slower)
		o := m.options(8 * time.Minute)
		o.Limits = limits
		r, err := measured(t, m, o, family(2)...)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range r.Scenarios {
			if row.Name != "queue/s=a" {
				continue
			}
			if row.Verdict != want || math.Abs(float64(row.Estimate)-slower) > 0.02 || row.Accepted != 1.08 {
				t.Errorf("a slowdown of %v is %s, estimate %v: want %s", slower, row.Verdict, row.Estimate, want)
			}
			if row.Faster {
				t.Errorf("a slowdown of %v is faster, up to %v", slower, row.Upper)
			}
		}
	}
}

func TestAScenarioAloneLooksMoreOften(t *testing.T) {
	m := newMachine(13)
	m.noise = 0.12
	r, err := measured(t, m, m.options(8*time.Minute), row("queue/one", nil))
	if err != nil {
		t.Fatal(err)
	}
	if r.Scenarios[0].Pairs <= 64 {
		t.Errorf("%s after %d pairs, want more than a family gets", r.Verdict, r.Scenarios[0].Pairs)
	}
}
