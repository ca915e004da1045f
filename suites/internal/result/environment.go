package result

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Environment is what a figure depends on beside the code. Stored times are
// only comparable where it is the same.
type Environment struct {
	CPU        string  `json:"cpu"`             // model name
	Cores      int     `json:"cores"`           // processors that the kernel shows
	Quota      float64 `json:"quota,omitempty"` // processors that the cgroup grants, 0: no limit
	OS         string  `json:"os"`
	Arch       string  `json:"arch"`
	Kernel     string  `json:"kernel"`
	Go         string  `json:"go"`
	GOMAXPROCS int     `json:"gomaxprocs"` // of the arms
	GOGC       string  `json:"gogc"`       // empty: the default
	GOMEMLIMIT string  `json:"gomemlimit"`
	Governor   string  `json:"governor,omitempty"` // of the processor's frequency
	Filesystem string  `json:"filesystem"`         // under the arms' scratch folders
	Commit     string  `json:"commit"`             // short hash, or "unknown"
	Dirty      bool    `json:"dirty"`              // the tree differed from the commit
}

// Machine reads the environment of this process; root is the folder of the
// repository. Nothing that is missing is an error: a figure from a machine that
// says little of itself is still a figure.
func Machine(ctx context.Context, root string) Environment {
	e := Environment{
		CPU: cpuModel(), Cores: runtime.NumCPU(), Quota: cpuQuota("/"), OS: runtime.GOOS, Arch: runtime.GOARCH,
		Kernel: firstLine("/proc/sys/kernel/osrelease"), Go: runtime.Version(),
		GOMAXPROCS: ArmProcs(os.Environ()), GOGC: os.Getenv("GOGC"), GOMEMLIMIT: os.Getenv("GOMEMLIMIT"),
		Governor:   firstLine("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
		Filesystem: filesystem(os.TempDir()),
	}
	e.Commit, e.Dirty = commit(ctx, root)
	return e
}

// ArmProcs is the GOMAXPROCS of an arm that is started with the environment:
// what the variable says, else at most two, so that figures from machines of
// different size stay close. A variable that is empty or no number says nothing,
// as in Go's runtime; left to that, the arm would take all cores.
func ArmProcs(environ []string) int {
	procs := min(2, runtime.NumCPU())
	for _, one := range environ {
		text, set := strings.CutPrefix(one, "GOMAXPROCS=")
		if n, err := strconv.Atoi(text); set && err == nil && n > 0 {
			procs = n
		}
	}
	return procs
}

func cpuModel() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	defer func() { _ = f.Close() }()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

func firstLine(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(text), "\n")
	return strings.TrimSpace(line)
}

// filesystem names the kind of file system that holds path.
func filesystem(path string) string {
	var s unix.Statfs_t
	if err := unix.Statfs(path, &s); err != nil {
		return "unknown"
	}
	names := map[int64]string{
		unix.EXT4_SUPER_MAGIC: "ext4", unix.TMPFS_MAGIC: "tmpfs", unix.XFS_SUPER_MAGIC: "xfs",
		unix.BTRFS_SUPER_MAGIC: "btrfs", unix.OVERLAYFS_SUPER_MAGIC: "overlayfs", unix.NFS_SUPER_MAGIC: "nfs",
		0x2fc12fc1: "zfs",
	}
	if name, ok := names[int64(s.Type)]; ok {
		return name
	}
	return fmt.Sprintf("%#x", s.Type)
}

// commit asks git, with a bound: a repository on a slow disk must not hold up
// the run.
func commit(ctx context.Context, root string) (hash string, dirty bool) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	git := func(args ...string) (string, error) {
		c := exec.CommandContext(ctx, "git", args...)
		c.Dir = root
		c.WaitDelay = time.Second // a helper of git's may hold its output open
		out, err := c.Output()
		return strings.TrimSpace(string(out)), err
	}
	hash, err := git("rev-parse", "--short=12", "HEAD")
	if err != nil {
		return "unknown", false
	}
	// No lock is taken: a commit that is made meanwhile must not fail for ours.
	// An untracked file may be one that is compiled in; what the settings of the
	// user say of them does not matter.
	changes, err := git("--no-optional-locks", "status", "--porcelain", "--untracked-files=normal")
	return hash, err == nil && changes != ""
}

// FindCommit reports why a commit that a run names is of no use as a base: it is
// unknown, the tree differed from it, or git no longer has it, as after a rebase.
// The error is nil where git in the folder root has it.
func FindCommit(ctx context.Context, root string, e Environment) error {
	switch {
	case e.Commit == "" || e.Commit == "unknown":
		return errors.New("the run does not know its commit")
	case e.Dirty:
		return fmt.Errorf("the tree of the run differed from its commit %s", e.Commit)
	}
	if strings.Trim(e.Commit, "0123456789abcdef") != "" {
		return fmt.Errorf("%q is the name of no commit", e.Commit)
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	c := exec.CommandContext(ctx, "git", "cat-file", "-e", e.Commit+"^{commit}")
	c.Dir = root
	c.WaitDelay = time.Second
	err := c.Run()
	if _, said := errors.AsType[*exec.ExitError](err); said {
		return fmt.Errorf("git no longer has the commit %s of the run", e.Commit)
	}
	if err != nil {
		return fmt.Errorf("git cannot be asked for the commit %s of the run: %w", e.Commit, err)
	}
	return nil
}
