package gate

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"

	"github.com/logperf/logperf/suites/internal/experiment"
)

// sides are base and head, ready to be linked.
type sides struct {
	base, head         *tree
	baseName, headName string
	commit, headCommit string // empty for the working tree
	// ours are the scenarios of the head. theirs are those of the base's own suites;
	// nil where they are the same.
	ours, theirs []experiment.Scenario
	// identical is set where both are the same program.
	identical bool
	notes     []string
}

// preparation makes them.
type preparation struct {
	o       Options
	scratch string
	repo    repository
	sides   sides
	headDir string
	baseDir string // of the base's own files; empty where it has those of the head
}

// prepare builds an arm of both sides without a random layout, which shows that
// both build, what they serve, and whether they differ at all.
func prepare(ctx context.Context, o Options, scratch string) (*sides, error) {
	p := &preparation{o: o, scratch: scratch, repo: repository{o.Root}}
	for _, step := range []func(context.Context) error{p.findHead, p.findBase, p.buildHead, p.buildBase, p.noteElsewhere, p.askBase, p.hold} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return &p.sides, nil
}

// checkOut writes the files of a commit below the scratch folder.
func (p *preparation) checkOut(ctx context.Context, ref, name string) (dir, commit string, err error) {
	if commit, err = p.repo.resolve(ctx, ref); err != nil {
		return "", "", err
	}
	dir = filepath.Join(p.scratch, name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", "", err
	}
	return dir, commit, p.repo.extract(ctx, commit, dir)
}

func (p *preparation) findHead(ctx context.Context) error {
	if p.o.Head.Ref == WorkingTree {
		root, err := filepath.Abs(p.o.Root)
		if err != nil {
			return err
		}
		p.headDir, p.sides.headName = filepath.Join(p.scratch, "head"), "the working tree"
		return snapshot(ctx, root, p.headDir)
	}
	if err := p.repo.check(ctx); err != nil {
		return err
	}
	dir, commit, err := p.checkOut(ctx, p.o.Head.Ref, "head")
	if err != nil {
		return fmt.Errorf("the head: %w", err)
	}
	p.sides.headCommit = commit
	p.headDir, p.sides.headName = dir, fmt.Sprintf("%s (%s)", short(commit), p.o.Head.Ref)
	return nil
}

func (p *preparation) findBase(ctx context.Context) error {
	ref := p.o.Base.Ref
	if ref == WorkingTree {
		p.sides.baseName = "the working tree"
		if p.o.Head.Ref != WorkingTree {
			return errors.New("the base is the working tree and the head is not: the other way round is meant")
		}
		return nil
	}
	if err := p.repo.check(ctx); err != nil {
		return err
	}
	name := ref
	if ref == "" {
		head := p.o.Head.Ref
		if head == WorkingTree {
			head = "HEAD"
		}
		commit, branch, err := p.repo.mergeBase(ctx, head)
		if err != nil {
			return fmt.Errorf("the base: %w", err)
		}
		ref, name = commit, "merge base with "+branch
	}
	dir, commit, err := p.checkOut(ctx, ref, "base")
	if err != nil {
		return fmt.Errorf("the base: %w", err)
	}
	p.sides.commit = commit
	p.baseDir, p.sides.baseName = dir, fmt.Sprintf("%s (%s)", short(commit), name)
	return nil
}

// absolute are the files of an overlay, below a folder.
func absolute(dir string, overlay map[string]string) map[string]string {
	all := map[string]string{}
	for name, with := range overlay {
		all[filepath.Join(dir, filepath.FromSlash(name))] = with
	}
	return all
}

func (p *preparation) plainHead() string { return filepath.Join(p.scratch, "plain-head") }
func (p *preparation) plainBase() string { return filepath.Join(p.scratch, "plain-base") }

func (p *preparation) buildHead(ctx context.Context) error {
	t, err := newTree(p.headDir, absolute(p.headDir, p.o.Head.Overlay), p.scratch)
	if err != nil {
		return err
	}
	p.sides.head = t
	if err := t.build(ctx, p.plainHead(), 0); err != nil {
		return fmt.Errorf("the head, %s, does not build: %w", p.sides.headName, err)
	}
	if p.sides.ours, err = describe(ctx, p.plainHead()); err != nil {
		return fmt.Errorf("the arm of the head: %w", err)
	}
	return nil
}

// buildBase builds the library of the base under the suites and fixtures of the
// head, so that the instrument is the same; where that does not compile, the
// base as it is.
func (p *preparation) buildBase(ctx context.Context) error {
	replaced := map[string]string{}
	if p.baseDir != "" {
		var err error
		if replaced, err = transplant(p.baseDir, p.headDir); err != nil {
			return fmt.Errorf("the base, %s, has no %s/ that can be read: %w", p.sides.baseName, library, err)
		}
	}
	maps.Copy(replaced, absolute(p.headDir, p.o.Base.Overlay))
	t, err := newTree(p.headDir, replaced, p.scratch)
	if err != nil {
		return err
	}
	p.sides.base = t
	failed := t.build(ctx, p.plainBase(), 0)
	if failed == nil || ctx.Err() != nil {
		return failed
	}
	if p.baseDir == "" {
		return fmt.Errorf("the base, %s, does not build: %w", p.sides.baseName, failed)
	}
	if t, err = newTree(p.baseDir, absolute(p.baseDir, p.o.Base.Overlay), p.scratch); err != nil {
		return err
	}
	p.sides.base = t
	if err := t.build(ctx, p.plainBase(), 0); err != nil {
		return fmt.Errorf("the base, %s, does not build, neither its library under the head's suites: %w\nnor by itself: %w", p.sides.baseName, failed, err)
	}
	if p.sides.theirs, err = describe(ctx, p.plainBase()); err != nil {
		return fmt.Errorf("the library of the base, %s, does not build under the head's suites, and its own arm is of no use: %w", p.sides.baseName, err)
	}
	p.sides.notes = append(p.sides.notes, "the library of the base does not compile under the head's suites: the base runs its own, and only scenarios that are the same on both sides are compared")
	return nil
}

// askBase finds which scenarios the base has in another form. Its own arm is
// built for that alone, and only where the files differ.
func (p *preparation) askBase(ctx context.Context) error {
	if p.baseDir == "" || p.sides.theirs != nil {
		return nil
	}
	same, err := sameScenarios(p.baseDir, p.headDir)
	if err != nil || same {
		return err
	}
	own := filepath.Join(p.scratch, "plain-own")
	t, err := newTree(p.baseDir, nil, p.scratch)
	if err != nil {
		return err
	}
	if err = t.build(ctx, own, 0); err == nil {
		p.sides.theirs, err = describe(ctx, own)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		// Both sides run the head's scenarios, so comparing them is sound; only that
		// they are new cannot be told.
		p.sides.theirs = nil
		p.sides.notes = append(p.sides.notes, "which scenarios the change has added or altered cannot be told, because the base's own arm does not build or answer: all of the head's are compared")
	}
	return nil
}

func (p *preparation) hold(context.Context) error {
	base, err := fingerprint(p.plainBase())
	if err != nil {
		return err
	}
	head, err := fingerprint(p.plainHead())
	p.sides.identical = err == nil && base == head
	return err
}
