package gate

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// branches are where the main branch is looked for, in this order. The first is
// what the remote calls its main branch.
var branches = []string{"origin/HEAD", "origin/main", "main", "origin/master", "master"}

// repository asks git, in the folder of go.mod.
type repository struct{ dir string }

// git runs a command and returns what it prints. No lock is taken: a commit that
// is made meanwhile must not fail for ours.
func (r repository) git(ctx context.Context, args ...string) (string, error) {
	c := inGroup(exec.CommandContext(ctx, "git", append([]string{"--no-optional-locks"}, args...)...))
	c.Dir = r.dir
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return "", errors.New("git is not installed: the base is read from the repository")
		}
		return "", fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(errs.String()))
	}
	return strings.TrimSpace(out.String()), nil
}

// check reports a folder that is no repository.
func (r repository) check(ctx context.Context) error {
	if _, err := r.git(ctx, "rev-parse", "--git-dir"); err != nil {
		return fmt.Errorf("%s is no git repository that can be read, and the base is read from one: %w", r.dir, err)
	}
	return nil
}

// resolve returns the commit that a reference names. Where there is none it says
// what to fetch.
func (r repository) resolve(ctx context.Context, ref string) (string, error) {
	// A reference that begins with a dash would be an option.
	if strings.HasPrefix(ref, "-") {
		return "", fmt.Errorf("%q is no reference: it begins with a dash", ref)
	}
	commit, err := r.git(ctx, "rev-parse", "--verify", "--quiet", ref+"^{commit}")
	if err == nil {
		return commit, nil
	}
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	if r.shallow(ctx) {
		return "", fmt.Errorf("the commit %q is not in this clone, which is shallow: git fetch --unshallow, or git fetch --depth=100 origin %s", ref, ref)
	}
	return "", fmt.Errorf("there is no commit %q here: want a branch, a tag or a commit; of a remote's, git fetch it first", ref)
}

func (r repository) shallow(ctx context.Context) bool {
	answer, err := r.git(ctx, "rev-parse", "--is-shallow-repository")
	return err == nil && answer == "true"
}

// mergeBase returns the commit at which head left the main branch, and the name
// of that branch.
func (r repository) mergeBase(ctx context.Context, head string) (commit, branch string, err error) {
	for _, branch := range branches {
		if _, err := r.git(ctx, "rev-parse", "--verify", "--quiet", branch+"^{commit}"); err != nil {
			continue
		}
		commit, err := r.git(ctx, "merge-base", branch, head)
		switch {
		case err == nil:
			return commit, branch, nil
		case ctx.Err() != nil:
			return "", "", context.Cause(ctx)
		case r.shallow(ctx):
			return "", "", fmt.Errorf("this clone is shallow and does not hold where %s left %s: git fetch --unshallow, or name the base", head, branch)
		}
		return "", "", fmt.Errorf("%s and %s have no commit in common: name the base", head, branch)
	}
	if ctx.Err() != nil {
		return "", "", context.Cause(ctx)
	}
	return "", "", fmt.Errorf("there is no main branch here (looked for %s): name the base, such as HEAD~1", strings.Join(branches, ", "))
}

// extract writes the files of a commit into a folder. It is an archive and not a
// git worktree: that would leave an entry in the repository where this process is
// killed.
func (r repository) extract(ctx context.Context, commit, dir string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c := inGroup(exec.CommandContext(ctx, "git", "archive", "--format=tar", commit))
	c.Dir = r.dir
	var errs bytes.Buffer
	c.Stderr = &errs
	out, err := c.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	err = unpack(out, dir)
	if err != nil {
		cancel()
	}
	if ended := c.Wait(); err == nil && ended != nil {
		err = fmt.Errorf("git archive: %w: %s", ended, strings.TrimSpace(errs.String()))
	}
	if err != nil {
		return fmt.Errorf("the files of commit %s cannot be written to %s: %w", short(commit), dir, err)
	}
	return nil
}

// unpack writes the files of a tar stream below dir, and never outside of it.
func unpack(from io.Reader, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	files := tar.NewReader(from)
	for {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			// What follows the end is padding, which git would block on.
			_, err = io.Copy(io.Discard, from)
			return err
		}
		if err != nil {
			return err
		}
		name := filepath.Clean(filepath.FromSlash(h.Name))
		switch h.Typeflag {
		case tar.TypeDir:
			err = root.MkdirAll(name, 0o755)
		case tar.TypeSymlink:
			err = root.Symlink(h.Linkname, name)
		case tar.TypeReg:
			err = write(root, name, files)
		}
		if err != nil {
			return err
		}
	}
}

func write(root *os.Root, name string, from io.Reader) error {
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := root.Create(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	return errors.Join(err, f.Close())
}

// short is a commit as people write it.
func short(commit string) string { return commit[:min(12, len(commit))] }
