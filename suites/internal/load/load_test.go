package load

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/logperf/logperf/fixtures/netlimit"
	"github.com/logperf/logperf/fixtures/server"
	"github.com/logperf/logperf/suites/internal/experiment"
	"github.com/logperf/logperf/suites/internal/stat"
)

func TestMain(m *testing.M) {
	if server.IsCollector() {
		os.Exit(server.Main(os.Stdin, os.Stdout, os.Stderr))
	}
	dir, err := os.MkdirTemp("", "logperf-load-")
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	built = sync.OnceValues(func() (string, error) {
		root, err := filepath.Abs("../../..")
		if err != nil {
			return "", err
		}
		return netlimit.Build(context.Background(), root, dir)
	})
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(dir)
		os.Exit(code)
	}))
}

// built is the network proxy, built once where a test asks for it.
var built func() (string, error)

func TestTablesAreValid(t *testing.T) {
	var names []string
	for _, s := range All() {
		if err := s.Validate(); err != nil {
			t.Error(err)
		}
		if slices.Contains(names, s.Name) {
			t.Errorf("%s stands twice", s.Name)
		}
		names = append(names, s.Name)
		if s.Knee != "" && !slices.Contains(names, s.Knee) {
			t.Errorf("%s takes its rate from %s, which does not stand before it", s.Name, s.Knee)
		}
		if labels := s.Labels(); !slices.ContainsFunc(labels, func(l string) bool { return strings.HasPrefix(l, "scenario:") }) {
			t.Errorf("%s has the labels %q: want one that names the kind of load", s.Name, labels)
		}
	}
}

// run takes a scenario through a repetition as an arm does in check mode.
func run(t *testing.T, s experiment.Scenario, o experiment.Options) experiment.Report {
	t.Helper()
	r, err := experiment.Open(t.Context(), s, s.Arms[0].Name, o)
	if err != nil {
		t.Fatal(err)
	}
	c, err := r.Calibrate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Begin(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Slice(t.Context(), c.N); err != nil {
		t.Fatal(err)
	}
	p, err := r.Finish(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// The suite's check mode runs all rows; here is one of each producer and way, and
// the knees.
func TestEachLoadKeepsItsRecords(t *testing.T) {
	for _, s := range All() {
		if strings.Contains(s.Name, "high-throughput") && strings.Contains(s.Name, "knee=") && !strings.HasSuffix(s.Name, "knee=50pct") {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			o := experiment.Options{Seed: 1, Dir: t.TempDir(), Check: true}
			if s.Proxied {
				o.Proxy = proxy(t)
			}
			p := run(t, s, o)
			if p.Fault != "" || p.Leaked != 0 {
				t.Errorf("%s, %d goroutines leaked", p.Fault, p.Leaked)
			}
			for _, name := range s.Metrics {
				// What the runner's samplers know is derived by the coordinator.
				if _, ok := p.Values[name]; !ok && !slices.Contains([]string{"ns/op", "total-ns/op", "caller-ns/op", "records/s", "cpu-ns/op", "peak-RSS-B", "leaked-goroutines"}, name) {
					t.Errorf("%s is not reported", name)
				}
			}
			if !strings.Contains(s.Name, "generator") {
				arrived(t, s, p)
			}
		})
	}
}

// proxy is the path of the network proxy.
func proxy(t *testing.T) string {
	t.Helper()
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// arrived holds what a load says of its records against each other.
func arrived(t *testing.T, s experiment.Scenario, p experiment.Report) {
	t.Helper()
	for _, name := range []string{"lost-records", "duplicated-records", "disordered-records", "leaked-descriptors"} {
		if v := p.Values[name]; v != 0 && (name != "duplicated-records" || !s.Proxied) {
			t.Errorf("%s is %v, want 0", name, v)
		}
	}
	if p.Counts["offered"] == 0 || p.Counts["unique"] != p.Counts["written"] {
		t.Errorf("the counters are %v", p.Counts)
	}
	if knee := strings.Contains(s.Name, "/knee") && s.Knee == "" || strings.Contains(s.Name, "peers/") || len(s.Laps) > 0; knee == (len(p.Timeline) >= 2) {
		t.Errorf("its timeline has %d points", len(p.Timeline))
	} else if !knee && p.Timeline[len(p.Timeline)-1].Values["written"] != float64(p.Counts["written"]) {
		t.Errorf("its timeline ends with %v, the counters with %v", p.Timeline[len(p.Timeline)-1], p.Counts)
	}
}

func TestARecordThatDoesNotArriveIsFoundOut(t *testing.T) {
	o := experiment.Options{Seed: 1, Dir: t.TempDir(), Check: true}
	s, err := openSteady(o, opening{far: toFile, producers: 2}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Run(t.Context(), 0), s.logger.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(o.Dir, "records.log")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(text), "\n")
	lines[3], lines[7] = "", lines[5]
	if err := os.WriteFile(path, []byte(strings.Join(lines, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	if err := s.Report(values); err != nil || values["lost-records"] != 2 || values["duplicated-records"] != 1 {
		t.Errorf("two records lost and one doubled: %v (%v)", values, err)
	}
}

func TestALatePacerIsADoubt(t *testing.T) {
	late := func(missed int) experiment.Traffic {
		return experiment.Traffic{
			Measured: 1000, Missed: missed,
			Service: stat.NewHistogram(), Response: stat.NewHistogram(), Lateness: stat.NewHistogram(),
		}
	}
	if got := doubt(late(10)); got != "" {
		t.Errorf("1 %% missed: %s", got)
	}
	if got := doubt(late(11)); !strings.Contains(got, "1.1 % of the arrivals") {
		t.Errorf("1.1 %% missed: %q", got)
	}
}

// A subject that takes 100 us over each call bears 10,000 of them a second.
func TestAHigherRateThanTheSubjectCanBearDoesNotHold(t *testing.T) {
	for _, c := range []struct {
		rate float64
		want bool
	}{{1000, true}, {9000, true}, {12_000, false}, {50_000, false}} {
		synctest.Test(t, func(t *testing.T) {
			l := experiment.Load{Producers: 1, Phases: []experiment.Phase{{Name: "steady", Duration: 100 * time.Millisecond, Rate: c.rate, Measured: true}}}
			traffic, err := l.Play(t.Context(), func(context.Context, int, uint64) { time.Sleep(100 * time.Microsecond) })
			if err != nil || holds(traffic, 0, kneeBound) != c.want {
				t.Errorf("%v calls/s of 100 us: holds %v (%v), p99 of the response %v", c.rate, holds(traffic, 0, kneeBound), err, time.Duration(traffic.Response.Quantile(0.99)))
			}
		})
	}
}

func TestABacklogIsBeyondTheKnee(t *testing.T) {
	at := experiment.Traffic{Offered: 100, Achieved: 100, Measured: 10, Response: stat.NewHistogram()}
	if !holds(at, kneeDrain, kneeBound) || holds(at, kneeDrain+1, kneeBound) {
		t.Error("what has gathered in buffers tells that the rate was too high")
	}
	at.Measured = 0
	if holds(at, 0, kneeBound) {
		t.Error("a load without arrivals has borne nothing")
	}
}
