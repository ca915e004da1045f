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
	"github.com/logperf/logperf/suites/internal/result"
)

// profileKinds are the profiles that an arm takes, by which Arm.Profiles names
// them.
var profileKinds = [...]string{"cpu", "allocs"}

const (
	// profiledFor is how much processor time the slices of each arm take under a
	// profile: at 100 samples a second enough for two in a function of 1 %.
	profiledFor = 2 * time.Second
	// profiledAtMost bounds what it takes an arm that mostly waits, or whose slices
	// are short against the trips between the processes.
	profiledAtMost = 8 * time.Second
	// allocsRate is the mean number of bytes between two samples of allocations.
	// Go's own 512 KiB would see little of 16 B for each record; a sample of each
	// allocation would make what allocates several times as slow, which the
	// profile of the same slices would show.
	allocsRate = 16 << 10
)

// profilePath is where an arm writes a profile in its scratch folder, and the
// name that it keeps.
func profilePath(dir, prefix, kind string) string {
	return filepath.Join(dir, prefix+kind+".pprof")
}

// unsampled keeps the allocations before the measured slices out of the profile:
// from the first allocation of the process on, none is sampled.
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

// keepProfiles moves what the arm has written out of its scratch folder, whole
// or not at all. The folders may lie on two file systems.
func (a *arm) keepProfiles() error {
	if a.profiles == "" {
		return nil
	}
	if err := os.MkdirAll(a.profiles, 0o755); err != nil {
		return fmt.Errorf("the folder of its profiles cannot be made: %w", err)
	}
	prefix := strings.ReplaceAll(a.scenario.Name, "/", "_") + "." + a.name + "."
	a.result.Profiles = map[string]string{}
	for _, kind := range profileKinds {
		data, err := os.ReadFile(profilePath(a.dir, "", kind))
		if err != nil {
			return fmt.Errorf("it has left no profile: %w", err)
		}
		path := profilePath(a.profiles, prefix, kind)
		if err := result.WriteFileAtomic(path, data); err != nil {
			return err
		}
		a.result.Profiles[kind] = path
	}
	return nil
}

// underexposed reports whether the profile of an arm needs more slices than were
// run since they began.
func (r *repeater) underexposed(elapsed time.Duration) bool {
	if r.o.Profile == "" || r.o.Check || r.scenario.Slices > 0 || elapsed > profiledAtMost*time.Duration(len(r.arms)) {
		return false
	}
	return slices.ContainsFunc(r.arms, func(a *arm) bool { return experiment.Sum(a.result.Slices).CPU < profiledFor })
}

// profiler takes the profiles of an arm, in its process. It begins before the
// first measured slice and ends behind the last, before the subject is closed.
// In between the arm is idle but for its slices, so the samples are theirs.
type profiler struct {
	dir string
	cpu *os.File
}

func (p *profiler) begin() error {
	var err error
	if p.cpu, err = os.Create(profilePath(p.dir, "", "cpu")); err != nil {
		return fmt.Errorf("its profile cannot be written: %w", err)
	}
	// The first allocation after a change of the rate is always sampled, whatever
	// its size: that is one of the profiler's own, which readers leave out.
	runtime.MemProfileRate = allocsRate
	if err := pprof.StartCPUProfile(p.cpu); err != nil {
		return errors.Join(err, p.cpu.Close())
	}
	return nil
}

func (p *profiler) end() error {
	runtime.MemProfileRate = 0
	pprof.StopCPUProfile()
	if err := p.cpu.Close(); err != nil {
		return fmt.Errorf("its profile cannot be written: %w", err)
	}
	f, err := os.Create(profilePath(p.dir, "", "allocs"))
	if err != nil {
		return fmt.Errorf("its profile cannot be written: %w", err)
	}
	// Allocations enter the profile with the collection behind them.
	runtime.GC()
	runtime.MemProfileRate = allocsRate // by which the samples are scaled
	return errors.Join(pprof.Lookup("allocs").WriteTo(f, 0), f.Close())
}
