package result

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// library is a store for tests, and the time of its next run.
type library struct {
	*Store
	t    *testing.T
	next time.Time
}

func newLibrary(t *testing.T) *library {
	t.Helper()
	s, err := OpenStore(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return &library{s, t, time.Date(2026, 11, 23, 19, 0, 0, 0, time.UTC)}
}

// run stores a run, an hour after the last, and ends it.
func (l *library) run(change func(*Run)) *Run {
	l.t.Helper()
	run, folder := l.begin(change)
	if err := folder.Publish(); err != nil {
		l.t.Fatal(err)
	}
	return run
}

// begin stores a run that goes on.
func (l *library) begin(change func(*Run)) (*Run, *Folder) {
	l.t.Helper()
	l.next = l.next.Add(time.Hour)
	folder, err := l.Create(l.next, "abc")
	if err != nil {
		l.t.Fatal(err)
	}
	run := sample()
	run.ID, run.Started = folder.ID(), l.next
	if change != nil {
		change(run)
	}
	if err := folder.Save(run); err != nil {
		l.t.Fatal(err)
	}
	return run, folder
}

// folder makes the folder of a run of the next hour, with a run.json where there
// is a text for it.
func (l *library) folder(text string) string {
	l.t.Helper()
	l.next = l.next.Add(time.Hour)
	id := l.next.Format(stamp) + "-abc"
	if err := os.Mkdir(filepath.Join(l.root, id), 0o700); err != nil {
		l.t.Fatal(err)
	}
	if text != "" {
		if err := os.WriteFile(filepath.Join(l.root, id, "run.json"), []byte(text), 0o600); err != nil {
			l.t.Fatal(err)
		}
	}
	return id
}

func (l *library) ids() []string {
	l.t.Helper()
	entries, err := l.List(l.t.Context())
	if err != nil {
		l.t.Fatal(err)
	}
	var ids []string
	for _, e := range entries {
		ids = append(ids, e.ID)
	}
	return ids
}

func TestTheNewestRunIsListedFirst(t *testing.T) {
	l := newLibrary(t)
	first := l.run(nil)
	second := l.run(func(r *Run) { r.Errors, r.Interrupted = []Fault{{Text: "x"}}, true })
	// What is no run is no entry.
	for _, name := range []string{"notes", ".removed-20261123T190000Z-abc", "20261399T190000Z-abc", "20261123T190000Z"} {
		if err := os.Mkdir(filepath.Join(l.root, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(l.root, "20261123T190000Z-file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	entries, err := l.List(t.Context())
	if err != nil || len(entries) != 2 || entries[0].ID != second.ID || entries[1].ID != first.ID {
		t.Fatalf("%+v, %v", entries, err)
	}
	e := entries[0]
	if !e.Latest || entries[1].Latest || e.Scenarios != 1 || e.Verdicts[Inconclusive] != 1 || e.Errors != 1 || !e.Interrupted ||
		e.Outcome != Inconclusive || e.Environment != second.Environment || !e.Started.Equal(second.Started) || e.Corpus.Records != 3 {
		t.Errorf("%+v", e)
	}
}

func TestARunThatGoesOnIsNotInterrupted(t *testing.T) {
	l := newLibrary(t)
	interrupted := func(r *Run) { r.Interrupted, r.Outcome = true, Fail }
	_, ended := l.begin(interrupted)
	if err := ended.unlock(); err != nil { // as by a crash
		t.Fatal(err)
	}
	_, going := l.begin(interrupted)
	_, last := l.begin(nil) // has saved its last word and not yet let go
	for range 2 {           // who looks leaves no lock
		entries, err := l.List(t.Context())
		if err != nil || len(entries) != 3 {
			t.Fatalf("%+v, %v", entries, err)
		}
		for _, e := range entries {
			if want := e.ID == going.ID(); e.Going != want {
				t.Errorf("%s is going on: %v, want %v", e.ID, e.Going, want)
			}
		}
	}
	l.run(nil)
	if gone := l.prune(PruneOptions{Keep: 1}); !slices.Equal(gone, []string{ended.ID()}) {
		t.Errorf("it removes %v", gone)
	}
	if err := errors.Join(going.unlock(), last.unlock()); err != nil {
		t.Fatal(err)
	}
}

func TestRunsOfOneSecondAreListedByTheirNumbers(t *testing.T) {
	l := newLibrary(t)
	var made []string
	for range 11 {
		f, err := l.Create(l.next, "abc")
		if err != nil {
			t.Fatal(err)
		}
		made = append(made, f.ID())
	}
	slices.Reverse(made)
	if ids := l.ids(); !slices.Equal(ids, made) {
		t.Errorf("%v, want %v", ids, made)
	}
}

func TestADamagedRunIsListedByItsErrorBesideTheOthers(t *testing.T) {
	l := newLibrary(t)
	good := l.run(nil)
	want := map[string]string{
		l.folder(""): "has no run.json: none of its scenarios has ended yet, or it was cut off before",
		l.folder("{\n\"schema\": 1,\n\"results\": [{\"values\": {\"ns/op\": [NaN]}}]}"):  "run.json is damaged: line 3 has the value NaN: want a number",
		l.folder("{\n\"schema\": 1,\n\"seed\": -Infinity}"):                              "run.json is damaged: line 3 has the value Inf",
		l.folder("{\n\"schema\": 1,\n\"results\": [{\"scena"):                            "run.json is damaged: line 3: unexpected end of JSON input",
		l.folder("{\n\"schema\": 1,\n\"results\": {\"a\": 1}}"):                          "run.json is damaged: line 3: the field results is of another type: object",
		l.folder("{\"schema\": 2, \"results\": {}}"):                                     "has schema version 2: this program reads 1 to 1",
		l.folder("{\"schema\": 1, \"started\": \"yesterday\", \"outcome\": \"PASS\"}\n"): "run.json is damaged: ",
	}
	entries, err := l.List(t.Context())
	if err != nil || len(entries) != len(want)+1 {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	for _, e := range entries {
		if e.ID == good.ID {
			if e.Err != nil {
				t.Errorf("the good one: %v", e.Err)
			}
			continue
		}
		if e.Err == nil || !strings.Contains(e.Err.Error(), want[e.ID]) || strings.Contains(e.Err.Error(), "\n") {
			t.Errorf("%s: %v, want one sentence with %q", e.ID, e.Err, want[e.ID])
		}
		if _, err := l.Load(e.ID); err == nil || err.Error() != e.Err.Error() {
			t.Errorf("loading it: %v", err)
		}
	}
}

func TestAnEntryThatCannotBeReadIsItsErrorInJSON(t *testing.T) {
	text, err := json.Marshal([]Entry{{ID: "a", Err: errors.New("cut off")}, {ID: "b", Outcome: Pass}})
	if err != nil || !strings.HasPrefix(string(text), `[{"id":"a","error":"cut off"},{"id":"b","started":`) {
		t.Errorf("%s, %v", text, err)
	}
}

func TestAStoreThatIsNotThereHasNoRuns(t *testing.T) {
	entries, err := At(filepath.Join(t.TempDir(), "none")).List(t.Context())
	if err != nil || len(entries) != 0 {
		t.Errorf("%v, %v", entries, err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := At(file).List(t.Context()); err == nil || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("a file: %v", err)
	}
}

func TestAListEndsWithItsContext(t *testing.T) {
	l := newLibrary(t)
	l.run(nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.List(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if _, err := l.History(ctx, sample(), 0); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
