package lockstep

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/logperf/logperf/suites/internal/experiment"
	"github.com/logperf/logperf/suites/internal/result"
)

// collected runs repetitions of a scenario of the tests and returns its rows.
func collected(t *testing.T, name string, repetitions int, o Options) []result.Result {
	t.Helper()
	s := scenario(t, name)
	var all []*Repetition
	for i := range repetitions {
		r, err := Repeat(t.Context(), s, i, o)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	rows, err := Collect(s, all)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func ratioOf(t *testing.T, r result.Result, metric, against string) result.Ratio {
	t.Helper()
	for _, one := range r.Ratios {
		if one.Metric == metric && one.Against == against {
			return one
		}
	}
	t.Fatalf("%s has no ratio of %s against %s", r.Row(), metric, against)
	return result.Ratio{}
}

// within judges no time: the band is so wide that only a mistake leaves it.
func within(t *testing.T, what string, values []float64, low, high float64) {
	t.Helper()
	for _, v := range values {
		if !(v >= low && v <= high) {
			t.Errorf("%s is %v, want between %v and %v", what, v, low, high)
		}
	}
}

func TestArmAgainstItselfIsAboutEqual(t *testing.T) {
	rows := collected(t, "same", 2, options(t, "serve"))
	for _, metric := range []string{"ns/op", "cpu-ns/op", "records/s"} {
		r := ratioOf(t, rows[0], metric, "self")
		if len(r.Slices) != 2 || len(r.Totals) != 2 {
			t.Fatalf("%s has %d ratios of slices and %d of totals in 2 repetitions", metric, len(r.Slices), len(r.Totals))
		}
		within(t, metric+" of slices", r.Slices, 0.5, 2)
		// A single interruption can multiply the total of such a short
		// repetition, so it only has to be there.
		within(t, metric+" of totals", r.Totals, math.SmallestNonzeroFloat64, math.MaxFloat64)
	}
	within(t, "spread", rows[0].Values["spread"], 0, 1)
	for _, r := range rows {
		if len(r.Values["allocs/op"]) != 2 || slices.Max(r.Values["allocs/op"]) != 0 {
			t.Errorf("%s allocates %v, want 0 twice: neither loop nor protocol allocates", r.Row(), r.Values["allocs/op"])
		}
	}
}

func TestThreefoldWorkShows(t *testing.T) {
	rows := collected(t, "triple", 1, options(t, "serve"))
	within(t, "three times the work", ratioOf(t, rows[0], "ns/op", "once").Slices, 1.5, 6)
	within(t, "three times the CPU", ratioOf(t, rows[0], "cpu-ns/op", "once").Slices, 1.5, 6)
	within(t, "a third of the rate", ratioOf(t, rows[0], "records/s", "once").Slices, 1/6., 1/1.5)
	within(t, "the same work", ratioOf(t, rows[0], "ns/op", "thrice").Slices, 0.5, 2)
	if got := []string{rows[0].Row(), rows[1].Row(), rows[2].Row()}; !slices.Equal(got, []string{
		"harness/triple", "harness/triple/ref=once", "harness/triple/ref=thrice",
	}) {
		t.Errorf("the rows are %v", got)
	}
}

func TestRepetitionLastsItsDuration(t *testing.T) {
	o := options(t, "serve")
	s := scenario(t, "same")
	r, err := Repeat(t.Context(), s, 0, o)
	if err != nil {
		t.Fatal(err)
	}
	took := experiment.Sum(r.Arms[0].Slices).Wall + experiment.Sum(r.Arms[1].Slices).Wall
	rounds := len(r.Arms[0].Slices)
	if took < 2*o.Duration && rounds < roundsPerAim*int(o.Duration/s.Slice) {
		t.Errorf("%d rounds took %v, want 2 x %v or the most rounds", rounds, took, o.Duration)
	}
	if rounds != len(r.Arms[1].Slices) {
		t.Errorf("the arms have %d and %d slices", rounds, len(r.Arms[1].Slices))
	}
}

func TestFixedSlices(t *testing.T) {
	for _, tc := range []struct {
		name        string
		slices, ops int
	}{{"once", 1, 5000}, {"fixed", 7, 1}} {
		r, err := Repeat(t.Context(), scenario(t, tc.name), 0, options(t, "serve"))
		if err != nil {
			t.Fatal(err)
		}
		if a := r.Arms[0]; len(a.Slices) != tc.slices || a.Slices[0].N != tc.ops {
			t.Errorf("%s has %d slices of %d operations, want %d of %d", tc.name, len(a.Slices), a.Slices[0].N, tc.slices, tc.ops)
		}
	}
}

func TestCheckRunsOneTinySlice(t *testing.T) {
	o := options(t, "serve")
	o.Check = true
	for _, tc := range []struct {
		name        string
		slices, ops int
	}{{"same", 1, 64}, {"once", 1, 64}, {"fixed", 7, 1}} {
		r, err := Repeat(t.Context(), scenario(t, tc.name), 0, o)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range r.Arms {
			if len(a.Slices) != tc.slices || a.Slices[0].N != tc.ops {
				t.Errorf("a check of %s has %d slices of %d operations, want %d of %d", tc.name, len(a.Slices), a.Slices[0].N, tc.slices, tc.ops)
			}
		}
	}
}

func TestWarmUpRunsWhereItMay(t *testing.T) {
	for _, tc := range []struct {
		name, why string
		check     bool
		want      int64
	}{
		{"once", "a single slice is all there is", false, 5000},
		{"once", "a single slice is all there is", true, 64},
		{"laps", "a check has a slice of warm-up and one that counts", true, 128},
	} {
		o := options(t, "serve")
		o.Check = tc.check
		r, err := Repeat(t.Context(), scenario(t, tc.name), 0, o)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Arms[0].Report.Counts["offered"]; got != tc.want {
			t.Errorf("%s offers %d records in all, want %d: %s", tc.name, got, tc.want, tc.why)
		}
	}
}

func TestWarmUpIsCutShortByTheDuration(t *testing.T) {
	o := options(t, "serve")
	o.Duration, o.Warmup = 5*time.Millisecond, 10_000_000 // hours, if it were not cut short
	if _, err := Repeat(t.Context(), scenario(t, "same"), 0, o); err != nil {
		t.Error(err)
	}
}

func TestLapsCountsCurvesAndTimesArrive(t *testing.T) {
	o := options(t, "serve")
	o.Warmup = 0
	rows := collected(t, "laps", 2, o)
	within(t, "caller-ns/op", rows[0].Values["caller-ns/op"], 0, slices.Max(rows[0].Values["ns/op"]))
	if got := rows[0].Values["drain-ns/op"]; !slices.Equal(got, []float64{0, 0}) {
		t.Errorf("drain-ns/op is %v, want 0 twice", got)
	}
	if _, ok := rows[1].Values["caller-ns/op"]; ok {
		t.Error("the reference without laps has caller-ns/op")
	}
	for _, r := range rows[0].Ratios {
		if r.Metric != "ns/op" {
			t.Errorf("there is a ratio of %s to a reference that has none", r.Metric)
		}
	}
	curve := []result.CurvePoint{{Offered: 1, Drain: 2}, {Offered: 3, Held: true}}
	if got := rows[0].Curves; len(got) != 2 || !slices.Equal(got[0], curve) || !slices.Equal(got[1], curve) || rows[1].Curves != nil {
		t.Errorf("the curves are %v and %v, want %v of each repetition of the subject", got, rows[1].Curves, curve)
	}
	measured := rows[0].Iterations[0] + rows[0].Iterations[1]
	if got := rows[0].Times; len(got) != 2 || got[result.Service].Count() != int64(measured) || got[result.Service].Max() != 7 ||
		got[result.Response].Count() != 2 || rows[1].Times != nil {
		t.Errorf("the times are %v and %v, want those of %d calls in two repetitions", got, rows[1].Times, measured)
	}
	if got := rows[0].Counts["offered"]; got < int64(measured) {
		t.Errorf("offered is %d over both repetitions, want at least the %d measured", got, measured)
	}
}

func TestOrderIsRandomAndRepeatable(t *testing.T) {
	sequence := func(seed uint64, scenario string, repetition int) []int {
		r := order(seed, scenario, repetition)
		var all []int
		for range 20 {
			all = append(all, r.Perm(3)...)
		}
		return all
	}
	want := sequence(1, "a", 0)
	if !slices.Equal(want, sequence(1, "a", 0)) {
		t.Error("the same seed gives another order")
	}
	for _, other := range [][]int{sequence(2, "a", 0), sequence(1, "b", 0), sequence(1, "a", 1)} {
		if slices.Equal(want, other) {
			t.Error("another seed, scenario or repetition gives the same order")
		}
	}
}

func TestFailingArmIsNamed(t *testing.T) {
	for _, tc := range []struct{ name, arm, want string }{
		{"crash", "peer", "the arm ended instead of answering: exit status 2\nits standard error ends with:\npanic: it blew up"},
		{"exit", "logperf", "ended instead of answering: exit status 3"},
		{"slice-fails", "logperf", "failed: the disk is full"},
		{"open-fails", "logperf", "hello: it cannot be opened: no such device"},
		{"close-fails", "logperf", "finish: it cannot be closed: it is still busy"},
		{"loss", "logperf", "the check of the subject failed: 1 record is missing"},
		{"missing", "logperf", "the scenario declares lost-records and the arm has not measured it"},
		{"talks", "logperf", "does anything else write to this pipe"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Repeat(t.Context(), scenario(t, tc.name), 1, options(t, "serve"))
			if err == nil {
				t.Fatal("there is no error")
			}
			prefix := "scenario harness/" + tc.name + ", arm " + tc.arm + ", repetition 2: "
			if got := err.Error(); !strings.HasPrefix(got, prefix) || !strings.Contains(got, tc.want) {
				t.Errorf("the error is %q, want %q and %q", got, prefix, tc.want)
			}
		})
	}
}

func TestSilentArmIsKilled(t *testing.T) {
	for _, name := range []string{"hang", "hang-in-close"} {
		o := options(t, "serve")
		o.Timeout = 500 * time.Millisecond
		_, err := Repeat(t.Context(), scenario(t, name), 0, o)
		if err == nil || !strings.Contains(err.Error(), "was silent for more than ") || !strings.Contains(err.Error(), "hanging") {
			t.Errorf("%s: the error is %v, want the silence and what the arm wrote", name, err)
		}
	}
}

func TestTheTimeoutBeginsBehindTheExpectedWork(t *testing.T) {
	o := options(t, "serve")
	o.Timeout = 500 * time.Millisecond
	if _, err := Repeat(t.Context(), scenario(t, "long"), 0, o); err != nil {
		t.Errorf("a slice of %v that is expected to last as long: %v", longSlice, err)
	}
}

func TestUnknownScenarioAndCommandAreErrors(t *testing.T) {
	s := scenario(t, "idle")
	s.Name = "harness/elsewhere"
	if _, err := Repeat(t.Context(), s, 0, options(t, "serve")); err == nil || !strings.Contains(err.Error(), `no scenario "harness/elsewhere"`) {
		t.Errorf("an arm without the scenario gives %v", err)
	}
	o := options(t, "serve")
	o.Command.Path = filepath.Join(t.TempDir(), "missing")
	if _, err := Repeat(t.Context(), scenario(t, "idle"), 0, o); err == nil || !strings.Contains(err.Error(), "cannot be started") {
		t.Errorf("a missing binary gives %v", err)
	}
	o = options(t, "serve")
	o.Dir = filepath.Join(o.Dir, "missing")
	if _, err := Repeat(t.Context(), scenario(t, "idle"), 0, o); err == nil || !strings.Contains(err.Error(), "no scratch folder") {
		t.Errorf("a missing folder gives %v", err)
	}
}

func TestCancelEndsTheArms(t *testing.T) {
	o := options(t, "serve")
	o.Timeout = time.Hour // it is the context that ends the arm
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := Repeat(ctx, scenario(t, "hang"), 0, o)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "the arms were killed") {
		t.Errorf("the error is %v, want the end of the context", err)
	}
	cancelled, stop := context.WithCancel(t.Context())
	stop()
	if _, err := Repeat(cancelled, scenario(t, "idle"), 0, o); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v, want the end of the context before anything starts", err)
	}
}

func TestProcessesOfAnArmEndWithIt(t *testing.T) {
	for name, timeout := range map[string]time.Duration{"orphan": 20 * time.Second, "orphan-and-hang": time.Second} {
		o := options(t, "serve")
		o.Timeout = timeout
		o.Corpus = filepath.Join(t.TempDir(), "pid")
		_, err := Repeat(t.Context(), scenario(t, name), 0, o)
		if (err == nil) != (name == "orphan") {
			t.Errorf("%s: %v", name, err)
		}
		ended(t, o.Corpus)
	}
}

func TestEnvironmentBoundsTheProcessors(t *testing.T) {
	set := []string{"A=1", "GOMAXPROCS=7", "GORACE=halt_on_error=1"}
	if got := environment(set); !slices.Equal(got, append(set, "GOMAXPROCS=7")) {
		t.Errorf("environment is %v, want %v and GOMAXPROCS=7 at its end", got, set)
	}
	least := fmt.Sprintf("GOMAXPROCS=%d", min(2, runtime.NumCPU()))
	if got := environment([]string{"A=1"}); !slices.Equal(got, []string{"A=1", least, "GORACE=atexit_sleep_ms=0"}) {
		t.Errorf("environment is %v, want %s and GORACE added", got, least)
	}
	// Go's runtime takes an empty one for all cores.
	got := environment([]string{"GOMAXPROCS=", "GORACE="})
	if !slices.Equal(got, []string{"GOMAXPROCS=", "GORACE=", least}) {
		t.Errorf("environment is %v, want %s at its end", got, least)
	}
	got = environment(forgiving(Command{Env: []string{"A=1"}}).Env)
	if !slices.Contains(got, "GORACE=atexit_sleep_ms=0 exitcode=0") || len(got) != 3 {
		t.Errorf("the environment of a reference is %v, want GORACE with the exit code 0", got)
	}
	if got := forgiving(Command{Env: set}).Env; !slices.Equal(got, set) {
		t.Errorf("the environment of a reference is %v, want %v unchanged", got, set)
	}
	if slices.Index(environment(nil), "PATH="+os.Getenv("PATH")) < 0 {
		t.Error("environment(nil) does not inherit")
	}
}

func TestCollectRefusesGaps(t *testing.T) {
	s := scenario(t, "same")
	whole := func() *Repetition {
		values := func() map[string]float64 {
			v := map[string]float64{}
			for _, name := range s.Metrics {
				v[name] = 1
			}
			return v
		}
		one := []experiment.Slice{{N: 1, Wall: 1, CPU: 1}}
		return &Repetition{Arms: []Arm{{Name: "logperf", Slices: one, Values: values()}, {Name: "self", Slices: one, Values: values()}}}
	}
	if _, err := Collect(s, []*Repetition{whole(), whole()}); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Repetition){
		"missing for the subject":                   func(r *Repetition) { delete(r.Arms[0].Values, "ns/op") },
		"not a number":                              func(r *Repetition) { r.Arms[0].Values["ns/op"] = math.NaN() },
		"infinite for a reference":                  func(r *Repetition) { r.Arms[1].Values["ns/op"] = math.Inf(1) },
		"missing in one repetition for a reference": func(r *Repetition) { delete(r.Arms[1].Values, "ns/op") },
	} {
		r := whole()
		r.Number = 1
		spoil(r)
		if _, err := Collect(s, []*Repetition{whole(), r}); err == nil || !strings.Contains(err.Error(), "repetition 2: ns/op") {
			t.Errorf("%s: the error is %v, want one that names repetition and metric", name, err)
		}
	}
	r := whole()
	r.Arms[1].Report.Histograms = map[string][]byte{"service": []byte("histogram")}
	if _, err := Collect(s, []*Repetition{r}); err == nil || !strings.Contains(err.Error(), "arm self, repetition 1: its service times: ") {
		t.Errorf("a histogram that cannot be read: %v", err)
	}
	if _, err := Collect(s, nil); err == nil {
		t.Error("no repetition is no error")
	}
}

func TestPairsAreComparedRoundByRound(t *testing.T) {
	// The rounds 2 and 3 were disturbed for both arms, round 4 for one.
	subject := Arm{Slices: []experiment.Slice{{N: 2, Wall: 200}, {N: 2, Wall: 2000}, {N: 2, Wall: 4000}, {N: 2, Wall: 2000}, {N: 2, Wall: 200}}}
	reference := Arm{Slices: []experiment.Slice{{N: 4, Wall: 200}, {N: 4, Wall: 2000}, {N: 4, Wall: 4000}, {N: 4, Wall: 200}, {N: 4, Wall: 200}}}
	pairs, totals := compareSlices(subject, reference, wallOf)
	if math.Abs(pairs-2) > 1e-9 || math.Abs(totals-8400./10/(6600./20)) > 1e-9 {
		t.Errorf("the ratios are %v and %v, want 2 and %v", pairs, totals, 8400./10/(6600./20))
	}
}

func TestDriftComparesTheQuarters(t *testing.T) {
	var all []experiment.Slice
	for i := range 16 {
		all = append(all, experiment.Slice{N: 1, Wall: time.Duration(100 + 10*(i/4))})
	}
	if d, ok := drift(all); !ok || d != 1.3 {
		t.Errorf("drift is %v, %v; want 1.3", d, ok)
	}
	if _, ok := drift(all[:7]); ok {
		t.Error("seven slices have a drift")
	}
}
