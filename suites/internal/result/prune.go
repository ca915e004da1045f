package result

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// PruneOptions says what Prune leaves.
type PruneOptions struct {
	// Keep is the number of the newest runs that stay, from 1.
	Keep int
	// Dry tells what would be removed and removes nothing.
	Dry bool
}

// removed is how the name of a folder begins that is being removed.
const removed = ".removed-"

// Prune removes all runs but the newest and returns the names of those that it
// removed, the newest first. It never removes the run that latest points at, a run
// in progress, or what is no run. A run that it cannot read stays and does not
// count: a newer program may read it. What cannot be removed is an error, and does
// not keep the rest.
func (s *Store) Prune(ctx context.Context, o PruneOptions) ([]string, error) {
	if o.Keep < 1 {
		return nil, fmt.Errorf("%d runs to keep: want 1 or more", o.Keep)
	}
	entries, err := s.List(ctx)
	if err != nil {
		return nil, err
	}
	var gone []string
	var faults []error
	if !o.Dry {
		faults = append(faults, s.clear())
	}
	kept := 0
	for _, e := range entries {
		if e.Err != nil && !s.hollow(e.ID) {
			continue
		}
		if e.Err == nil && kept < o.Keep {
			kept++
			continue
		}
		if e.Latest {
			continue
		}
		done, err := s.remove(e.ID, o.Dry)
		if done {
			gone = append(gone, e.ID)
		}
		faults = append(faults, err)
	}
	return gone, errors.Join(faults...)
}

// youngest is how old a folder without a result has to be to be of no run any
// more. Between its making and its lock there is a moment.
const youngest = time.Minute

// hollow reports whether the folder of a run was made and nothing was ever kept
// there.
func (s *Store) hollow(id string) bool {
	path := filepath.Join(s.root, id)
	info, err := os.Stat(path)
	if err != nil || time.Since(info.ModTime()) < youngest {
		return false
	}
	entries, err := os.ReadDir(path)
	return err == nil && len(entries) == 0
}

// remove removes a run that is not in progress. It is renamed first, so that no
// one finds half of it.
func (s *Store) remove(id string, dry bool) (done bool, err error) {
	path := filepath.Join(s.root, id)
	lock, err := lockFolder(path)
	if errors.Is(err, unix.EWOULDBLOCK) || errors.Is(err, fs.ErrNotExist) {
		return false, nil // in progress, or removed by another
	}
	if err != nil {
		return false, fmt.Errorf("the run %s cannot be removed: %w", id, reason(err))
	}
	defer func() { _ = lock.Close() }()
	// The list is from before the lock: meanwhile the run may have ended.
	if s.latest() == id {
		return false, nil
	}
	if dry {
		return true, nil
	}
	hidden := filepath.Join(s.root, removed+id)
	err = os.Rename(path, hidden)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil // by another, between our opening it and our lock
	}
	if err != nil {
		return false, fmt.Errorf("the run %s cannot be removed: %w", id, reason(err))
	}
	if err := os.RemoveAll(hidden); err != nil {
		return true, fmt.Errorf("the run %s cannot be removed from the disk: %w; %s holds what is left", id, reason(err), hidden)
	}
	return true, nil
}

// clear removes what is left of runs whose removal was cut short.
func (s *Store) clear() error {
	entries, err := os.ReadDir(s.root)
	if err != nil {
		return nil // List has said so, or there is nothing
	}
	var faults []error
	for _, e := range entries {
		if id, ok := strings.CutPrefix(e.Name(), removed); ok && e.IsDir() && isRun(id) {
			faults = append(faults, os.RemoveAll(filepath.Join(s.root, e.Name())))
		}
	}
	return errors.Join(faults...)
}

// lockFolder takes the lock of a run: whoever writes it has it, and the kernel
// takes it back when that process ends, however it ends. A file with the number
// of a process would outlive one that was killed. The lock is on the folder
// itself, so that there is nothing to remove.
func lockFolder(path string) (*os.File, error) {
	folder, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(folder.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(err, folder.Close())
	}
	return folder, nil
}
