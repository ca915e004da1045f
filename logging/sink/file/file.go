// Package file holds the sink that appends records to a file.
package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/sink/internal/lines"
)

const (
	// MinBlockSize and MaxBlockSize bound Options.BlockSize.
	MinBlockSize = 4 << 10
	MaxBlockSize = 1 << 20
	// DefaultBlockSize is the block size of Options that do not set one.
	DefaultBlockSize = 64 << 10
	// DefaultPerm is the permission of a file that New makes: a log holds what
	// other users need not read.
	DefaultPerm fs.FileMode = 0o600
)

// Options configure a Sink. Path is required.
type Options struct {
	// Path names the file. It is made if it does not exist; its folder has to.
	Path string
	// BlockSize is the number of bytes of one write, MinBlockSize to
	// MaxBlockSize. Default DefaultBlockSize.
	BlockSize int
	// Sync calls fsync after each block: a record then counts as written when
	// it is on the disk, not when the kernel has it. Default off.
	Sync bool
	// Perm is the permission of a new file, before umask. Default DefaultPerm.
	Perm fs.FileMode
	// Rotation is when the file is renamed and begun anew. Default never.
	Rotation Rotation
}

// A Sink appends records to a file. It has no buffer: each batch is in the file
// when Write returns, cut into blocks where it is larger than one. So what
// Write confirms is true, the calls of write(2) per 1,000 records follow from
// the sizes of batches and blocks, and a crash loses nothing that was confirmed.
// (Rejected: gathering small batches into blocks as bufio does. The worker
// already gathers, and a second buffer makes Write confirm what a full disk
// then loses.)
//
// Batches of the block size are written with one call, those up to half a block
// larger too.
//
// One goroutine at a time may use it, Writes any number. It starts none, but for
// rotated files that are compressed or removed; Close waits for that.
type Sink struct {
	path    string
	file    *os.File // nil once closed
	sync    bool
	perm    fs.FileMode
	lines   lines.Writer
	rotator rotator
	attic   *attic
}

// New opens the file for appending. Where its last line has no end, as a crash
// may leave it, the first Write ends it.
func New(o Options) (*Sink, error) {
	if o.BlockSize == 0 {
		o.BlockSize = DefaultBlockSize
	}
	if o.BlockSize < MinBlockSize || o.BlockSize > MaxBlockSize {
		return nil, fmt.Errorf("file sink: block size %d is out of range: want %d to %d", o.BlockSize, MinBlockSize, MaxBlockSize)
	}
	if o.Perm == 0 {
		o.Perm = DefaultPerm
	}
	if err := checkPath(o.Path, o.Sync); err != nil {
		return nil, err
	}
	if err := o.Rotation.check(); err != nil {
		return nil, err
	}
	f, err := openFile(o.Path, o.Perm)
	if err != nil {
		return nil, fmt.Errorf("file sink: %w: want a file that can be written, in a folder that exists", err)
	}
	info, err := f.Stat()
	if err == nil && o.Rotation != (Rotation{}) && !info.Mode().IsRegular() {
		err = errors.New("a device cannot be rotated")
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("file sink: %s: %w", o.Path, err), f.Close())
	}
	s := &Sink{path: o.Path, sync: o.Sync, perm: o.Perm, attic: newAttic(o.Path, o.Rotation)}
	s.lines.Block = o.BlockSize
	s.rotator = rotator{Rotation: o.Rotation, size: info.Size(), begun: time.Now()}
	if info.Size() > 0 {
		s.rotator.begun = info.ModTime()
	}
	s.use(f)
	s.lines.Torn = endsTorn(o.Path)
	return s, nil
}

func openFile(path string, perm fs.FileMode) (*os.File, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, perm)
}

// use makes f the file that is written to.
func (s *Sink) use(f *os.File) {
	s.file, s.lines.W, s.lines.Torn = f, f, false
	if s.sync {
		s.lines.Confirm = f.Sync
	}
}

// checkPath refuses what opening would not: a pipe blocks until somebody reads
// from it, and a device cannot sync.
func checkPath(path string, sync bool) error {
	if path == "" {
		return errors.New("file sink: the path is empty: want the path of a file")
	}
	switch mode := modeOf(path); {
	case mode.IsDir():
		return fmt.Errorf("file sink: %s is a folder: want the path of a file", path)
	case mode.IsRegular():
		return nil
	case mode&fs.ModeDevice == 0:
		return fmt.Errorf("file sink: %s is a pipe or a socket: want the path of a file", path)
	case sync:
		return fmt.Errorf("file sink: %s is a device and cannot be synced: want the path of a file, or no sync", path)
	}
	return nil
}

// modeOf returns 0, the mode of a regular file, where there is none: it is made,
// and any other fault is met on opening.
func modeOf(path string) fs.FileMode {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Mode()
}

// endsTorn reports whether the regular file ends within a line. A file that may
// be written but not read counts as whole.
func endsTorn(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return false
	}
	var last [1]byte
	_, err = f.ReadAt(last[:], info.Size()-1)
	return err == nil && last[0] != '\n'
}

// Write appends b to the file and returns how many of its records are in it
// whole, with Sync on the disk. It stops at the first error, such as a full
// disk, and between two blocks when ctx is done. A record that was torn stays in
// the file; the next Write ends its line first, with a write of its own.
//
// After a failed fsync the records of that block count as failed though they
// may be in the file.
//
// A file that cannot be rotated takes the records as before; the error then
// comes with all of them written.
func (s *Sink) Write(ctx context.Context, b logging.Batch) (int, error) {
	var rotated error
	if s.file != nil && s.rotator.rotates() {
		if now := time.Now(); s.rotator.due(len(b.Lines), now) {
			rotated = s.rotate(now)
		}
	}
	n, err := s.lines.Write(ctx, b)
	s.rotator.size += int64(len(b.Lines))
	if err = errors.Join(err, rotated); err != nil {
		return n, fmt.Errorf("file sink: %s: %w", s.path, err)
	}
	return n, nil
}

// Flush writes nothing: each Write has handed its records to the kernel, with
// Sync to the disk. It returns what has failed with rotated files since the
// last Flush.
func (s *Sink) Flush(context.Context) error {
	if err := s.attic.err(); err != nil {
		return fmt.Errorf("file sink: %s: the rotated files: %w", s.path, err)
	}
	return nil
}

// Close closes the file, with Sync after a last fsync, and waits until ctx is
// done for what happens to rotated files; what is not compressed by then stays
// as it is. Closing again does nothing.
func (s *Sink) Close(ctx context.Context) error {
	if s.file == nil {
		return nil
	}
	var err error
	if s.sync {
		err = s.file.Sync()
	}
	err = errors.Join(err, s.file.Close(), s.attic.close(ctx))
	s.file = nil
	if err != nil {
		return fmt.Errorf("file sink: %w", err)
	}
	return nil
}

// Writes returns the number of calls of write(2), failed ones included.
func (s *Sink) Writes() uint64 { return s.lines.Writes() }
