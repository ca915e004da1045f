package lockstep

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/logperf/logperf/suites/internal/experiment"
)

// opened starts one arm of a scenario of the tests, calibrated.
func opened(t testing.TB, name string, o Options) *arm {
	t.Helper()
	s := scenario(t, name)
	a, err := openArm(t.Context(), s, s.Arms[0].Name, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.close(0) })
	if err := errors.Join(a.hello(experiment.Options{}), a.calibrate()); err != nil {
		t.Fatal(err)
	}
	return a
}

func TestArmEndsInTheMiddleOfASliceWhenItsPipeCloses(t *testing.T) {
	o := options(t, "serve")
	cmd := exec.Command(o.Command.Path)
	cmd.Env = o.Command.Env
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	errs, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	killed := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() })
	c := newConn(out, in)
	if err := c.sendGreeting(hello, greeting{Scenario: "harness/hang", Arm: "logperf"}); err != nil {
		t.Fatal(err)
	}
	if k, _, err := c.read(); k != hello|answer || err != nil {
		t.Fatal(k, err)
	}
	if err := c.sendRun(1); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(errs).ReadString('\n'); line != "hanging\n" || err != nil {
		t.Fatal(line, err)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("the arm ended with %v, want exit status 1", err)
	}
	if !killed.Stop() {
		t.Error("the arm had to be killed")
	}
}

// onProcessor is the time that the threads of a process have run.
func onProcessor(t *testing.T, pid int) time.Duration {
	t.Helper()
	tasks, err := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/schedstat")
	if err != nil || len(tasks) == 0 {
		t.Skip("the kernel does not tell how long threads have run")
	}
	var sum int64
	for _, task := range tasks {
		text, err := os.ReadFile(task)
		if err != nil {
			continue
		}
		ran, err := strconv.ParseInt(strings.Fields(string(text))[0], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		sum += ran
	}
	return time.Duration(sum)
}

func TestArmIsIdleBetweenSlices(t *testing.T) {
	a := opened(t, "idle", options(t, "serve"))
	if err := a.begin(); err != nil {
		t.Fatal(err)
	}
	if _, err := a.run(nil); err != nil {
		t.Fatal(err)
	}
	before := onProcessor(t, a.process.cmd.Process.Pid)
	const watched = 300 * time.Millisecond
	time.Sleep(watched) // the period that is observed
	if used := onProcessor(t, a.process.cmd.Process.Pid) - before; used > watched/10 {
		t.Errorf("an arm that has nothing to do used %v of processor time in %v", used, watched)
	}
}

// serveBytes runs Serve in this process on a conversation written beforehand.
func serveBytes(t *testing.T, write func(*conn)) (answers string, err error) {
	t.Helper()
	var in, out strings.Builder
	write(newConn(nil, &in))
	err = Serve(t.Context(), strings.NewReader(in.String()), &out, scenarios())
	return out.String(), err
}

func TestServeRefusesWhatIsOutOfPlace(t *testing.T) {
	greet := func(c *conn) {
		_ = c.sendGreeting(hello, greeting{Scenario: "harness/idle", Arm: "logperf", Timeout: time.Second})
	}
	bare := func(k kind, c *conn) {
		c.start(k)
		_ = c.send()
	}
	for name, tc := range map[string]struct {
		write func(*conn)
		want  string
	}{
		"run before hello":   {func(c *conn) { _ = c.sendRun(1) }, "run is out of place"},
		"a second hello":     {func(c *conn) { greet(c); greet(c) }, "hello is out of place"},
		"no operations":      {func(c *conn) { greet(c); _ = c.sendRun(0) }, "want at least 1"},
		"a short run":        {func(c *conn) { greet(c); bare(run, c) }, "want 8"},
		"an unknown command": {func(c *conn) { greet(c); bare(99, c) }, "the command kind 99 is unknown"},
		"finish too early":   {func(c *conn) { greet(c); bare(finish, c) }, "no measured slice has begun"},
		"begin twice":        {func(c *conn) { greet(c); bare(begin, c); bare(begin, c) }, "begun already"},
		"an unknown arm":     {func(c *conn) { _ = c.sendGreeting(hello, greeting{Scenario: "harness/idle", Arm: "zap"}) }, `no arm "zap"`},
		"another version": {func(c *conn) {
			c.start(hello)
			c.out = append(c.out, magic+"\x09\x00{}"...)
			_ = c.send()
		}, "speaks version 9"},
	} {
		answers, err := serveBytes(t, tc.write)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: Serve() = %v, want an error with %q", name, err, tc.want)
		}
		if !strings.Contains(answers, tc.want) {
			t.Errorf("%s: the coordinator is not told of it", name)
		}
	}
	if _, err := serveBytes(t, greet); !errors.Is(err, errHungUp) {
		t.Errorf("Serve() = %v at the end of its input, want the hang-up", err)
	}
}

// endless answers every read with the same frame.
type endless struct {
	frame []byte
	at    int
}

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, e.frame[e.at:])
	e.at = (e.at + n) % len(e.frame)
	return n, nil
}

func TestHotMessagesAllocateNothing(t *testing.T) {
	c := newConn(&endless{frame: []byte{8, 0, 0, 0, byte(run), 5, 0, 0, 0, 0, 0, 0, 0}}, io.Discard)
	laps := []time.Duration{1, 2}
	got := testing.AllocsPerRun(100, func() {
		k, payload, err := c.read()
		n, parsed := parseRun(payload)
		if k != run || n != 5 || err != nil || parsed != nil {
			t.Fatal(k, n, err, parsed)
		}
		if err := c.sendSlice(experiment.Slice{N: n, Wall: 1, CPU: 2, Laps: laps}); err != nil {
			t.Fatal(err)
		}
	})
	if got != 0 {
		t.Errorf("a slice allocates %v times in the protocol, want 0", got)
	}
}

func TestSlicesSurviveTheWire(t *testing.T) {
	want := experiment.Slice{N: 3, Wall: 1 << 40, CPU: -1, Around: 5, Laps: []time.Duration{7, 8}}
	var wire strings.Builder
	if err := newConn(nil, &wire).sendSlice(want); err != nil {
		t.Fatal(err)
	}
	k, payload, err := newConn(strings.NewReader(wire.String()), nil).read()
	if k != run|answer || err != nil {
		t.Fatal(k, err)
	}
	got, err := parseSlice(payload, make([]time.Duration, 2))
	if err != nil || got.N != want.N || got.Wall != want.Wall || got.CPU != want.CPU || got.Around != want.Around || got.Laps[0] != 7 || got.Laps[1] != 8 {
		t.Errorf("%+v became %+v (%v)", want, got, err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte{8, 0, 0, 0, byte(run), 5, 0, 0, 0, 0, 0, 0, 0})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, byte(run)})
	f.Add([]byte("hello, world\n"))
	f.Fuzz(func(t *testing.T, wire []byte) {
		c := newConn(strings.NewReader(string(wire)), io.Discard)
		for {
			k, payload, err := c.read()
			if err != nil {
				return
			}
			if len(payload) > maxPayload {
				t.Fatalf("a payload of %d bytes is read", len(payload))
			}
			_, _ = parseRun(payload)
			_, _ = parseSlice(payload, make([]time.Duration, 2))
			_ = parseGreeting(payload, &greeting{})
			_ = k.String()
		}
	})
}

// BenchmarkRoundTrip is what a slice costs beside its work: two trips through
// the pipes and the readings of the clocks.
func BenchmarkRoundTrip(b *testing.B) {
	path, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	o := Options{
		Command: Command{Path: path, Env: append(os.Environ(), armVariable+"=serve")},
		Timeout: 20 * time.Second, Dir: b.TempDir(),
	}
	a := opened(b, "fixed", o)
	if err := a.begin(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := a.run(nil); err != nil {
			b.Fatal(err)
		}
	}
}
