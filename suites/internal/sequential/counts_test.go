package sequential

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/logperf/logperf/suites/internal/result"
	"pgregory.net/rapid"
)

func countHypotheses(n int) []Hypothesis {
	hs := make([]Hypothesis, n)
	for i := range hs {
		hs[i] = Hypothesis{Scenario: strconv.Itoa(i), Metric: "instructions/op", Limit: .01}
	}
	return hs
}

func beginCounts(tb testing.TB, o CountOptions, n int) *Counts {
	tb.Helper()
	c, err := NewCounts(o, countHypotheses(n))
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// countAll gives counts until all is decided.
func countAll(tb testing.TB, c *Counts, of func(scenario string, n int) (base, head float64)) []Decision {
	tb.Helper()
	for !c.Look() {
		for _, w := range c.Wants() {
			base, head := of(w.Scenario, w.Have)
			if err := c.Add(w.Scenario, base, head); err != nil {
				tb.Fatal(err)
			}
		}
	}
	return c.Decisions()
}

// varied are counts of 10,000 instructions that vary by some 0.4 %.
func varied(slowdown float64) func(string, int) (float64, float64) {
	return func(_ string, n int) (float64, float64) {
		by := []float64{1, 1.004, .996}
		return 10000 * by[n%3], 10000 * (1 + slowdown) * by[(n+1)%3]
	}
}

// With counts that vary by +-0.4 % three to an arm have the variance 1.6e-5 and so
// the standard error sqrt(2*1.6e-5/3) = .00327 for their difference. A family of 20
// has z(1-.25*.05/20) = 3.227 and z(1-.25*.01) = 2.807.
func TestCountsHaveTheBoundsOfTheFormula(t *testing.T) {
	c := beginCounts(t, CountOptions{Size: 20}, 1)
	for n := range 3 {
		base, head := varied(0)("", n)
		if err := c.Add("0", base, head); err != nil {
			t.Fatal(err)
		}
	}
	c.Look()
	d := c.Decisions()[0]
	if !near(d.Estimate, 1, 1e-9) || !near(math.Log(d.Lower), -3.227*.00327, 2e-5) || !near(math.Log(d.Upper), 2.807*.00327, 2e-5) {
		t.Errorf("%+v: ln %v and %v", d, math.Log(d.Lower), math.Log(d.Upper))
	}
	// By the last look: (z(1-.5*.05/20) + 1.645) sqrt(2*1.6e-5/12), z = 3.023.
	if want := math.Expm1((3.023 + 1.645) * math.Sqrt(2*1.6e-5/12)); !near(d.Smallest, want, 2e-5) {
		t.Errorf("the smallest detectable slowdown is %v, want %v", d.Smallest, want)
	}
}

func TestCountsDecide(t *testing.T) {
	for _, c := range []struct {
		name     string
		slowdown float64
		want     result.Outcome
		counts   int
	}{
		{"the same pass", 0, result.Pass, 3},
		{"2 % more fail", .02, result.Fail, 3},
		{"1 % more are a coin toss", .0099, result.Inconclusive, 12},
		{"less passes", -.02, result.Pass, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := countAll(t, beginCounts(t, CountOptions{}, 1), varied(c.slowdown))[0]
			if d.Outcome != c.want || d.Pairs != c.counts || !near(d.Estimate, 1+c.slowdown, 1e-6) {
				t.Errorf("%+v, want %s of %d", d, c.want, c.counts)
			}
			if (d.Why == "") == (c.want == result.Inconclusive) || d.Slower != (c.slowdown > .005) || d.Faster != (c.slowdown < 0) {
				t.Errorf("%+v", d)
			}
		})
	}
}

// Counters of the processor may not vary at all.
func TestCountsThatDoNotVaryDecideByTheLimitAlone(t *testing.T) {
	for head, want := range map[float64]result.Outcome{10000: result.Pass, 10099: result.Pass, 10101: result.Fail} {
		d := countAll(t, beginCounts(t, CountOptions{}, 1), func(string, int) (float64, float64) { return 10000, head })[0]
		if d.Outcome != want || d.Pairs != 3 {
			t.Errorf("%v: %+v, want %s", head, d, want)
		}
	}
}

// Three counts that happen to agree do not make a scenario certain where all others
// vary.
func TestAnOwnVarianceThatIsTooSmallDoesNotCount(t *testing.T) {
	of := func(scenario string, n int) (float64, float64) {
		if scenario == "0" {
			return 10000, 10105
		}
		return varied(0)(scenario, n)
	}
	c := beginCounts(t, CountOptions{Size: 1000}, 4)
	for range 3 {
		for _, w := range c.Wants() {
			base, head := of(w.Scenario, w.Have)
			if err := c.Add(w.Scenario, base, head); err != nil {
				t.Fatal(err)
			}
		}
	}
	c.Look()
	if d := c.Decisions()[0]; d.Outcome != result.Inconclusive || d.Slower {
		t.Errorf("%+v", d)
	}
	alone := countAll(t, beginCounts(t, CountOptions{Size: 1000}, 1), of)[0]
	if alone.Outcome != result.Fail {
		t.Errorf("alone: %+v", alone)
	}
}

// Nor does a scenario that varies more than the others hide among them.
func TestAnOwnVarianceThatIsLargerCounts(t *testing.T) {
	c := beginCounts(t, CountOptions{}, 20)
	for range 3 {
		for _, w := range c.Wants() {
			base, head := 10000., 10000.
			if w.Scenario == "0" {
				base, head = varied(0)("", w.Have)
				base, head = base*base/10000, head*head/10000*1.0101 // twice as wide
			}
			if err := c.Add(w.Scenario, base, head); err != nil {
				t.Fatal(err)
			}
		}
	}
	c.Look()
	if d := c.Decisions()[0]; d.Outcome != result.Inconclusive || d.Slower {
		t.Errorf("%+v", d)
	}
}

func TestCountsThatAreNotWhatTheyShouldBeAreErrors(t *testing.T) {
	for _, c := range []struct {
		base, head float64
		want       string
	}{
		{0, 1, "count 1 of 0 is 0: want more than 0"},
		{1, -1, "count 1 of 0 is -1: want more than 0"},
		{1, math.NaN(), "count 1 of 0 is NaN: want more than 0"},
		{math.Inf(1), 1, "count 1 of 0 is +Inf: want more than 0"},
	} {
		counts := beginCounts(t, CountOptions{}, 1)
		if err := counts.Add("0", c.base, c.head); err == nil || err.Error() != c.want {
			t.Errorf("%v, want %q", err, c.want)
		}
		if d := counts.Decisions()[0]; !counts.Look() || d.Outcome != result.Inconclusive || d.Why != c.want {
			t.Errorf("%+v", d)
		}
	}
	counts := beginCounts(t, CountOptions{}, 1)
	if err := counts.Add("x", 1, 1); err == nil || err.Error() != "counts of x, which is not in the family" {
		t.Errorf("%v", err)
	}
	for range 3 {
		if err := counts.Add("0", 1, 1); err != nil {
			t.Fatal(err)
		}
	}
	if err := counts.Add("0", 1, 1); err == nil || !strings.Contains(err.Error(), "0 has 3 counts of each arm and wants no more") {
		t.Errorf("%v", err)
	}
}

func TestCountsThatStopNeverPass(t *testing.T) {
	for n := range 3 {
		c := beginCounts(t, CountOptions{}, 2)
		for range n {
			if err := c.Add("1", 10000, 10000); err != nil {
				t.Fatal(err)
			}
		}
		c.Lose("0", "the base arm does not know it")
		c.Stop()
		if !c.Look() || len(c.Wants()) > 0 {
			t.Error("it goes on")
		}
		d := c.Decisions()
		if d[0].Outcome != result.Inconclusive || d[0].Why != "the base arm does not know it" {
			t.Errorf("%+v", d[0])
		}
		if d[1].Outcome != result.Inconclusive || d[1].Pairs != n || !strings.Contains(d[1].Why, "time was up") {
			t.Errorf("%+v", d[1])
		}
	}
}

func TestADecisionOnCountsTellsEveryFaultOfItsArguments(t *testing.T) {
	_, err := NewCounts(CountOptions{Alpha: 2, Size: 1}, []Hypothesis{
		{Scenario: "a", Metric: "instructions/op"}, {Scenario: "a", Metric: "others/op", Limit: .01},
	})
	for _, want := range []string{"Alpha is 2", "Size is 1: want at least the 2", "a instructions/op has the limit 0", "a is counted twice"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not tell %q", err, want)
		}
	}
	if _, err := NewCounts(CountOptions{}, nil); err == nil {
		t.Error("nothing to count is no error")
	}
}

func TestCountsOfExchangedArmsAreTheOpposite(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		counts := rapid.SliceOfN(rapid.Float64Range(9000, 11000), 6, 6).Draw(t, "counts")
		look := func(exchanged bool) Decision {
			c, err := NewCounts(CountOptions{}, countHypotheses(1))
			if err != nil {
				t.Fatal(err)
			}
			for i := range 3 {
				base, head := counts[i], counts[3+i]
				if exchanged {
					base, head = head, base
				}
				if err := c.Add("0", base, head); err != nil {
					t.Fatal(err)
				}
			}
			c.Look()
			c.Stop()
			return c.Decisions()[0]
		}
		a, b := look(false), look(true)
		if !near(a.Estimate*b.Estimate, 1, 1e-9) || a.Slower != b.Faster || a.Faster != b.Slower {
			t.Fatalf("%+v, exchanged %+v", a, b)
		}
		if !(a.Lower <= a.Estimate && a.Estimate <= a.Upper) {
			t.Fatalf("the estimate lies outside of its bounds: %+v", a)
		}
		if a.Outcome == result.Fail && b.Outcome == result.Fail {
			t.Fatal("both arms are slower than the other")
		}
	})
}

// countStudy is a family of counted scenarios of which one may have more instructions.
// Repeated counts vary with the deviations that were measured, and are skewed: now and then
// a collection or a growing map comes in.
func countStudy(tb testing.TB, m *machine, scenarios int, slowdown float64) (decisions []Decision, slow int) {
	tb.Helper()
	c := beginCounts(tb, CountOptions{}, scenarios)
	if slow = -1; slowdown > 0 {
		slow = m.IntN(scenarios)
	}
	for !c.Look() {
		for _, w := range c.Wants() {
			i, err := strconv.Atoi(w.Scenario)
			if err != nil {
				tb.Fatal(err)
			}
			sd := []float64{.0046, .0032}[i%2]
			noise := func() float64 { return sd * (.8*m.NormFloat64() + .6*m.skewed()) }
			base, head := noise(), noise()
			if i == slow {
				head += math.Log1p(slowdown)
			}
			if err := c.Add(w.Scenario, 16750*math.Exp(base), 16750*math.Exp(head)); err != nil {
				tb.Fatal(err)
			}
		}
	}
	return c.Decisions(), slow
}

func manyCounts(tb testing.TB, seed uint64, scenarios, runs int, slowdown float64) tally {
	tb.Helper()
	t := tally{runs: runs}
	for run := range runs {
		t.count(countStudy(tb, newMachine(seed, uint64(run)), scenarios, slowdown))
	}
	return t
}

func TestCountsOfUnchangedCodePass(t *testing.T) {
	got := manyCounts(t, 900, 20, 400, 0)
	// Of 400 runs with .02 each more than 18 are rarer than one in 1,000.
	if share := float64(got.inconclusive) / float64(got.unchanged); got.falseFails > 18 || share > .01 {
		t.Errorf("%d of %d runs FAIL, %.4f of the verdicts are INCONCLUSIVE", got.falseFails, got.runs, share)
	}
}

func TestTwoPercentMoreInstructionsFail(t *testing.T) {
	if got := manyCounts(t, 901, 20, 400, .02); got.failed != got.runs {
		t.Errorf("%d of %d FAIL", got.failed, got.runs)
	}
}

// What is equal to the limit passes in Beta of the runs, .01.
func TestOnePercentMoreInstructionsSeldomPass(t *testing.T) {
	if got := manyCounts(t, 902, 20, 400, .01); got.passed > 16 {
		t.Errorf("%d of %d pass", got.passed, got.runs)
	}
}

func TestTheVarianceOfCountsIsPooled(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 3))
	c := beginCounts(t, CountOptions{}, 400)
	own := make([]float64, 400)
	for i, s := range c.scenarios {
		for range 3 {
			if err := c.Add(s.Scenario, math.Exp(.004*random.NormFloat64()), math.Exp(.004*random.NormFloat64()+.1)); err != nil {
				t.Fatal(err)
			}
		}
		own[i] = s.variance()
	}
	// 1,600 degrees of freedom: the standard error of the variance is 3.5 % of it.
	if v := c.commonVariance(); !near(v, 1.6e-5, 4*.035*1.6e-5) {
		t.Errorf("the variance is %v, want 1.6e-5", v)
	}
	if slices.Min(own) > 4e-6 {
		t.Errorf("the smallest of 400 variances of three counts is %v: it was to show why they are pooled", slices.Min(own))
	}
}
