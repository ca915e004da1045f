package gate

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"github.com/logperf/logperf/suites/internal/experiment"
	"github.com/logperf/logperf/suites/internal/lockstep"
	"github.com/logperf/logperf/suites/internal/profile"
	"github.com/logperf/logperf/suites/internal/result"
)

// failing runs the gate on a scenario that is 20 % slower, with profiles asked for.
func failing(t *testing.T, profiled pairer) *Report {
	t.Helper()
	m := newMachine(1)
	m.slower["queue/one"] = math.Log(1.2)
	o := m.options(8 * time.Minute)
	o.Profiles = filepath.Join(t.TempDir(), "gate")
	o.pair = func(ctx context.Context, s experiment.Scenario, base, head string, number int, lo lockstep.Options) (*lockstep.PairResult, error) {
		if lo.Profile != "" {
			return profiled(ctx, s, base, head, number, lo)
		}
		return m.pair(ctx, s, base, head, number, lo)
	}
	p, err := newPlan(o, []experiment.Scenario{row("queue/one", nil), row("queue/two", nil)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	l := fakeLinks(t)
	run, err := newMeasurement(o, p, l, l.dir)
	if err != nil {
		t.Fatal(err)
	}
	r := &Report{}
	for _, step := range []func() error{
		func() error { return run.run(t.Context()) },
		func() error { return r.fill(run) },
		func() error { return run.explain(t.Context(), r) },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	if r.Verdict != result.Fail || r.Scenarios[0].Name != "queue/one" {
		t.Fatalf("%s: %+v", r.Verdict, r.Scenarios)
	}
	return r
}

func TestWhatFailsIsProfiled(t *testing.T) {
	r := failing(t, func(_ context.Context, _ experiment.Scenario, _, _ string, _ int, o lockstep.Options) (*lockstep.PairResult, error) {
		// The same allocations for half as many operations: each cost twice as much.
		arm := func(side string, n int) lockstep.Arm {
			path := filepath.Join(o.Profile, side+".allocs.pprof")
			if err := os.MkdirAll(o.Profile, 0o755); err != nil {
				t.Fatal(err)
			}
			f, err := os.Create(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(pprof.Lookup("allocs").WriteTo(f, 0), f.Close()); err != nil {
				t.Fatal(err)
			}
			return lockstep.Arm{
				Slices: []experiment.Slice{{N: n}}, Profiles: map[string]string{profile.Allocs: path, profile.CPU: path},
			}
		}
		for range 64 { // more than the profiler's rate, so that something is sampled
			held = make([]byte, 1<<20)
		}
		runtime.GC()
		return &lockstep.PairResult{Base: arm("base", 100), Head: arm("head", 50)}, nil
	})
	row := r.Scenarios[0]
	if len(row.Profiles) == 0 || row.ProfileNote != "" || r.Scenarios[1].Profiles != nil {
		t.Fatalf("profiles %+v, note %q", row.Profiles, row.ProfileNote)
	}
	p := row.Profiles[0]
	if len(p.Differ) == 0 || len(p.Differ) > differing || p.Differ[0].Head <= p.Differ[0].Base || !strings.HasPrefix(p.Command, "go tool pprof -top -diff_base='") {
		t.Errorf("the profiles say %+v", p)
	}
	var b bytes.Buffer
	if err := r.Text(&b); err != nil || !strings.Contains(b.String(), p.Command) || !strings.Contains(b.String(), "functions that differ most") {
		t.Errorf("%v\n%s", err, b.String())
	}
}

// held keeps what is allocated for the profile from being optimised away.
var held []byte

func TestProfilesThatCannotBeTakenHideNoVerdict(t *testing.T) {
	r := failing(t, func(context.Context, experiment.Scenario, string, string, int, lockstep.Options) (*lockstep.PairResult, error) {
		return nil, errors.New("the disk is full")
	})
	if note := r.Scenarios[0].ProfileNote; note != "its profiles could not be taken: the disk is full" {
		t.Errorf("the note is %q", note)
	}
}
