package result

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Load reads a run by the name of its folder, or "latest". Its ID is that name,
// whatever the file says: a folder may have been copied or renamed, and what is
// read or written beside run.json belongs to the folder.
func (s *Store) Load(id string) (*Run, error) {
	if id == Latest {
		if name := s.latest(); name != "" {
			id = name
		}
	}
	id = strings.TrimRight(id, "/") // as a shell completes it
	if id == "." || id != filepath.Base(id) || !filepath.IsLocal(id) {
		return nil, fmt.Errorf("%q is the name of no run: want that of a folder in %s, or %q", id, s.root, Latest)
	}
	var run Run
	if err := s.read(id, &run, &run.Schema); err != nil {
		return nil, err
	}
	run.ID = id
	return &run, nil
}

// Decode reads the text of a run.json; path is for the message alone.
func Decode(path string, text []byte) (*Run, error) {
	var run Run
	if err := decode(path, text, &run, &run.Schema); err != nil {
		return nil, err
	}
	return &run, nil
}

// read decodes the run.json of a run. Its parts that into has no field for are
// passed over.
func (s *Store) read(id string, into any, schema *int) error {
	path, text, err := s.text(id)
	if err != nil {
		return err
	}
	return decode(path, text, into, schema)
}

// text is the run.json of a run.
func (s *Store) text(id string) (path string, text []byte, err error) {
	path = filepath.Join(s.root, id, "run.json")
	text, err = os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(filepath.Dir(path)); err == nil {
			return path, nil, fmt.Errorf("the run %q in %s has no run.json: none of its scenarios has ended yet, or it was cut off before", id, s.root)
		}
		return path, nil, fmt.Errorf("there is no run %q in %s: want the name of a folder there, or %q", id, s.root, Latest)
	}
	if err != nil {
		return path, nil, fmt.Errorf("%s cannot be read: %w", path, reason(err))
	}
	return path, text, nil
}

// decode reads text into a struct whose version is *schema afterwards.
func decode(path string, text []byte, into any, schema *int) error {
	fault := json.Unmarshal(text, into)
	version := struct {
		Schema int `json:"schema"`
	}{*schema}
	if fault != nil {
		// In a newer version a field may have another type, and the file would be
		// called damaged.
		if err := json.Unmarshal(text, &version); err != nil {
			return damaged(path, text, fault)
		}
	}
	if version.Schema < 1 || version.Schema > SchemaVersion {
		return fmt.Errorf("%s has schema version %d: this program reads 1 to %d", path, version.Schema, SchemaVersion)
	}
	if fault != nil {
		return damaged(path, text, fault)
	}
	return nil
}

// damaged tells where the fault is.
func damaged(path string, text []byte, fault error) error {
	at := -1
	if syntax, ok := errors.AsType[*json.SyntaxError](fault); ok {
		at = int(syntax.Offset)
	}
	if kind, ok := errors.AsType[*json.UnmarshalTypeError](fault); ok {
		at = int(kind.Offset)
		fault = fmt.Errorf("the field %s is of another type: %s", kind.Field, kind.Value)
	}
	if at < 1 || at > len(text) {
		return fmt.Errorf("%s is damaged: %w", path, fault)
	}
	line := 1 + bytes.Count(text[:at-1], []byte("\n"))
	// JSON has no such numbers; its error names the letter that they begin with.
	word := strings.TrimPrefix(string(text[at-1:min(at+len("Infinity"), len(text))]), "-")
	for _, no := range []string{"NaN", "Inf"} {
		if strings.HasPrefix(word, no) {
			return fmt.Errorf("%s is damaged: line %d has the value %s: want a number", path, line, no)
		}
	}
	return fmt.Errorf("%s is damaged: line %d: %w", path, line, fault)
}

// stamp is how the name of a run's folder begins: the time, in UTC.
const stamp = "20060102T150405Z"

// isRun reports whether a folder is named as Create does.
func isRun(name string) bool {
	if len(name) <= len(stamp)+1 || name[len(stamp)] != '-' {
		return false
	}
	_, err := time.Parse(stamp, name[:len(stamp)])
	return err == nil
}

// runs are the names of the folders of runs, the newest first; none where the
// store is not there yet.
func (s *Store) runs() ([]string, error) {
	entries, err := os.ReadDir(s.root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("the result folder %s cannot be read: %w", s.root, reason(err))
	}
	var ids []string
	for _, e := range entries {
		if e.IsDir() && isRun(e.Name()) {
			ids = append(ids, e.Name())
		}
	}
	slices.SortFunc(ids, newerFirst)
	return ids, nil
}

// newerFirst sorts names of folders: by their times, and by the numbers that
// Create puts behind those of one second.
func newerFirst(a, b string) int {
	if c := strings.Compare(b[:len(stamp)], a[:len(stamp)]); c != 0 {
		return c
	}
	if c := len(b) - len(a); c != 0 {
		return c
	}
	return strings.Compare(b, a)
}

// latest is the name of the folder that the link points at; empty without one.
func (s *Store) latest() string {
	target, err := os.Readlink(filepath.Join(s.root, Latest))
	if err != nil {
		return ""
	}
	return filepath.Base(target)
}

// each calls do for 0 to n-1, as many at a time as there are processors: reading
// a run is decoding, not waiting. It ends early with ctx, whose cause it returns.
func each(ctx context.Context, n int, do func(i int)) error {
	var next atomic.Int64
	var all sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		all.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				do(i)
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}
