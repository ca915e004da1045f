package result

import (
	"context"
	"time"
)

// Entry is one run of a store, in a few words.
type Entry struct {
	// ID is the name of its folder.
	ID             string    `json:"id"`
	Started        time.Time `json:"started"`
	Ended          time.Time `json:"ended"`
	Interrupted    bool      `json:"interrupted,omitempty"`
	Filter         string    `json:"filter"`
	Only           string    `json:"only,omitempty"`
	Repetitions    int       `json:"repetitions"`
	Environment    Environment
	Corpus         *Corpus `json:"corpus,omitempty"`
	Outcome        Outcome `json:"outcome"`
	// Scenarios is how many left results.
	Scenarios int `json:"scenarios"`
	// Verdicts counts the limits by what became of them.
	Verdicts map[Outcome]int `json:"verdicts"`
	// Errors is how many failures left no verdict.
	Errors int `json:"errors,omitempty"`
	// Latest marks the run that the link of the store points at.
	Latest bool `json:"latest,omitempty"`
	// Err is why the run cannot be read, in one sentence; all else but ID is then
	// empty.
	Err error `json:"-"`
}

// List reads the runs of the store, the newest first. A run that is damaged or
// of a newer version is an entry with its error; the list itself fails where the
// folder cannot be read, or ctx ends.
func (s *Store) List(ctx context.Context) ([]Entry, error) { panic("not yet") }
