//go:build linux

package file_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/logperf/logperf/logging/sink/file"
)

// limitedFile names the file of a child process that may not let it grow: a
// limit of the process is how a test gets a kernel to write half a batch.
const limitedFile = "LIMITED_FILE"

func TestSinkCountsExactlyWhatFitsIntoAFile(t *testing.T) {
	if path := os.Getenv(limitedFile); path != "" {
		writeBeyondLimit(t, path)
		return
	}
	path := filepath.Join(t.TempDir(), "app.log")
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	child.Env = append(os.Environ(), limitedFile+"="+path)
	out, err := child.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	got := content(t, path)
	whole := strings.Count(got, "\n")
	if want := fmt.Sprintf("confirmed %d records", whole); whole != 1250 || !strings.Contains(string(out), want) {
		t.Errorf("the file holds %d whole records; the sink says:\n%s", whole, out)
	}
	if len(got) != 10_003 {
		t.Errorf("the file holds %d bytes, want all that its limit allows", len(got))
	}
}

// writeBeyondLimit writes 2,000 records of 8 bytes to a file of 10,003 bytes.
func writeBeyondLimit(t *testing.T, path string) {
	signal.Ignore(syscall.SIGXFSZ)
	s := open(t, file.Options{Path: path, BlockSize: 4096})
	limit := syscall.Rlimit{Cur: 10_003, Max: 10_003}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	n, err := s.Write(t.Context(), batch(strings.Repeat("0123456\n", 2000)))
	if !errors.Is(err, syscall.EFBIG) {
		t.Errorf("the write beyond the limit returns %v", err)
	}
	fmt.Printf("confirmed %d records\n", n)
}
