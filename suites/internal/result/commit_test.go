package result

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// repository makes a repository without a commit, with the settings of neither
// the machine nor its user.
func repository(t *testing.T) (dir string, git func(args ...string)) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not in PATH")
	}
	t.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	dir = t.TempDir()
	git = func(args ...string) {
		t.Helper()
		c := exec.CommandContext(t.Context(), "git", append([]string{"-c", "user.name=a", "-c", "user.email=a@example.com"}, args...)...)
		c.Dir = dir
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	git("init", "-q")
	return dir, git
}

func TestTheCommitSaysWhetherTheTreeDiffers(t *testing.T) {
	dir, git := repository(t)
	file := filepath.Join(dir, "file")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if hash, dirty := commit(t.Context(), dir); hash != "unknown" || dirty {
		t.Errorf("without a commit: %q, %v", hash, dirty)
	}
	write("one")
	git("add", "file")
	git("commit", "-q", "-m", "one")
	clean, dirty := commit(t.Context(), dir)
	if len(clean) != 12 || dirty {
		t.Errorf("after the commit: %q, %v", clean, dirty)
	}
	untracked := filepath.Join(dir, "untracked.go")
	if err := os.WriteFile(untracked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	git("config", "status.showUntrackedFiles", "no")
	if hash, dirty := commit(t.Context(), dir); hash != clean || !dirty {
		t.Errorf("with a file that git does not know: %q, %v", hash, dirty)
	}
	if err := os.Remove(untracked); err != nil {
		t.Fatal(err)
	}
	write("two")
	if hash, dirty := commit(t.Context(), dir); hash != clean || !dirty {
		t.Errorf("after a change: %q, %v", hash, dirty)
	}
}

func TestTheCommitNeedsNoHome(t *testing.T) {
	dir, git := repository(t)
	git("commit", "-q", "--allow-empty", "-m", "one")
	t.Setenv("HOME", "") // so that its old value returns
	if err := os.Unsetenv("HOME"); err != nil {
		t.Fatal(err)
	}
	if hash, _ := commit(t.Context(), dir); len(hash) != 12 {
		t.Errorf("the commit is %q", hash)
	}
}

func TestWithoutGitTheCommitIsUnknown(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if hash, dirty := commit(t.Context(), "."); hash != "unknown" || dirty {
		t.Errorf("%q, %v", hash, dirty)
	}
}

func TestTheFileSystemOfAMissingFolderIsUnknown(t *testing.T) {
	if name := filesystem(filepath.Join(t.TempDir(), "none")); name != "unknown" {
		t.Errorf("%q", name)
	}
	if name := filesystem("/proc"); name == "unknown" || name == "" {
		t.Errorf("/proc is %q", name)
	}
}

func TestACommitThatGitNoLongerHasIsNamed(t *testing.T) {
	dir, git := repository(t)
	git("commit", "-q", "--allow-empty", "-m", "one")
	hash, _ := commit(t.Context(), dir)
	if err := FindCommit(t.Context(), dir, Environment{Commit: hash}); err != nil {
		t.Error(err)
	}
	for want, e := range map[string]Environment{
		"git no longer has the commit 0123456789ab of the run": {Commit: "0123456789ab"},
		"the run does not know its commit":                     {Commit: "unknown"},
		"the tree of the run differed from its commit " + hash: {Commit: hash, Dirty: true},
		`"--upload-pack=x" is the name of no commit`:           {Commit: "--upload-pack=x"},
	} {
		if err := FindCommit(t.Context(), dir, e); err == nil || err.Error() != want {
			t.Errorf("%+v: %v, want %q", e, err, want)
		}
	}
	t.Setenv("PATH", t.TempDir())
	if err := FindCommit(t.Context(), dir, Environment{Commit: hash}); err == nil || !strings.HasPrefix(err.Error(), "git cannot be asked") {
		t.Errorf("without git: %v", err)
	}
}
