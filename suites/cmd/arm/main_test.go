package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/logperf/logperf/suites/internal/experiment"
	"github.com/logperf/logperf/suites/internal/lockstep"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// tally counts the operations that it was asked for.
type tally struct {
	ops, most, slices, closed int
	dir                       string
	check                     error
}

func (t *tally) Run(_ context.Context, n int) error {
	t.ops, t.most, t.slices = t.ops+n, max(t.most, n), t.slices+1
	return nil
}
func (t *tally) Close(context.Context) error { t.closed++; return nil }
func (t *tally) Check() error                { return t.check }

func table(t *tally) []experiment.Scenario {
	arm := experiment.Arm{Name: "logperf", Open: func(_ context.Context, o experiment.Options) (experiment.Subject, error) {
		t.dir = o.Dir
		return t, nil
	}}
	row := experiment.Scenario{Subject: "queue", Tier: "smoke", Measure: "cost", Title: "runs", Metrics: []string{"ns/op"}, Arms: []experiment.Arm{arm}, Source: "0123"}
	plain, once := row, row
	plain.Name, plain.MaxOps = "queue/plain", 300
	once.Name, once.Ops, once.Slices = "queue/once", 10, 1
	return []experiment.Scenario{plain, once}
}

func call(t *tally, args ...string) (code int, out, errs string) {
	var o, e bytes.Buffer
	code = run(context.Background(), table(t), args, strings.NewReader(""), &o, &e)
	return code, o.String(), e.String()
}

func TestACountRunsExactlyItsOperations(t *testing.T) {
	var few, many tally
	if code, out, errs := call(&few, "count", "queue/plain", "1000"); code != 0 || out != "" || errs != "" {
		t.Fatalf("exit %d, prints %q, %q", code, out, errs)
	}
	if code, _, errs := call(&many, "count", "queue/plain", "3000"); code != 0 {
		t.Fatalf("exit %d, %s", code, errs)
	}
	if many.ops-few.ops != 2000 {
		t.Errorf("the counts differ by %d operations, want 2000", many.ops-few.ops)
	}
	if few.most > 300 || few.closed != 1 {
		t.Errorf("the largest slice has %d operations, want at most 300; closed %d times", few.most, few.closed)
	}
	if _, err := os.Stat(few.dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the scratch folder %s is left behind (%v)", few.dir, err)
	}
}

func TestACountThatCannotBeTrustedFails(t *testing.T) {
	lossy := tally{check: errors.New("1 record is missing")}
	for _, c := range []struct {
		tally tally
		args  []string
		code  int
		want  string
	}{
		{tally{}, []string{"count", "queue/none", "5"}, 1, `no scenario "queue/none"`},
		{tally{}, []string{"count", "queue/once", "5"}, 1, "does all its operations at once"},
		{lossy, []string{"count", "queue/plain", "5"}, 1, "1 record is missing"},
		{tally{}, []string{"count", "queue/plain", "0"}, 2, "N from 1"},
		{tally{}, []string{"count", "queue/plain"}, 2, "want no argument"},
		{tally{}, []string{"serve"}, 2, "want no argument"},
	} {
		if code, _, errs := call(&c.tally, c.args...); code != c.code || !strings.Contains(errs, c.want) {
			t.Errorf("%v: exit %d, %q: want %d with %q", c.args, code, errs, c.code, c.want)
		}
	}
}

func TestItDescribesWhatItServes(t *testing.T) {
	code, out, errs := call(&tally{}, "describe")
	if code != 0 {
		t.Fatal(errs)
	}
	all, err := lockstep.ParseDescription([]byte(out))
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 2 || all[0].Name != "queue/plain" || all[0].MaxOps != 300 || all[1].Slices != 1 || all[0].Arms[0].Name != "logperf" {
		t.Errorf("described as %+v", all)
	}
}

func TestAnArmWithoutACoordinatorFails(t *testing.T) {
	if code, _, errs := call(&tally{}); code != 1 || !strings.Contains(errs, "without a stop") {
		t.Errorf("exit %d, %q", code, errs)
	}
}
