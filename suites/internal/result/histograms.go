package result

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/logperf/logperf/suites/internal/stat"
)

// The tags of a row's histograms: the time from a call to its return, and that
// from its intended start.
const (
	Service  = "service"
	Response = "response"
)

// KeepTimes writes the times of a row to a file below histograms/, in HDR log
// format, names the file in the row and lets go of the times. A row without any
// stays as it is. began and lasted are when they were taken.
func (f *Folder) KeepTimes(row *Result, began time.Time, lasted time.Duration) error {
	if len(row.Times) == 0 {
		return nil
	}
	// The words of the row become folders. A scenario's name may not hold what
	// leads out of them; nothing is written where it does.
	name := filepath.Join("histograms", filepath.FromSlash(row.Row())+".hlog")
	if !filepath.IsLocal(filepath.FromSlash(row.Row())) {
		return fmt.Errorf("the row %q cannot name a file", row.Row())
	}
	var text bytes.Buffer
	if err := stat.WriteHistogramLog(&text, began, lasted, row.Times); err != nil {
		return fmt.Errorf("the histograms of %s: %w", row.Row(), err)
	}
	if err := os.MkdirAll(filepath.Dir(f.Path(name)), 0o755); err != nil {
		return fmt.Errorf("%s cannot be written: %w", f.Path(name), reason(err))
	}
	if err := WriteFileAtomic(f.Path(name), text.Bytes()); err != nil {
		return err
	}
	row.Histograms, row.Times = filepath.ToSlash(name), nil
	return nil
}

// Histograms reads the times of single calls of a row, by their tags; empty for a
// row that has none. What cannot be read is one error that names the file; the
// histograms that can be read are returned beside it.
func (s *Store) Histograms(run *Run, row Result) (map[string]*stat.Histogram, error) {
	if row.Histograms == "" {
		return nil, nil
	}
	if name := filepath.FromSlash(row.Histograms); !filepath.IsLocal(name) || !filepath.IsLocal(run.ID) {
		return nil, fmt.Errorf("the histograms of %s are in %q of run %q: want a path within the folder of the run", row.Row(), row.Histograms, run.ID)
	}
	path := filepath.Join(s.root, run.ID, filepath.FromSlash(row.Histograms))
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the histograms of %s are gone: there is no %s", row.Row(), path)
	}
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", path, reason(err))
	}
	byTag, err := stat.ReadHistogramLog(text)
	if err != nil {
		return byTag, fmt.Errorf("%s is damaged: %w", path, err)
	}
	return byTag, nil
}
