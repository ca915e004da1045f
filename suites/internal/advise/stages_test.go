package advise

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

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
		"main.main":                                 false,
	} {
		if foreign(name) != want {
			t.Errorf("%s: %v, want %v", name, !want, want)
		}
	}
}
