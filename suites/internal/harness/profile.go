package harness

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/logperf/logperf/suites/internal/experiment"
	"github.com/logperf/logperf/suites/internal/lockstep"
	"github.com/logperf/logperf/suites/internal/profile"
	"github.com/logperf/logperf/suites/internal/result"
)

const (
	// longestProfiled is the longest repetition that is made once more for its
	// profiles: a soak would take its hours again.
	longestProfiled = 10 * time.Second
	// heaviest is how many functions a failure names.
	heaviest = 5
	// profilesFolder lies below the folder of the run.
	profilesFolder = "profiles"
)

// explain takes profiles of a scenario of which a limit does not hold, in a pass
// of its own behind the judged repetitions, and returns what the failure says of
// them; nothing where all limits hold, and in a check. The times of that pass are
// thrown away. Measuring took that long, for all repetitions.
//
// It returns words and no error: whatever becomes of the profiles, the limit has
// failed, and that is what the spec has to say.
func (s *Suite) explain(ctx context.Context, sc experiment.Scenario, rows []result.Result, took time.Duration) string {
	failed := slices.ContainsFunc(s.judge(sc, rows), func(v result.Verdict) bool { return v.Outcome == result.Fail })
	if !failed || s.folder == nil {
		return ""
	}
	if each := took / time.Duration(max(1, len(rows[0].Iterations))); each > longestProfiled {
		return fmt.Sprintf("no profiles were taken: a repetition takes %v, and none of more than %v is made again for them",
			each.Round(time.Second), longestProfiled)
	}
	arms, err := s.profile(ctx, sc, len(rows[0].Iterations))
	if err != nil {
		return fmt.Sprintf("its profiles could not be taken: %v", err)
	}
	return describe(arms)
}

// profile repeats the scenario under profiles and names their files in its rows.
func (s *Suite) profile(ctx context.Context, sc experiment.Scenario, number int) ([]lockstep.Arm, error) {
	knee, err := s.knee(ctx, sc)
	if err != nil {
		return nil, err
	}
	o := s.lockstepOptions(knee)
	o.Profile = s.folder.Path(profilesFolder)
	r, err := lockstep.Repeat(ctx, sc, number, o)
	if err != nil {
		return nil, err
	}
	return r.Arms, s.keepProfiles(sc, r.Arms)
}

// keepProfiles names the files in the rows of the stored run.
func (s *Suite) keepProfiles(sc experiment.Scenario, arms []lockstep.Arm) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.run.Results {
		row := &s.run.Results[i]
		if row.Scenario != sc.Name {
			continue
		}
		for index, a := range arms {
			reference := a.Name
			if index == 0 { // the subject's row names no reference
				reference = ""
			}
			if row.Reference != reference {
				continue
			}
			row.Profiles = map[string]string{}
			for kind, path := range a.Profiles {
				row.Profiles[kind] = filepath.ToSlash(filepath.Join(profilesFolder, filepath.Base(path)))
			}
		}
	}
	return s.save()
}

// describe is what a failure says of the profiles: those of the subject by their
// heaviest functions, those of the references by their names.
func describe(arms []lockstep.Arm) string {
	var b strings.Builder
	b.WriteString("profiles of a pass of its own:\n")
	for _, kind := range []string{profile.CPU, profile.Allocs} {
		p, err := profile.Read(arms[0].Profiles[kind])
		switch {
		case errors.Is(err, profile.ErrEmpty) && kind == profile.Allocs:
			b.WriteString("  it allocates nothing that a profile would see\n")
		case err != nil:
			fmt.Fprintf(&b, "  %v\n", err)
		default:
			b.WriteString(profile.Text(p, heaviest, "  "))
		}
	}
	var names []string
	for _, a := range arms[1:] {
		names = append(names, a.Name)
	}
	if len(names) > 0 {
		fmt.Fprintf(&b, "  beside them lie those of %s\n", strings.Join(names, ", "))
	}
	return strings.TrimRight(b.String(), "\n")
}
