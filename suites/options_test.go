package suites_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/onsi/ginkgo/v2/types"

	"github.com/logperf/logperf/suites/internal/harness"
)

// optionsOf reads an environment, with nothing of that of the process: t.Setenv
// sets what a bootstrap that asks os.Getenv would find.
func optionsOf(t *testing.T, environ ...string) (harness.Options, error) {
	t.Helper()
	t.Setenv("LOGPERF_ONLY", "queue/elsewhere")
	t.Setenv("LOGPERF_MEASURE", "elsewhere")
	t.Setenv("LOGPERF_INCONCLUSIVE", "elsewhere")
	t.Setenv("LOGPERF_CORPUS", "elsewhere.log")
	t.Setenv("CI", "elsewhere")
	return optionsFrom(environ, types.SuiteConfig{ParallelTotal: 3}, t.TempDir())
}

func TestTheEnvironmentBecomesOptions(t *testing.T) {
	o, err := optionsOf(t)
	if err != nil {
		t.Fatal(err)
	}
	if o.Only != "" || o.Soak != 0 || o.Measure != "" || o.FailInconclusive || o.Corpus.Path != "" || o.CorpusFile != "" || o.Processes != 3 {
		t.Errorf("without variables the options are %+v", o)
	}
	if o.Repetitions != 6 || o.Results != "results" || len(o.Scenarios) == 0 || o.Settings["Benchmark"] == nil {
		t.Errorf("without variables the settings are %d repetitions, results in %q, %d scenarios, %v", o.Repetitions, o.Results, len(o.Scenarios), o.Settings)
	}
	if _, err := os.Stat(o.Root.Path("go.mod")); err != nil {
		t.Error(err)
	}
	settings := filepath.Join(t.TempDir(), "settings.yaml")
	if err := os.WriteFile(settings, []byte("benchmark:\n  duration: 20ms\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	o, err = optionsOf(t, "LOGPERF_SETTINGS="+settings, "LOGPERF_BENCHMARK_REPETITIONS=12", "LOGPERF_ONLY=queue/other",
		"LOGPERF_ONLY=queue/put", "LOGPERF_SOAK=1", "LOGPERF_MEASURE=0", "LOGPERF_INCONCLUSIVE=fail")
	if err != nil {
		t.Fatal(err)
	}
	if o.Duration != 20*time.Millisecond || o.Repetitions != 12 || o.Only != "queue/put" || o.Soak != 30*time.Minute || o.Measure != "0" || !o.FailInconclusive {
		t.Errorf("the options are %+v", o)
	}
}

func TestASoakIsAskedForInFullOrByItsTime(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"": 0, "0": 0, "1": 30 * time.Minute, "2m": 2 * time.Minute, "10s": 10 * time.Second, "72h": 72 * time.Hour, "1h30m": 90 * time.Minute,
	} {
		if o, err := optionsOf(t, "LOGPERF_SOAK="+value); err != nil || o.Soak != want {
			t.Errorf("LOGPERF_SOAK=%s gives %v (%v), want %v", value, o.Soak, err, want)
		}
	}
	for _, value := range []string{"true", "yes", "2", "-1", "5s", "9.999s", "100h", "72h1ns", "-10m", "0s", "1 h"} {
		want := `LOGPERF_SOAK is "` + value + `": want 0, 1 (for 30m0s) or a time from 10s to 72h0m0s`
		if _, err := optionsOf(t, "LOGPERF_SOAK="+value); err == nil || err.Error() != want {
			t.Errorf("LOGPERF_SOAK=%s gives %v, want %s", value, err, want)
		}
	}
}

func TestInCIAnInconclusiveVerdictFailsUnlessItMayWarn(t *testing.T) {
	for _, c := range []struct {
		environ []string
		want    bool
	}{
		{[]string{"CI=true"}, true},
		{[]string{"CI=true", "LOGPERF_INCONCLUSIVE=warn"}, false},
		{[]string{"CI="}, false},
	} {
		if o, err := optionsOf(t, c.environ...); err != nil || o.FailInconclusive != c.want {
			t.Errorf("%v: %v, %v: want %v", c.environ, o.FailInconclusive, err, c.want)
		}
	}
}

func TestTheCorpusBeginsAtTheRepository(t *testing.T) {
	o, err := optionsOf(t)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "one.log")
	if err := os.WriteFile(file, []byte("2026-11-24T02:40:00Z INFO started\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	relative, err := filepath.Rel(string(o.Root), file)
	if err != nil {
		t.Fatal(err)
	}
	if o, err = optionsOf(t, "LOGPERF_CORPUS="+relative); err != nil || o.Corpus.Records != 1 || o.Corpus.Path != file {
		t.Errorf("the corpus is %+v, %v: want the one record of %s", o.Corpus, err, file)
	}
}

func TestAVariableThatSaysNothingIsRefused(t *testing.T) {
	for variable, want := range map[string]string{
		"LOGPERF_SOAK=true":              `LOGPERF_SOAK is "true": want 0, 1 (for 30m0s)`,
		"LOGPERF_INCONCLUSIVE=no":        `LOGPERF_INCONCLUSIVE is "no": want warn or fail`,
		"LOGPERF_CORPUS=none.log":        "LOGPERF_CORPUS: ",
		"LOGPERF_BENCHMARK_DURATION=one": "LOGPERF_BENCHMARK_DURATION",
	} {
		if _, err := optionsOf(t, variable); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s gives %v, want %s", variable, err, want)
		}
	}
}
