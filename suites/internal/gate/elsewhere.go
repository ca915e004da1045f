package gate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// mostNamed is how many files a note names.
const mostNamed = 8

// sources lists the Go files that the arm of the tree is compiled from, by their
// paths below it.
func (t *tree) sources(ctx context.Context) (map[string]bool, error) {
	args := []string{"list", "-deps", "-f", `{{if not .Standard}}{{range .GoFiles}}{{$.Dir}}/{{.}}{{"\n"}}{{end}}{{range .CgoFiles}}{{$.Dir}}/{{.}}{{"\n"}}{{end}}{{end}}`}
	if t.overlay != "" {
		args = append(args, "-overlay="+t.overlay)
	}
	c := inGroup(exec.CommandContext(ctx, "go", append(args, armPackage)...))
	c.Dir, c.Env = t.dir, t.environ()
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, fmt.Errorf("go list -deps %s: %w\n%s", armPackage, err, tailOf(errs.String(), buildTail))
	}
	all := map[string]bool{}
	for line := range strings.Lines(out.String()) {
		if name, err := filepath.Rel(t.dir, strings.TrimSpace(line)); err == nil && filepath.IsLocal(name) {
			all[name] = true
		}
	}
	return all, nil
}

// noteElsewhere tells of what differs and is not in the arm of either side, so
// that no scenario can show it. Without the note a PASS would be read as one of
// the whole change.
func (p *preparation) noteElsewhere(ctx context.Context) error {
	if p.baseDir == "" {
		return nil
	}
	names, err := p.changedSources()
	if err != nil {
		return err
	}
	for _, t := range []*tree{p.sides.base, p.sides.head} {
		if len(names) == 0 {
			break
		}
		compiled, err := t.sources(ctx)
		if err != nil {
			return err
		}
		names = slices.DeleteFunc(names, func(name string) bool { return compiled[name] })
	}
	if note := elsewhere(names); note != "" {
		p.sides.notes = append(p.sides.notes, note)
	}
	return p.noteModule()
}

// changedSources are the Go files of the library, tests left out, that differ or
// that one side alone has, by their paths in the repository.
func (p *preparation) changedSources() ([]string, error) {
	changed, err := transplant(p.baseDir, p.headDir)
	if err != nil {
		return nil, err
	}
	var names []string
	for path := range changed {
		name, err := filepath.Rel(p.headDir, path)
		if err != nil {
			return nil, err
		}
		if strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// elsewhere is the note on files that no scenario runs; empty without any.
func elsewhere(names []string) string {
	switch n := len(names); {
	case n == 0:
		return ""
	case n == 1:
		return names[0] + " differs and is in no scenario of the gate: not compared"
	case n > mostNamed:
		names = append(slices.Clone(names[:mostNamed]), fmt.Sprintf("%d more", n-mostNamed))
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1] + " differ and are in no scenario of the gate: not compared"
}

// noteModule tells of dependencies that differ. Where the base runs its own suites
// it is built with its own dependencies too, and they are compared.
func (p *preparation) noteModule() error {
	if p.sides.base.dir != p.headDir {
		return nil
	}
	var names []string
	for _, name := range []string{"go.mod", "go.sum"} {
		var texts [2][]byte
		for i, dir := range []string{p.baseDir, p.headDir} {
			text, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			texts[i] = text
		}
		if !bytes.Equal(texts[0], texts[1]) {
			names = append(names, name)
		}
	}
	if len(names) > 0 {
		p.sides.notes = append(p.sides.notes, "not the same on both sides: "+strings.Join(names, " and ")+
			"; both are built with those of the head, so that what other dependencies do is not compared")
	}
	return nil
}
