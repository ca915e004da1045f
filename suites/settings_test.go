package suites_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/onsi/ginkgo/v2/types"

	"github.com/logperf/logperf/fixtures/memlimit"
	"github.com/logperf/logperf/fixtures/netlimit"
	"github.com/logperf/logperf/logging/config"
	"github.com/logperf/logperf/suites/internal/harness"
	"github.com/logperf/logperf/suites/internal/load"
	"github.com/logperf/logperf/suites/internal/lockstep"
	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/scenario"
)

// optionsFrom turns the library's own settings, and what the environment says
// of this run alone, into the parameters of the suite. It is the only place
// where the two meet: the packages that measure know nothing of logging.
// What has to last as long as the run is kept in scratch.
func optionsFrom(environ []string, ginkgo types.SuiteConfig, scratch string) (harness.Options, error) {
	root, err := result.FindRepository()
	if err != nil {
		return harness.Options{}, err
	}
	settings, err := config.Load(root.Environ(environ, "LOGPERF_SETTINGS"))
	if err != nil {
		return harness.Options{}, err
	}
	stored, err := load.Configured(settings)
	if err != nil {
		return harness.Options{}, err
	}
	b := settings.Benchmark
	options := harness.Options{
		Scenarios: everyScenario(), Root: root, Results: b.Results, Settings: stored,
		Warmup: b.Warmup, Repetitions: b.Repetitions, Duration: b.Duration, Timeout: b.Timeout,
		Confidence: b.Confidence, Seed: b.Seed, Profile: b.Profile,
		Only: value(environ, "LOGPERF_ONLY"), Measure: value(environ, "LOGPERF_MEASURE"),
		Processes: ginkgo.ParallelTotal, Out: os.Stdout,
		Limit: func(name string, bytes int64) (lockstep.Limit, error) { return memlimit.New(name, bytes) },
		BuildProxy: func(ctx context.Context) (string, error) {
			return netlimit.Build(ctx, string(root), scratch)
		},
	}
	if info, err := os.Stdout.Stat(); err == nil {
		options.Terminal = info.Mode()&os.ModeCharDevice != 0 && value(environ, "TERM") != "dumb"
	}
	if options.Soak, err = soak(environ); err != nil {
		return harness.Options{}, err
	}
	if options.Speedup, err = speedup(environ); err != nil {
		return harness.Options{}, err
	}
	if options.FailInconclusive, err = failInconclusive(environ); err != nil {
		return harness.Options{}, err
	}
	if path := value(environ, "LOGPERF_CORPUS"); path != "" {
		options.CorpusFile = filepath.Join(scratch, "corpus.log")
		if options.Corpus, err = scenario.OpenCorpus(root.Path(path), options.CorpusFile); err != nil {
			return harness.Options{}, fmt.Errorf("LOGPERF_CORPUS: %w", err)
		}
	}
	return options, nil
}

// value is what the environment says of the variable; as everywhere, the last
// of a name counts.
func value(environ []string, name string) string {
	last := ""
	for _, one := range environ {
		if text, ok := strings.CutPrefix(one, name+"="); ok {
			last = text
		}
	}
	return last
}

const (
	defaultSoak = 30 * time.Minute
	leastSoak   = 10 * time.Second
	mostSoak    = 72 * time.Hour
)

// soak is how long each scenario of the tier soak runs, 0 for not at all. It is
// strict: who writes true wants the scenarios that take long to run.
func soak(environ []string) (time.Duration, error) {
	switch v := value(environ, "LOGPERF_SOAK"); v {
	case "", "0":
		return 0, nil
	case "1":
		return defaultSoak, nil
	default:
		d, err := time.ParseDuration(v)
		if err != nil || d < leastSoak || d > mostSoak {
			return 0, fmt.Errorf("LOGPERF_SOAK is %q: want 0, 1 (for %v) or a time from %v to %v", v, defaultSoak, leastSoak, mostSoak)
		}
		return d, nil
	}
}

// speedup is by what the times of the user's log are divided, 0 where nothing is
// said.
func speedup(environ []string) (float64, error) {
	v := value(environ, "LOGPERF_SPEEDUP")
	if v == "" {
		return 0, nil
	}
	f, err := strconv.ParseFloat(v, 64)
	if err != nil || !(f > 0) || math.IsInf(f, 0) {
		return 0, fmt.Errorf("LOGPERF_SPEEDUP is %q: want a number above 0, as 10 for a log that is replayed ten times as fast", v)
	}
	return f, nil
}

// failInconclusive is true where nobody watches: a warning in CI is read by
// no one.
func failInconclusive(environ []string) (bool, error) {
	switch v := value(environ, "LOGPERF_INCONCLUSIVE"); v {
	case "":
		return value(environ, "CI") != "", nil
	case "warn", "fail":
		return v == "fail", nil
	default:
		return false, fmt.Errorf("LOGPERF_INCONCLUSIVE is %q: want warn or fail", v)
	}
}
