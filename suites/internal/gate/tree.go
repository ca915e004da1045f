package gate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/logperf/logperf/suites/internal/experiment"
	"github.com/logperf/logperf/suites/internal/lockstep"
)

const (
	// library is the folder of the code under test. scenarios is that of the tables
	// and their subjects, over which the hash of a scenario's source is taken.
	library   = "logging"
	scenarios = "suites/internal/scenario"
	// armPackage is what is built of each tree.
	armPackage = "./suites/cmd/arm"
	// buildTail is how many lines of a failed build are shown.
	buildTail = 12
)

// tree is what an arm is built from: a folder with some of its files replaced,
// which the go command does without touching them.
type tree struct {
	dir string
	// replaced maps files below dir, by their absolute path, to what stands in their
	// place; an empty path removes the file.
	replaced map[string]string
	overlay  string // the file that tells the go command; empty: nothing is replaced
	scratch  string // where the go command may leave files
}

// newTree completes a tree. The overlay is written below scratch.
func newTree(dir string, replaced map[string]string, scratch string) (*tree, error) {
	t := &tree{dir: dir, replaced: replaced, scratch: scratch}
	if len(replaced) == 0 {
		return t, nil
	}
	text, err := json.Marshal(map[string]any{"Replace": replaced})
	if err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(scratch, "overlay-*.json")
	if err != nil {
		return nil, fmt.Errorf("the overlay of a build cannot be written: %w", err)
	}
	_, err = f.Write(text)
	t.overlay = f.Name()
	return t, errors.Join(err, f.Close())
}

// build links the arm of the tree. A layout other than 0 puts its functions in
// another order. The flags but for that are the same for both sides: the symbol
// table and the debugger's tables are left out, because writing them is half of
// the time of a link (profiles need neither), and nothing of the folder or the
// commit is in the binary.
func (t *tree) build(ctx context.Context, out string, layout uint32) error {
	flags := "-ldflags=-s -w"
	if layout != 0 {
		flags += fmt.Sprintf(" -randlayout=%d", layout)
	}
	args := []string{"build", "-trimpath", "-buildvcs=false", flags, "-o", out}
	if t.overlay != "" {
		args = append(args, "-overlay="+t.overlay)
	}
	c := inGroup(exec.CommandContext(ctx, "go", append(args, armPackage)...))
	c.Dir, c.Env = t.dir, t.environ()
	var said bytes.Buffer
	c.Stdout, c.Stderr = &said, &said
	err := c.Run()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return fmt.Errorf("go build %s: %w\n%s", armPackage, err, tailOf(said.String(), buildTail))
}

// environ is the environment of the go command. Where it is killed it leaves its
// work behind, and the compilers that it starts leave theirs. It names files by
// the folder in PWD.
func (t *tree) environ() []string {
	return append(os.Environ(), "PWD="+t.dir, "GOTMPDIR="+t.scratch, "TMPDIR="+t.scratch)
}

func tailOf(text string, most int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if over := len(lines) - most; over > 0 {
		lines = append([]string{fmt.Sprintf("... (%d lines more)", over)}, lines[over:]...)
	}
	return strings.Join(lines, "\n")
}

// describe asks a binary what it serves.
func describe(ctx context.Context, binary string) ([]experiment.Scenario, error) {
	ctx, cancel := context.WithTimeout(ctx, describeTimeout)
	defer cancel()
	c := inGroup(exec.CommandContext(ctx, binary, "describe"))
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("it did not answer within %v", describeTimeout)
		}
		return nil, fmt.Errorf("it cannot be asked for its scenarios: %w %s", err, strings.TrimSpace(errs.String()))
	}
	return lockstep.ParseDescription(out.Bytes())
}

// transplant replaces the library of head by that of base: files that differ are
// replaced, those that only head has removed, those that only base has added.
func transplant(base, head string) (map[string]string, error) {
	replaced := map[string]string{}
	ours, err := files(filepath.Join(head, library))
	if err != nil {
		return nil, err
	}
	theirs, err := files(filepath.Join(base, library))
	if err != nil {
		return nil, err
	}
	for name := range ours {
		if !theirs[name] {
			replaced[filepath.Join(head, library, name)] = ""
		}
	}
	for name := range theirs {
		from, to := filepath.Join(base, library, name), filepath.Join(head, library, name)
		same, err := sameFile(from, to)
		if err != nil {
			return nil, err
		}
		if !same {
			replaced[to] = from
		}
	}
	return replaced, nil
}

// files are the regular files below a folder, by their paths within it.
func files(dir string) (map[string]bool, error) {
	all := map[string]bool{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		all[name] = true
		return err
	})
	return all, err
}

// sameFile reports whether both exist with the same bytes.
func sameFile(a, b string) (bool, error) {
	x, err := os.ReadFile(a)
	if err != nil {
		return false, err
	}
	y, err := os.ReadFile(b)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return bytes.Equal(x, y), err
}

// sameScenarios reports whether both folders have the same tables and subjects,
// tests left out.
func sameScenarios(base, head string) (bool, error) {
	ours, err := files(filepath.Join(head, scenarios))
	if err != nil {
		return false, err
	}
	theirs, err := files(filepath.Join(base, scenarios))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	for _, all := range []map[string]bool{ours, theirs} {
		maps.DeleteFunc(all, func(name string, _ bool) bool { return strings.HasSuffix(name, "_test.go") })
	}
	if !maps.Equal(ours, theirs) {
		return false, nil
	}
	for name := range ours {
		same, err := sameFile(filepath.Join(base, scenarios, name), filepath.Join(head, scenarios, name))
		if err != nil || !same {
			return false, err
		}
	}
	return true, nil
}
