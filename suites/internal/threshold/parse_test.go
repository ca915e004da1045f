package threshold

import (
	"strings"
	"testing"
	"time"

	"github.com/logperf/logperf/suites/internal/result"
)

var today = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

const good = `profiles:
  epyc-2:
    cpu: [AMD EPYC, Intel Xeon]
    cores: 2
    scenarios:
      queue/one:
        p99-ns: {max: 20us, why: "ten times what was measured"}
scenarios:
  queue/one:
    allocs/op: {max: 0}
    ns/op: {vs: {channel: 1.5, xsync: 90%}, totals: 1.4, expires: 2027-06-30}
  queue/two:
    records/s:
      vs:
        channel: 0.9
`

func TestAGoodFileIsRead(t *testing.T) {
	f, err := Parse("t.yaml", []byte(good), today)
	if err != nil {
		t.Fatal(err)
	}
	here := result.Environment{CPU: "AMD EPYC", Cores: 2}
	limits := f.Limits("queue/one", here, "")
	if len(limits) != 4 || f.Len() != 5 {
		t.Fatalf("%d limits of %d: %+v", len(limits), f.Len(), limits)
	}
	for i, want := range []struct {
		text, class string
		line        int
		value       float64
	}{
		{"max 20 us", "absolute", 7, 20_000},
		{"max 0", "exact", 10, 0},
		{"<= 1.5 x channel", "ratio", 11, 1.5},
		{"<= 0.9 x xsync", "ratio", 11, 0.9},
	} {
		l := limits[i]
		if l.Text() != want.text || l.Class() != want.class || l.Line != want.line || l.Value != want.value || !l.Applies {
			t.Errorf("limit %d is %q, %s, line %d, %v, applies %v: want %+v", i, l.Text(), l.Class(), l.Line, l.Value, l.Applies, want)
		}
	}
	if limits[2].Totals != 1.4 || limits[3].Totals != 1.4 || limits[1].Totals != DefaultTotals || limits[0].Why == "" {
		t.Errorf("totals and why: %+v", limits)
	}
	if l := f.Limits("queue/two", here, "")[0]; l.Text() != ">= 0.9 x channel" {
		t.Errorf("a rate is limited by %q", l.Text())
	}
}

func TestAProfileAppliesOnItsMachineAlone(t *testing.T) {
	f, err := Parse("t.yaml", []byte(good), today)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		env    result.Environment
		forced string
		want   bool
	}{
		{result.Environment{CPU: "AMD EPYC", Cores: 2}, "", true},
		{result.Environment{CPU: "AMD EPYC", Cores: 4}, "", false},
		{result.Environment{CPU: "Intel Xeon", Cores: 2}, "", true},
		{result.Environment{CPU: "Intel", Cores: 2}, "", false},
		{result.Environment{CPU: "Intel", Cores: 2}, "epyc-2", true},
		{result.Environment{CPU: "AMD EPYC", Cores: 2}, "other", false},
	} {
		if l := f.Limits("queue/one", c.env, c.forced)[0]; l.Applies != c.want {
			t.Errorf("%s with %d cores, forced %q: applies %v", c.env.CPU, c.env.Cores, c.forced, l.Applies)
		}
	}
	if found, all := f.HasProfile("epyc-2"); !found || len(all) != 1 {
		t.Errorf("found %v of %v", found, all)
	}
}

func TestEachFaultIsNamedWithItsPlace(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", "t.yaml:1:1: holds no limits"},
		{"no scenarios", "profiles:\n  a: {cpu: x, cores: 1}\n", "has no key scenarios"},
		{"not YAML", "scenarios:\n\t- x\n", "t.yaml:2:1: not YAML"},
		{"unclosed", "scenarios: {a: {\n", "not YAML"},
		{"two documents", "scenarios: {}\n---\nscenarios: {}\n", "one document"},
		{"a list", "scenarios:\n  - a\n", "t.yaml:2:3: scenarios has to be a mapping"},
		{"unknown top key", "scenario: {}\n", `t.yaml:1:1: the file has the unknown key "scenario": want profiles, scenarios; did you mean scenarios`},
		{"unknown key", "scenarios:\n  a:\n    ns/op: {maximum: 3}\n", `t.yaml:3:13: the limit has the unknown key "maximum"`},
		{"unknown metric", "scenarios:\n  a:\n    ns/po: {max: 3}\n", `t.yaml:3:5: the metric "ns/po" is unknown; did you mean ns/op`},
		{"wrong unit", "scenarios:\n  a:\n    B/op: {max: 3us}\n", `t.yaml:3:17: "3us" has the unit "us": want GiB, MiB, KiB, B`},
		{"no number", "scenarios:\n  a:\n    B/op: {max: little}\n", `"little" is not a number`},
		{"null", "scenarios:\n  a:\n    B/op: {max: }\n", "t.yaml:3:"},
		{"below 0", "scenarios:\n  a:\n    B/op: {max: -1}\n", `"-1" is below 0`},
		{"key twice", "scenarios:\n  a:\n    B/op: {max: 1}\n    B/op: {max: 2}\n", `t.yaml:4:5: `},
		{"scenario twice", "scenarios:\n  a:\n    B/op: {max: 1}\n  a:\n    B/op: {max: 2}\n", `t.yaml:4:3: `},
		{"no limit", "scenarios:\n  a:\n    B/op: {why: x}\n", "t.yaml:3:5: the limit on B/op has none of max, min, vs, regression and accept"},
		{"empty scenario", "scenarios:\n  a: {}\n", "t.yaml:2:3: the scenario a has no limit"},
		{"empty vs", "scenarios:\n  a:\n    B/op: {vs: {}}\n", "vs names no reference"},
		{"ratio of 0", "scenarios:\n  a:\n    B/op: {vs: {b: 0}}\n", "want a number above 0"},
		{"machine metric", "scenarios:\n  a:\n    ns/op: {max: 3us}\n", "t.yaml:3:13: ns/op depends on the speed of the machine"},
		{"min of a cost", "scenarios:\n  a:\n    B/op: {min: 3}\n", "want max in place of min"},
		{"max of a rate", "profiles:\n  p: {cpu: x, cores: 1, scenarios: {a: {records/s: {max: 3}}}}\nscenarios:\n  a:\n    B/op: {max: 1}\n", "want min in place of max"},
		{"totals below 1", "scenarios:\n  a:\n    B/op: {vs: {b: 1}, totals: 0.5}\n", "totals is 0.5: want a factor from 1"},
		{"expired", "scenarios:\n  a:\n    B/op: {max: 1, expires: 2026-11-21}\n", "the limit expired on 2026-11-21"},
		{"no day", "scenarios:\n  a:\n    B/op: {max: 1, expires: soon}\n", `expires is "soon": want a day`},
		{"profile without a machine", "profiles:\n  p: {cores: 2}\nscenarios:\n  a:\n    B/op: {max: 1}\n", "the profile p needs cpu and cores"},
		{"profile of no machine", "profiles:\n  p: {cpu: [], cores: 2}\nscenarios:\n  a:\n    B/op: {max: 1}\n", "the profile p needs cpu and cores"},
		{"no cores", "profiles:\n  p: {cpu: x, cores: some}\nscenarios:\n  a:\n    B/op: {max: 1}\n", `cores is "some"`},
		{"a mapping for a value", "scenarios:\n  a:\n    B/op: {max: {}}\n", "a limit has to be a plain value"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := Parse("t.yaml", []byte(c.text), today)
			if err == nil || f != nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want an error with %s", err, c.want)
			}
		})
	}
}

func TestALimitHoldsThroughItsLastDay(t *testing.T) {
	text := "scenarios:\n  a:\n    B/op: {max: 1, expires: 2026-11-23}\n"
	if _, err := Parse("t.yaml", []byte(text), today); err != nil {
		t.Error(err)
	}
}

func TestAllFaultsAreReportedInOrder(t *testing.T) {
	_, err := Parse("t.yaml", []byte("scenarios:\n  a:\n    ns/po: {max: 1}\n    B/op: {max: 1us}\n  b:\n    B/op: {mx: 1}\n"), today)
	if err == nil {
		t.Fatal("no error")
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 3 || !strings.HasPrefix(lines[0], "t.yaml:3:") || !strings.HasPrefix(lines[1], "t.yaml:4:") || !strings.HasPrefix(lines[2], "t.yaml:6:") {
		t.Errorf("%q", lines)
	}
}

func TestScenariosAndLimitsCoverEachOther(t *testing.T) {
	f, err := Parse("t.yaml", []byte(good), today)
	if err != nil {
		t.Fatal(err)
	}
	known := func() []Known {
		return []Known{
			{"queue/one", []string{"ns/op", "allocs/op", "p99-ns"}, []string{"channel", "xsync"}},
			{"queue/two", []string{"records/s"}, []string{"channel"}},
		}
	}
	if err := f.Cover(known()); err != nil {
		t.Error(err)
	}
	for want, change := range map[string]func([]Known) []Known{
		"the scenario queue/three has no limit that applies on every machine":                 func(k []Known) []Known { return append(k, Known{Name: "queue/three"}) },
		`t.yaml:12:3: the scenario "queue/two" does not exist; did you mean queue/one`:        func(k []Known) []Known { return k[:1] },
		"t.yaml:7:9: the scenario queue/one does not emit p99-ns: it emits ns/op":             func(k []Known) []Known { k[0].Metrics = k[0].Metrics[:2]; return k },
		`t.yaml:11:32: the scenario queue/one has no reference "xsync": it has channel`:       func(k []Known) []Known { k[0].References = k[0].References[:1]; return k },
		`t.yaml:15:9: the scenario queue/two has no reference "channel": it has no reference`: func(k []Known) []Known { k[1].References = nil; return k },
	} {
		if err := f.Cover(change(known())); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nwant %s", err, want)
		}
	}
}

func TestALimitUnderAProfileAloneDoesNotCover(t *testing.T) {
	text := strings.Replace(good, "    allocs/op: {max: 0}\n    ns/op: {vs: {channel: 1.5, xsync: 90%}, totals: 1.4, expires: 2027-06-30}\n", "", 1)
	text = strings.Replace(text, "scenarios:\n  queue/one:\n", "scenarios:\n", 1)
	f, err := Parse("t.yaml", []byte(text), today)
	if err != nil {
		t.Fatal(err)
	}
	err = f.Cover([]Known{{"queue/one", []string{"p99-ns"}, nil}, {"queue/two", []string{"records/s"}, []string{"channel"}}})
	if err == nil || !strings.Contains(err.Error(), "queue/one has no limit that applies on every machine") {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{good, "", "scenarios: [", "a: &x 1\nb: *x", "scenarios: {a: {ns/op: {vs: {b: 1}}}}", "? a\n: b", "scenarios: !!map {}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		file, err := Parse("t.yaml", []byte(text), today)
		if (file == nil) == (err == nil) {
			t.Fatalf("file %v, error %v", file, err)
		}
		if err != nil && !strings.Contains(err.Error(), "t.yaml:") {
			t.Errorf("the error names no place: %v", err)
		}
	})
}
