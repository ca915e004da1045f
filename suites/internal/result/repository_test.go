package result

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestARelativePathBeginsAtTheRepository(t *testing.T) {
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	below := filepath.Join(root, "suites", "internal")
	if err := os.MkdirAll(below, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir(below)
	if _, err := FindRepository(); err == nil || !strings.HasPrefix(err.Error(), "no go.mod here or above") {
		t.Errorf("without go.mod: %v", err)
	}
	if err := os.WriteFile(filepath.Join(root, "go.mod"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := FindRepository()
	if err != nil || string(r) != root {
		t.Fatalf("%q, %v: want %q", r, err, root)
	}
	if got := r.Path("results"); got != filepath.Join(root, "results") {
		t.Errorf("a relative path is %q", got)
	}
	if got := r.Path("/tmp"); got != "/tmp" {
		t.Errorf("an absolute path is %q", got)
	}
	got := r.Environ([]string{"A=b", "FILE=c.yaml", "FILE="}, "FILE")
	if want := []string{"A=b", "FILE=" + filepath.Join(root, "c.yaml"), "FILE="}; !slices.Equal(got, want) {
		t.Errorf("the environment is %v, want %v", got, want)
	}
}
