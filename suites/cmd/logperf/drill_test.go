package main

import (
	"strings"
	"testing"
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
