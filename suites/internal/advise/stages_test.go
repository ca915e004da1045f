package advise

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"testing"

	"github.com/google/pprof/profile"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/suites/internal/experiment"
	"github.com/logperf/logperf/suites/internal/lockstep"
)

// profiled takes a profile of a planted logger in an arm.
func profiled(t *testing.T, name string) Report {
	t.Helper()
	command, err := lockstep.Self()
	if err != nil {
		t.Fatal(err)
	}
	all := planted()
	i := slices.IndexFunc(all, func(s experiment.Scenario) bool { return s.Name == "load/planted/"+name })
	r, err := lockstep.Repeat(t.Context(), all[i], 0, lockstep.Options{Command: command, Seed: 1, Warmup: 3, Profile: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	report, err := FromProfile(r.Arms[0].Profiles["cpu"], all[i].Name, logging.Settings{}, "")
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Stages) == 0 {
		t.Fatalf("%s: the profile has no stages: %v", name, report.Notes)
	}
	return report
}

func TestASlowStageIsNamedByItsFunction(t *testing.T) {
	for name, want := range map[string]struct{ stage, cause, function string }{
		"stage": {stagePipeline, "a stage in front of the encoder is slow: advise.", "slowStage"},
		"sink":  {stageWrite, "the sink is slow: advise.", "slowSink"},
	} {
		r := profiled(t, name)
		if i := slices.IndexFunc(r.Stages, func(s Share) bool { return s.Stage == want.stage }); i < 0 || r.Stages[i].Share < mostStage {
			t.Errorf("%s: the stages are %+v, want much in %q", name, r.Stages, want.stage)
		}
		if len(r.Advice) != 1 || !strings.HasPrefix(r.Advice[0].Cause, want.cause) || !strings.Contains(r.Advice[0].Cause, want.function) || r.Advice[0].Do == "" || len(r.Advice[0].Set) > 0 {
			t.Errorf("%s: the advice is %+v, want that %s", name, r.Advice, want.cause)
		}
	}
}

func TestTheSourceOfTheCallerIsASetting(t *testing.T) {
	r := profiled(t, "source")
	i := slices.IndexFunc(r.Stages, func(s Share) bool { return s.Stage == stageSource })
	if i < 0 {
		t.Fatalf("the stages are %+v, want one that looks for the source", r.Stages)
	}
	// How much it takes depends on the machine; what follows from much does not.
	a, ok := adviceOn(Share{Stage: stageSource, Share: mostStage})
	if !ok || len(a.Set) != 1 || a.Set[0].String() != "add_source: false" {
		t.Errorf("the advice is %+v", a)
	}
}

func TestALoggerWithoutASlowStageGetsNoAdvice(t *testing.T) {
	r := profiled(t, "good")
	if len(r.Advice) > 0 || len(r.Looked) != 1 {
		t.Errorf("the advice is %+v, looked at %v, stages %+v", r.Advice, r.Looked, r.Stages)
	}
	sum := 0.0
	for _, s := range r.Stages {
		sum += s.Share
	}
	if sum < 0.999 || sum > 1.001 {
		t.Errorf("the shares come to %v, want 1", sum)
	}
}

// A program that profiles itself has stages of its own, and much else to do.
func TestAProfileOfAProgramNamesItsOwnStage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cpu.pprof")
	sample := func(n int64, names ...string) stackOf { return stackOf{names, n} }
	write(t, path,
		sample(45, "main.mask", "main.(*masker).Process", library+"(*Pipeline).Process", library+"(*worker).run"),
		sample(10, library+"(*JSONEncoder).Append", library+"(*worker).run"),
		// Elsewhere the same function is no stage of the logger.
		sample(40, "main.mask", "main.handle", "main.main"),
		sample(5, library+"capture", library+"(*Logger).Info", "main.handle", "main.main"))
	r, err := FromProfile(path, Program, logging.Settings{}, "app.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Advice) != 1 || r.Advice[0].Cause != "a stage in front of the encoder is slow: main.(*masker).Process" || r.Advice[0].Proof != "profile the program again; go tool logperf advise --cpu-profile "+path {
		t.Fatalf("the advice is %+v, stages %+v", r.Advice, r.Stages)
	}
	if f := r.Stages[0].Functions; r.Stages[0].Stage != stagePipeline || len(f) != 2 || f[0].Share != 0.45 || f[1].Name != "main.mask" || f[1].Share != 0.45 {
		t.Errorf("the first stage is %+v", r.Stages[0])
	}
	if got, want := again("my cpu", []Change{noSource()}), "profile the program again with LOGPERF_ADD_SOURCE=false; go tool logperf advise --cpu-profile 'my cpu'"; got != want {
		t.Errorf("the proof of a setting is %q, want %q", got, want)
	}
}

func TestAProfileOfAllocationsIsNoneOfTime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "allocs.pprof")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	kept := make([]byte, 8<<20) // enough to be sampled
	runtime.GC()                // which publishes it
	runtime.GC()
	if err := errors.Join(pprof.Lookup("allocs").WriteTo(f, 0), f.Close()); err != nil {
		t.Fatal(err)
	}
	runtime.KeepAlive(kept)
	if _, err := FromProfile(path, Program, logging.Settings{}, ""); err == nil || !strings.Contains(err.Error(), path+" is one of allocs: want one of processor time") {
		t.Errorf("%v", err)
	}
}

// stackOf is a stack from the innermost function, looked at so often.
type stackOf struct {
	names []string
	n     int64
}

// write writes a profile of processor time.
func write(t *testing.T, path string, stacks ...stackOf) {
	t.Helper()
	p := &profile.Profile{SampleType: []*profile.ValueType{{Type: "samples", Unit: "count"}, {Type: "cpu", Unit: "nanoseconds"}}}
	functions := map[string]*profile.Location{}
	for _, s := range stacks {
		one := &profile.Sample{Value: []int64{s.n, 10_000_000 * s.n}}
		for _, name := range s.names {
			if functions[name] == nil {
				f := &profile.Function{ID: uint64(len(functions) + 1), Name: name}
				functions[name] = &profile.Location{ID: f.ID, Line: []profile.Line{{Function: f}}}
				p.Function, p.Location = append(p.Function, f), append(p.Location, functions[name])
			}
			one.Location = append(one.Location, functions[name])
		}
		p.Sample = append(p.Sample, one)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(p.Write(f), f.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestAProfileThatIsDamagedIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cpu.pprof")
	if err := os.WriteFile(path, []byte("no profile"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := FromProfile(path, "load/planted/good", logging.Settings{}, ""); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("%v, want an error that names the file", err)
	}
}

func TestNamesStandWithoutTheirTypeParameters(t *testing.T) {
	for name, want := range map[string]string{
		"logging.appendString": "logging.appendString",
		"queue.(*Queue[go.shape.struct { Attrs []log/slog.Attr; Bound *a/b.C }]).Commit": "queue.(*Queue).Commit",
		"slices.SortFunc[...]": "slices.SortFunc",
	} {
		if got := plain(name); got != want {
			t.Errorf("%s becomes %s, want %s", name, got, want)
		}
	}
}

func TestFunctionsOfTheProgramAreToldFromOurs(t *testing.T) {
	for name, want := range map[string]bool{
		"github.com/you/shop/logs.(*Masker).Redact": true,
		library + "(*Pipeline).stages":              false,
		below + "sink/file.(*Sink).Write":           false,
		suite + "load.(*users).Run":                 false,
		"runtime.mallocgc":                          false,
		"encoding/json.Marshal":                     false,
		"main.(*masker).Redact":                     true,
	} {
		if foreign(name) != want {
			t.Errorf("%s: %v, want %v", name, !want, want)
		}
	}
}
