package lockstep

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/logperf/logperf/suites/internal/experiment"
)

// fakeVariable is what a fake limit adds to the environment.
const fakeVariable = "LOCKSTEP_TEST_LIMIT"

// fakeLimit is in force where it is told to be.
type fakeLimit struct {
	name   string
	bytes  int64
	hard   bool
	kills  int
	broken error
	closed int
	alive  bool // an arm ran when it was closed
}

func (l *fakeLimit) String() string { return fmt.Sprintf("%d B by a fake", l.bytes) }
func (l *fakeLimit) Env() []string  { return []string{fakeVariable + "=" + l.name} }
func (l *fakeLimit) Hard() bool     { return l.hard }

// Killed forgets what it knew when it is closed, as the kernel does.
func (l *fakeLimit) Killed() int {
	if l.closed > 0 {
		return 0
	}
	return l.kills
}

func (l *fakeLimit) Close() error {
	// A child that was not waited for is still there, be it as a zombie.
	var info unix.Siginfo
	err := unix.Waitid(unix.P_ALL, 0, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
	l.alive = l.alive || l.closed == 0 && err == nil
	l.closed++
	return l.broken
}

// limits makes fakes like one and keeps them; the failing-th cannot be made.
type limits struct {
	like    fakeLimit
	failing int
	made    []*fakeLimit
}

func (l *limits) limit(name string, bytes int64) (Limit, error) {
	if len(l.made)+1 == l.failing {
		return nil, errors.New("there is no cgroup")
	}
	one := l.like
	one.name, one.bytes = fmt.Sprintf("%s %d", name, len(l.made)+1), bytes
	l.made = append(l.made, &one)
	return &one, nil
}

// closed asserts that so many limits were made and that all are closed.
func (l *limits) closed(t *testing.T, n int) {
	t.Helper()
	if len(l.made) != n {
		t.Errorf("%d limits were made, want %d", len(l.made), n)
	}
	for _, one := range l.made {
		if one.closed == 0 {
			t.Errorf("the limit %q is left behind", one.name)
		}
	}
}

// confined is a scenario of the tests with 64 MiB for each arm.
func confined(t *testing.T, name string) experiment.Scenario {
	t.Helper()
	s := scenario(t, name)
	s.Memory = 64 << 20
	return s
}

func TestALimitReachesTheArmsAndTheResult(t *testing.T) {
	for _, hard := range []bool{false, true} {
		all := limits{like: fakeLimit{hard: hard}}
		o := options(t, "serve")
		o.Limit, o.Soak, o.Proxy = all.limit, time.Minute, "/bin/proxy"
		s := confined(t, "told")
		r, err := Repeat(t.Context(), s, 0, o)
		if err != nil {
			t.Fatal(err)
		}
		all.closed(t, 2)
		const limiter = "67108864 B by a fake; GOMEMLIMIT 48 MiB"
		rows, err := Collect(s, []*Repetition{r})
		if err != nil {
			t.Fatal(err)
		}
		for i, a := range r.Arms {
			want := fmt.Sprintf("limiter %q hard %v soak 1m0s proxy %q entered %q memory limit %d",
				limiter, hard, "/bin/proxy", fmt.Sprintf("arm %d", i+1), 48<<20)
			if got := rows[i].Doubts["ns/op"]; got != want {
				t.Errorf("the arm %s was told\n%s, want\n%s", a.Name, got, want)
			}
			if a.Limiter != limiter || rows[i].Limiter != limiter {
				t.Errorf("the arm %s says it was held by %q, its row by %q, want %q", a.Name, a.Limiter, rows[i].Limiter, limiter)
			}
		}
	}
}

func TestAnArmWithoutALimitIsToldOfNone(t *testing.T) {
	unlimited, unhooked := scenario(t, "told"), confined(t, "told")
	for name, s := range map[string]experiment.Scenario{"no memory": unlimited, "no hook": unhooked} {
		all := limits{}
		o := options(t, "serve")
		if s.Memory == 0 {
			o.Limit = all.limit
		}
		r, err := Repeat(t.Context(), s, 0, o)
		if err != nil {
			t.Fatal(err)
		}
		all.closed(t, 0)
		told := r.Arms[0].Report.Doubts["ns/op"]
		if !strings.HasPrefix(told, `limiter "" hard false soak 0s proxy "" entered ""`) || r.Arms[0].Limiter != "" {
			t.Errorf("%s: the arm was told %s, and has the limiter %q", name, told, r.Arms[0].Limiter)
		}
	}
}

// What the kernel counts is complete once the process has been waited for.
func TestALimitIsClosedBehindItsArm(t *testing.T) {
	for name, ends := range map[string]bool{"idle": true, "exit": false, "slice-fails": false} {
		all := limits{}
		o := options(t, "serve")
		o.Limit = all.limit
		if _, err := Repeat(t.Context(), confined(t, name), 0, o); (err == nil) != ends {
			t.Errorf("%s: %v", name, err)
		}
		all.closed(t, 1)
		if all.made[0].alive {
			t.Errorf("%s: the limit was closed while its arm was there", name)
		}
	}
}

func TestALimitThatCannotBeMadeNamesTheArm(t *testing.T) {
	for i, arm := range []string{"logperf", "peer"} {
		all := limits{failing: i + 1}
		o := options(t, "serve")
		o.Limit = all.limit
		_, err := Repeat(t.Context(), confined(t, "told"), 2, o)
		want := "scenario harness/told, arm " + arm + ", repetition 3: the limit of 67108864 B on the arm's memory: there is no cgroup"
		if err == nil || err.Error() != want {
			t.Errorf("the error is %v, want %s", err, want)
		}
		all.closed(t, i)
	}
}

func TestALimitIsClosedWhereItsArmDoesNotStart(t *testing.T) {
	all := limits{}
	o := options(t, "serve")
	o.Limit, o.Command.Path = all.limit, filepath.Join(t.TempDir(), "missing")
	if _, err := Repeat(t.Context(), confined(t, "idle"), 0, o); err == nil || !strings.Contains(err.Error(), "cannot be started") {
		t.Errorf("a missing binary gives %v", err)
	}
	all.closed(t, 1)
}

func TestALimitThatCannotBeClosedIsAnError(t *testing.T) {
	all := limits{like: fakeLimit{broken: errors.New("the cgroup is busy")}}
	o := options(t, "serve")
	o.Limit = all.limit
	_, err := Repeat(t.Context(), confined(t, "idle"), 0, o)
	if err == nil || !strings.Contains(err.Error(), "after its last slice: the cgroup is busy") {
		t.Errorf("the error is %v", err)
	}
}

func TestTheKernelIsNamedWhereItHasKilled(t *testing.T) {
	for _, c := range []struct {
		name  string
		kills int
		want  bool
	}{{"exit", 1, true}, {"exit", 0, false}, {"slice-fails", 0, false}} {
		all := limits{like: fakeLimit{hard: true, kills: c.kills}}
		o := options(t, "serve")
		o.Limit = all.limit
		_, err := Repeat(t.Context(), confined(t, c.name), 0, o)
		const says = ": the kernel killed it for its memory, 67108864 B by a fake; GOMEMLIMIT 48 MiB"
		if err == nil || strings.Contains(err.Error(), says) != c.want {
			t.Errorf("%s with %d kills: %v", c.name, c.kills, err)
		}
	}
}

// Short timeouts of whole processes would fail on a busy machine: the sum is looked
// at by itself, and that an arm's word arrives with a timeout that is long.
func TestWhatAnArmSaysOfItsSliceLengthensTheDeadline(t *testing.T) {
	s := scenario(t, "lasts")
	a := &arm{scenario: s, lasts: time.Minute}
	if got, want := a.longest(), 10*s.Aim()+2*time.Minute; got != want {
		t.Errorf("a slice of a minute may take %v, want %v", got, want)
	}
	r := &repeater{scenario: s, o: options(t, "serve").withDefaults(), rand: order(1, s.Name, 0)}
	defer r.clear()
	if err := r.repeat(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := r.arms[0].lasts; got != longSlice {
		t.Errorf("the arm has announced a slice of %v, the coordinator knows of %v", longSlice, got)
	}
}
