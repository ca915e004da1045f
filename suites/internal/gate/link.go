package gate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// objects are the compiled packages of an arm, in the go command's cache. To link
// them with the linker alone takes a third of the processor time of a go build,
// which looks at every package anew; a run of the gate links a hundred times.
type objects struct {
	config  string // the file that names them to the linker
	main    string
	godebug string // the settings of runtime behaviour that go.mod asks for
}

// listObjects is what the go command writes of each package: a line of the
// configuration, or of the package that is linked its own two lines.
const listObjects = `{{if .Export}}packagefile {{.ImportPath}}={{.Export}}
{{if not .DepOnly}}#main {{.Export}}
#godebug {{.DefaultGODEBUG}}
{{end}}{{end}}`

// compile compiles the arm and keeps where its objects are.
func (t *tree) compile(ctx context.Context) error {
	args := append([]string{"list", "-export", "-deps", "-f", listObjects}, t.flags()...)
	c := inGroup(exec.CommandContext(ctx, "go", append(args, armPackage)...))
	c.Dir, c.Env = t.dir, t.environ()
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		return t.explain(ctx, "go list -export", err, errs.String())
	}
	o := &objects{}
	for line := range strings.Lines(out.String()) {
		if main, found := strings.CutPrefix(line, "#main "); found {
			o.main = strings.TrimSpace(main)
		}
		if godebug, found := strings.CutPrefix(line, "#godebug "); found {
			o.godebug = strings.TrimSpace(godebug)
		}
	}
	if o.main == "" {
		return fmt.Errorf("go list -export %s names no compiled arm", armPackage)
	}
	f, err := os.CreateTemp(t.scratch, "objects-*")
	if err != nil {
		return fmt.Errorf("the list of objects cannot be written: %w", err)
	}
	o.config, t.objects = f.Name(), o
	_, err = f.Write(out.Bytes())
	return errors.Join(err, f.Close())
}

// link links the objects in an order of its own, with the flags that build gives
// to the linker.
func (t *tree) link(ctx context.Context, out string, layout uint32) error {
	args := []string{"tool", "link", "-importcfg", t.objects.config, "-buildmode=exe", "-s", "-w", fmt.Sprintf("-randlayout=%d", layout), "-o", out}
	if t.objects.godebug != "" {
		args = append(args, "-X=runtime.godebugDefault="+t.objects.godebug)
	}
	c := inGroup(exec.CommandContext(ctx, "go", append(args, t.objects.main)...))
	c.Dir, c.Env = t.dir, t.environ()
	var said bytes.Buffer
	c.Stdout, c.Stderr = &said, &said
	return t.explain(ctx, "go tool link", c.Run(), said.String())
}

// explain makes an error of the go command one that says what it was to do.
func (t *tree) explain(ctx context.Context, command string, err error, said string) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return fmt.Errorf("%s %s: %w\n%s", command, armPackage, err, tailOf(said, buildTail))
}
