package gate

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/logperf/logperf/suites/internal/experiment"
	"github.com/logperf/logperf/suites/internal/lockstep"
	"github.com/logperf/logperf/suites/internal/profile"
	"github.com/logperf/logperf/suites/internal/result"
)

const (
	// profiledRows bounds the passes for profiles, of some five seconds each: where
	// everything is slower the first few tell why.
	profiledRows = 5
	// differing is how many functions a profile names.
	differing = 5
)

// Profiles are those of one kind of both sides of a scenario that fails.
type Profiles struct {
	// Kind is cpu or allocs.
	Kind string `json:"kind"`
	Base string `json:"base"`
	Head string `json:"head"`
	// Differ are the functions whose own cost of an operation differs most.
	Differ []Difference `json:"differ"`
	// Command shows more.
	Command string `json:"command"`
}

// Difference is what a function costs in one operation, in nanoseconds of
// processor time or bytes allocated.
type Difference struct {
	Function string `json:"function"`
	Base     number `json:"base"`
	Head     number `json:"head"`
	text     string
}

// explain takes profiles of the worst scenarios that fail, in a pass of its own
// whose times are thrown away. Whatever becomes of it, the verdict stands: what went
// wrong is a note.
func (m *measurement) explain(ctx context.Context, r *Report) error {
	if m.o.Profiles == "" {
		return nil
	}
	left := profiledRows
	for i := range r.Scenarios {
		row := &r.Scenarios[i]
		if row.Verdict != result.Fail {
			continue
		}
		if left--; left < 0 {
			row.ProfileNote = "no profiles were taken, because others failed before it: the command below takes them"
			continue
		}
		m.tell("takes profiles of " + row.Name)
		profiles, err := m.profile(ctx, m.plan.find(row.Name))
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		row.Profiles = profiles
		if err != nil {
			row.ProfileNote = fmt.Sprintf("its profiles could not be taken: %v", err)
		}
	}
	return nil
}

// profile runs a pair under profiles.
func (m *measurement) profile(ctx context.Context, s *subject) ([]Profiles, error) {
	dir := filepath.Join(m.o.Profiles, strings.ReplaceAll(s.scenario.Name, "/", "_"))
	p, err := m.o.pair(ctx, s.scenario, m.links.base[0], m.links.head[0], profileNumber, lockstep.Options{
		Seed: m.o.Seed, Duration: s.duration(), Warmup: warmup, Timeout: m.o.Timeout, Dir: m.scratch, Profile: dir,
	})
	if err != nil {
		return nil, err
	}
	var all []Profiles
	for _, kind := range []string{profile.CPU, profile.Allocs} {
		one, err := comparedProfiles(p, kind)
		if errors.Is(err, profile.ErrEmpty) {
			continue // such as the allocations of what allocates nothing
		}
		if err != nil {
			return all, err
		}
		all = append(all, *one)
	}
	return all, nil
}

// profileNumber is that of the pair under profiles, which no other pair has.
const profileNumber = 2000

func comparedProfiles(p *lockstep.PairResult, kind string) (*Profiles, error) {
	base, err := profile.Read(p.Base.Profiles[kind])
	if err != nil {
		return nil, err
	}
	head, err := profile.Read(p.Head.Profiles[kind])
	if err != nil {
		return nil, err
	}
	base.Operations, head.Operations = int64(experiment.Sum(p.Base.Slices).N), int64(experiment.Sum(p.Head.Slices).N)
	changes, err := profile.Diff(base, head, differing)
	if err != nil {
		return nil, err
	}
	all := &Profiles{
		Kind: kind, Base: base.Path, Head: head.Path,
		Command: fmt.Sprintf("go tool pprof -top -diff_base='%s' '%s'", base.Path, head.Path),
	}
	for _, c := range changes {
		all.Differ = append(all.Differ, Difference{
			Function: c.Name, Base: number(c.Base), Head: number(c.Head),
			text: fmt.Sprintf("%s to %s  %s", base.Unit.Format(c.Base), base.Unit.Format(c.Head), c.Short()),
		})
	}
	return all, nil
}

// lines are what the report says of the profiles of a row.
func (r Row) lines() string {
	var b strings.Builder
	for _, p := range r.Profiles {
		what := "processor time"
		if p.Kind == profile.Allocs {
			what = "allocated"
		}
		fmt.Fprintf(&b, "      %s of an operation in the functions that differ most, base to head:\n", what)
		for _, d := range p.Differ {
			fmt.Fprintf(&b, "        %s\n", d.text)
		}
		fmt.Fprintf(&b, "      %s\n", p.Command)
	}
	if r.ProfileNote != "" {
		fmt.Fprintf(&b, "      %s\n", r.ProfileNote)
	}
	return b.String()
}
