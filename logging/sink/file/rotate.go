package file

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// MinRotateSize is the least Rotation.Size: a file for each record helps nobody.
const MinRotateSize = 4 << 10

// Rotation says when a file is renamed and begun anew, and what becomes of the
// renamed ones. The zero value never rotates.
//
// A rotated file bears the time of its rotation behind its name, in UTC, as in
// app.log.20261124T093000.000000000Z, so that names sort by age.
type Rotation struct {
	// Size is the number of bytes that a file may have, MinRotateSize at least:
	// a batch that would go beyond it goes into a new file. A batch that is
	// larger gets a file of its own, because no record is divided. Default 0: no
	// bound.
	Size int64
	// Age is how old a file may get, 1s at least. It is looked at when something
	// is written; what was in the file when it was opened counts from its last
	// change. Default 0: no bound.
	Age time.Duration
	// Keep is the number of rotated files that are kept, the newest ones.
	// Default 0: all.
	Keep int
	// Compress packs rotated files with gzip, to the name with .gz behind it.
	// Default off.
	Compress bool
}

func (r Rotation) check() error {
	switch {
	case r.Size != 0 && r.Size < MinRotateSize:
		return fmt.Errorf("file sink: the size that rotates is %d B: want 0 for none, or %d and more", r.Size, MinRotateSize)
	case r.Age != 0 && r.Age < time.Second:
		return fmt.Errorf("file sink: the age that rotates is %v: want 0 for none, or 1s and more", r.Age)
	case r.Keep < 0:
		return fmt.Errorf("file sink: %d rotated files are to be kept: want 0 for all, or 1 and more", r.Keep)
	case r.Size == 0 && r.Age == 0 && (r.Keep > 0 || r.Compress):
		return errors.New("file sink: rotated files are to be kept or compressed, and nothing rotates: set a size or an age")
	}
	return nil
}

// rotateAgain is how soon a rotation that failed is tried again: each Write
// would fail, and a full disk does not get better by it.
const rotateAgain = 10 * time.Second

// rotator decides when to rotate.
type rotator struct {
	Rotation
	size  int64     // of the file
	begun time.Time // the file
	after time.Time // no rotation before, because one has failed
}

func (r *rotator) rotates() bool { return r.Size > 0 || r.Age > 0 }

// due reports whether the file has to be rotated before n more bytes.
func (r *rotator) due(n int, now time.Time) bool {
	if r.size == 0 || now.Before(r.after) {
		return false
	}
	return r.Size > 0 && r.size+int64(n) > r.Size || r.Age > 0 && now.Sub(r.begun) >= r.Age
}

// rotate renames the file and begins a new one. Where that fails, the records go
// on into the old one.
func (s *Sink) rotate(now time.Time) error {
	if err := s.begin(now); err != nil {
		return fmt.Errorf("it cannot be rotated: %w", err)
	}
	s.attic.tidy()
	return nil
}

func (s *Sink) begin(now time.Time) error {
	s.rotator.after = now.Add(rotateAgain)
	if s.sync {
		if err := s.file.Sync(); err != nil {
			return err
		}
	}
	to := s.path + "." + now.UTC().Format(stamp)
	err := os.Rename(s.path, to)
	switch {
	case errors.Is(err, fs.ErrNotExist): // somebody else has moved it
		to = ""
	case err != nil:
		return err
	}
	f, err := openFile(s.path, s.perm)
	if err != nil {
		if to != "" {
			err = errors.Join(err, os.Rename(to, s.path))
		}
		return err
	}
	err = s.file.Close()
	s.use(f)
	s.rotator.size, s.rotator.begun, s.rotator.after = 0, now, time.Time{}
	return err
}

// stamp is the layout of the time in the name of a rotated file.
const stamp = "20060102T150405.000000000Z"

const packed = ".gz"

// attic tends the rotated files: it compresses them and removes the oldest. It
// works in a goroutine of its own that ends with its work.
type attic struct {
	path     string // of the file that is rotated
	keep     int
	compress bool
	ctx      context.Context
	cancel   context.CancelFunc
	work     sync.WaitGroup
	one      sync.Mutex // one goroutine at a time tends

	mu     sync.Mutex
	failed error
}

func newAttic(path string, r Rotation) *attic {
	a := &attic{path: path, keep: r.Keep, compress: r.Compress}
	a.ctx, a.cancel = context.WithCancel(context.Background())
	return a
}

// tidy tends the files in the background.
func (a *attic) tidy() {
	if a.keep == 0 && !a.compress {
		return
	}
	a.work.Go(func() {
		a.one.Lock()
		defer a.one.Unlock()
		if err := a.tend(); err != nil {
			a.mu.Lock()
			a.failed = errors.Join(a.failed, err)
			a.mu.Unlock()
		}
	})
}

// err returns what has failed since it was last asked.
func (a *attic) err() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	err := a.failed
	a.failed = nil
	return err
}

// close waits for the work, at most until ctx is done; then it is broken off
// and leaves the file that it was at as it was.
func (a *attic) close(ctx context.Context) error {
	ended := make(chan struct{})
	go func() {
		a.work.Wait()
		close(ended)
	}()
	var err error
	select {
	case <-ended:
	case <-ctx.Done():
		err = fmt.Errorf("rotated files are not compressed yet: %w", ctx.Err())
	}
	a.cancel()
	<-ended
	if err != nil {
		return err
	}
	return a.err()
}

// tend removes what is too much and compresses what is left. It looks at the
// folder each time, so it finishes what a crash has left.
func (a *attic) tend() error {
	rotated, err := a.list()
	if err != nil {
		return err
	}
	var errs []error
	if surplus := len(rotated) - a.keep; a.keep > 0 && surplus > 0 {
		for _, path := range rotated[:surplus] {
			errs = append(errs, os.Remove(path))
		}
		rotated = rotated[surplus:]
	}
	for _, path := range rotated {
		if a.compress && !strings.HasSuffix(path, packed) && a.ctx.Err() == nil {
			errs = append(errs, a.pack(path))
		}
	}
	return errors.Join(errs...)
}

// list returns the rotated files, the oldest first.
func (a *attic) list() ([]string, error) {
	dir, base := filepath.Split(a.path)
	entries, err := os.ReadDir(filepath.Clean(dir))
	if err != nil {
		return nil, err
	}
	var rotated []string
	for _, e := range entries {
		text, ok := strings.CutPrefix(e.Name(), base+".")
		if !ok || !e.Type().IsRegular() {
			continue
		}
		if _, err := time.Parse(stamp, strings.TrimSuffix(text, packed)); err == nil {
			rotated = append(rotated, dir+e.Name())
		}
	}
	slices.Sort(rotated)
	return rotated, nil
}

// pack compresses a file. The packed one appears whole, and only then does the
// other go.
func (a *attic) pack(path string) (err error) {
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }()
	info, err := from.Stat()
	if err != nil {
		return err
	}
	temporary := path + packed + ".tmp"
	to, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, info.Mode().Perm())
	if err != nil {
		return err
	}
	z := gzip.NewWriter(to)
	_, err = io.Copy(z, until{a.ctx, from})
	if err = errors.Join(err, z.Close(), to.Sync(), to.Close()); err == nil {
		err = os.Rename(temporary, path+packed)
	}
	if err != nil {
		err = errors.Join(err, os.Remove(temporary))
		if a.ctx.Err() != nil {
			return nil // close has said so
		}
		return err
	}
	return os.Remove(path)
}

// until is a reader that ends with its context.
type until struct {
	ctx  context.Context
	from io.Reader
}

func (u until) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.from.Read(p)
}
