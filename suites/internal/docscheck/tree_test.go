package docscheck

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// mostTime bounds one block.
const mostTime = 5 * time.Minute

// A tree is a copy of the repository to follow guides in.
type tree struct {
	dir     string
	printed string        // by the last script, on its standard output
	worked  time.Duration // processor time of the last script
}

// copied is a clone of the repository with what is not committed yet: who writes a
// guide wants to know before the commit.
func copied(t *testing.T) *tree {
	t.Helper()
	from, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	c := &tree{dir: filepath.Join(t.TempDir(), "logperf")}
	quietly(t, from, "git", "clone", "--quiet", "--no-checkout", from, c.dir)
	git := []string{
		"git", "-c", "user.name=docs-check", "-c", "user.email=docs-check@localhost", "-c", "commit.gpgsign=false",
		"--git-dir=" + filepath.Join(c.dir, ".git"), "--work-tree=" + from,
	}
	quietly(t, from, append(git, "add", "--all", ".")...)
	quietly(t, from, append(git, "commit", "--quiet", "--no-verify", "--allow-empty", "--message=As it is")...)
	return c
}

// fresh takes back what the last guide has left. All guides have the same folder:
// in another one the go command would compile everything anew.
func (c *tree) fresh(t *testing.T) {
	t.Helper()
	quietly(t, c.dir, "git", "reset", "--quiet", "--hard")
	quietly(t, c.dir, "git", "clean", "--quiet", "-fdx")
	c.printed = ""
}

func quietly(t *testing.T, dir string, words ...string) {
	t.Helper()
	c := exec.CommandContext(t.Context(), words[0], words[1:]...)
	c.Dir, c.Env = dir, environment()
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(words, " "), err, out)
	}
}

// environment is that of somebody who has just come: nothing is set for the suite,
// or for the make and the git that may have started this test.
func environment(more ...string) []string {
	strange := []string{
		"CI", "LABELS", "TIER", "ONLY", "PACKAGES", "MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "GNUMAKEFLAGS",
		"LABEL_FILTER", "GINKGO_NO_COLOR", "GOGC", "GOMEMLIMIT", "GOMAXPROCS",
	}
	all := slices.DeleteFunc(os.Environ(), func(one string) bool {
		name, _, _ := strings.Cut(one, "=")
		return strings.HasPrefix(name, "LOGPERF_") || strings.HasPrefix(name, "GIT_") || slices.Contains(strange, name)
	})
	// No one debugs these binaries, and there are some thirty to link.
	all = append(all, "GOFLAGS="+strings.TrimSpace(os.Getenv("GOFLAGS")+" -ldflags=-w"))
	return append(all, more...)
}

// follow does what the step says with its block.
func (c *tree) follow(ctx context.Context, s step, text string) error {
	switch s.do {
	case run:
		return c.run(ctx, s, text)
	case compare:
		if !shows(text, c.printed, s.figures) {
			return fmt.Errorf("the guide shows\n%s\nand what was printed is\n%s", text, c.printed)
		}
	case write:
		return os.WriteFile(filepath.Join(c.dir, s.path), []byte(text), 0o600)
	case add:
		return c.add(s.path, text)
	}
	return nil
}

func (c *tree) add(path, text string) error {
	f, err := os.OpenFile(filepath.Join(c.dir, path), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// run gives the block to a shell, which ends at the first command that fails and
// names each command before.
func (c *tree) run(ctx context.Context, s step, script string) error {
	ctx, cancel := context.WithTimeout(ctx, mostTime)
	defer cancel()
	shell := exec.CommandContext(ctx, "sh", "-exc", script)
	var out, errs bytes.Buffer
	shell.Dir, shell.Env = c.dir, environment(s.env...)
	shell.Stdout, shell.Stderr = &out, &errs
	// Its children go with it where the time is over.
	shell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	shell.Cancel = func() error { return syscall.Kill(-shell.Process.Pid, syscall.SIGKILL) }
	shell.WaitDelay = 10 * time.Second
	err := shell.Run()
	c.printed = out.String()
	c.worked = shell.ProcessState.UserTime() + shell.ProcessState.SystemTime()
	if ended, ok := errors.AsType[*exec.ExitError](err); ok && ended.Exited() {
		err = nil
	}
	if err != nil {
		return fmt.Errorf("%w\n%s%s", err, tail(c.printed), tail(errs.String()))
	}
	wanted := s.exits
	if wanted == nil {
		wanted = []int{0}
	}
	if code := shell.ProcessState.ExitCode(); !slices.Contains(wanted, code) {
		return fmt.Errorf("the exit status is %d, want %v\n%s%s", code, wanted, tail(c.printed), tail(errs.String()))
	}
	return nil
}

// tail is the end of what was printed.
func tail(text string) string {
	const most = 6000
	if over := len(text) - most; over > 0 {
		return "...\n" + text[over:]
	}
	return text
}
