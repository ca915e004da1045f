package lockstep

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/logperf/logperf/suites/internal/experiment"
	"github.com/logperf/logperf/suites/internal/profile"
)

// hoarding allocates when it is opened, and less in each operation.
type hoarding struct {
	spinning
	opened [][]byte
	kept   []byte
}

func openHoard(experiment.Options) experiment.Subject {
	h := &hoarding{spinning: spinning{units: 1}}
	for range 64 {
		h.opened = append(h.opened, make([]byte, 1<<20))
	}
	return h
}

func (h *hoarding) Run(ctx context.Context, n int) error {
	for range n {
		h.kept = make([]byte, 1<<10)
	}
	return h.spinning.Run(ctx, n)
}

// profiled are the profiles of the arms of one repetition.
func profiled(t *testing.T, s experiment.Scenario) (*Repetition, string) {
	t.Helper()
	o := options(t, "serve")
	o.Profile = filepath.Join(t.TempDir(), "new", "profiles")
	r, err := Repeat(t.Context(), s, 0, o)
	if err != nil {
		t.Fatal(err)
	}
	return r, o.Profile
}

func TestEachArmLeavesItsProfiles(t *testing.T) {
	s := scenario(t, "same")
	s.Slices = 1500 // of 0.2 ms: without a number the test would take seconds
	r, folder := profiled(t, s)
	var names []string
	for _, a := range r.Arms {
		cpu, err := profile.Read(a.Profiles["cpu"])
		if err != nil {
			t.Fatal(err)
		}
		if took := experiment.Sum(a.Slices).CPU; cpu.Samples < int64(took/(20*time.Millisecond)) {
			t.Errorf("%s has %d samples of %v of processor time, want about 100 a second", a.Name, cpu.Samples, took)
		}
		// Under the race detector, its own functions may be heavier.
		run := func(f profile.Function) bool { return f.Short() == "lockstep.(*spinning).Run" && f.Flat > 0 }
		if top := profile.Top(cpu, 0); !slices.ContainsFunc(top, run) {
			t.Errorf("of %s there is %+v, want its Run", a.Name, top)
		}
		if _, err := profile.Read(a.Profiles["allocs"]); err != nil && !errors.Is(err, profile.ErrEmpty) {
			t.Error(err)
		}
		names = append(names, filepath.Base(a.Profiles["cpu"]), filepath.Base(a.Profiles["allocs"]))
	}
	slices.Sort(names)
	want := []string{"harness_same.logperf.allocs.pprof", "harness_same.logperf.cpu.pprof", "harness_same.self.allocs.pprof", "harness_same.self.cpu.pprof"}
	if !slices.Equal(names, want) {
		t.Errorf("the profiles are %v, want %v", names, want)
	}
	files, err := os.ReadDir(folder)
	if err != nil || len(files) != len(want) {
		t.Errorf("the folder has %v (%v)", files, err)
	}
}

func TestTheProfileOfAllocationsBeginsWithTheSlices(t *testing.T) {
	s := scenario(t, "hoards")
	r, _ := profiled(t, s)
	p, err := profile.Read(r.Arms[0].Profiles["allocs"])
	if err != nil {
		t.Fatal(err)
	}
	top := profile.Top(p, 1)[0]
	run := float64(experiment.Sum(r.Arms[0].Slices).N << 10)
	// Samples are drawn: one for each 16 KiB of some 5 MiB.
	if top.Short() != "lockstep.(*hoarding).Run" || float64(top.Flat) < run/2 || float64(top.Flat) > run*2 {
		t.Errorf("the heaviest is %+v, want Run with about %.0f B", top, run)
	}
	for _, f := range profile.Top(p, 0) {
		if strings.HasSuffix(f.Name, "openHoard") {
			t.Errorf("what was allocated before the slices is in the profile: %+v", f)
		}
	}
}

func TestNothingIsProfiledUnasked(t *testing.T) {
	o := options(t, "serve")
	r, err := Repeat(t.Context(), scenario(t, "told"), 0, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range r.Arms {
		if a.Profiles != nil || strings.Contains(a.Report.Doubts["allocs/op"], "memprofilerate") {
			t.Errorf("%s has the profiles %v, and was told %v", a.Name, a.Profiles, a.Report.Doubts)
		}
	}
	o.Profile = t.TempDir()
	s := scenario(t, "told")
	s.Slices = 3
	if r, err = Repeat(t.Context(), s, 0, o); err != nil {
		t.Fatal(err)
	}
	if told := r.Arms[1].Report.Doubts["allocs/op"]; !strings.Contains(told, "memprofilerate=0") {
		t.Errorf("an arm under a profile was told %s, want memprofilerate=0", told)
	}
	if n := len(r.Arms[0].Slices); n != 3 {
		t.Errorf("a scenario of 3 slices ran %d", n)
	}
}

func TestWhatGoIsToldToDebugStays(t *testing.T) {
	for _, c := range []struct {
		env  []string
		want string
	}{
		{[]string{"A=1"}, "GODEBUG=memprofilerate=0"},
		{[]string{"GODEBUG="}, "GODEBUG=memprofilerate=0"},
		{[]string{"GODEBUG=gctrace=1", "GODEBUG=madvdontneed=1", "B=2"}, "GODEBUG=madvdontneed=1,memprofilerate=0"},
	} {
		got := unsampled(Command{Env: c.env}).Env
		if last := got[len(got)-1]; last != c.want || !slices.Equal(got[:len(got)-1], c.env) {
			t.Errorf("of %v becomes %v, want %s behind it", c.env, got, c.want)
		}
	}
	if got := unsampled(Command{}).Env; len(got) <= len(os.Environ())-1 {
		t.Error("the environment of this process is lost")
	}
}

func TestAProfileGetsTheSlicesThatItNeeds(t *testing.T) {
	short, long := experiment.Slice{N: 1, CPU: time.Second}, experiment.Slice{N: 1, CPU: profiledFor}
	for _, c := range []struct {
		name   string
		change func(*repeater)
		slices []experiment.Slice
		since  time.Duration
		want   bool
	}{
		{"too few", nil, []experiment.Slice{short, long}, time.Second, true},
		{"enough", nil, []experiment.Slice{long, long}, time.Second, false},
		{"an arm that waits", nil, []experiment.Slice{short, long}, 2*profiledAtMost + 1, false},
		{"no profile", func(r *repeater) { r.o.Profile = "" }, []experiment.Slice{short, short}, 0, false},
		{"a check", func(r *repeater) { r.o.Check = true }, []experiment.Slice{short, short}, 0, false},
		{"a fixed number", func(r *repeater) { r.scenario.Slices = 1 }, []experiment.Slice{short, short}, 0, false},
	} {
		r := &repeater{o: Options{Profile: "here"}}
		for _, s := range c.slices {
			r.arms = append(r.arms, &arm{result: Arm{Slices: []experiment.Slice{s}}})
		}
		if c.change != nil {
			c.change(r)
		}
		if got := r.underexposed(c.since); got != c.want {
			t.Errorf("%s: more slices %v, want %v", c.name, got, c.want)
		}
	}
}

func TestAFolderThatCannotBeMadeIsNamed(t *testing.T) {
	o := options(t, "serve")
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	o.Profile = filepath.Join(file, "profiles")
	_, err := Repeat(t.Context(), scenario(t, "fixed"), 0, o)
	if err == nil || !strings.Contains(err.Error(), "the folder of its profiles cannot be made") {
		t.Errorf("the error is %v", err)
	}
}
