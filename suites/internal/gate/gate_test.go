package gate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/logperf/logperf/suites/internal/count"
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
	if r.Verdict != result.Inconclusive || r.Why != "removed: queue/gone" || !r.OnlyRemoved {
		t.Errorf("%s: %s, by the removal alone %v", r.Verdict, r.Why, r.OnlyRemoved)
	}
}

// TestARemovedScenarioIsNoPass, even where the binaries are identical: the table of
// the base stands in its suites, in place of which the head's are built.
func TestARemovedScenarioIsNoPass(t *testing.T) {
	gone := row("queue/gone", onceOnly)
	dir := repositoryOf(t, module(t, plainLibrary, row("queue/once", onceOnly), gone))
	put(t, dir, module(t, plainLibrary, row("queue/once", onceOnly)))
	r, err := run(t, dir, newMachine(1), func(o *Options) { o.Base.Ref = "HEAD" })
	if err != nil {
		t.Fatal(err)
	}
	if !r.Identical || r.Verdict != result.Inconclusive || r.Why != "removed: queue/gone" || !r.OnlyRemoved {
		t.Errorf("%s: %s, identical %v", r.Verdict, r.Why, r.Identical)
	}
	// What fails all the same is no matter of the removal.
	put(t, dir, map[string]string{"logging/logging.go": otherLibrary})
	m := newMachine(1)
	m.allocs = [2]float64{1, 2}
	if r, err = run(t, dir, m, func(o *Options) { o.Base.Ref = "HEAD" }); err != nil {
		t.Fatal(err)
	}
	if r.Verdict != result.Fail || r.OnlyRemoved {
		t.Errorf("%s: %s, by the removal alone %v", r.Verdict, r.Why, r.OnlyRemoved)
	}
}

// TestALinkHoldsTheTreeAsItWasAtTheStart: links are made for minutes, in which a
// file is saved or another branch checked out.
func TestALinkHoldsTheTreeAsItWasAtTheStart(t *testing.T) {
	files := module(t, plainLibrary, row("queue/once", onceOnly))
	files["logging/cost.go"] = "package logging\n\nconst cost = 1\n"
	files["logging/logging.go"] = strings.ReplaceAll(plainLibrary, "n - n", "n*cost - n")
	dir := repositoryOf(t, files)
	put(t, dir, map[string]string{"logging/logging.go": otherLibrary})
	scratch := t.TempDir()
	s, err := prepare(t.Context(), Options{Root: dir, Base: Tree{Ref: "HEAD"}}.withDefaults(), scratch)
	if err != nil {
		t.Fatal(err)
	}
	if s.identical {
		t.Fatal("base and head are identical")
	}
	// This one was the same on both sides when the gate began.
	put(t, dir, map[string]string{
		"logging/cost.go":    "package logging\n\nconst cost = 77_777\n",
		"logging/logging.go": plainLibrary,
	})
	for name, t2 := range map[string]*tree{"base": s.base, "head": s.head} {
		out := filepath.Join(scratch, "later-"+name)
		if err := t2.build(t.Context(), out); err != nil {
			t.Fatal(err)
		}
		before, err := fingerprint(filepath.Join(scratch, "plain-"+name))
		if err != nil {
			t.Fatal(err)
		}
		if now, err := fingerprint(out); err != nil || now != before {
			t.Errorf("a later link of the %s is another program (%v)", name, err)
		}
	}
}

// TestLinksDifferInTheirLayoutAlone: of one number they are the same program, and
// each serves what the tree does.
func TestLinksDifferInTheirLayoutAlone(t *testing.T) {
	dir := repositoryOf(t, module(t, plainLibrary, row("queue/once", onceOnly)))
	put(t, dir, map[string]string{"logging/logging.go": otherLibrary})
	scratch := t.TempDir()
	s, err := prepare(t.Context(), Options{Root: dir, Base: Tree{Ref: "HEAD"}}.withDefaults(), scratch)
	if err != nil {
		t.Fatal(err)
	}
	prints := map[string]string{}
	for name, layout := range map[string]uint32{"one": 1, "one again": 1, "two": 2} {
		out := filepath.Join(scratch, name)
		if err := s.head.link(t.Context(), out, layout); err != nil {
			t.Fatal(err)
		}
		if served, err := describe(t.Context(), out); err != nil || len(served) != 1 || served[0].Name != "queue/once" {
			t.Errorf("the link %s serves %v, %v", name, served, err)
		}
		if prints[name], err = fingerprint(out); err != nil {
			t.Fatal(err)
		}
	}
	if prints["one"] != prints["one again"] || prints["one"] == prints["two"] {
		t.Errorf("the programs are %v", prints)
	}
	s.head.objects.main += "-gone"
	if err := s.head.link(t.Context(), filepath.Join(scratch, "gone"), 3); err == nil || !strings.Contains(err.Error(), "go tool link ./suites/cmd/arm") {
		t.Errorf("a link of objects that are gone: %v", err)
	}
}

// TestWhatNoScenarioRunsIsNamed: a PASS says nothing of it.
func TestWhatNoScenarioRunsIsNamed(t *testing.T) {
	files := module(t, plainLibrary, row("queue/once", onceOnly))
	files["logging/http/http.go"] = "package http\n"
	files["logging/config/config.go"] = "package config\n"
	files["logging/gone/gone.go"] = "package gone\n"
	dir := repositoryOf(t, files)
	put(t, dir, map[string]string{
		"logging/http/http.go": "package http\n\nconst Slow = true\n", "logging/http/http_test.go": "package http\n",
		"logging/new/new.go": "package new\n", "logging/logging_plan9.go": "package logging\n", "logging/notes.txt": "none",
		"go.mod": files["go.mod"] + "\n// A remark.\n",
	})
	if err := os.RemoveAll(filepath.Join(dir, "logging/gone")); err != nil {
		t.Fatal(err)
	}
	r, err := run(t, dir, newMachine(1), func(o *Options) { o.Base.Ref = "HEAD" })
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"logging/gone/gone.go, logging/http/http.go, logging/logging_plan9.go and logging/new/new.go differ and are in no scenario of the gate: not compared",
		"not the same on both sides: go.mod; both are built with those of the head, so that what other dependencies do is not compared",
	}
	if !r.Identical || !slices.Equal(r.Notes, want) {
		t.Errorf("identical %v, the notes are %q, want %q", r.Identical, r.Notes, want)
	}
}

func TestANoteNamesAFewFiles(t *testing.T) {
	if got, want := elsewhere([]string{"a.go"}), "a.go differs and is in no scenario of the gate: not compared"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	many := strings.Fields("a b c d e f g h i j")
	if got, want := elsewhere(many), "a, b, c, d, e, f, g, h and 2 more differ and are in no scenario of the gate: not compared"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := elsewhere(nil); got != "" {
		t.Errorf("%q, want nothing", got)
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

// stuck is the text of a program that leaves files where programs that are killed
// do, tells so through a pipe, and goes on for ever.
func stuck(pipe string) string {
	return fmt.Sprintf(`mktemp -d "${GOTMPDIR:-${TMPDIR:-/tmp}}/go-build-XXXXXX" >/dev/null
mktemp "${TMPDIR:-/tmp}/cc-XXXXXX" >/dev/null
echo stuck > '%s'
exec sleep 600
`, pipe)
}

func script(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o700); err != nil {
		t.Fatal(err)
	}
}

// TestAnInterruptedGateLeavesNothing, neither in its own folder nor in that of the
// programs that it starts: wherever ^C comes.
func TestAnInterruptedGateLeavesNothing(t *testing.T) {
	command, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	for name, interrupt := range map[string]func(t *testing.T, o *Options, m *machine, pipe string, stop func()){
		"in a pair": func(_ *testing.T, _ *Options, m *machine, _ string, stop func()) {
			m.fails = func(string, int) error { stop(); return context.Canceled }
		},
		// The go command of the test is stuck in each link, which has a layout.
		"in a link": func(t *testing.T, o *Options, _ *machine, pipe string, _ func()) {
			bin := t.TempDir()
			script(t, filepath.Join(bin, "go"), "case \"$*\" in *-randlayout=*) "+stuck(pipe)+";; esac\nexec '"+command+"' \"$@\"\n")
			t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
			o.link = realLinks
		},
		"in a count": func(t *testing.T, o *Options, _ *machine, pipe string, _ func()) {
			valgrind := filepath.Join(t.TempDir(), "valgrind")
			script(t, valgrind, stuck(pipe))
			o.NoCounts, o.counter = false, func() (count.Counter, error) { return count.Cachegrind(valgrind), nil }
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := repositoryOf(t, module(t, plainLibrary, row("queue/one", nil)))
			put(t, dir, map[string]string{"logging/logging.go": otherLibrary})
			ctx, cancel := context.WithCancelCause(t.Context())
			stop := errors.New("^C")
			m := newMachine(1)
			o := m.options(8 * time.Minute)
			o.link = func(*tree) linker {
				return func(_ context.Context, out string, _ uint32) error { return os.WriteFile(out, []byte("arm"), 0o600) }
			}
			o.Root, o.Dir, o.Base.Ref = dir, t.TempDir(), "HEAD"
			o.lock = fmt.Sprintf("@logperf-gate-interrupted-%d", os.Getpid())
			pipe := filepath.Join(t.TempDir(), "pipe")
			if err := syscall.Mkfifo(pipe, 0o600); err != nil {
				t.Fatal(err)
			}
			temporary := t.TempDir()
			t.Setenv("TMPDIR", temporary)
			interrupt(t, &o, m, pipe, func() { cancel(stop) })
			told := make(chan error, 1)
			go func() {
				_, err := os.ReadFile(pipe) // until somebody is stuck
				cancel(stop)
				told <- err
			}()
			if _, err := Run(ctx, o); !errors.Is(err, stop) {
				t.Errorf("the error is %v", err)
			}
			// Whoever was never stuck lets the reader go.
			if f, err := os.OpenFile(pipe, os.O_RDWR, 0); err == nil {
				_, _ = f.WriteString("stuck\n")
				_ = f.Close()
			}
			if err := <-told; err != nil {
				t.Error(err)
			}
			for _, folder := range []string{o.Dir, temporary} {
				if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
					t.Errorf("%v is left behind in %s (%v)", left, folder, err)
				}
			}
		})
	}
}
