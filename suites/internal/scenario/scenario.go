// Package scenario holds the tables of scenarios and the subjects that they
// measure: the logging library's queue, sinks and pipeline, what they cost in
// memory and CPU, the harness itself, and the peers they are compared with.
//
// A table is plain data. It is linked into the arms, so nothing here may import
// the test framework.
package scenario

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
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

// from stamps the rows of a table with their subject and with the hash of the
// files that define them, so that a stored result can be told from that of an
// edited scenario: the table's file first, then those of its subjects. A hash of
// the whole package would make one edit look like an edit of every scenario.
func from(subject string, rows []experiment.Scenario, files ...string) []experiment.Scenario {
	sum := sha256.New()
	for _, file := range files {
		text, err := sources.ReadFile(file)
		if err != nil {
			panic(fmt.Sprintf("scenario: %s is not embedded: %v", file, err))
		}
		_, _ = fmt.Fprintf(sum, "%s %d\n%s", file, len(text), text)
	}
	source := hex.EncodeToString(sum.Sum(nil))
	for i := range rows {
		rows[i].Subject = subject
		rows[i].Source = source
	}
	return rows
}
