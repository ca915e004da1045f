package scenario

import (
	"time"

	"github.com/logperf/logperf/fixtures/workload"
	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/suites/internal/experiment"
	"github.com/logperf/logperf/suites/internal/result"
)

// workloadRecords is how many records the generator prepares: enough for the
// rare templates to occur, little enough to stay within the caches' reach of
// a real program's hot set (about 4 MB).
const workloadRecords = 8192

// workloadOf returns the records that a scenario with Input logs: the user's
// own, where a corpus is named, else a blend of the measured systems.
func workloadOf(o experiment.Options) (*workload.Stream, error) {
	if o.Corpus != "" {
		corpus, err := workload.Open(o.Corpus)
		if err != nil {
			return nil, err
		}
		return corpus.Stream, nil
	}
	return workload.Generate("mixed", o.Seed, workloadRecords)
}

// everyLevel are the settings of a logger of the workload's records: one that
// held back the DEBUG lines of a user's log would count fewer than were logged.
func everyLevel() logging.Settings {
	return logging.Settings{Level: workload.LowestLevel.String()}
}

// fill makes an entry of a record, as the logger's capture does.
func fill(e *logging.Entry, r *workload.Record) {
	e.Time, e.Level, e.Message = time.Now(), r.Level, r.Message
	e.Attrs = append(e.Attrs[:0], r.Attrs...)
}

// OpenCorpus reads the user's own log once, to find its faults before anything
// is measured and to say in the results what was replayed. What it read becomes
// the file copied: each arm reads the corpus anew, from there, because a log
// that is in use grows and is rotated while the run goes on.
func OpenCorpus(path, copied string) (result.Corpus, error) {
	c, err := workload.Open(path)
	if err != nil {
		return result.Corpus{}, err
	}
	if err := c.Save(copied); err != nil {
		return result.Corpus{}, err
	}
	return result.Corpus{Path: path, SHA256: c.SHA256, Records: c.Len()}, nil
}
