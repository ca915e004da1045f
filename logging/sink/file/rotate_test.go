package file_test

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/logperf/logperf/logging/sink/file"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// block is a batch of 1 KiB that begins with its name.
func block(name string) string {
	return name + strings.Repeat(".", 1023-len(name)) + "\n"
}

// names is what the folder holds.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

// everything is the records of all files, the oldest first.
func everything(t *testing.T, dir string) string {
	t.Helper()
	all := names(t, dir)
	// The file at work has the shortest name and is the newest.
	slices.SortFunc(all, func(a, b string) int {
		if len(a) == len("app.log") || len(b) == len("app.log") {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	var text strings.Builder
	for _, name := range all {
		text.WriteString(unpacked(t, filepath.Join(dir, name)))
	}
	return text.String()
}

func unpacked(t *testing.T, path string) string {
	t.Helper()
	if !strings.HasSuffix(path, ".gz") {
		return content(t, path)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestAFileThatWouldGrowTooLargeIsBegunAnew(t *testing.T) {
	for _, c := range []struct {
		name     string
		rotation file.Rotation
		files    int
	}{
		{"and all are kept", file.Rotation{Size: 4096}, 5},
		{"and all are compressed", file.Rotation{Size: 4096, Compress: true}, 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, file.Options{Path: filepath.Join(dir, "app.log"), Rotation: c.rotation})
			var want strings.Builder
			for i := range 18 { // four in each file, two in the last
				mustWrite(t, s, block(fmt.Sprint(i)))
				want.WriteString(block(fmt.Sprint(i)))
			}
			if err := s.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			all := names(t, dir)
			if len(all) != c.files {
				t.Errorf("the folder holds %q, want %d files", all, c.files)
			}
			for _, name := range all {
				if name != "app.log" && strings.HasSuffix(name, ".gz") != c.rotation.Compress {
					t.Errorf("%s is compressed: want %v", name, c.rotation.Compress)
				}
				if n := len(unpacked(t, filepath.Join(dir, name))); n > 4096 {
					t.Errorf("%s has %d B", name, n)
				}
			}
			if everything(t, dir) != want.String() {
				t.Error("the files together do not hold what was written, in its order")
			}
		})
	}
}

func TestABatchLargerThanTheFileIsNotDivided(t *testing.T) {
	dir := t.TempDir()
	s := open(t, file.Options{Path: filepath.Join(dir, "app.log"), Rotation: file.Rotation{Size: 4096}})
	large := strings.Repeat("0123456\n", 1024)
	for _, lines := range []string{large, "a\n", large} {
		mustWrite(t, s, lines)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if all := names(t, dir); len(all) != 3 || everything(t, dir) != large+"a\n"+large {
		t.Errorf("the folder holds %q: want each batch in a file of its own", all)
	}
}

func TestTheNewestRotatedFilesAreKept(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"app.log.20010101T000000.000000000Z", "app.log.20010102T000000.000000000Z.gz", "app.log.old", "app.log.20010101"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := open(t, file.Options{Path: filepath.Join(dir, "app.log"), Rotation: file.Rotation{Size: 4096, Keep: 2}})
	for i := range 14 {
		mustWrite(t, s, block(fmt.Sprint(i)))
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	all := names(t, dir)
	if len(all) != 5 || !slices.Contains(all, "app.log.old") || !slices.Contains(all, "app.log.20010101") {
		t.Errorf("the folder holds %q: want app.log, its two newest and what is none of its files", all)
	}
	if !strings.HasPrefix(everything(t, dir), block("4")) {
		t.Errorf("the oldest record is that of %.10q, want 4", everything(t, dir))
	}
}

func TestAnOldFileIsBegunAnew(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, file.Options{Path: filepath.Join(dir, "app.log"), Rotation: file.Rotation{Age: time.Hour}})
		mustWrite(t, s, "a\n")
		for range 3 {
			time.Sleep(30 * time.Minute)
			mustWrite(t, s, "b\n")
		}
		if err := s.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	if got := len(names(t, dir)); got != 2 {
		t.Errorf("%d files after 90 minutes: want one that was rotated after an hour, and its successor", got)
	}
	if got := everything(t, dir); got != "a\nb\nb\nb\n" {
		t.Errorf("the records are %q", got)
	}
}

func TestAFileThatIsMovedAwayIsBegunAnew(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "app.log")
	s := open(t, file.Options{Path: path, Rotation: file.Rotation{Size: 4096}})
	mustWrite(t, s, strings.Repeat(block("a"), 4))
	if err := os.Rename(path, path+".moved"); err != nil {
		t.Fatal(err)
	}
	mustWrite(t, s, "b\n")
	if got := content(t, path); got != "b\n" {
		t.Errorf("the new file holds %.10q", got)
	}
}

func TestAFileThatCannotBeRotatedTakesTheRecords(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "logs")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "app.log")
	s := open(t, file.Options{Path: path, Rotation: file.Rotation{Size: 4096}})
	mustWrite(t, s, strings.Repeat(block("a"), 4))
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	b := batch("b\n")
	n, err := s.Write(t.Context(), b)
	if n != 1 || err == nil || !strings.Contains(err.Error(), "it cannot be rotated") {
		t.Errorf("Write = %d, %v: want the record written and an error that says why", n, err)
	}
	if n, err = s.Write(t.Context(), b); n != 1 || err != nil {
		t.Errorf("Write = %d, %v: want no second try at once", n, err)
	}
}

// A crash may leave a rotated file that is not compressed, and a compressed one
// that is not whole.
func TestWhatACrashLeftIsFinished(t *testing.T) {
	dir := t.TempDir()
	left := filepath.Join(dir, "app.log.20010101T000000.000000000Z")
	for path, text := range map[string]string{left: "left\n", left + ".gz.tmp": "half"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := open(t, file.Options{Path: filepath.Join(dir, "app.log"), Rotation: file.Rotation{Size: 4096, Compress: true}})
	mustWrite(t, s, strings.Repeat(block("a"), 4))
	mustWrite(t, s, "b\n")
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := unpacked(t, left+".gz"); got != "left\n" {
		t.Errorf("the file that was left holds %q", got)
	}
	if all := names(t, dir); len(all) != 3 {
		t.Errorf("the folder holds %q: want app.log and two compressed files", all)
	}
}

func TestCloseDoesNotWaitForEverForCompression(t *testing.T) {
	dir := t.TempDir()
	s := open(t, file.Options{Path: filepath.Join(dir, "app.log"), Rotation: file.Rotation{Size: 1 << 20, Compress: true}})
	large := strings.Repeat("0123456\n", 8<<20/8)
	mustWrite(t, s, large)
	mustWrite(t, s, "b\n")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := s.Close(ctx)
	if got := everything(t, dir); got != large+"b\n" {
		t.Error("records are missing")
	}
	for _, name := range names(t, dir) {
		if strings.HasSuffix(name, ".tmp") {
			t.Errorf("%s is left", name)
		}
	}
	if err != nil && !strings.Contains(err.Error(), "not compressed yet") {
		t.Error(err)
	}
}

func TestRotationsThatMakeNoSenseAreRefused(t *testing.T) {
	for _, c := range []struct {
		rotation file.Rotation
		want     string
	}{
		{file.Rotation{Size: 100}, "the size that rotates is 100 B: want 0 for none, or 4096 and more"},
		{file.Rotation{Size: -1}, "the size that rotates is -1 B"},
		{file.Rotation{Age: time.Millisecond}, "the age that rotates is 1ms: want 0 for none, or 1s and more"},
		{file.Rotation{Size: 4096, Keep: -1}, "-1 rotated files are to be kept"},
		{file.Rotation{Keep: 3}, "nothing rotates: set a size or an age"},
	} {
		path := filepath.Join(t.TempDir(), "app.log")
		if _, err := file.New(file.Options{Path: path, Rotation: c.rotation}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.rotation, err, c.want)
		}
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%+v: a file was made", c.rotation)
		}
	}
	if _, err := file.New(file.Options{Path: os.DevNull, Rotation: file.Rotation{Size: 4096}}); err == nil || !strings.Contains(err.Error(), "a device cannot be rotated") {
		t.Errorf("a device that rotates: %v", err)
	}
}
