package gate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// built are the files and folders of a repository that a build of the arm reads.
// Those that it has not are left out.
var built = []string{"go.mod", "go.sum", "vendor", library, "suites", "fixtures"}

// snapshot copies what a build of the arm reads. Links are made for minutes, and
// whoever saves a file or switches to another branch meanwhile would else change
// what the later ones hold. A symbolic link becomes what it points at, which may
// lie outside.
func snapshot(ctx context.Context, from, to string) error {
	if err := os.Mkdir(to, 0o755); err != nil {
		return err
	}
	for _, name := range built {
		if err := copyBelow(ctx, from, to, name); err != nil {
			return fmt.Errorf("the files of %s cannot be copied: %w", from, err)
		}
	}
	return nil
}

// copyBelow copies a file or a folder of that name, where there is one.
func copyBelow(ctx context.Context, from, to, name string) error {
	if _, err := os.Lstat(filepath.Join(from, name)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return filepath.WalkDir(filepath.Join(from, name), func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case ctx.Err() != nil:
			return context.Cause(ctx)
		}
		inside, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		return copyEntry(path, filepath.Join(to, inside), d)
	})
}

// copyEntry copies a folder without what is in it, or a regular file.
func copyEntry(from, to string, d fs.DirEntry) error {
	if d.IsDir() {
		return os.MkdirAll(to, 0o755)
	}
	info, err := os.Stat(from)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
		return nil // such as a link to nowhere, a socket, or a file that has just gone: a build misses it, or does not
	}
	if err != nil {
		return err
	}
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, text, 0o644)
}
