package result

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// Entry is one run of a store, in a few words.
type Entry struct {
	// ID is the name of its folder.
	ID          string    `json:"id"`
	Started     time.Time `json:"started"`
	Ended       time.Time `json:"ended"`
	Interrupted bool      `json:"interrupted,omitempty"`
	// Going marks a run that a process is writing: it is not interrupted yet.
	Going       bool        `json:"going,omitempty"`
	Filter      string      `json:"filter"`
	Only        string      `json:"only,omitempty"`
	Repetitions int         `json:"repetitions"`
	Environment Environment `json:"environment"`
	Corpus      *Corpus     `json:"corpus,omitempty"`
	Outcome     Outcome     `json:"outcome"`
	// Scenarios is how many left results.
	Scenarios int `json:"scenarios"`
	// Verdicts counts the limits by what became of them.
	Verdicts map[Outcome]int `json:"verdicts"`
	// Errors is how many failures left no verdict.
	Errors int `json:"errors,omitempty"`
	// Latest marks the run that the link of the store points at.
	Latest bool `json:"latest,omitempty"`
	// Err is why the run cannot be read, in one sentence; all else but ID and
	// Latest is then empty.
	Err error `json:"-"`
}

// MarshalJSON writes an entry that cannot be read as its name and its error: the
// rest would look as if it had been measured.
func (e Entry) MarshalJSON() ([]byte, error) {
	if e.Err != nil {
		return json.Marshal(struct {
			ID     string `json:"id"`
			Latest bool   `json:"latest,omitempty"`
			Err    string `json:"error"`
		}{e.ID, e.Latest, e.Err.Error()})
	}
	type plain Entry // without this method
	return json.Marshal(plain(e))
}

// summary is what of a run.json an Entry is made of.
type summary struct {
	Schema      int         `json:"schema"`
	Started     time.Time   `json:"started"`
	Ended       time.Time   `json:"ended"`
	Interrupted bool        `json:"interrupted"`
	Filter      string      `json:"filter"`
	Only        string      `json:"only"`
	Repetitions int         `json:"repetitions"`
	Environment Environment `json:"environment"`
	Corpus      *Corpus     `json:"corpus"`
	Results     []struct {
		Scenario  string `json:"scenario"`
		Reference string `json:"reference"`
	} `json:"results"`
	Verdicts []struct {
		Outcome Outcome `json:"outcome"`
	} `json:"verdicts"`
	Errors  []struct{} `json:"errors"`
	Outcome Outcome    `json:"outcome"`
}

// List reads the runs of the store, the newest first. A run that is damaged or
// of a newer version is an entry with its error; the list itself fails where the
// folder cannot be read, or ctx ends. A folder that does not exist has no runs.
func (s *Store) List(ctx context.Context) ([]Entry, error) {
	ids, err := s.runs()
	if err != nil {
		return nil, err
	}
	latest := s.latest()
	entries := make([]Entry, len(ids))
	err = each(ctx, len(ids), func(i int) {
		entries[i] = s.entry(ids[i])
		entries[i].Latest = ids[i] == latest
	})
	if err != nil {
		return nil, err
	}
	return entries, nil
}

func (s *Store) entry(id string) Entry {
	var run summary
	if err := s.read(id, &run, &run.Schema); err != nil {
		return Entry{ID: id, Err: err}
	}
	e := Entry{
		ID: id, Started: run.Started, Ended: run.Ended, Interrupted: run.Interrupted, Filter: run.Filter, Only: run.Only,
		Repetitions: run.Repetitions, Environment: run.Environment, Corpus: run.Corpus, Outcome: run.Outcome,
		Verdicts: map[Outcome]int{}, Errors: len(run.Errors), Going: run.Interrupted && s.going(id),
	}
	for _, r := range run.Results {
		if r.Reference == "" {
			e.Scenarios++
		}
	}
	for _, v := range run.Verdicts {
		e.Verdicts[v.Outcome]++
	}
	return e
}

// going reports whether a process has the lock of a run. It asks for one that
// several may share, so that two who look do not take each other for the run, and
// only where there is a run.json: before, it might take the lock that Create is
// about to take.
func (s *Store) going(id string) bool {
	folder, err := os.Open(filepath.Join(s.root, id))
	if err != nil {
		return false
	}
	defer func() { _ = folder.Close() }()
	return errors.Is(unix.Flock(int(folder.Fd()), unix.LOCK_SH|unix.LOCK_NB), unix.EWOULDBLOCK)
}
