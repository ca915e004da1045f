package lockstep

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"time"

	"github.com/logperf/logperf/suites/internal/experiment"
)

// The kinds of profile that an arm takes, by which Arm.Profiles names them.
const (
	cpuProfile    = "cpu"
	allocsProfile = "allocs"
)

const (
	// profiledFor is how much processor time the slices of each arm take under a
	// profile: at 100 samples a second enough for two in a function of 1 %.
	profiledFor = 2 * time.Second
	// profiledAtMost bounds the slices of an arm that mostly waits.
	profiledAtMost = 8 * time.Second
	// allocsRate is the mean number of bytes between two samples of allocations.
	// Go's own 512 KiB would see nothing of 16 B for each record; a sample of each
	// allocation would make what allocates several times as slow, which the
	// profile of the same slices would show. A walk of the stack for each 16 KiB
	// costs a few per cent of the time of what allocates 1 GB/s, the most there is.
	allocsRate = 16 << 10
)

// profileFiles are the paths that an arm writes its profiles to; empty ones
// where none are asked for.
type profileFiles struct {
	CPU, Allocs string
}

// profilesOf are the files of an arm in the folder.
func profilesOf(folder string, s experiment.Scenario, arm string) (profileFiles, error) {
	// The arm may run in another folder than the coordinator.
	folder, err := filepath.Abs(folder)
	if err != nil {
		return profileFiles{}, err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return profileFiles{}, fmt.Errorf("the folder of the profiles: %w", err)
	}
	name := filepath.Join(folder, strings.ReplaceAll(s.Name, "/", "_")+"."+arm)
	return profileFiles{CPU: name + ".cpu.pprof", Allocs: name + ".allocs.pprof"}, nil
}

// unsampled keeps the allocations before the measured slices out of the profile:
// the rate of their samples is 0 from the first of the process on.
func unsampled(c Command) Command {
	if c.Env == nil {
		c.Env = os.Environ()
	}
	debug := "memprofilerate=0"
	for _, one := range c.Env { // the last of a name counts
		if set, ok := strings.CutPrefix(one, "GODEBUG="); ok && set != "" {
			debug = set + ",memprofilerate=0"
		}
	}
	c.Env = append(slices.Clip(c.Env), "GODEBUG="+debug)
	return c
}

// collected are the profiles that the arm has written, by kind.
func (f profileFiles) collected() (map[string]string, error) {
	files := map[string]string{cpuProfile: f.CPU, allocsProfile: f.Allocs}
	for _, path := range files {
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("the arm has left no profile: %w", err)
		}
	}
	return files, nil
}

// profiler takes the profiles of an arm, in its process. It begins before the
// first measured slice and ends behind the last, before the subject is closed.
// In between the arm is idle but for its slices, so all samples are theirs.
type profiler struct {
	files profileFiles
	cpu   *os.File
}

func (p *profiler) begin() error {
	var err error
	if p.cpu, err = os.Create(p.files.CPU); err != nil {
		return fmt.Errorf("the profile cannot be written: %w", err)
	}
	if err := pprof.StartCPUProfile(p.cpu); err != nil {
		return errors.Join(err, p.cpu.Close())
	}
	runtime.MemProfileRate = allocsRate
	return nil
}

func (p *profiler) end() error {
	pprof.StopCPUProfile()
	if err := p.cpu.Close(); err != nil {
		return fmt.Errorf("the profile cannot be written: %w", err)
	}
	f, err := os.Create(p.files.Allocs)
	if err != nil {
		return fmt.Errorf("the profile cannot be written: %w", err)
	}
	// Allocations enter the profile with the collection behind them.
	runtime.GC()
	return errors.Join(pprof.Lookup("allocs").WriteTo(f, 0), f.Close())
}
