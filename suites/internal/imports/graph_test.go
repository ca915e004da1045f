package imports

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// module is the path before which every package of ours begins.
const module = "github.com/logperf/logperf/"

// arrow is an import as it stands in a file. Packages of ours go by their
// folder, all others by their import path.
type arrow struct {
	from, to string
	test     bool   // the file is a test
	at       string // file:line
}

// read returns the imports of all Go files below root, in the order of the
// files. It parses the files itself in place of asking `go list`: the cache of
// `go test` then knows what the outcome depends on, and files under another
// build constraint count too.
func read(root string) ([]arrow, error) {
	var all []arrow
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return skip(root, path, d.Name())
		case !strings.HasSuffix(path, ".go"):
			return nil
		}
		found, err := arrows(root, path)
		all = append(all, found...)
		return err
	})
	return all, err
}

// skip leaves out what the go command leaves out: hidden folders, testdata and
// modules of their own.
func skip(root, path, name string) error {
	if path == root {
		return nil
	}
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata" {
		return fs.SkipDir
	}
	if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil {
		return fs.SkipDir
	}
	return nil
}

// arrows returns the imports of one file. A file that imports nothing gives one
// arrow to nowhere, so that its package is known.
func arrows(root, path string) ([]arrow, error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, nil, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	name, err := filepath.Rel(root, path)
	if err != nil {
		return nil, err
	}
	base := arrow{from: filepath.ToSlash(filepath.Dir(name)), test: strings.HasSuffix(name, "_test.go"), at: filepath.ToSlash(name)}
	all := []arrow{base}
	for _, spec := range file.Imports {
		to, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		one := base
		one.to = strings.TrimPrefix(to, module)
		one.at = fmt.Sprintf("%s:%d", base.at, files.Position(spec.Pos()).Line)
		all = append(all, one)
	}
	return all, nil
}

// standard reports whether the import path is one of the standard library:
// their first word has no dot. Folders of ours have none either.
func (t table) standard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".") && !t.ours(path)
}

// ours reports whether the path is that of a folder of this repository, known
// or not.
func (t table) ours(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return slices.Contains(t.roots, first)
}

// within reports whether path is the pattern or lies below it.
func within(path, pattern string) bool {
	return path == pattern || strings.HasPrefix(path, pattern+"/")
}

// violations holds the arrows against the table, both ways.
func (t table) violations(all []arrow) []string {
	var faults []string
	used := map[edge]bool{}
	seen := map[string]bool{}
	for _, a := range all {
		if !seen[a.from] {
			seen[a.from] = true
			if _, ok := t.packages[a.from]; !ok {
				faults = append(faults, fmt.Sprintf(
					"the package %s is in no table: add it to packages in suites/internal/imports/table_test.go with what it is held to, and its imports to edges", a.from))
			}
		}
		if a.to == "" || t.standard(a.to) {
			continue
		}
		if fault := t.judge(a, used); fault != "" {
			faults = append(faults, fault)
		}
	}
	faults = append(faults, t.crossed(all)...)
	return append(faults, t.stale(seen, used)...)
}

// judge returns why the arrow is not allowed, and marks the edge that allows it.
func (t table) judge(a arrow, used map[edge]bool) string {
	held, known := t.packages[a.from]
	if !known {
		return "" // said once for the package
	}
	for _, e := range t.edges {
		if e.from == a.from && (!e.test || a.test) && t.leadsTo(e, a.to) {
			used[e] = true
			return ""
		}
	}
	if a.test && t.testMay(a) {
		return ""
	}
	return fmt.Sprintf("%s: %s imports %s, but %s. Where the import is right, add it to edges in suites/internal/imports/table_test.go with its reason",
		a.at, a.from, a.to, held)
}

// leadsTo compares folders of ours as they are; of another module, all packages
// below the path are meant.
func (t table) leadsTo(e edge, to string) bool {
	if t.ours(to) {
		return e.to == to
	}
	return within(to, e.to)
}

// testMay reports whether a test may import what its package may not: its own
// package, the kits for tests, and all that its package reaches.
func (t table) testMay(a arrow) bool {
	if a.to == a.from {
		return true
	}
	for kit := range t.kits {
		if within(a.to, kit) {
			return true
		}
	}
	reached := map[string]bool{}
	t.reach(a.from, reached)
	return reached[a.to]
}

// reach adds the packages of ours that chains of allowed edges lead to.
func (t table) reach(from string, reached map[string]bool) {
	for _, e := range t.edges {
		if e.from == from && !e.test && t.ours(e.to) && !reached[e.to] {
			reached[e.to] = true
			t.reach(e.to, reached)
		}
	}
}

// crossed finds the chains of imports that cross a barrier. It follows what is
// imported, not what is allowed, so that no edge of the table opens a barrier.
func (t table) crossed(all []arrow) []string {
	next := map[string][]string{}
	for _, a := range all {
		if !a.test && a.to != "" && !slices.Contains(next[a.from], a.to) {
			next[a.from] = append(next[a.from], a.to)
		}
	}
	var faults []string
	for _, b := range t.barriers {
		for _, from := range slices.Sorted(maps.Keys(next)) {
			if !within(from, b.from) {
				continue
			}
			if chain := find([]string{from}, next, b.to, map[string]bool{}); chain != nil {
				faults = append(faults, fmt.Sprintf("%s reaches %s: %s", strings.Join(chain, " -> "), b.to, b.why))
			}
		}
	}
	return faults
}

// find returns a chain of imports that begins with the given one and ends
// within the pattern; nil if there is none.
func find(chain []string, next map[string][]string, pattern string, seen map[string]bool) []string {
	for _, to := range next[chain[len(chain)-1]] {
		longer := append(slices.Clone(chain), to)
		if within(to, pattern) {
			return longer
		}
		if seen[to] {
			continue
		}
		seen[to] = true
		if found := find(longer, next, pattern, seen); found != nil {
			return found
		}
	}
	return nil
}

// stale returns what the table allows and nobody needs: the next import there
// would pass without a thought.
func (t table) stale(seen map[string]bool, used map[edge]bool) []string {
	var faults []string
	for _, name := range slices.Sorted(maps.Keys(t.packages)) {
		if !seen[name] {
			faults = append(faults, fmt.Sprintf("the package %s does not exist any more: take it out of packages in suites/internal/imports/table_test.go", name))
		}
	}
	for _, e := range t.edges {
		if !used[e] {
			faults = append(faults, fmt.Sprintf("%s does not import %s any more: take the edge out of edges in suites/internal/imports/table_test.go", e.from, e.to))
		}
	}
	return faults
}
