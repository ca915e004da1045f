package result

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Latest is the name of the link to the newest run in a store.
const Latest = "latest"

// Store is the folder that holds one folder a run.
type Store struct{ root string }

// At is the store in a folder that is only read; nothing is made.
func At(root string) *Store { return &Store{root} }

// OpenStore makes the folder where it is missing and proves that it can be
// written, so that a run does not find out at its end.
func OpenStore(root string) (*Store, error) {
	if err := os.MkdirAll(root, 0o755); err != nil {
		return nil, fmt.Errorf("the result folder %s cannot be made: %w; name another with LOGPERF_BENCHMARK_RESULTS", root, reason(err))
	}
	probe, err := os.CreateTemp(root, ".probe-*")
	if err != nil {
		return nil, fmt.Errorf("the result folder %s cannot be written: %w; name another with LOGPERF_BENCHMARK_RESULTS", root, reason(err))
	}
	return &Store{root}, errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// reason is an error without the paths that the sentence names already.
func reason(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	var link *os.LinkError
	if errors.As(err, &link) {
		return link.Err
	}
	return err
}

// Folder is the folder of one run that is being written.
type Folder struct {
	store *Store
	id    string
	lock  *os.File // until it is published; nil where the file system has no locks
}

// Create makes the folder <UTC time>-<commit>. Two runs in one second get
// different folders: making one fails where it exists, and the next number is
// tried. The folder is locked until Publish, or the end of the process: Prune
// leaves it alone.
func (s *Store) Create(started time.Time, commit string) (*Folder, error) {
	base := started.UTC().Format("20060102T150405Z") + "-" + commit
	for i := 1; ; i++ {
		id := base
		if i > 1 {
			id = fmt.Sprintf("%s-%d", base, i)
		}
		err := os.Mkdir(filepath.Join(s.root, id), 0o755)
		if err == nil {
			return s.begin(id), nil
		}
		if !errors.Is(err, fs.ErrExist) || i == 1000 {
			return nil, fmt.Errorf("the folder of this run cannot be made: %w", err)
		}
	}
}

func (s *Store) begin(id string) *Folder {
	// Without a lock the run is as good, and Prune takes it for one that has ended.
	lock, err := lockFolder(filepath.Join(s.root, id))
	if err != nil {
		lock = nil
	}
	return &Folder{store: s, id: id, lock: lock}
}

// ID is the folder's name.
func (f *Folder) ID() string { return f.id }

// Path is the path of a file in the folder; of the folder itself for "".
func (f *Folder) Path(name string) string { return filepath.Join(f.store.root, f.id, name) }

// Save writes run.json and bench.txt, each whole or not at all.
func (f *Folder) Save(run *Run) error {
	if err := run.check(); err != nil {
		return err
	}
	text, err := encode(run)
	if err != nil {
		return fmt.Errorf("%s cannot be written: %w", f.Path("run.json"), err)
	}
	var bench bytes.Buffer
	if err := WriteBench(&bench, run); err != nil {
		return err
	}
	return errors.Join(
		WriteFileAtomic(f.Path("run.json"), text),
		WriteFileAtomic(f.Path("bench.txt"), bench.Bytes()),
	)
}

// Publish points the store's link latest at this folder, in one step, and
// ends the run.
func (f *Folder) Publish() error {
	link := filepath.Join(f.store.root, Latest)
	temporary := filepath.Join(f.store.root, "."+Latest+"-"+f.id)
	if err := os.Symlink(f.id, temporary); err != nil {
		return fmt.Errorf("the link %s cannot be set: %w", link, reason(err))
	}
	if err := os.Rename(temporary, link); err != nil {
		return errors.Join(fmt.Errorf("the link %s cannot be set: %w", link, reason(err)), os.Remove(temporary))
	}
	return errors.Join(syncFolder(f.store.root), f.unlock())
}

func (f *Folder) unlock() error {
	if f.lock == nil {
		return nil
	}
	lock := f.lock
	f.lock = nil
	return lock.Close()
}

// WriteFileAtomic writes a file whole or not at all: a temporary file beside it
// is synced and renamed, and the folder synced, so that the name lasts as the
// bytes do. What is there and is neither a file nor a folder, such as a pipe, a
// device or a link to one, is written to in place: a rename would put a file where
// /dev/null was.
func WriteFileAtomic(path string, data []byte) error {
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return overwrite(path, data)
	}
	if err := replace(path, data); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// overwrite writes to what is there.
func overwrite(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return fmt.Errorf("%s cannot be written: %w", path, reason(err))
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("%s cannot be written: %w", path, reason(err))
	}
	return nil
}

func replace(path string, data []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("%s cannot be written: %w", path, reason(err))
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("%s cannot be written: %w", path, reason(err)), os.Remove(f.Name()))
		}
	}()
	if _, err = f.Write(data); err != nil {
		return errors.Join(err, f.Close())
	}
	if err = f.Chmod(0o644); err != nil {
		return errors.Join(err, f.Close())
	}
	if err = f.Sync(); err != nil {
		return errors.Join(err, f.Close())
	}
	if err = f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// syncFolder makes what was renamed in a folder last. Where the file system
// knows no sync of folders there is nothing to wait for.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	err = folder.Sync()
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL) {
		err = nil
	}
	return errors.Join(err, folder.Close())
}
