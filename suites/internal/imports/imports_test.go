// Package imports tests the import graph of the repository: which package may
// import which, and why. It has no code of its own.
package imports

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestEveryImportIsAllowedForAReason(t *testing.T) {
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	all, err := read(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range repository().violations(all) {
		t.Error(fault)
	}
}

// moduleRoot is the folder of go.mod above this package.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("there is no go.mod above this package")
		}
		dir = filepath.Dir(dir)
	}
}

func TestEveryEntryOfTheTableHasAReason(t *testing.T) {
	table := repository()
	seen := map[edge]bool{}
	for _, e := range table.edges {
		if e.why == "" {
			t.Errorf("the edge %s -> %s has no reason", e.from, e.to)
		}
		pair := edge{from: e.from, to: e.to}
		if seen[pair] {
			t.Errorf("the edge %s -> %s stands twice", e.from, e.to)
		}
		seen[pair] = true
	}
	for kit, why := range table.kits {
		if why == "" {
			t.Errorf("the kit %s has no reason", kit)
		}
	}
	for name, held := range table.packages {
		if held == "" {
			t.Errorf("the package %s is held to nothing", name)
		}
		if !table.ours(name) {
			t.Errorf("the package %s lies in no root", name)
		}
	}
	for _, b := range table.barriers {
		if b.why == "" {
			t.Errorf("the barrier %s -> %s has no reason", b.from, b.to)
		}
	}
}

// small is a table of three packages in a row.
func small() table {
	return table{
		roots:    []string{"a", "b", "c"},
		packages: map[string]string{"a": "a is on top", "b": "b is in the middle", "c": "c is a leaf"},
		edges: []edge{
			{from: "a", to: "b", why: "needs it"},
			{from: "b", to: "c", why: "needs it"},
			{from: "b", to: "example.org/yaml", why: "reads it"},
			{from: "c", to: "example.org/check", test: true, why: "checks it"},
		},
		kits:     map[string]string{"example.org/kit": "for tests"},
		barriers: []barrier{{"a", "example.org/heavy", "a stays small"}},
	}
}

// allowed are arrows that the small table allows, each edge used once.
func allowed() []arrow {
	return []arrow{
		{from: "a", to: "b", at: "a/a.go:3"},
		{from: "a", to: "fmt", at: "a/a.go:4"},
		{from: "b", to: "c", at: "b/b.go:3"},
		{from: "b", to: "example.org/yaml/ast", at: "b/b.go:4"},
		{from: "c", to: "", at: "c/c.go"},
		{from: "c", to: "example.org/check", test: true, at: "c/c_test.go:3"},
	}
}

func TestViolations(t *testing.T) {
	without := func(to string) []arrow {
		return slices.DeleteFunc(allowed(), func(a arrow) bool { return a.to == to })
	}
	for _, one := range []struct {
		name string
		all  []arrow
		want []string // a part of each fault, in order
	}{
		{"none", allowed(), nil},
		{"upward", append(allowed(), arrow{from: "c", to: "a", at: "c/c.go:9"}), []string{"c/c.go:9: c imports a, but c is a leaf."}},
		{"past a layer", append(allowed(), arrow{from: "a", to: "c", at: "a/a.go:9"}), []string{"a/a.go:9: a imports c, but a is on top."}},
		{"folder below an allowed one", append(allowed(), arrow{from: "a", to: "b/inner", at: "a/a.go:9"}), []string{"a imports b/inner"}},
		{"another module", append(allowed(), arrow{from: "c", to: "example.org/yaml", at: "c/c.go:9"}), []string{"c imports example.org/yaml"}},
		{"module whose name begins alike", append(allowed(), arrow{from: "b", to: "example.org/yamlite", at: "b/b.go:9"}), []string{"b imports example.org/yamlite"}},
		{"what tests alone may, outside of one", append(allowed(), arrow{from: "c", to: "example.org/check", at: "c/c.go:9"}), []string{"c/c.go:9: c imports example.org/check"}},
		{"kit outside of a test", append(allowed(), arrow{from: "c", to: "example.org/kit", at: "c/c.go:9"}), []string{"c imports example.org/kit"}},
		{"kit in a test", append(allowed(), arrow{from: "c", to: "example.org/kit", test: true}), nil},
		{"test of what its package reaches", append(allowed(), arrow{from: "a", to: "c", test: true}), nil},
		{"test of itself from outside", append(allowed(), arrow{from: "c", to: "c", test: true}), nil},
		{"test upward", append(allowed(), arrow{from: "c", to: "b", test: true, at: "c/c_test.go:9"}), []string{"c/c_test.go:9: c imports b"}},
		{"unknown package", append(allowed(), arrow{from: "c/new", to: "a", at: "c/new/n.go:3"}), []string{"the package c/new is in no table: add it to packages"}},
		{"stale edge", without("example.org/yaml/ast"), []string{"b does not import example.org/yaml any more"}},
		{"stale package", slices.DeleteFunc(allowed(), func(a arrow) bool { return a.from == "c" }), []string{"the package c does not exist any more", "c does not import example.org/check any more"}},
		{
			"chain across a barrier", append(allowed(), arrow{from: "c", to: "example.org/heavy/core", at: "c/c.go:9"}),
			[]string{"c imports example.org/heavy/core", "a -> b -> c -> example.org/heavy/core reaches example.org/heavy: a stays small"},
		},
	} {
		t.Run(one.name, func(t *testing.T) {
			got := small().violations(one.all)
			if len(got) != len(one.want) {
				t.Fatalf("the faults are\n%s\nwant %d", strings.Join(got, "\n"), len(one.want))
			}
			for i, want := range one.want {
				if !strings.Contains(got[i], want) {
					t.Errorf("fault %d is %q, want %q in it", i, got[i], want)
				}
			}
		})
	}
}

func TestBarrierHoldsWhereAnEdgeAllowsTheImport(t *testing.T) {
	table := repository()
	table.edges = append(table.edges, edge{from: "suites/internal/experiment", to: "logging", why: "a careless one"})
	faults := table.crossed([]arrow{
		{from: "suites/internal/lockstep", to: "suites/internal/experiment"},
		{from: "suites/internal/experiment", to: "logging"},
	})
	if len(faults) != 2 || !strings.Contains(faults[1], "lockstep -> suites/internal/experiment -> logging reaches logging") {
		t.Errorf("the faults are %q, want one for experiment and one for lockstep", faults)
	}
}

func TestReadFindsImportsOfPackagesAndTheirTests(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"logging/a.go":            "package logging\n\nimport (\n\t\"fmt\"\n\n\t\"" + module + "logging/queue\"\n)\n",
		"logging/a_test.go":       "package logging\n\nimport \"example.org/kit\"\n",
		"logging/leaf/a.go":       "package leaf\n",
		"logging/testdata/a.go":   "package broken\n\nimport \"example.org/unseen\"\n",
		"logging/nested/go.mod":   "module nested\n",
		"logging/nested/a.go":     "package nested\n\nimport \"example.org/unseen\"\n",
		"logging/.hidden/a.go":    "package hidden\n\nimport \"example.org/unseen\"\n",
		"logging/other_plan9.go":  "package logging\n\nimport \"example.org/plan9\"\n",
		"logging/not-go.txt":      "import \"example.org/unseen\"\n",
		"logging/leaf/b_linux.go": "//go:build never\n\npackage leaf\n\nimport \"os\"\n",
	} {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	all, err := read(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []arrow{
		{from: "logging", to: "fmt", at: "logging/a.go:4"},
		{from: "logging", to: "logging/queue", at: "logging/a.go:6"},
		{from: "logging", to: "example.org/kit", test: true, at: "logging/a_test.go:3"},
		{from: "logging", to: "example.org/plan9", at: "logging/other_plan9.go:3"},
		{from: "logging/leaf", at: "logging/leaf/a.go"},
		{from: "logging/leaf", to: "os", at: "logging/leaf/b_linux.go:5"},
	} {
		if !slices.Contains(all, want) {
			t.Errorf("the imports %v lack %+v", all, want)
		}
	}
	if i := slices.IndexFunc(all, func(a arrow) bool { return a.to == "example.org/unseen" }); i >= 0 {
		t.Errorf("%+v is no package of the module", all[i])
	}
}
