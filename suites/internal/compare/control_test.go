package compare

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/logperf/logperf/suites/internal/result"
)

// moved makes two runs of twenty scenarios with a reference, and one without. The
// machine makes the second slower by the factor of each scenario, the subjects by
// that of the subject.
func moved(machine func(scenario int) float64, subject map[string]float64) (before, after *result.Run) {
	before, after = pairOf()
	before.Results, after.Results = nil, nil
	for i := range 21 {
		name := fmt.Sprintf("queue/%d", i)
		own := subject[name]
		if own == 0 {
			own = 1
		}
		for _, run := range []*result.Run{before, after} {
			m, s := 1.0, 1.0
			if run == after {
				m, s = machine(i), own
			}
			row := result.Result{Scenario: name, Values: map[string][]float64{"ns/op": around(100 * m * s), "records/s": around(1e7 / m / s)}}
			if i == 20 {
				row.Scenario = "load/alone"
				run.Results = append(run.Results, row)
				continue
			}
			row.Ratios = []result.Ratio{
				{Metric: "ns/op", Against: "channel", Slices: around(0.5 * s)},
				{Metric: "records/s", Against: "channel", Slices: around(2 / s)},
			}
			run.Results = append(run.Results, row, result.Result{Scenario: name, Reference: "channel", Values: map[string][]float64{"ns/op": around(200 * m)}})
		}
	}
	return before, after
}

func news(c *Comparison) []string {
	var all []string
	for _, r := range c.Rows {
		if r.Verdict != Same {
			all = append(all, fmt.Sprintf("%s %s %s", r.Name(), r.Of(), r.Word()))
		}
	}
	slices.Sort(all)
	return all
}

func TestAMachineThatBecameSlowerIsNoNews(t *testing.T) {
	for name, machine := range map[string]func(int) float64{
		"all of it":    func(int) float64 { return 1.3 },
		"here and now": func(i int) float64 { return 0.8 + 0.04*float64(i%15) },
	} {
		before, after := moved(machine, nil)
		c := Compare(before, after, Options{})
		if all := news(c); len(all) > 0 {
			t.Errorf("%s: %q", name, all)
		}
		for want, r := range map[string]Row{
			"so did channel: the machine changed":      row(t, c, "queue/1", "ns/op"),
			"it is a reference, and tells of the mach": row(t, c, "queue/1/ref=channel", "ns/op"),
		} {
			if !strings.HasPrefix(r.Why, want) || !r.Comparable || r.P > 0.05 {
				t.Errorf("%s: %+v, want %q", name, r, want)
			}
		}
	}
	before, after := moved(func(i int) float64 { return 0.8 + 0.04*float64(i%15) }, map[string]float64{"load/alone": 1})
	if r := row(t, Compare(before, after, Options{}), "load/alone", "records/s"); r.Verdict != Same {
		t.Errorf("%+v", r)
	}
}

func TestASubjectThatBecameSlowerOnASlowerMachineIsNews(t *testing.T) {
	before, after := moved(func(int) float64 { return 1.3 }, map[string]float64{"queue/7": 1.2, "queue/8": 0.7})
	want := []string{
		"queue/7 ns/op / channel slower", "queue/7 ns/op slower", "queue/7 records/s / channel slower", "queue/7 records/s slower",
		"queue/8 ns/op / channel faster", "queue/8 ns/op faster", "queue/8 records/s / channel faster", "queue/8 records/s faster",
	}
	if all := news(Compare(before, after, Options{})); !slices.Equal(all, want) {
		t.Errorf("%q, want %q", all, want)
	}
}

func TestATimeWithoutAReferenceHasToLeaveTheRangeOfTheReferences(t *testing.T) {
	uneven := func(i int) float64 { return 0.9 + 0.01*float64(i) } // 0.9 to 1.09, 1.1 for the one alone
	before, after := moved(uneven, nil)
	c := Compare(before, after, Options{})
	if d := c.References; d.N != 20 || math.Abs(d.Center-0.995) > 1e-9 || d.Lo < 0.9 || d.Lo > 0.91 || d.Hi > 1.09 || d.Hi < 1.08 {
		t.Errorf("%+v", d)
	}
	if r := row(t, c, "load/alone", "ns/op"); r.Verdict != Worse {
		t.Errorf("slower than all references by a little: %+v", r)
	}
	before, after = moved(func(i int) float64 { return min(uneven(i), 1.07) }, nil)
	c = Compare(before, after, Options{})
	for _, of := range []string{"ns/op", "records/s"} {
		if r := row(t, c, "load/alone", of); r.Verdict != Same || !strings.HasPrefix(r.Why, "the references changed by -10 to +7 %") {
			t.Errorf("%s within their range: %+v", of, r)
		}
	}
}

func TestAMachineThatBecameFasterHidesNoSlowerSubject(t *testing.T) {
	before, after := moved(func(int) float64 { return 0.6 }, map[string]float64{"queue/7": 1.2})
	c := Compare(before, after, Options{})
	if r := row(t, c, "queue/7", "ns/op"); r.Verdict != Same || r.Ratio.Center > 0.8 {
		t.Errorf("its time fell, and that was the machine: %+v", r)
	}
	if r := row(t, c, "queue/7", "ns/op / channel"); r.Verdict != Worse {
		t.Errorf("its ratio rose: %+v", r)
	}
}

// alone is the machine of the references, and another factor for the scenario
// without one.
func alone(references, own float64) func(int) float64 {
	return func(i int) float64 {
		if i == 20 {
			return own
		}
		return references
	}
}

func TestATimeThatRoseByLessThanAllReferencesIsNoNews(t *testing.T) {
	for _, c := range []struct {
		references, own float64
		want            Verdict
	}{
		{1.3, 1.1, Same},   // slower, on a machine that became slower by more
		{0.6, 0.8, Same},   // faster, on one that became faster by more
		{0.6, 1.05, Worse}, // slower, on one that became faster
		{1.3, 0.9, Better},
		{1.3, 1.5, Worse},
		{0.6, 0.5, Better},
	} {
		before, after := moved(alone(c.references, c.own), nil)
		compared := Compare(before, after, Options{})
		for _, of := range []string{"ns/op", "records/s"} {
			if r := row(t, compared, "load/alone", of); r.Verdict != c.want || (c.want == Same) != strings.Contains(r.Why, "it may be the machine") {
				t.Errorf("the references x %v, %s x %v: %+v, want %s", c.references, of, c.own, r, c.want)
			}
		}
	}
}

// staged adds a scenario with a reference that is the library itself. In the second
// run both take the times by those factors.
func staged(before, after *result.Run, subject, plain float64) {
	for run, f := range map[*result.Run][2]float64{before: {1, 1}, after: {subject, plain}} {
		run.Results = append(run.Results,
			result.Result{
				Scenario: "pipeline/stage/all", Values: map[string][]float64{"ns/op": around(100 * f[0])},
				Ratios: []result.Ratio{{Metric: "ns/op", Against: "plain", Slices: around(1.2 * f[0] / f[1])}},
			},
			result.Result{Scenario: "pipeline/stage/all", Reference: "plain", Values: map[string][]float64{"ns/op": around(80 * f[1])}})
	}
}

func TestAReferenceThatIsTheLibraryDoesNotExcuseIt(t *testing.T) {
	const stage, plain = "pipeline/stage/all", "pipeline/stage/all/ref=plain"
	for name, c := range map[string]struct {
		machine, subject, plain float64
		wantSubject, wantPlain  Verdict
	}{
		"the library became slower":        {1, 1.2, 1.2, Worse, Worse},
		"the machine did":                  {1.2, 1.15, 1.15, Same, Same},
		"the stage alone, the library not": {1, 1.2, 1, Worse, Same},
	} {
		before, after := moved(func(int) float64 { return c.machine }, nil)
		staged(before, after, c.subject, c.plain)
		compared := Compare(before, after, Options{})
		if r := row(t, compared, stage, "ns/op"); r.Verdict != c.wantSubject {
			t.Errorf("%s: %+v, want %s", name, r, c.wantSubject)
		}
		if r := row(t, compared, plain, "ns/op"); r.Verdict != c.wantPlain {
			t.Errorf("%s: %+v, want %s", name, r, c.wantPlain)
		}
		if d := compared.References; d.N != 20 || math.Abs(d.Center-c.machine) > 1e-9 {
			t.Errorf("%s: the references changed by %+v, want the 20 that are not the library by %v", name, d, c.machine)
		}
	}
}

func TestWithoutAForeignReferenceNobodyKnowsWhatTheMachineDid(t *testing.T) {
	before, after := pairOf()
	before.Results, after.Results = nil, nil
	staged(before, after, 1.2, 1.2)
	c := Compare(before, after, Options{})
	for name, want := range map[string]string{
		"pipeline/stage/all":           "so did plain, which is this library too: its code or the machine; make gate tells",
		"pipeline/stage/all/ref=plain": "it is this library too: its code or the machine; make gate tells",
	} {
		if r := row(t, c, name, "ns/op"); r.Verdict != NotComparable || r.Comparable || r.Why != want {
			t.Errorf("%+v, want %q", r, want)
		}
	}
	before, after = pairOf()
	before.Results, after.Results = nil, nil
	staged(before, after, 1.2, 1)
	if r := row(t, Compare(before, after, Options{}), "pipeline/stage/all", "ns/op"); r.Verdict != Worse {
		t.Errorf("its ratio changed: %+v", r)
	}
}
