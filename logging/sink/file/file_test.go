package file_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/sink/file"
)

var _ logging.Sink = (*file.Sink)(nil)

func batch(lines string) logging.Batch {
	return logging.Batch{Lines: []byte(lines), Records: strings.Count(lines, "\n")}
}

func open(t *testing.T, o file.Options) *file.Sink {
	t.Helper()
	s, err := file.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	return s
}

func mustWrite(t *testing.T, s logging.Sink, lines string) {
	t.Helper()
	b := batch(lines)
	if n, err := s.Write(t.Context(), b); n != b.Records || err != nil {
		t.Fatalf("Write = %d, %v, want %d records", n, err, b.Records)
	}
}

func content(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestSinkHasEachBatchInTheFileWhenWriteReturns(t *testing.T) {
	for _, sync := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "app.log")
		s := open(t, file.Options{Path: path, BlockSize: 4096, Sync: sync})
		mustWrite(t, s, "a\nb\n")
		if got := content(t, path); got != "a\nb\n" {
			t.Errorf("sync %v: the file holds %q before any Flush", sync, got)
		}
		large := strings.Repeat("0123456\n", 2048) // 4 blocks
		mustWrite(t, s, large)
		if err := errors.Join(s.Flush(t.Context()), s.Close(t.Context()), s.Close(t.Context())); err != nil {
			t.Errorf("sync %v: %v", sync, err)
		}
		if got := content(t, path); got != "a\nb\n"+large {
			t.Errorf("sync %v: other bytes arrived", sync)
		}
		if s.Writes() != 5 {
			t.Errorf("sync %v: %d write calls, want 1 and 4", sync, s.Writes())
		}
	}
}

func TestSinkAppends(t *testing.T) {
	for _, tc := range []struct{ name, before, want string }{
		{"to an empty file", "", "new\n"},
		{"to whole lines", "old\n", "old\nnew\n"},
		{"to a line without an end", "old\nto", "old\nto\nnew\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "app.log")
			if err := os.WriteFile(path, []byte(tc.before), 0o600); err != nil {
				t.Fatal(err)
			}
			mustWrite(t, open(t, file.Options{Path: path}), "new\n")
			if got := content(t, path); got != tc.want {
				t.Errorf("the file holds %q, want %q", got, tc.want)
			}
		})
	}
}

func TestSinkMakesItsFileForItsOwnerAlone(t *testing.T) {
	for want, o := range map[fs.FileMode]file.Options{0o600: {}, 0o640: {Perm: 0o640}} {
		o.Path = filepath.Join(t.TempDir(), "app.log")
		open(t, o)
		info, err := os.Stat(o.Path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("permission %o, want %o", got, want)
		}
	}
}

func TestNewRefusesWhatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "socket")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	for _, tc := range []struct {
		o    file.Options
		want string
	}{
		{file.Options{}, "file sink: the path is empty: want the path of a file"},
		{file.Options{Path: dir}, "file sink: " + dir + " is a folder: want the path of a file"},
		{file.Options{Path: pipe}, "file sink: " + pipe + " is a pipe or a socket: want the path of a file"},
		{file.Options{Path: socket}, "file sink: " + socket + " is a pipe or a socket: want the path of a file"},
		{file.Options{Path: os.DevNull, Sync: true}, "file sink: " + os.DevNull + " is a device and cannot be synced: want the path of a file, or no sync"},
		{
			file.Options{Path: filepath.Join(dir, "no", "app.log")},
			"file sink: open " + filepath.Join(dir, "no", "app.log") + ": no such file or directory: want a file that can be written, in a folder that exists",
		},
		{file.Options{Path: filepath.Join(dir, "x"), BlockSize: 4095}, "file sink: block size 4095 is out of range: want 4096 to 1048576"},
		{file.Options{Path: filepath.Join(dir, "x"), BlockSize: 1<<20 + 1}, "file sink: block size 1048577 is out of range: want 4096 to 1048576"},
	} {
		if _, err := file.New(tc.o); err == nil || err.Error() != tc.want {
			t.Errorf("%+v:\ngot  %v\nwant %s", tc.o, err, tc.want)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "x")); err == nil {
		t.Error("a refused sink has left a file")
	}
}

func TestSinkNamesItsFileWhenTheDiskIsFull(t *testing.T) {
	const full = "/dev/full"
	if _, err := os.Stat(full); err != nil {
		t.Skip("this system has no " + full)
	}
	n, err := open(t, file.Options{Path: full}).Write(t.Context(), batch("a\n"))
	if n != 0 || !errors.Is(err, syscall.ENOSPC) || !strings.HasPrefix(err.Error(), "file sink: /dev/full: write ") {
		t.Errorf("got %d, %v", n, err)
	}
}

func TestSinkTakesNothingAfterClose(t *testing.T) {
	s := open(t, file.Options{Path: filepath.Join(t.TempDir(), "app.log")})
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Write(t.Context(), batch("a\n")); n != 0 || !errors.Is(err, os.ErrClosed) {
		t.Errorf("got %d, %v", n, err)
	}
}

func TestSinkWritesToADeviceWithoutSync(t *testing.T) {
	s := open(t, file.Options{Path: os.DevNull})
	mustWrite(t, s, "a\n")
	if err := s.Close(t.Context()); err != nil {
		t.Errorf("a device without sync: %v", err)
	}
}

func Example() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	s, err := file.New(file.Options{Path: filepath.Join(dir, "app.log")})
	if err != nil {
		panic(err)
	}
	n, err := s.Write(context.Background(), logging.Batch{Lines: []byte("one\ntwo\n"), Records: 2})
	fmt.Println(n, err, s.Close(context.Background()))
	// Output: 2 <nil> <nil>
}
