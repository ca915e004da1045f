package scenario

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// declaration is a package-level name with what belongs to it: of a type its
// methods too.
type declaration struct {
	file  string
	nodes []ast.Node
}

// declarations reads the package as it is embedded.
func declarations(t *testing.T) map[string]*declaration {
	t.Helper()
	entries, err := sources.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]*declaration{}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		text, err := sources.ReadFile(e.Name())
		if err != nil {
			t.Fatal(err)
		}
		file, err := parser.ParseFile(token.NewFileSet(), e.Name(), text, 0)
		if err != nil {
			t.Fatal(err)
		}
		for name, node := range declared(file) {
			d := all[name]
			if d == nil {
				d = &declaration{file: e.Name()}
				all[name] = d
			}
			d.nodes = append(d.nodes, node)
		}
	}
	return all
}

// declared yields the package-level names of a file; a method stands under its
// type.
func declared(file *ast.File) func(func(string, ast.Node) bool) {
	return func(yield func(string, ast.Node) bool) {
		for _, d := range file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				name := d.Name.Name
				if d.Recv != nil {
					name = receiver(d)
				}
				yield(name, d)
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					switch spec := spec.(type) {
					case *ast.TypeSpec:
						yield(spec.Name.Name, spec)
					case *ast.ValueSpec:
						for _, n := range spec.Names {
							yield(n.Name, spec)
						}
					}
				}
			}
		}
	}
}

func receiver(d *ast.FuncDecl) string {
	t := d.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	return t.(*ast.Ident).Name
}

// mentioned is the names that a node uses, without those of fields and methods.
func mentioned(node ast.Node) []string {
	var names []string
	ast.Inspect(node, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			names = append(names, mentioned(n.X)...)
			return false
		case *ast.KeyValueExpr:
			names = append(names, mentioned(n.Value)...)
			return false
		case *ast.Field:
			names = append(names, mentioned(n.Type)...)
			return false
		case *ast.FuncDecl:
			names = append(names, mentioned(n.Type)...)
			if n.Body != nil {
				names = append(names, mentioned(n.Body)...)
			}
			return false
		case *ast.Ident:
			names = append(names, n.Name)
		}
		return true
	})
	return names
}

// filesOf is the files of everything that a declaration needs, its own first.
func filesOf(table string, all map[string]*declaration) []string {
	reached, files := map[string]bool{}, map[string]bool{}
	for next := []string{table}; len(next) > 0; {
		name := next[0]
		next = next[1:]
		d := all[name]
		if d == nil || reached[name] {
			continue
		}
		reached[name], files[d.file] = true, true
		for _, node := range d.nodes {
			next = append(next, mentioned(node)...)
		}
	}
	delete(files, "scenario.go") // it joins the tables and defines no subject
	return slices.Sorted(maps.Keys(files))
}

// stamped is the files that a table passes to from; nil for what is no table.
func stamped(d *declaration) []string {
	var files []string
	for _, node := range d.nodes {
		ast.Inspect(node, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if f, ok := call.Fun.(*ast.Ident); !ok || f.Name != "from" {
				return true
			}
			for _, arg := range call.Args[2:] {
				file, _ := strconv.Unquote(arg.(*ast.BasicLit).Value)
				files = append(files, file)
			}
			return true
		})
	}
	return files
}

func TestTheSourceOfATableHoldsAllFilesThatItsSubjectsUse(t *testing.T) {
	all := declarations(t)
	tables := 0
	for name, d := range all {
		files := stamped(d)
		if files == nil {
			continue
		}
		tables++
		if files[0] != d.file {
			t.Errorf("%s: its files begin with %s: want its own, %s", name, files[0], d.file)
		}
		if want := filesOf(name, all); !slices.Equal(slices.Sorted(slices.Values(files)), want) {
			t.Errorf("%s: its source is that of %q, its subjects use %q", name, files, want)
		}
	}
	if tables < 7 {
		t.Errorf("%d tables have a source: want 7 or more", tables)
	}
}
