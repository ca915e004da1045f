// Package docscheck holds the guides to the tree: links lead somewhere, names
// exist, examples compile, and the commands do what the text says.
//
// What only reads runs with every `go test`. LOGPERF_DOCS=1, which `make
// docs-check` sets, runs each sh block of each guide in a copy of the tree, in
// the order of the file, as somebody would who follows it. Above a block may
// stand comments, which GitHub does not show:
//
//	<!-- docs-check: short NAME=VALUE ... -->  variables that make it short
//	<!-- docs-check: exit N ... -->            its exit status is one of these, not 0
//	<!-- docs-check: skip REASON -->           it is not run
//	<!-- docs-check: output -->                what the sh block before has printed
//	<!-- docs-check: figures -->               the same, with any numbers
//	<!-- docs-check: file PATH -->             the block becomes that file of the copy
//	<!-- docs-check: append PATH -->           the block is added to that file
//
// In an output a line of "..." stands for any lines, "..." in a line for any
// text.
package docscheck

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/logperf/logperf/suites/internal/lockstep"
)

const root = "../../.."

// TestMain makes the binary the arm of the examples.
func TestMain(m *testing.M) {
	if lockstep.IsArm() {
		os.Exit(lockstep.Main(slices.Concat(Bind(), Yours()), os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// guides are README.md and what stands in docs, README.md first.
func guides(t *testing.T) []document {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil || len(paths) < 5 {
		t.Fatalf("docs has %d guides (%v): want more", len(paths), err)
	}
	var all []document
	for _, path := range append([]string{filepath.Join(root, "README.md")}, paths...) {
		name, err := filepath.Rel(root, path)
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, parse(filepath.ToSlash(name), string(text)))
	}
	return all
}
