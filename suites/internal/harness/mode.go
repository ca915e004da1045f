package harness

import (
	"flag"
	"fmt"
	"strings"
	"testing"
)

// Mode says whether a run measures or only checks that everything works.
type Mode struct {
	// Measure is set where figures are taken and judged. Otherwise each spec
	// runs one tiny slice and only exact limits are judged.
	Measure bool
	// Why says in a few words what decided.
	Why string
}

// modeOf decides. `go test` sets test.paniconexit0 and ginkgo does not: that
// tells the two apart without a flag that people would have to remember, and
// override (LOGPERF_MEASURE, 0 or 1) corrects it. Race detector, coverage and
// parallel processes falsify timings, so nothing overrides them.
func modeOf(override string, processes int) (Mode, error) {
	switch {
	case raceEnabled:
		return Mode{Why: "the race detector is on"}, nil
	case testing.CoverMode() != "":
		return Mode{Why: "coverage is on"}, nil
	case processes > 1:
		return Mode{Why: fmt.Sprintf("%d processes run in parallel", processes)}, nil
	}
	switch override {
	case "0":
		return Mode{Why: "LOGPERF_MEASURE=0"}, nil
	case "1":
		return Mode{Measure: true, Why: "LOGPERF_MEASURE=1"}, nil
	case "":
	default:
		return Mode{}, fmt.Errorf("LOGPERF_MEASURE is %q: want 0 (check) or 1 (measure)", override)
	}
	if f := flag.Lookup("test.paniconexit0"); f != nil && strings.EqualFold(f.Value.String(), "true") {
		return Mode{Why: "started by go test"}, nil
	}
	return Mode{Measure: true, Why: "started by ginkgo"}, nil
}
