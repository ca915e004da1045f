package gate

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReferencesAreResolved(t *testing.T) {
	dir := repositoryOf(t, map[string]string{"a": "1"})
	first := git(t, dir, "rev-parse", "HEAD")
	git(t, dir, "checkout", "-q", "-b", "topic")
	put(t, dir, map[string]string{"a": "2"})
	second := commit(t, dir)
	git(t, dir, "tag", "-m", "one", "v1")
	r := repository{dir}
	for ref, want := range map[string]string{"main": first, "HEAD~1": first, "topic": second, "v1": second, second[:8]: second} {
		if got, err := r.resolve(t.Context(), ref); err != nil || got != want {
			t.Errorf("%s is %s (%v), want %s", ref, got, err, want)
		}
	}
	for ref, want := range map[string]string{
		"none": `there is no commit "none" here: want a branch, a tag or a commit`, "--all": "begins with a dash",
	} {
		if _, err := r.resolve(t.Context(), ref); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", ref, err, want)
		}
	}
	got, branch, err := r.mergeBase(t.Context(), "HEAD")
	if err != nil || got != first || branch != "main" {
		t.Errorf("the merge base is %s with %s (%v), want %s with main", got, branch, err, first)
	}
}

func TestAShallowCloneSaysWhatToFetch(t *testing.T) {
	dir := repositoryOf(t, map[string]string{"a": "1"})
	old := git(t, dir, "rev-parse", "HEAD")
	put(t, dir, map[string]string{"a": "2"})
	commit(t, dir)
	shallow := filepath.Join(t.TempDir(), "clone")
	git(t, dir, "clone", "-q", "--depth=1", "file://"+dir, shallow)
	if _, err := (repository{shallow}).resolve(t.Context(), old); err == nil || !strings.Contains(err.Error(), "git fetch --unshallow") {
		t.Errorf("the error is %v", err)
	}
}

func TestThereIsNoBaseWithoutAMainBranch(t *testing.T) {
	dir := repositoryOf(t, map[string]string{"a": "1"})
	git(t, dir, "branch", "-m", "main", "work")
	if _, _, err := (repository{dir}).mergeBase(t.Context(), "HEAD"); err == nil || !strings.Contains(err.Error(), "there is no main branch here") {
		t.Errorf("the error is %v", err)
	}
	git(t, dir, "checkout", "-q", "--orphan", "main")
	put(t, dir, map[string]string{"a": "of another history"})
	commit(t, dir)
	if _, _, err := (repository{dir}).mergeBase(t.Context(), "work"); err == nil || !strings.Contains(err.Error(), "no commit in common") {
		t.Errorf("the error is %v", err)
	}
}

func TestAFolderThatIsNoRepositoryIsSaidToBeNone(t *testing.T) {
	if err := (repository{t.TempDir()}).check(t.Context()); err == nil || !strings.Contains(err.Error(), "is no git repository") {
		t.Errorf("the error is %v", err)
	}
}

func TestFilesOfACommitAreExtracted(t *testing.T) {
	dir := repositoryOf(t, map[string]string{"logging/a.go": "package logging\n", "go.mod": "module m\n"})
	if err := os.Symlink("a.go", filepath.Join(dir, "logging/link.go")); err != nil {
		t.Fatal(err)
	}
	want := commit(t, dir)
	put(t, dir, map[string]string{"logging/a.go": "package dirty\n"})
	out := t.TempDir()
	if err := (repository{dir}).extract(t.Context(), want, out); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(out, "logging/link.go"))
	if err != nil || string(text) != "package logging\n" {
		t.Errorf("%q (%v), want the text of the commit", text, err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("^C"))
	if err := (repository{dir}).extract(ctx, want, t.TempDir()); err == nil {
		t.Error("an extraction that was interrupted has no error")
	}
}

func TestTheLibraryOfTheBaseReplacesThatOfTheHead(t *testing.T) {
	base, head := t.TempDir(), t.TempDir()
	put(t, base, map[string]string{"logging/same.go": "1", "logging/other.go": "1", "logging/queue/old.go": "1"})
	put(t, head, map[string]string{"logging/same.go": "1", "logging/other.go": "2", "logging/new.go": "1"})
	got, err := transplant(base, head)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		filepath.Join(head, "logging/other.go"):     filepath.Join(base, "logging/other.go"),
		filepath.Join(head, "logging/queue/old.go"): filepath.Join(base, "logging/queue/old.go"),
		filepath.Join(head, "logging/new.go"):       "",
	}
	if len(got) != len(want) {
		t.Errorf("%v, want %v", got, want)
	}
	for file, with := range want {
		if text, ok := got[file]; !ok || text != with {
			t.Errorf("%s is replaced by %q (%v), want %q", file, text, ok, with)
		}
	}
}
