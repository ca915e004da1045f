// Package load holds the load scenarios: whole loggers under arrivals that do not
// wait for them, with numbered records that are looked for at the far end.
//
// It is apart from package scenario because the arms of the gate must stay small:
// they never link the servers and limits that load needs.
package load

import (
	"embed"
	"slices"
	"time"

	"github.com/logperf/logperf/suites/internal/experiment"
)

//go:embed *.go
var sources embed.FS

// All returns every load scenario, in the order of the tables: the knees first,
// because the rates of the others follow from them.
func All() []experiment.Scenario {
	return slices.Concat(Generators(), Knees(), HighThroughput(), Profiles(), Replay(), MemoryConstrained(), NetworkLimited(), MixedServices(), Stress(), Soak(), Peers(), Settings())
}

// exactRepetitions are enough for scenarios with exact limits alone: each of them
// is held in every repetition.
const exactRepetitions = 3

// from stamps the rows of a table with what all load scenarios have in common.
func from(rows []experiment.Scenario, files ...string) []experiment.Scenario {
	source := experiment.Source(sources, append(files, "drive.go", "far.go", "logger.go", "peaks.go")...)
	for i := range rows {
		rows[i].Subject, rows[i].Source = "load", source
		rows[i].Slices, rows[i].Sized = 1, true
		rows[i].Slice = time.Second
	}
	return rows
}
