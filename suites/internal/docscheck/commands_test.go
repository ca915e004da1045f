package docscheck

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// asked skips what takes minutes where nobody has asked for it.
func asked(t *testing.T) {
	t.Helper()
	if os.Getenv("LOGPERF_DOCS") == "" {
		t.Skip("the commands of the guides take minutes: LOGPERF_DOCS=1 or make docs-check")
	}
}

func TestTheCommandsOfTheGuidesDoWhatTheySay(t *testing.T) {
	asked(t)
	c := copied(t)
	t.Run("the tour", func(t *testing.T) {
		c.fresh(t)
		tour(t, c)
	})
	for _, d := range guides(t) {
		t.Run(d.path, func(t *testing.T) {
			c.fresh(t)
			for _, b := range d.blocks {
				s, err := stepOf(b)
				if err != nil {
					t.Fatalf("%s:%d: %v", d.path, b.line, err)
				}
				if s.do == skip {
					t.Logf("%s:%d: not run, %s", d.path, b.line, s.reason)
					continue
				}
				began := time.Now()
				if err := c.follow(t.Context(), s, b.text); err != nil {
					t.Fatalf("%s:%d: %v", d.path, b.line, err)
				}
				if s.do == run {
					t.Logf("%s:%d: %.1f s, of the processors %.1f s %s", d.path, b.line, time.Since(began).Seconds(), c.worked.Seconds(), strings.Join(s.env, " "))
				}
			}
		})
	}
}

func TestABlockIsHeldToItsExitStatus(t *testing.T) {
	c := &tree{dir: t.TempDir()}
	for _, one := range []struct {
		s            step
		script, want string
	}{
		{step{do: run}, "echo here\n", ""},
		{step{do: run}, "false\ntrue\n", "the exit status is 1, want [0]\n+ false\n"},
		{step{do: run, exits: []int{0, 3}}, "exit 3\n", ""},
		{step{do: run, exits: []int{1}}, "true\n", "the exit status is 0, want [1]"},
		{step{do: run, env: []string{"A=b"}}, "test $A = b\n", ""},
		{step{do: write, path: "x"}, "1\n", ""},
		{step{do: add, path: "x"}, "2\n", ""},
		{step{do: run}, "cat x\n", ""},
		{step{do: compare}, "1\n2\n", ""},
		{step{do: compare}, "2\n1\n", "the guide shows\n2\n1\n\nand what was printed is\n1\n2\n"},
	} {
		got := ""
		if err := c.follow(t.Context(), one.s, one.script); err != nil {
			got = err.Error()
		}
		if (got == "") != (one.want == "") || !strings.HasPrefix(got, one.want) {
			t.Errorf("%+v %q gives %q, want %q", one.s, one.script, got, one.want)
		}
	}
}

func TestNothingOfTheSuiteReachesAScript(t *testing.T) {
	for _, name := range []string{"LOGPERF_ONLY", "CI", "MAKEFLAGS", "GIT_DIR"} {
		t.Setenv(name, "here")
	}
	c := &tree{dir: t.TempDir()}
	if err := c.run(t.Context(), step{}, `test -z "$LOGPERF_ONLY$CI$MAKEFLAGS$GIT_DIR"`); err != nil {
		t.Error(err)
	}
}

func TestACopyHasWhatIsNotCommitted(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("there is no git")
	}
	c := copied(t)
	c.fresh(t)
	here, err := os.ReadFile("commands_test.go")
	if err != nil {
		t.Fatal(err)
	}
	there, err := os.ReadFile(filepath.Join(c.dir, "suites/internal/docscheck/commands_test.go"))
	if err != nil || string(there) != string(here) {
		t.Errorf("the copy of this file has %d bytes (%v), want %d", len(there), err, len(here))
	}
	if err := os.WriteFile(filepath.Join(c.dir, "left.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c.fresh(t)
	if _, err := os.Stat(filepath.Join(c.dir, "left.txt")); err == nil {
		t.Error("what a guide has left is still there for the next")
	}
}
