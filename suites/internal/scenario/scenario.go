// Package scenario holds the tables of scenarios and the subjects that they
// measure: the logging library's queue, sinks and pipeline, what they cost in
// memory and CPU, the harness itself, and the peers they are compared with.
//
// A table is plain data. It is linked into the arms, so nothing here may import
// the test framework.
package scenario

import (
	"embed"
	"slices"
	"time"

	"github.com/logperf/logperf/suites/internal/experiment"
)

// handOver is the slice of scenarios in which goroutines hand work to each
// other: starting and joining them has to be small against the slice.
const handOver = 4 * time.Millisecond

//go:embed *.go
var sources embed.FS

// All returns every scenario, in the order of the tables.
func All() []experiment.Scenario {
	return slices.Concat(Queue(), Sink(), Pipeline(), Memory(), CPU(), Peers(), Harness())
}

// from stamps the rows of a table with their subject and their source: the
// table's file first, then those of its subjects.
func from(subject string, rows []experiment.Scenario, files ...string) []experiment.Scenario {
	source := experiment.Source(sources, files...)
	for i := range rows {
		rows[i].Subject = subject
		rows[i].Source = source
	}
	return rows
}
