package result

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func (l *library) prune(o PruneOptions) []string {
	l.t.Helper()
	gone, err := l.Prune(l.t.Context(), o)
	if err != nil {
		l.t.Fatal(err)
	}
	return gone
}

func TestPruneKeepsTheNewestRuns(t *testing.T) {
	l := newLibrary(t)
	var ids []string
	for range 5 {
		ids = append(ids, l.run(nil).ID)
	}
	slices.Reverse(ids)
	if gone := l.prune(PruneOptions{Keep: 2, Dry: true}); !slices.Equal(gone, ids[2:]) || len(l.ids()) != 5 {
		t.Errorf("a dry run removes %v of %v, and leaves %v", gone, ids, l.ids())
	}
	if gone := l.prune(PruneOptions{Keep: 2}); !slices.Equal(gone, ids[2:]) || !slices.Equal(l.ids(), ids[:2]) {
		t.Errorf("it removes %v of %v, and leaves %v", gone, ids, l.ids())
	}
	if gone := l.prune(PruneOptions{Keep: 2}); len(gone) != 0 {
		t.Errorf("once more it removes %v", gone)
	}
	for _, keep := range []int{0, -1} {
		if _, err := l.Prune(t.Context(), PruneOptions{Keep: keep}); err == nil || !strings.Contains(err.Error(), "want 1 or more") {
			t.Errorf("%d: %v", keep, err)
		}
	}
}

func TestPruneLeavesTheRunThatLatestPointsAt(t *testing.T) {
	l := newLibrary(t)
	latest := l.run(nil)
	var newer []string
	for range 2 {
		run, folder := l.begin(nil)
		if err := folder.unlock(); err != nil { // ended without a link, as by a crash
			t.Fatal(err)
		}
		newer = append(newer, run.ID)
	}
	if gone := l.prune(PruneOptions{Keep: 1}); !slices.Equal(gone, newer[:1]) {
		t.Errorf("it removes %v", gone)
	}
	if ids := l.ids(); !slices.Equal(ids, []string{newer[1], latest.ID}) {
		t.Errorf("it leaves %v", ids)
	}
}

// TestPruneLeavesARunThatHasJustEnded: it was in the list as one that is not the
// latest.
func TestPruneLeavesARunThatHasJustEnded(t *testing.T) {
	l := newLibrary(t)
	before, ended := l.run(nil), l.run(nil)
	if done, err := l.remove(ended.ID, false); done || err != nil {
		t.Errorf("the latest: removed %v, %v", done, err)
	}
	if done, err := l.remove(before.ID, false); !done || err != nil {
		t.Errorf("the one before: removed %v, %v", done, err)
	}
	if run, err := l.Load(Latest); err != nil || run.ID != ended.ID {
		t.Errorf("left is %+v, %v", run, err)
	}
}

func TestPruneLeavesARunInProgress(t *testing.T) {
	l := newLibrary(t)
	going, folder := l.begin(nil)
	empty, err := l.Create(l.next.Add(time.Minute), "abc")
	if err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(empty.Path(""), old, old); err != nil {
		t.Fatal(err)
	}
	l.run(nil)
	for _, dry := range []bool{true, false} {
		if gone := l.prune(PruneOptions{Keep: 1, Dry: dry}); len(gone) != 0 {
			t.Errorf("it removes %v", gone)
		}
	}
	// Both go once they have ended.
	for _, f := range []*Folder{folder, empty} {
		if err := f.unlock(); err != nil {
			t.Fatal(err)
		}
	}
	if gone := l.prune(PruneOptions{Keep: 1}); !slices.Equal(gone, []string{empty.ID(), going.ID}) {
		t.Errorf("it removes %v", gone)
	}
}

func TestPruneLeavesWhatItCannotRead(t *testing.T) {
	l := newLibrary(t)
	newer := l.folder(`{"schema": 2}`)
	fresh := l.folder("") // of a run that begins
	kept := []string{
		newer, fresh, l.folder("{"), "notes", "20261123T190000Z", ".hidden",
	}
	for _, name := range kept[3:] {
		if err := os.Mkdir(filepath.Join(l.root, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	outside := t.TempDir()
	link := filepath.Join(l.root, "20261123T190000Z-link")
	if err := os.Symlink(outside, link); err != nil {
		t.Fatal(err)
	}
	removedBefore := filepath.Join(l.root, removed+"20261123T190000Z-abc")
	if err := os.MkdirAll(filepath.Join(removedBefore, "histograms"), 0o700); err != nil {
		t.Fatal(err)
	}
	l.run(nil)
	if gone := l.prune(PruneOptions{Keep: 1}); len(gone) != 0 {
		t.Errorf("it removes %v", gone)
	}
	for _, name := range append(kept, filepath.Base(link)) {
		if _, err := os.Stat(filepath.Join(l.root, name)); err != nil {
			t.Errorf("%s is gone: %v", name, err)
		}
	}
	if _, err := os.Stat(removedBefore); err == nil {
		t.Error("what a removal left behind is still there")
	}
}

func TestTwoPrunesAtOnceRemoveEachRunOnce(t *testing.T) {
	l := newLibrary(t)
	for range 12 {
		l.run(nil)
	}
	var all sync.WaitGroup
	gone := make([][]string, 4)
	faults := make([]error, len(gone))
	for i := range gone {
		all.Go(func() { gone[i], faults[i] = l.Prune(t.Context(), PruneOptions{Keep: 1}) })
	}
	all.Wait()
	seen := map[string]int{}
	for i := range gone {
		if faults[i] != nil {
			t.Error(faults[i])
		}
		for _, id := range gone[i] {
			seen[id]++
		}
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%s was removed %d times", id, n)
		}
	}
	if ids := l.ids(); len(ids) != 1 || len(seen) != 11 {
		t.Errorf("it leaves %v and removed %d", ids, len(seen))
	}
}
