package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/logperf/logperf/suites/internal/experiment"
	"github.com/logperf/logperf/suites/internal/load"
	"github.com/logperf/logperf/suites/internal/report"
	"github.com/logperf/logperf/suites/internal/result"
)

func TestMisuseOfTheKneeIsExitStatusTwo(t *testing.T) {
	for want, args := range map[string][]string{
		"accepts 1 arg(s), received 0":       {"knee"},
		"accepts 1 arg(s), received 2":       {"knee", "load/knee/file", "load/knee/http"},
		"--p99 is 0s: want more than 0":      {"knee", "load/knee/file", "--p99", "0"},
		"--p99 is -1ms: want more than 0":    {"knee", "load/knee/file", "--p99=-1ms"},
		"--repetitions is 0: want 1 or more": {"knee", "load/knee/file", "--repetitions", "0"},
		"invalid argument":                   {"knee", "load/knee/file", "--p99", "5"},
		`there is no load scenario "knee/http"; the nearest with a knee are load/knee/http`: {"knee", "knee/http"},
		`there is no load scenario "queue/put"`:                                             {"knee", "queue/put"},
	} {
		code, out, errs := call(args...)
		if code != 2 || out != "" || !strings.Contains(errs, want) || !strings.Contains(errs, "logperf knee --help") {
			t.Errorf("%v: exit %d, %q and %q, want %q", args, code, out, errs, want)
		}
	}
}

func TestTheKneeOfAScenarioIsTheOneThatItNames(t *testing.T) {
	plain := experiment.Scenario{Name: "load/plain"}
	astray := experiment.Scenario{Name: "load/astray", Knee: "load/knee/none"}
	all := append(load.All(), plain, astray)
	for name, want := range map[string]string{
		"load/knee/file": "load/knee/file",
		"load/high-throughput/http/producers=8/knee=80pct": "load/knee/http",
	} {
		if s, err := kneeOf(name, all); err != nil || s.Name != want {
			t.Errorf("the knee of %s is that of %q (%v), want %s", name, s.Name, err, want)
		}
	}
	for name, want := range map[string]string{
		"load/plain":  "load/plain has no knee; the nearest that have are load/",
		"load/astray": "load/knee/none, which does not exist",
	} {
		if _, err := kneeOf(name, all); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want an error with %q", name, err, want)
		}
	}
}

func TestALossIsNoKnee(t *testing.T) {
	found := func(rates, lost []float64) report.Knee {
		return report.Knee{Limit: time.Millisecond, Row: result.Result{
			Scenario: "load/knee/file", Values: map[string][]float64{kneeMetric: rates, "lost-records": lost},
		}}
	}
	if err := verdict(found([]float64{0, 5, 6}, []float64{0, 0, 0})); err != nil {
		t.Errorf("a knee that was found: %v", err)
	}
	for want, k := range map[string]report.Knee{
		"load/knee/file lost 3 records in 2 repetitions":  found([]float64{5, 5}, []float64{1, 2}),
		"no rate held a p99 of the response time of 1 ms": found([]float64{0, 0, 6}, []float64{0, 0, 0}),
	} {
		if err := verdict(k); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// searched calls the command, with a knee or, on a machine that has much else to
// do, without.
func searched(t *testing.T, args ...string) string {
	t.Helper()
	code, out, errs := call(append([]string{"knee", "load/high-throughput/file/producers=1/knee=50pct", "--repetitions=1"}, args...)...)
	if code != 0 && (code != 1 || !strings.Contains(errs, "no rate held")) {
		t.Fatalf("exit %d\n%s%s", code, out, errs)
	}
	if code == 0 && errs != "" {
		t.Errorf("progress is shown where there is no terminal: %q", errs)
	}
	return out
}

func TestAKneeIsSearchedInArmsOfThisBinary(t *testing.T) {
	var answer kneeAnswer
	if err := json.Unmarshal([]byte(searched(t, "--json", "--p99=7ms")), &answer); err != nil {
		t.Fatal(err)
	}
	row := answer.Result
	if answer.Scenario != "load/knee/file" || row.Scenario != answer.Scenario || answer.Limit != 7*time.Millisecond || answer.Environment.Cores == 0 {
		t.Errorf("the answer is %+v", answer)
	}
	if len(row.Curves) != 1 || len(row.Curves[0]) == 0 || !slices.IsSortedFunc(row.Curves[0], func(a, b result.CurvePoint) int { return cmp.Compare(a.Offered, b.Offered) }) {
		t.Fatalf("the curves are %+v, want one by rising rate", row.Curves)
	}
	for _, p := range row.Curves[0] {
		if p.Held && p.ResponseP99 > 7e6 {
			t.Errorf("%+v counts as held", p)
		}
	}
	if answer.Knee.Median != row.Values[kneeMetric][0] || row.Values["lost-records"][0] != 0 {
		t.Errorf("the knee is %+v, the values are %v", answer.Knee, row.Values)
	}
}

func TestAKneeIsShownWithItsCurve(t *testing.T) {
	t.Chdir(t.TempDir()) // outside of any repository
	out := searched(t)
	if !strings.HasPrefix(out, "repetition  rate offered") || !strings.Contains(out, "\nload/knee/file: the knee is at ") || !strings.Contains(out, "p99 of at most 5 ms, on ") {
		t.Errorf("the command prints\n%s", out)
	}
}

// TestTheLimitReachesTheArm with one that no call can hold.
func TestTheLimitReachesTheArm(t *testing.T) {
	code, out, errs := call("knee", "load/knee/file", "--repetitions=1", "--p99=1ns")
	if code != 1 || !strings.Contains(out, "no rate held, with a response p99 of at most 1 ns") || !strings.Contains(errs, "no rate held a p99 of the response time of 1 ns") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
}

func TestAnInterruptEndsTheSearch(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errs bytes.Buffer
	if code := run(ctx, []string{"knee", "load/knee/file"}, &out, &errs); code != 130 || out.Len() > 0 || !strings.HasPrefix(errs.String(), "logperf: interrupted") {
		t.Errorf("exit %d, %q and %q", code, out.String(), errs.String())
	}
}

func TestAFileIsNoTerminal(t *testing.T) {
	f, err := os.Create(t.TempDir() + "/errs")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if terminal(f) || terminal(&bytes.Buffer{}) {
		t.Error("progress would go to a file")
	}
}
