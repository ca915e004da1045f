package suites_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/onsi/ginkgo/v2/types"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/config"
	"github.com/logperf/logperf/suites/internal/harness"
	"github.com/logperf/logperf/suites/internal/scenario"
)

// optionsFrom turns the library's own settings, and what the environment says
// of this run alone, into the parameters of the suite. It is the only place
// where the two meet: the packages that measure know nothing of logging.
func optionsFrom(environ []string, ginkgo types.SuiteConfig) (harness.Options, error) {
	root, err := moduleRoot()
	if err != nil {
		return harness.Options{}, err
	}
	settings, err := config.Load(withSettingsBelow(root, environ))
	if err != nil {
		return harness.Options{}, err
	}
	stored, err := asMap(settings)
	if err != nil {
		return harness.Options{}, err
	}
	b := settings.Benchmark
	options := harness.Options{
		Scenarios: scenario.All(), Root: root, Results: b.Results, Settings: stored,
		Warmup: b.Warmup, Repetitions: b.Repetitions, Duration: b.Duration, Timeout: b.Timeout,
		Confidence: b.Confidence, Seed: b.Seed, Profile: b.Profile,
		Only: os.Getenv("LOGPERF_ONLY"), Soak: os.Getenv("LOGPERF_SOAK") == "1",
		Measure: os.Getenv("LOGPERF_MEASURE"), Processes: ginkgo.ParallelTotal, Out: os.Stdout,
	}
	if info, err := os.Stdout.Stat(); err == nil {
		options.Terminal = info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
	}
	if options.FailInconclusive, err = failInconclusive(); err != nil {
		return harness.Options{}, err
	}
	if path := os.Getenv("LOGPERF_CORPUS"); path != "" {
		if options.Corpus, err = scenario.OpenCorpus(below(root, path)); err != nil {
			return harness.Options{}, fmt.Errorf("LOGPERF_CORPUS: %w", err)
		}
	}
	return options, nil
}

// below makes a relative path begin at the repository, where its user stands:
// the suite itself runs in the folder of this package.
func below(root, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(root, path)
}

// withSettingsBelow is the environment with the file of LOGPERF_SETTINGS below
// the repository.
func withSettingsBelow(root string, environ []string) []string {
	environ = slices.Clone(environ)
	for i, one := range environ {
		if path, ok := strings.CutPrefix(one, "LOGPERF_SETTINGS="); ok && path != "" {
			environ[i] = "LOGPERF_SETTINGS=" + below(root, path)
		}
	}
	return environ
}

// failInconclusive is true where nobody watches: a warning in CI is read by
// no one.
func failInconclusive() (bool, error) {
	switch v := os.Getenv("LOGPERF_INCONCLUSIVE"); v {
	case "":
		return os.Getenv("CI") != "", nil
	case "warn", "fail":
		return v == "fail", nil
	default:
		return false, fmt.Errorf("LOGPERF_INCONCLUSIVE is %q: want warn or fail", v)
	}
}

// moduleRoot is the folder of go.mod, above the folder of this package, in
// which both go test and ginkgo start the binary.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod here or above: run the suite from within the repository")
		}
		dir = parent
	}
}

// asMap is the settings as the stored run holds them, by their JSON names.
func asMap(s logging.Settings) (map[string]any, error) {
	text, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	var m map[string]any
	return m, json.Unmarshal(text, &m)
}
