package result

import "github.com/logperf/logperf/suites/internal/stat"

// The tags of a row's histograms: the time from a call to its return, and that
// from its intended start.
const (
	Service  = "service"
	Response = "response"
)

// Histograms reads the times of single calls of a row, by their tags; empty for a
// row that has none. What cannot be read is one error that names the file; the
// histograms that can be read are returned beside it.
func (s *Store) Histograms(run *Run, row Result) (map[string]*stat.Histogram, error) { panic("not yet") }
