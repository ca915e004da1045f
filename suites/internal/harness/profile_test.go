package harness

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/logperf/logperf/suites/internal/experiment"
	"github.com/logperf/logperf/suites/internal/profile"
	"github.com/logperf/logperf/suites/internal/result"
)

// plantedTime is what the planted slowness takes of the processor.
const plantedTime = 120 * time.Millisecond

// slow wastes processor time and memory in functions of its own.
type slow struct {
	subject
	sum  uint64
	kept [][]byte
}

func (s *slow) Run(context.Context, int) error {
	for until := experiment.CPUClock() + plantedTime; experiment.CPUClock() < until; {
		s.wasteTime()
	}
	s.wasteMemory()
	return nil
}

//go:noinline
func (s *slow) wasteTime() {
	for i := range uint64(1 << 20) {
		s.sum = s.sum*6364136223846793005 + i
	}
}

//go:noinline
func (s *slow) wasteMemory() {
	for range 256 {
		s.kept = append(s.kept, make([]byte, 64<<10))
	}
}

// slowRow is a scenario with a planted slowness beside a reference without.
func slowRow() experiment.Scenario {
	sc := rows()[0]
	sc.Name = "queue/slow"
	sc.Arms = slices.Clone(sc.Arms)
	sc.Arms[0].Open = func(context.Context, experiment.Options) (experiment.Subject, error) { return &slow{}, nil }
	return sc
}

// failing is a suite in which the slow scenario does not hold its limit, and its
// rows.
func failing(t *testing.T, ratio string) (*Suite, []result.Result) {
	t.Helper()
	if raceEnabled {
		t.Skip("a check takes no profiles")
	}
	o := optionsWith(t, goodLimits+"  queue/slow:\n    ns/op: {vs: {channel: "+ratio+"}}\n")
	o.Scenarios, o.Timeout = append(o.Scenarios, slowRow()), 20*time.Second
	s, err := New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	s.selected = []string{"queue/slow"}
	if err := s.open(""); err != nil {
		t.Fatal(err)
	}
	rows, err := s.take(t.Context(), slowRow())
	if err != nil {
		t.Fatal(err)
	}
	return s, rows
}

func TestAFailureNamesTheHeaviestFunctions(t *testing.T) {
	s, rows := failing(t, "1.5")
	before := s.stored(t)
	text := s.explain(t.Context(), slowRow(), rows, 6*time.Second)
	lines := strings.Split(text, "\n")
	cpu, allocs := s.folder.Path("profiles/queue_slow.logperf.cpu.pprof"), s.folder.Path("profiles/queue_slow.logperf.allocs.pprof")
	for _, want := range []string{
		cpu + ": ", "harness.(*slow).wasteTime", "go tool pprof -top " + cpu,
		allocs + ": ", "harness.(*slow).wasteMemory", "go tool pprof -sample_index=alloc_space -top " + allocs,
		"beside them lie those of channel",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the failure does not say %q", want)
		}
	}
	if len(lines) < 4 || !strings.HasSuffix(lines[2], "%  harness.(*slow).wasteTime") {
		t.Errorf("the planted function is not the heaviest:\n%s", text)
	}
	run := s.stored(t)
	for i, row := range run.Results {
		for kind, file := range row.Profiles {
			p, err := profile.Read(s.folder.Path(file))
			if err == nil && p.Kind != kind {
				t.Errorf("%s of %s is a profile of %s", file, row.Row(), p.Kind)
			}
		}
		if len(row.Profiles) != 2 || !strings.HasPrefix(row.Profiles["cpu"], "profiles/queue_slow.") {
			t.Errorf("%s has the profiles %v", row.Row(), row.Profiles)
		}
		// The pass is one of its own: nothing of it is a value.
		if got, want := len(row.Values["ns/op"]), len(before.Results[i].Values["ns/op"]); got != want || want != 6 {
			t.Errorf("%s has %d values, %d before the profiles, want 6", row.Row(), got, want)
		}
	}
	for i, arm := range []string{"logperf", "channel"} {
		if got, want := run.Results[i].Profiles["cpu"], "profiles/queue_slow."+arm+".cpu.pprof"; got != want {
			t.Errorf("%s has the profile %q, want %q", run.Results[i].Row(), got, want)
		}
	}
}

func TestAProfilePassThatFailsLeavesTheVerdict(t *testing.T) {
	s, rows := failing(t, "1.5")
	if err := os.WriteFile(s.folder.Path(profilesFolder), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	text := s.explain(t.Context(), slowRow(), rows, time.Second)
	if !strings.HasPrefix(text, "its profiles could not be taken: scenario queue/slow, arm logperf, repetition 7: ") {
		t.Errorf("the failure says %q", text)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if text := s.explain(ctx, slowRow(), rows, time.Second); !strings.HasPrefix(text, "its profiles could not be taken: ") {
		t.Errorf("interrupted, the failure says %q", text)
	}
	run := s.stored(t)
	if run.Outcome != result.Fail || len(run.Verdicts) != 1 || run.Verdicts[0].Outcome != result.Fail || len(run.Errors) > 0 {
		t.Errorf("the run says %s, %v, %v: want the one verdict alone", run.Outcome, run.Verdicts, run.Errors)
	}
}

func TestNoProfileIsTakenWhereItIsNotWanted(t *testing.T) {
	s, rows := failing(t, "1000000")
	if text := s.explain(t.Context(), slowRow(), rows, time.Second); text != "" {
		t.Errorf("a limit that holds is explained: %s", text)
	}
	s, rows = failing(t, "1.5")
	text := s.explain(t.Context(), slowRow(), rows, 6*11*time.Second)
	if text != "no profiles were taken: a repetition takes 11s, and none of more than 10s is made again for them" {
		t.Errorf("of what lasts long the failure says %q", text)
	}
	folder := s.folder
	s.folder = nil // as in a check
	if text := s.explain(t.Context(), slowRow(), rows, time.Second); text != "" {
		t.Errorf("a check is explained: %s", text)
	}
	if _, err := os.Stat(folder.Path(profilesFolder)); !os.IsNotExist(err) {
		t.Errorf("there are profiles in %s (%v)", filepath.Base(folder.Path("")), err)
	}
}
