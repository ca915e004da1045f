// Package harness joins Ginkgo to the parts that measure and judge: it decides
// whether a run measures or checks, holds limits and scenarios against each
// other before anything runs, measures the scenario of a spec, asserts its
// limits, and leaves the results.
package harness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/onsi/ginkgo/v2/types"

	"github.com/logperf/logperf/suites/internal/experiment"
	"github.com/logperf/logperf/suites/internal/lockstep"
	"github.com/logperf/logperf/suites/internal/metric"
	"github.com/logperf/logperf/suites/internal/report"
	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/threshold"
)

// Options configures a Suite. All fields but Corpus, CorpusFile, Only, Profile
// and Soak are needed; the settings of the library give their defaults.
type Options struct {
	// Scenarios are all that there are, selected or not.
	Scenarios []experiment.Scenario
	// Root is the folder of go.mod; thresholds.yaml stands in it, and a relative
	// Results begins there.
	Root result.Repository
	// Results is the folder of the stored runs.
	Results string
	// Settings is what the settings came to, for the stored run and for the arms of
	// scenarios that measure what the user has configured.
	Settings map[string]any
	// Warmup is the number of slices before the measured ones.
	Warmup int
	// Repetitions is the number of values of each metric; where a ratio
	// straddles its limit they are doubled once.
	Repetitions int
	// Duration is the time of the slices of one arm in one repetition.
	Duration time.Duration
	// Timeout is how long an arm may be silent beyond what its work is expected
	// to take.
	Timeout time.Duration
	// Confidence of the intervals, 0.5 to 0.999.
	Confidence float64
	// Seed makes the order of the slices and the workload repeatable.
	Seed uint64
	// Profile names a profile of thresholds.yaml whose absolute limits apply
	// whatever the machine is; by default the machine decides.
	Profile string
	// Corpus is the user's own log; its Path is empty without.
	Corpus result.Corpus
	// CorpusFile is the copy of it that the arms read.
	CorpusFile string
	// Only is the name of the one scenario to run; empty: what the filter says.
	Only string
	// Speedup is by what the times between the records of the corpus are divided
	// where it is replayed; 0: as fits.
	Speedup float64
	// Soak is how long each scenario of tier:soak runs; 0: none of them does.
	Soak time.Duration
	// FailInconclusive makes a verdict INCONCLUSIVE fail its spec; otherwise it
	// is a warning.
	FailInconclusive bool
	// Measure overrides how measuring and checking are told apart: "0" or "1".
	Measure string
	// Processes is the number of parallel processes that ginkgo runs.
	Processes int
	// Limit makes the limit on the memory of an arm; nil: there is none.
	Limit func(name string, bytes int64) (lockstep.Limit, error)
	// BuildProxy builds the network proxy's program and returns its path. It is
	// called where a selected scenario is Proxied, before anything is measured.
	BuildProxy func(ctx context.Context) (string, error)
	// Out is where progress and the table go.
	Out io.Writer
	// Terminal says that Out is one.
	Terminal bool
}

// A Suite is one run of the specs. It is made by the bootstrap and travels to
// the specs in their context.
type Suite struct {
	o        Options
	mode     Mode
	limits   *threshold.File
	command  lockstep.Command
	env      result.Environment
	selected []string
	folder   *result.Folder // nil in check mode
	progress *report.Progress
	knees    map[string]float64 // by the scenario that found it
	proxy    string             // path of the network proxy's program

	mu  sync.Mutex // guards run: specs are serial, an interrupt is not
	run *result.Run
}

// New prepares a run and finds every fault that can be found before anything
// is measured: limits that do not fit the scenarios, an unknown scenario, a
// folder that cannot be written.
func New(ctx context.Context, o Options) (*Suite, error) {
	mode, err := modeOf(o.Measure, o.Processes)
	if err != nil {
		return nil, err
	}
	s := &Suite{o: o, mode: mode, knees: map[string]float64{}}
	if err := checkScenarios(o.Scenarios); err != nil {
		return nil, err
	}
	if s.limits, err = threshold.Load(o.Root.Path("thresholds.yaml"), time.Now()); err != nil {
		return nil, err
	}
	if err := s.limits.Cover(known(o.Scenarios)); err != nil {
		return nil, err
	}
	if err := s.checkOnly(); err != nil {
		return nil, err
	}
	if s.command, err = lockstep.Self(); err != nil {
		return nil, err
	}
	s.env = result.Machine(ctx, string(o.Root))
	return s, s.checkProfile()
}

func checkScenarios(scenarios []experiment.Scenario) error {
	var faults []error
	seen := map[string]bool{}
	for _, sc := range scenarios {
		faults = append(faults, sc.Validate())
		if seen[sc.Name] {
			faults = append(faults, fmt.Errorf("scenario %s stands twice in the tables", sc.Name))
		}
		seen[sc.Name] = true
	}
	return errors.Join(faults...)
}

// known is what the limits are held against.
func known(scenarios []experiment.Scenario) []threshold.Known {
	all := make([]threshold.Known, 0, len(scenarios))
	for _, sc := range scenarios {
		all = append(all, threshold.Known{Name: sc.Name, Metrics: sc.Metrics, References: sc.References()})
	}
	return all
}

func (s *Suite) checkOnly() error {
	if s.o.Only == "" {
		return nil
	}
	var names []string
	for _, sc := range s.o.Scenarios {
		if sc.Name == s.o.Only {
			return nil
		}
		names = append(names, sc.Name)
	}
	return fmt.Errorf("LOGPERF_ONLY names the scenario %q, which does not exist; the nearest are %s",
		s.o.Only, strings.Join(metric.Nearest(s.o.Only, names), ", "))
}

func (s *Suite) checkProfile() error {
	if s.o.Profile == "" {
		return nil
	}
	if found, all := s.limits.HasProfile(s.o.Profile); !found {
		return fmt.Errorf("the settings force the profile %q, which thresholds.yaml does not have: it has %s",
			s.o.Profile, strings.Join(all, ", "))
	}
	return nil
}

// Measures reports whether the run measures, or else checks.
func (s *Suite) Measures() bool { return s.mode.Measure }

// Select takes the preview of the specs and fixes what will run: the scenarios
// whose specs the filter leaves. A filter that leaves none is an error.
func (s *Suite) Select(ctx context.Context, preview types.Report) error {
	for _, spec := range preview.SpecReports {
		name, ok := nameIn(spec.LeafNodeText)
		if ok && !spec.State.Is(types.SpecStateSkipped|types.SpecStatePending) {
			s.selected = append(s.selected, name)
		}
	}
	if len(s.selected) == 0 {
		return fmt.Errorf("the label filter %q selects no scenario; labels are %s", preview.SuiteConfig.LabelFilter, s.labels())
	}
	if err := s.prepareProxy(ctx); err != nil {
		return err
	}
	return s.open(preview.SuiteConfig.LabelFilter)
}

// prepareProxy builds what the selected scenarios send through.
func (s *Suite) prepareProxy(ctx context.Context) error {
	needed := slices.ContainsFunc(s.o.Scenarios, func(sc experiment.Scenario) bool {
		return sc.Proxied && slices.Contains(s.selected, sc.Name) && !s.sitsOut(sc)
	})
	if !needed {
		return nil
	}
	var err error
	s.proxy, err = s.o.BuildProxy(ctx)
	return err
}

// labels are those that the scenarios have, by their kinds, in the order of the
// tables: "subject:{queue,sink}, tier:{smoke,full}".
func (s *Suite) labels() string {
	var kinds []string
	values := map[string][]string{}
	for _, sc := range s.o.Scenarios {
		for _, label := range sc.Labels() {
			kind, value, _ := strings.Cut(label, ":")
			if !slices.Contains(kinds, kind) {
				kinds = append(kinds, kind)
			}
			if !slices.Contains(values[kind], value) {
				values[kind] = append(values[kind], value)
			}
		}
	}
	for i, kind := range kinds {
		kinds[i] = kind + ":{" + strings.Join(values[kind], ",") + "}"
	}
	return strings.Join(kinds, ", ")
}

// open starts the stored run, where this run measures.
func (s *Suite) open(filter string) error {
	s.run = &result.Run{
		Schema: result.SchemaVersion, Started: time.Now().UTC(), Check: !s.mode.Measure,
		Filter: filter, Only: s.o.Only, Seed: s.o.Seed, Repetitions: s.o.Repetitions,
		Environment: s.env, Settings: s.o.Settings,
	}
	if s.o.Corpus.Path != "" {
		corpus := s.o.Corpus
		s.run.Corpus = &corpus
	}
	s.progress = report.NewProgress(s.o.Out, report.ProgressOptions{Terminal: s.o.Terminal, Steps: s.plan()})
	if !s.mode.Measure {
		return nil
	}
	store, err := result.OpenStore(s.o.Root.Path(s.o.Results))
	if err != nil {
		return err
	}
	if s.folder, err = store.Create(s.run.Started, s.env.Commit); err != nil {
		return err
	}
	s.run.ID = s.folder.ID()
	return nil
}
