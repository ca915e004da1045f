package threshold

import (
	"strings"
	"testing"
)

const gated = `scenarios:
  queue/one:
    allocs/op: {max: 0}
    ns/op: {regression: 3%, why: "it is the hot path"}
    total-ns/op:
      accept: {ratio: 1.06, why: "fsync is on now", until: 2026-11-23}
`

func TestTheGateIsToldItsLimits(t *testing.T) {
	f, err := Parse("t.yaml", []byte(gated), today)
	if err != nil {
		t.Fatal(err)
	}
	r, ok := f.Regression("queue/one", "ns/op")
	if !ok || !r.Limited || r.Limit != 0.03 || r.Accept.Ratio != 0 || r.Why == "" || r.Line != 4 {
		t.Errorf("ns/op has %+v, %v", r, ok)
	}
	r, ok = f.Regression("queue/one", "total-ns/op")
	if !ok || r.Limited || r.Accept.Ratio != 1.06 || r.Accept.Why != "fsync is on now" || r.Accept.Line != 6 || r.Accept.Until.Day() != 23 {
		t.Errorf("total-ns/op has %+v, %v", r, ok)
	}
	if _, ok := f.Regression("queue/one", "allocs/op"); ok {
		t.Error("a limit without regression and accept tells the gate nothing")
	}
	if f.Len() != 1 {
		t.Errorf("%d limits, want 1: the gate's are not those of a run", f.Len())
	}
}

func TestAMetricIsKeptOutOfTheGateForAReason(t *testing.T) {
	f, err := Parse("t.yaml", []byte("scenarios:\n  a:\n    ns/op: {regression: none, why: a sync takes what the disk takes}\n"), today)
	if err != nil {
		t.Fatal(err)
	}
	if r, ok := f.Regression("a", "ns/op"); !ok || !r.None || r.Limited || r.Why != "a sync takes what the disk takes" {
		t.Errorf("ns/op has %+v, %v", r, ok)
	}
}

func TestAFaultInWhatTheGateIsToldIsNamed(t *testing.T) {
	one := func(metric, limit string) string { return "scenarios:\n  a:\n    " + metric + ": {" + limit + "}\n" }
	for _, c := range []struct{ name, text, want string }{
		{"a percentage without its sign", one("ns/op", "regression: 4"), "t.yaml:3:25: regression is 4: want a share of the base's figure, such as 4%"},
		{"no room for noise", one("ns/op", "regression: 0"), "regression is 0: want a share"},
		{"left out without a reason", one("ns/op", "regression: none"), "t.yaml:3:5: regression: none keeps ns/op out of the gate: say why"},
		{"not compared", one("p99-ns", "regression: 4%"), "t.yaml:3:14: the gate does not compare p99-ns"},
		{"under a profile", "profiles:\n  p: {cpu: x, cores: 1, scenarios: {a: {ns/op: {regression: 4%}}}}\nscenarios: {}\n", "not under a profile"},
		{"no slowdown", one("ns/op", "accept: {ratio: 0.9, why: x, until: 2027-01-01}"), "ratio is 0.9: want head/base"},
		{"no reason", one("ns/op", "accept: {ratio: 1.1, until: 2027-01-01}"), "t.yaml:3:13: accept needs ratio, why and until"},
		{"no end", one("ns/op", "accept: {ratio: 1.1, why: x}"), "accept needs ratio, why and until"},
		{"ended", one("ns/op", "accept: {ratio: 1.1, why: x, until: 2026-11-21}"), "the slowdown was accepted until 2026-11-21"},
		{"no day", one("ns/op", "accept: {ratio: 1.1, why: x, until: soon}"), `until is "soon": want a day`},
		{"unknown key", one("ns/op", "accept: {ration: 1.1, why: x, until: 2027-01-01}"), `accept has the unknown key "ration"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := Parse("t.yaml", []byte(c.text), today); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want an error with %s", err, c.want)
			}
		})
	}
}

func TestWhatTheGateIsToldNeedsItsScenario(t *testing.T) {
	f, err := Parse("t.yaml", []byte("scenarios:\n  a:\n    lost-records: {max: 0}\n    ns/op: {regression: 4%}\n    B/op: {regression: 1%}\n"), today)
	if err != nil {
		t.Fatal(err)
	}
	err = f.Cover([]Known{{"a", []string{"lost-records"}, nil}})
	if err == nil || err.Error() != "t.yaml:5:5: the scenario a does not emit B/op: it emits lost-records" {
		t.Errorf("%v: want B/op, and not ns/op, which the gate can tell of every scenario", err)
	}
}
