package result

import "context"

// PruneOptions says what Prune leaves.
type PruneOptions struct {
	// Keep is the number of the newest runs that stay, from 1.
	Keep int
	// Dry tells what would be removed and removes nothing.
	Dry bool
}

// Prune removes all runs but the newest and returns the names of those that it
// removed. It never removes the run that latest points at, a run in progress, a
// run that it cannot read, or what is no run.
func (s *Store) Prune(ctx context.Context, o PruneOptions) (removed []string, err error) { panic("not yet") }
