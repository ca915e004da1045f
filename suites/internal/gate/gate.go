// Package gate tells whether a change made the library slower: it builds base
// and head in many layouts, measures pairs of them in lockstep, and decides by
// the procedure of package sequential. docs/gate.md says how its verdicts are
// read.
//
// It fails closed: what is missing, does not build, crashes or lies is an error,
// and what was not measured is never a PASS.
package gate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/logperf/logperf/suites/internal/count"
	"github.com/logperf/logperf/suites/internal/experiment"
	"github.com/logperf/logperf/suites/internal/lockstep"
	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/threshold"
)

const (
	// DefaultBudget is for links and pairs together. The builds before come on top.
	DefaultBudget = 10 * time.Minute
	// DefaultLimit is the slowdown that fails where thresholds.yaml says nothing.
	DefaultLimit = 0.04
	// totalsFactor is by how much the limit on the ratio of the totals is wider:
	// totals hold the pauses of the whole machine.
	totalsFactor = 2
	// leastCores is what a scenario in which goroutines hand work over needs.
	leastCores = 2

	describeTimeout = 30 * time.Second
)

// WorkingTree stands for the files as they are, committed or not.
const WorkingTree = "."

// Tree names one side of a comparison.
type Tree struct {
	// Ref is a branch, a tag, a commit or WorkingTree. Empty means the merge base
	// with the main branch for the base, WorkingTree for the head.
	Ref string
	// Overlay replaces files, by their path in the repository, with other files:
	// nothing in the tree is touched.
	Overlay map[string]string
}

// Options configures a run of the gate. The zero value but for Root compares the
// smoke scenarios of the working tree with the merge base.
type Options struct {
	// Root is the folder of go.mod.
	Root string
	// Base and Head are what is compared.
	Base, Head Tree
	// Select says which scenarios are compared, by name and labels; nil means those
	// of the tier smoke. What measures the harness itself is never compared.
	Select func(name string, labels []string) bool
	// Limits are those of thresholds.yaml; nil means the defaults.
	Limits *threshold.File
	// Budget is the time for links and pairs; 0 means DefaultBudget.
	Budget time.Duration
	// Family is how many scenarios the levels are meant for where fewer are
	// compared: a measurement of the gate's power takes one scenario and decides as
	// if it stood among so many. 0 means those that are compared.
	Family int
	// NoCounts leaves the counted instructions out, NoTimes whatever is timed, the
	// controls included: a measurement of the gate's power asks for one of the two.
	NoCounts, NoTimes bool
	// Seed draws layouts, orders and the workload.
	Seed uint64
	// Timeout is how long an arm may be silent; 0 means 30 s.
	Timeout time.Duration
	// Dir is where scratch files are made; empty means the system's folder. They are
	// gone when Run returns.
	Dir string
	// Profiles is the folder to which profiles of what fails are written, by scenario
	// and side; empty: none are taken. They stay.
	Profiles string
	// Progress is told how far the run is; nil: nobody. It must return at once.
	Progress func(Progress)

	// What tests replace.
	lock       string
	cores      int // that a program here may use
	processors int // of the machine
	quota      bool
	pair       pairer
	link       func(*tree) linker
	now        func() time.Time
	alien      func() *disturbance
	counter    func() (count.Counter, error)
}

// Progress is where a run is.
type Progress struct {
	// Doing is what it does now, in a few words.
	Doing string
	// Pairs is how many were measured, Open how many scenarios are not decided.
	Pairs, Open int
	// Left is the time to the next look at the data, Most that until the budget ends.
	Left, Most time.Duration
}

// pairer runs one pair of two binaries.
type pairer func(ctx context.Context, s experiment.Scenario, base, head string, number int, o lockstep.Options) (*lockstep.PairResult, error)

func realLinks(t *tree) linker { return t.link }

func inLockstep(ctx context.Context, s experiment.Scenario, base, head string, number int, o lockstep.Options) (*lockstep.PairResult, error) {
	return lockstep.Pair(ctx, s, lockstep.Command{Path: base}, lockstep.Command{Path: head}, number, o)
}

func (o Options) withDefaults() Options {
	o.Budget = cmp.Or(o.Budget, DefaultBudget)
	o.Head.Ref = cmp.Or(o.Head.Ref, WorkingTree)
	o.lock = cmp.Or(o.lock, lockName)
	if o.Select == nil {
		o.Select = smoke
	}
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	if o.link == nil {
		o.link = realLinks
	}
	if o.pair == nil {
		o.pair = inLockstep
	}
	if o.now == nil {
		o.now = time.Now
	}
	if o.alien == nil {
		o.alien = watchMachine
	}
	if o.counter == nil {
		o.counter = count.Find
	}
	return o
}

// ErrNothing is the error of a selection that holds no scenario.
var ErrNothing = errors.New("no scenario is selected")

// Run compares two trees. An error means that there is no verdict. When Run
// returns, its processes have ended and its files are gone, whatever happened;
// the end of ctx ends it at once.
func Run(ctx context.Context, o Options) (report *Report, err error) {
	o = o.withDefaults()
	began := o.now()
	report = &Report{Schema: SchemaVersion, Seed: o.Seed, Budget: o.Budget.Seconds()}
	if o.cores == 0 {
		machine := result.Machine(ctx, o.Root)
		o.cores, o.processors, o.quota = coresOf(machine), machine.Cores, machine.Quota > 0
	}
	if o.cores < leastCores {
		report.inconclusive(fmt.Sprintf("this machine has %d processor: scenarios in which goroutines hand work to each other need %d, and what is measured on one says nothing of two", o.cores, leastCores))
		return report, nil
	}
	unlock, err := lock(o.lock)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	scratch, err := os.MkdirTemp(o.Dir, "logperf-gate-")
	if err == nil {
		scratch, err = filepath.Abs(scratch) // other programs run in other folders
	}
	if err != nil {
		return nil, fmt.Errorf("the gate gets no scratch folder: %w", err)
	}
	defer func() {
		if gone := os.RemoveAll(scratch); gone != nil {
			err = errors.Join(err, fmt.Errorf("the scratch folder is left behind: %w", gone))
		}
	}()
	if err := compare(ctx, o, scratch, report); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, err
	}
	report.Took = o.now().Sub(began).Seconds()
	return report, nil
}

// coresOf is how many processors a program here may use.
func coresOf(e result.Environment) int {
	if e.Quota > 0 {
		return min(e.Cores, int(e.Quota))
	}
	return e.Cores
}

func compare(ctx context.Context, o Options, scratch string, report *Report) error {
	o.Progress(Progress{Doing: "builds base and head", Left: -1})
	s, err := prepare(ctx, o, scratch)
	if err != nil {
		return err
	}
	report.Base, report.Head, report.Commit, report.HeadCommit, report.Notes = s.baseName, s.headName, s.commit, s.headCommit, s.notes
	p, err := newPlan(o, s.ours, s.theirs)
	if err != nil {
		return err
	}
	report.list(p)
	switch {
	case s.identical:
		report.Identical = true
		report.Verdict = result.Pass
		report.miss()
		return nil
	case len(p.subjects) == 0:
		report.inconclusive("there is nothing to compare: every selected scenario is new, changed, removed, or has neither a time nor a count that the gate compares")
		return nil
	}
	m, err := newMeasurement(o, p, newLinks(scratch, o.Seed, o.link(s.base), o.link(s.head)), scratch)
	if err != nil {
		return err
	}
	if err := m.run(ctx); err != nil {
		return err
	}
	if err := report.fill(m); err != nil {
		return err
	}
	return m.explain(ctx, report)
}
