package gate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/logperf/logperf/suites/internal/experiment"
	"github.com/logperf/logperf/suites/internal/lockstep"
	"github.com/logperf/logperf/suites/internal/result"
)

// module is a module with an arm that describes scenarios and nothing else.
func module(t *testing.T, library string, scenarios ...experiment.Scenario) map[string]string {
	t.Helper()
	return map[string]string{
		"go.mod":             "module example.org/m\n\ngo 1.26\n",
		"logging/logging.go": library,
		"suites/cmd/arm/main.go": `package main

import (
	"os"

	"example.org/m/logging"
	"example.org/m/suites/internal/scenario"
)

func main() {
	if len(os.Args) > 1 {
		os.Stdout.WriteString(scenario.Table)
	}
	os.Exit(logging.Cost(len(os.Args)))
}
`,
		"suites/internal/scenario/table.go": "package scenario\n\nconst Table = " + described(t, scenarios...) + "\n",
	}
}

func described(t *testing.T, scenarios ...experiment.Scenario) string {
	t.Helper()
	var b bytes.Buffer
	if err := lockstep.Describe(&b, scenarios); err != nil {
		t.Fatal(err)
	}
	return strconv.Quote(b.String())
}

const (
	plainLibrary = "package logging\n\nfunc Cost(n int) int { return n - n }\n"
	otherLibrary = "package logging\n\nfunc Cost(n int) int {\n\tfor i := range 1000 * n {\n\t\tn = n*31 + i\n\t}\n\treturn n & 0\n}\n"
)

// run runs the gate in a folder, with pairs that the machine makes up.
func run(t *testing.T, dir string, m *machine, change func(*Options)) (*Report, error) {
	t.Helper()
	o := m.options(8 * time.Minute)
	// A test of links asks for real ones.
	o.link = func(*tree) linker {
		return func(_ context.Context, out string, _ uint32) error { return os.WriteFile(out, []byte("arm"), 0o600) }
	}
	o.Root, o.Dir, o.lock = dir, t.TempDir(), fmt.Sprintf("@logperf-gate-%s-%d", t.Name(), os.Getpid())
	if change != nil {
		change(&o)
	}
	r, err := Run(t.Context(), o)
	if left, _ := os.ReadDir(o.Dir); len(left) > 0 {
		t.Errorf("%s is left behind", left[0].Name())
	}
	if out := git(t, dir, "worktree", "list"); strings.Count(out, "\n") > 0 {
		t.Errorf("a worktree is left behind:\n%s", out)
	}
	return r, err
}

func TestADirtyTreeIsComparedWithItsCommit(t *testing.T) {
	dir := repositoryOf(t, module(t, plainLibrary, row("queue/once", onceOnly)))
	put(t, dir, map[string]string{"logging/logging.go": otherLibrary})
	m := newMachine(1)
	m.allocs = [2]float64{1, 2}
	r, err := run(t, dir, m, func(o *Options) { o.Base.Ref, o.link = "HEAD", realLinks })
	if err != nil {
		t.Fatal(err)
	}
	if r.Verdict != result.Fail || r.Identical || len(r.Scenarios) != 1 || r.Links != untimedMost {
		t.Errorf("%s, identical %v, %d links: %+v", r.Verdict, r.Identical, r.Links, r.Scenarios)
	}
	if r.Head != "the working tree" || !strings.Contains(r.Base, "(HEAD)") || r.Commit == "" || len(r.Notes) != 0 {
		t.Errorf("base %q, head %q, commit %q, notes %q", r.Base, r.Head, r.Commit, r.Notes)
	}
}

func TestIdenticalBinariesAreSaidToBe(t *testing.T) {
	dir := repositoryOf(t, module(t, plainLibrary, row("queue/one", nil)))
	put(t, dir, map[string]string{"logging/logging.go": "// Remarks move every line.\n\n" + plainLibrary, "logging/a_test.go": "package logging\n"})
	m := newMachine(1)
	r, err := run(t, dir, m, nil) // main is its own merge base
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := r.Text(&b); err != nil {
		t.Fatal(err)
	}
	if r.Verdict != result.Pass || !r.Identical || len(m.order) != 0 || !strings.Contains("\n"+b.String(), "\nidentical binaries") {
		t.Errorf("%s after %d pairs:\n%s", r.Verdict, len(m.order), b.String())
	}
}

func TestTheInstrumentIsTheHeads(t *testing.T) {
	altered := row("queue/altered", onceOnly)
	dir := repositoryOf(t, module(t, plainLibrary, row("queue/once", onceOnly), altered, row("queue/gone", onceOnly)))
	altered.Source = "4567"
	put(t, dir, module(t, otherLibrary, row("queue/once", onceOnly), altered, row("queue/new", onceOnly)))
	m := newMachine(1)
	r, err := run(t, dir, m, func(o *Options) { o.Base.Ref = "HEAD" })
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("%d %s %v %v %v %v", len(r.Scenarios), r.Scenarios[0].Name, r.Changed, r.New, r.Removed, r.Notes)
	if want := "1 queue/once [queue/altered] [queue/new] [queue/gone] []"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestABaseThatDoesNotFitRunsItsOwn: the head's suites need what the base's library
// has not.
func TestABaseThatDoesNotFitRunsItsOwn(t *testing.T) {
	dir := repositoryOf(t, module(t, plainLibrary, row("queue/once", onceOnly), row("queue/other", onceOnly)))
	other := row("queue/other", onceOnly)
	other.Source = "4567"
	files := module(t, strings.ReplaceAll(otherLibrary, "Cost", "Price"), row("queue/once", onceOnly), other)
	files["suites/cmd/arm/main.go"] = strings.ReplaceAll(files["suites/cmd/arm/main.go"], "Cost", "Price")
	put(t, dir, files)
	r, err := run(t, dir, newMachine(1), func(o *Options) { o.Base.Ref = "HEAD" })
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "does not compile under the head's suites") || len(r.Scenarios) != 1 || len(r.Changed) != 1 {
		t.Errorf("notes %q, %d scenarios, changed %v", r.Notes, len(r.Scenarios), r.Changed)
	}
}

func TestAHeadMayBeACommit(t *testing.T) {
	dir := repositoryOf(t, module(t, plainLibrary, row("queue/once", onceOnly)))
	put(t, dir, map[string]string{"logging/logging.go": otherLibrary})
	commit(t, dir)
	put(t, dir, map[string]string{"logging/logging.go": "package broken"})
	r, err := run(t, dir, newMachine(1), func(o *Options) { o.Base.Ref, o.Head.Ref = "HEAD~1", "HEAD" })
	if err != nil {
		t.Fatal(err)
	}
	if r.Verdict != result.Pass || !strings.Contains(r.Head, "(HEAD)") {
		t.Errorf("%s, head %q", r.Verdict, r.Head)
	}
}

func TestAnOverlayChangesOneSide(t *testing.T) {
	dir := repositoryOf(t, module(t, plainLibrary, row("queue/once", onceOnly)))
	planted := filepath.Join(t.TempDir(), "planted.go")
	put(t, filepath.Dir(planted), map[string]string{"planted.go": otherLibrary})
	r, err := run(t, dir, newMachine(1), func(o *Options) {
		o.Base.Ref, o.Head.Overlay = WorkingTree, map[string]string{"logging/logging.go": planted}
	})
	if err != nil {
		t.Fatal(err)
	}
	if r.Identical || len(r.Scenarios) != 1 {
		t.Errorf("identical %v, %d scenarios", r.Identical, len(r.Scenarios))
	}
}

func TestBadInputHasOneSentenceAndNoVerdict(t *testing.T) {
	dir := repositoryOf(t, module(t, "package logging\n\nfunc Cost(n int) int { return m }\n", row("queue/once", onceOnly)))
	put(t, dir, module(t, plainLibrary, row("queue/once", onceOnly)))
	broken := errors.New("scenario queue/once, base, pair 1: hello: the arm was silent for more than 30s and was killed")
	spoiled := newMachine(1)
	spoiled.fails = func(string, int) error { return broken }
	whole := func(o *Options) {
		o.Base.Ref = WorkingTree
		o.Head.Overlay = map[string]string{"logging/logging.go": filepath.Join(dir, "other.go")}
	}
	put(t, dir, map[string]string{"other.go": otherLibrary})
	for _, c := range []struct {
		name, want string
		m          *machine
		change     func(*Options)
	}{
		{"no such base", `the base: there is no commit "none" here`, newMachine(1), func(o *Options) { o.Base.Ref = "none" }},
		{"a base that does not build", "does not build, neither its library under the head's suites", newMachine(1), func(o *Options) { o.Base.Ref = "HEAD" }},
		{"a head that does not build", "the head, the working tree, does not build", newMachine(1), func(o *Options) {
			whole(o)
			o.Head.Overlay["logging/logging.go"] = filepath.Join(dir, "go.mod")
		}},
		{"no scenario", ErrNothing.Error(), newMachine(1), func(o *Options) { whole(o); o.Select = func(string, []string) bool { return false } }},
		{"an arm that hangs", broken.Error(), spoiled, whole},
		{"no room", "the gate gets no scratch folder", newMachine(1), func(o *Options) { o.Dir = filepath.Join(o.Dir, "none") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := run(t, dir, c.m, c.change)
			if r != nil || err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("report %v, error %v: want %q", r, err, c.want)
			}
		})
	}
}

func TestOneProcessorIsInconclusive(t *testing.T) {
	r, err := run(t, repositoryOf(t, map[string]string{"a": "1"}), newMachine(1), func(o *Options) { o.cores = 1 })
	if err != nil || r.Verdict != result.Inconclusive || !strings.Contains(r.Why, "this machine has 1 processor") {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestAnInterruptedGateLeavesNothing(t *testing.T) {
	dir := repositoryOf(t, module(t, plainLibrary, row("queue/once", onceOnly)))
	put(t, dir, map[string]string{"logging/logging.go": otherLibrary})
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("^C")
	m := newMachine(1)
	m.fails = func(string, int) error { cancel(stop); return ctx.Err() }
	o := m.options(time.Minute)
	o.Root, o.Dir, o.lock, o.Base.Ref = dir, t.TempDir(), "@logperf-gate-interrupted", "HEAD"
	if _, err := Run(ctx, o); !errors.Is(err, stop) {
		t.Errorf("the error is %v", err)
	}
	if left, _ := os.ReadDir(o.Dir); len(left) > 0 {
		t.Errorf("%s is left behind", left[0].Name())
	}
}
