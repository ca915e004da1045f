package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/logperf/logperf/suites/internal/drill"
)

func TestADrillThatContradictsItselfIsMisuse(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--short", "--only", "idle-loop"}, "--short and --only both say which plants"},
		{[]string{"--power", "--short", "--out", "a.csv"}, "--power has no short form"},
		{[]string{"--power"}, "--power needs --out"},
		{[]string{"--out", "a.csv"}, "--out is for --power"},
		{[]string{"--power", "--out", "a.csv", "--runs", "0"}, "--runs is 0: want 1 or more"},
		{[]string{"--only", "idle-lop"}, `there is no plant "idle-lop"; the nearest are idle-loop`},
		{[]string{"--power", "--out", "a.csv", "--only", "idle-loop"}, "idle-loop is not marked power"},
		{[]string{"--by", "luck"}, `--by is "luck": want threshold or gate`},
		{[]string{"--power", "--out", "a.csv", "--by", "gate"}, "--power tries the gate alone"},
		{[]string{"--by", "gate", "--only", "pacer-waits"}, "nothing of the plant pacer-waits has to be caught by the gate"},
		{[]string{"idle-loop"}, "unknown command"},
	} {
		code, _, errs := call(append([]string{"drill"}, c.args...)...)
		if code != 2 || !strings.Contains(errs, c.want) {
			t.Errorf("%v: exit %d, %q: want 2, %s", c.args, code, errs, c.want)
		}
	}
}

// TestADrillOutsideOfARepositoryIsNoMisuse: the words of the call are right.
func TestADrillOutsideOfARepositoryIsNoMisuse(t *testing.T) {
	t.Chdir(t.TempDir())
	if code, _, errs := call("drill"); code != 1 || !strings.Contains(errs, "no go.mod here or above") {
		t.Errorf("exit %d, %q", code, errs)
	}
}

// What the limits have to catch is tried without the gate, which takes minutes for
// each plant.
func TestADrillByOneJudgeLeavesTheOtherOut(t *testing.T) {
	for by, want := range map[string]bool{"threshold": false, "gate": true} {
		d := drillCall{short: true, by: by, runs: powerRuns}
		if err := d.choose(); err != nil || d.broken != nil {
			t.Fatal(err, d.broken)
		}
		for _, p := range d.plants {
			for _, c := range p.Catch {
				if string(c.By) != by {
					t.Errorf("%s has to be caught by the %s in a drill by the %s", p.Name, c.By, by)
				}
			}
		}
		if got := slices.ContainsFunc(d.plants, func(p drill.Plant) bool { return p.Name == "lock-over-commit" }); got != want || len(d.plants) < 2 {
			t.Errorf("a drill by the %s plants %d regressions, lock-over-commit among them: %v, want %v", by, len(d.plants), got, want)
		}
	}
}
