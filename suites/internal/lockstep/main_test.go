package lockstep

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/logperf/logperf/suites/internal/experiment"
	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/stat"
)

// armVariable makes this test binary an arm: "serve", "heavy" for one whose
// harness/weight does more, or the name of a lie.
const armVariable = "LOCKSTEP_TEST_ARM"

func TestMain(m *testing.M) {
	if IsArm() {
		os.Exit(Main(scenarios(), os.Stdin, os.Stdout, os.Stderr))
	}
	switch mode := os.Getenv(armVariable); mode {
	case "":
		goleak.VerifyTestMain(m)
	case "serve", "heavy":
		if err := Serve(context.Background(), os.Stdin, os.Stdout, scenarios()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	default:
		lie(mode, os.Stdin, os.Stdout)
	}
}

// options start this binary as the arms of a test, with a scratch folder that
// must be empty at the end.
func options(t *testing.T, mode string) Options {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	o := Options{
		Command: Command{Path: path, Env: append(os.Environ(), armVariable+"="+mode)},
		Seed:    1, Duration: 20 * time.Millisecond, Warmup: 2, Timeout: 20 * time.Second, Dir: t.TempDir(),
	}
	before := pipes(t)
	t.Cleanup(func() {
		nothingLeft(t, o.Dir)
		if after := pipes(t); after != before {
			t.Errorf("%d ends of pipes are open, %d were before", after, before)
		}
	})
	return o
}

// pipes counts the ends of pipes that this process has open.
func pipes(t *testing.T) int {
	t.Helper()
	links, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, link := range links {
		if to, err := os.Readlink(link); err == nil && strings.HasPrefix(to, "pipe:") {
			n++
		}
	}
	return n
}

// nothingLeft asserts that neither child processes nor scratch folders remain.
func nothingLeft(t *testing.T, dir string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Error(err)
	}
	for _, one := range left {
		t.Errorf("the scratch folder %s is left behind", one.Name())
	}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Error(err)
	}
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended meanwhile
		}
		// The name in parentheses may contain spaces; the parent is the second
		// field behind it.
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		if fields[1] == strconv.Itoa(os.Getpid()) {
			t.Errorf("a child process is left behind: %s", text)
		}
	}
}

// spinning does n units of real work.
type spinning struct {
	units int
	sum   uint64
}

func (s *spinning) Run(_ context.Context, n int) error {
	for range n * s.units {
		for i := range uint64(50) {
			s.sum = s.sum*6364136223846793005 + i
		}
	}
	return nil
}
func (s *spinning) Close(context.Context) error { return nil }

// lapping takes its slices apart and counts.
type lapping struct {
	spinning
	offered int64
	took    time.Duration
	latency *stat.Histogram // of calls that take 7 ns each
}

func (s *lapping) Run(ctx context.Context, n int) error {
	began := time.Now()
	err := s.spinning.Run(ctx, n)
	s.took = time.Since(began)
	s.offered += int64(n)
	for range n {
		s.latency.Record(7)
	}
	return err
}
func (s *lapping) Laps(dst []time.Duration) { dst[0], dst[1] = s.took/2, 0 }
func (s *lapping) Counts() map[string]int64 { return map[string]int64{"offered": s.offered} }
func (s *lapping) Latency() *stat.Histogram { return s.latency }
func (s *lapping) Times() map[string]*stat.Histogram {
	one := stat.NewHistogram()
	one.Record(9)
	return map[string]*stat.Histogram{result.Response: one, "never": stat.NewHistogram()}
}

func (s *lapping) Curve() []experiment.CurvePoint {
	return []experiment.CurvePoint{{Offered: 1, Drain: 2}, {Offered: 3, Held: true}}
}
func (s *lapping) Report(v map[string]float64) error { v["lost-records"] = 0; return nil }

// odd does one thing that an arm must not do.
type odd struct {
	spinning
	options experiment.Options
	run     func(experiment.Options) error
	close   func() error
	check   error
	done    bool
}

func (s *odd) Run(ctx context.Context, n int) error {
	if s.run != nil && !s.done {
		s.done = true
		if err := s.run(s.options); err != nil {
			return err
		}
	}
	return s.spinning.Run(ctx, n)
}

func (s *odd) Close(context.Context) error {
	if s.close != nil {
		return s.close()
	}
	return nil
}
func (s *odd) Check() error { return s.check }

// told says what its process was opened with, and what it was started with.
type told struct {
	spinning
	options experiment.Options
}

func (s *told) Doubts() map[string]string {
	o := s.options
	return map[string]string{"ns/op": fmt.Sprintf("limiter %q hard %v soak %v proxy %q entered %q memory limit %d",
		o.Limiter, o.Hard, o.Soak, o.Proxy, os.Getenv(fakeVariable), debug.SetMemoryLimit(-1)), "allocs/op": os.Getenv("GODEBUG")}
}

// sized says how many operations its slice has and how long that will last.
type sized struct{ odd }

func (s *sized) Size() int            { return 3 }
func (s *sized) Lasts() time.Duration { return longSlice }

// longSlice is longer than the timeout of the tests that use it.
const longSlice = 800 * time.Millisecond

func hang(experiment.Options) error {
	fmt.Fprintln(os.Stderr, "hanging")
	for { // a slice that does not listen to its context
		time.Sleep(time.Hour)
	}
}

// orphan starts a process that outlives the arm, writes its number to the file
// named by the corpus, and leaves a file in the scratch folder.
func orphan(o experiment.Options) error {
	sleep := exec.Command("sleep", "1000")
	if err := sleep.Start(); err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(o.Dir, "file"), nil, 0o600),
		os.WriteFile(o.Corpus, []byte(strconv.Itoa(sleep.Process.Pid)), 0o600),
	)
}

// ended waits until the process whose number is in the file has ended.
func ended(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(string(text))
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Close(fd) }()
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(fds, 10_000)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if n != 1 || err != nil {
			t.Errorf("process %d, started by the arm, still runs (%v)", pid, err)
		}
		return
	}
}

func armOf(name string, open func(experiment.Options) experiment.Subject) experiment.Arm {
	return experiment.Arm{Name: name, Open: func(_ context.Context, o experiment.Options) (experiment.Subject, error) {
		return open(o), nil
	}}
}

func work(name string, units int) experiment.Arm {
	return armOf(name, func(experiment.Options) experiment.Subject { return &spinning{units: units} })
}

func strange(o odd) experiment.Arm {
	return armOf("logperf", func(options experiment.Options) experiment.Subject {
		one := o
		one.options, one.units = options, 1
		return &one
	})
}

func row(name string, metrics []string, arms ...experiment.Arm) experiment.Scenario {
	return experiment.Scenario{
		Name: "harness/" + name, Subject: "harness", Tier: "smoke", Measure: "cost", Title: "runs",
		Metrics: metrics, Slice: 200 * time.Microsecond, Arms: arms, Source: "0123",
	}
}

// scenarios are what the arms of the tests serve.
func scenarios() []experiment.Scenario {
	times := []string{"ns/op", "total-ns/op", "cpu-ns/op", "records/s", "allocs/op", "leaked-goroutines"}
	counting := func(experiment.Options) experiment.Subject {
		return &lapping{spinning: spinning{units: 1}, latency: stat.NewHistogram()}
	}
	lapped := row("laps", []string{"ns/op", "caller-ns/op", "drain-ns/op", "lost-records"},
		armOf("logperf", counting),
		work("plain", 1))
	lapped.Laps = []string{"caller-ns/op", "drain-ns/op"}
	once := row("once", []string{"ns/op", "peak-RSS-B"}, armOf("logperf", counting))
	once.Ops, once.Slices = 5000, 1
	lapped.Paired = time.Second
	long := row("long", []string{"ns/op"}, strange(odd{run: func(experiment.Options) error {
		time.Sleep(longSlice)
		return nil
	}}))
	long.Ops, long.Slices, long.Slice = 1, 1, longSlice
	fixed := row("fixed", []string{"ns/op"}, work("logperf", 1))
	fixed.Ops, fixed.Slices = 1, 7
	lasting := row("lasts", []string{"ns/op"}, armOf("logperf", func(experiment.Options) experiment.Subject {
		return &sized{odd{run: func(experiment.Options) error { time.Sleep(longSlice); return nil }}}
	}))
	lasting.Sized, lasting.Slices = true, 1
	hoards := row("hoards", []string{"ns/op"}, armOf("logperf", openHoard))
	hoards.Ops, hoards.Slices = 1000, 5
	teller := func(o experiment.Options) experiment.Subject { return &told{spinning: spinning{units: 1}, options: o} }
	unopened := row("open-fails", []string{"ns/op"}, experiment.Arm{
		Name: "logperf",
		Open: func(context.Context, experiment.Options) (experiment.Subject, error) {
			return nil, errors.New("no such device")
		},
	})
	units := 1
	if os.Getenv(armVariable) == "heavy" {
		units = 3
	}
	return []experiment.Scenario{
		row("weight", []string{"ns/op"}, work("logperf", units)),
		row("same", append(times, "spread"), work("logperf", 1), work("self", 1)),
		row("triple", times, work("logperf", 3), work("once", 1), work("thrice", 3)),
		lapped, once, long, fixed, lasting, unopened, hoards,
		row("told", []string{"ns/op"}, armOf("logperf", teller), armOf("peer", teller)),
		row("idle", []string{"ns/op"}, work("logperf", 1)),
		row("missing", []string{"ns/op", "lost-records"}, work("logperf", 1)),
		row("crash", []string{"ns/op"}, work("logperf", 1), strangeAs("peer", odd{run: func(experiment.Options) error { panic("it blew up") }})),
		row("exit", []string{"ns/op"}, strange(odd{run: func(experiment.Options) error { os.Exit(3); return nil }})),
		row("slice-fails", []string{"ns/op"}, strange(odd{run: func(experiment.Options) error { return errors.New("the disk is full") }})),
		row("hang", []string{"ns/op"}, strange(odd{run: hang})),
		row("hang-in-close", []string{"ns/op"}, strange(odd{close: func() error { return hang(experiment.Options{}) }})),
		row("close-fails", []string{"ns/op"}, strange(odd{close: func() error { return errors.New("it is still busy") }})),
		row("loss", []string{"ns/op"}, strange(odd{check: errors.New("1 record is missing")})),
		row("orphan", []string{"ns/op"}, strange(odd{run: orphan})),
		row("orphan-and-hang", []string{"ns/op"}, strange(odd{run: func(o experiment.Options) error {
			return errors.Join(orphan(o), hang(o))
		}})),
		row("talks", []string{"ns/op"}, strange(odd{run: func(experiment.Options) error {
			_, err := fmt.Println("hello, world")
			return err
		}})),
	}
}

func strangeAs(name string, o odd) experiment.Arm {
	a := strange(o)
	a.Name = name
	return a
}

func scenario(t testing.TB, name string) experiment.Scenario {
	t.Helper()
	for _, s := range scenarios() {
		if s.Name == "harness/"+name {
			return s
		}
	}
	t.Fatalf("there is no scenario %q", name)
	return experiment.Scenario{}
}
