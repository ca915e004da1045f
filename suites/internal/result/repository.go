package result

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Repository is the folder of go.mod. A relative path of the settings begins
// there, where its user stands: go test and ginkgo start the suite in the folder
// of its package, and the command runs in whatever folder it is called from.
type Repository string

// FindRepository looks for go.mod in the working directory and above it.
func FindRepository() (Repository, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return Repository(dir), nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod here or above: run it from within the repository")
		}
		dir = parent
	}
}

// Path is the path, below the repository where it is relative.
func (r Repository) Path(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(string(r), path)
}

// Environ is the environment with the path in the variable of that name below
// the repository; an empty one stays empty.
func (r Repository) Environ(environ []string, name string) []string {
	environ = slices.Clone(environ)
	for i, one := range environ {
		if path, ok := strings.CutPrefix(one, name+"="); ok && path != "" {
			environ[i] = name + "=" + r.Path(path)
		}
	}
	return environ
}
