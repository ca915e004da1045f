package advise

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/suites/internal/profile"
)

const (
	library = "github.com/logperf/logperf/logging."
	below   = "github.com/logperf/logperf/logging/"
	suite   = "github.com/logperf/logperf/suites/internal/"
)

// The stages of a logger, as a profile of processor time shows them.
const (
	stageGC       = "garbage collector"
	stageSource   = "source of the caller"
	stageWrite    = "write to the sink"
	stageFilter   = "filters"
	stageEnrich   = "enrichers"
	stageRedact   = "redactors"
	stageProcess  = "processors"
	stageEncode   = "encoder"
	stagePipeline = "pipeline, stages of the program"
	stageWorker   = "worker, between the stages"
	stageQueue    = "queue"
	stageCapture  = "capture by the caller"
	stageLoad     = "the load itself"
	stageRuntime  = "runtime: scheduling, memory"
)

// loggerStages are told by their functions, the innermost first. Stages of the
// library have names of their own; what is called by the pipeline and belongs to
// none of them is a stage of the program.
func loggerStages() []profile.Stage {
	return []profile.Stage{
		{Name: stageGC, Functions: []string{"runtime.gcBgMarkWorker", "runtime.gcAssistAlloc", "runtime.bgsweep", "runtime.bgscavenge", "runtime.gcStart"}},
		{Name: stageSource, Functions: []string{"runtime.Callers", "runtime.CallersFrames", "runtime.(*Frames).Next"}},
		{Name: stageWrite, Functions: []string{library + "(*worker).callWrite", library + "(*worker).callFlush", below + "sink"}},
		{Name: stageFilter, Functions: []string{library + "LevelFilter", library + "FilterFunc"}},
		{Name: stageEnrich, Functions: []string{library + "StaticEnricher", library + "EnricherFunc"}},
		{Name: stageRedact, Functions: []string{library + "(*FieldRedactor)", library + "RedactorFunc"}},
		{Name: stageProcess, Functions: []string{library + "TruncateProcessor", library + "ProcessorFunc"}},
		{Name: stageEncode, Functions: []string{library + "(*JSONEncoder)", library + "append", library + "encode"}},
		{Name: stagePipeline, Functions: []string{library + "(*Pipeline)"}},
		{Name: stageQueue, Functions: []string{below + "queue."}},
		{Name: stageWorker, Functions: []string{library + "(*worker)", library + "release"}},
		{Name: stageCapture, Functions: []string{library + "(*Logger)", library + "capture", library + "resolve"}},
		{Name: stageLoad, Functions: []string{"github.com/logperf/logperf/suites/", "github.com/logperf/logperf/fixtures/"}},
		{Name: stageRuntime, Functions: []string{"runtime."}},
	}
}

// A Share is what a stage takes of the processor time.
type Share struct {
	Stage string  `json:"stage"`
	Share float64 `json:"share"` // 0 to 1
	// Functions are the heaviest ones of the profile that the stage has, with their
	// own shares.
	Functions []Heavy `json:"functions,omitempty"`
}

// Heavy is a function with its share of the processor time.
type Heavy struct {
	Name  string  `json:"name"`
	Share float64 `json:"share"` // 0 to 1, what it calls included

	foreign bool // of the program
}

func (s Share) most() string {
	if len(s.Functions) == 0 {
		return ""
	}
	var all []string
	for _, f := range s.Functions {
		all = append(all, fmt.Sprintf("%s %.1f %%", f.Name, 100*f.Share))
	}
	return " (" + strings.Join(all, ", ") + ")"
}

const (
	// Profiled is the scenario that a profile is taken of.
	Profiled = sweepPrefix + throughput
	// Program stands for the scenario of a profile that a program took of itself. Its
	// shares are of all that the program did, its logging or not.
	Program = "your program"
)

const (
	// mostStage is what a stage in front of the encoder may take, all that it calls
	// included.
	mostStage = 0.25
	// leastSamples is how many looks a profile needs before its shares say anything.
	leastSamples = 50
	// namedFunctions is how many functions of a stage are named.
	namedFunctions = 3
)

// FromProfile gives advice on a profile of processor time of a logger with
// settings s, which stand in the file; empty without one. scenario is what was
// profiled: Profiled, or Program, whose own stages are looked at as well.
func FromProfile(path, scenario string, s logging.Settings, file string) (Report, error) {
	var r Report
	p, err := profile.Read(path)
	if errors.Is(err, profile.ErrEmpty) {
		r.Notes = []string{err.Error()}
		return r, nil
	}
	if err != nil {
		return r, err
	}
	if p.Kind != profile.CPU {
		return r, fmt.Errorf("the profile %s is one of %s: want one of processor time", path, p.Kind)
	}
	r.Stages = sharesOf(p)
	if p.Samples < leastSamples {
		r.Notes = []string{fmt.Sprintf("the profile %s has %d samples: want %d before its shares say anything", path, p.Samples, leastSamples)}
		return r, nil
	}
	r.Looked = []string{fmt.Sprintf("profile: %d samples, the largest stage is %s with %.0f %%", p.Samples, r.Stages[0].Stage, 100*r.Stages[0].Share)}
	for _, one := range r.Stages {
		a, ok := adviceOn(one)
		if !ok {
			continue
		}
		a.Evidence = []Evidence{{Source: "profile " + path, Scenario: scenario, Text: fmt.Sprintf("%s: %.0f %% of the processor time%s", one.Stage, 100*one.Share, one.most())}}
		a.Proof = commandOf(s, file, "").proof(scenario, a.Set)
		if scenario == Program {
			a.Proof = again(path, a.Set)
		}
		r.Advice = append(r.Advice, a)
	}
	return r, nil
}

// again is the proof of who takes the profile.
func again(path string, set []Change) string {
	with := ""
	for _, one := range set {
		with += " with " + one.Variable()
	}
	return "profile the program again" + with + "; go tool logperf advise --cpu-profile " + quoted(path)
}

// sharesOf are the stages by falling share, without those that took nothing.
func sharesOf(p *profile.Profile) []Share {
	stages := loggerStages()
	var all []Share
	for _, s := range profile.Stages(p, stages) {
		if s.Share > 0 {
			all = append(all, Share{Stage: s.Name, Share: s.Share})
		}
	}
	slices.SortStableFunc(all, func(a, b Share) int { return cmp.Compare(b.Share, a.Share) })
	for i, s := range all {
		all[i].Functions = heaviest(p, s)
	}
	return all
}

// heaviest are the functions that a stage spends most in, those of the program
// before those of the library.
func heaviest(p *profile.Profile, s Share) []Heavy {
	var all []Heavy
	if s.foreign() {
		all = heavy(p, s, foreign)
	}
	if len(all) == 0 {
		all = heavy(p, s, func(name string) bool { return within(s.Stage, name) })
	}
	return all[:min(len(all), namedFunctions)]
}

// heavy are the functions of a kind in a stage, with what they call there.
func heavy(p *profile.Profile, s Share, kind func(name string) bool) []Heavy {
	top := slices.DeleteFunc(profile.Top(profile.Below(p, loggerStages(), s.Stage), 0), func(f profile.Function) bool { return !kind(f.Name) })
	// Of those that cost the same, the outer one spends less itself.
	slices.SortStableFunc(top, func(a, b profile.Function) int { return cmp.Or(cmp.Compare(b.Cum, a.Cum), cmp.Compare(a.Flat, b.Flat)) })
	var all []Heavy
	for _, f := range top {
		all = append(all, Heavy{plain(f.Short()), float64(f.Cum) / float64(p.Total), foreign(f.Name)})
	}
	return all
}

// plain is a name without its type parameters, which may be longer than a line.
func plain(name string) string {
	head, rest, ok := strings.Cut(name, "[")
	if i := strings.LastIndexByte(rest, ']'); ok && i >= 0 {
		return head + rest[i+1:]
	}
	return name
}

// foreign reports whether functions of the program may stand in the stage.
func (s Share) foreign() bool {
	return slices.Contains([]string{stageFilter, stageEnrich, stageRedact, stageProcess, stagePipeline, stageWrite}, s.Stage)
}

func within(stage, name string) bool {
	i := slices.IndexFunc(loggerStages(), func(s profile.Stage) bool { return s.Name == stage })
	return i >= 0 && slices.ContainsFunc(loggerStages()[i].Functions, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}

// foreign reports whether a function is neither ours nor of the standard
// library, whose import paths have no dot in their first word. Package main is the
// program's: the command of the suite has no stages.
func foreign(name string) bool {
	for _, ours := range []string{
		library, below, suite + "load.", suite + "experiment.", suite + "lockstep.", suite + "scenario.",
		"github.com/logperf/logperf/fixtures/",
	} {
		if strings.HasPrefix(name, ours) {
			return false
		}
	}
	host, _, path := strings.Cut(name, "/")
	return strings.HasPrefix(name, "main.") || path && strings.Contains(host, ".")
}

// adviceOn is what to do about a stage that takes much.
func adviceOn(s Share) (Advice, bool) {
	if s.Share < mostStage {
		return Advice{}, false
	}
	switch s.Stage {
	case stageSource:
		return Advice{Set: []Change{noSource()}, Cause: "each call looks for the file and line of its caller", Costs: []string{costOf(noSource())}}, true
	case stageGC:
		return Advice{Cause: "the garbage collector takes much of the time", Do: "raise GOGC or GOMEMLIMIT, or look for what allocates: the profile of allocations stands beside this one"}, true
	case stageWrite:
		if len(s.Functions) == 0 || !s.Functions[0].foreign || s.Functions[0].Share < mostStage {
			return Advice{}, false // the library's sinks wait for the system
		}
		return Advice{Cause: "the sink is slow: " + slowest(s), Do: "make the sink cheaper, or give it larger batches (batch.bytes): each call then holds more records"}, true
	case stageRedact:
		if len(s.Functions) > 0 && s.Functions[0].foreign {
			break
		}
		return Advice{Cause: "the redactors take much of the time of a record", Do: "mask fewer fields (redact.fields), or mask where the value is made"}, true
	}
	if s.foreign() {
		return Advice{Cause: "a stage in front of the encoder is slow: " + slowest(s), Do: "make the stage cheaper, or put a filter before it that leaves fewer records: no setting of the queue or of batches helps against it"}, true
	}
	return Advice{}, false
}

func slowest(s Share) string {
	if len(s.Functions) == 0 {
		return s.Stage
	}
	return s.Functions[0].Name
}
