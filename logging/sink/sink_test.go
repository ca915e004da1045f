package sink_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/sink"
)

var (
	_ logging.Sink = (*sink.Writer)(nil)
	_ logging.Sink = (*sink.Discard)(nil)
	_ logging.Sink = (*sink.Memory)(nil)
)

func batch(lines string) logging.Batch {
	return logging.Batch{Lines: []byte(lines), Records: strings.Count(lines, "\n")}
}

func mustWrite(t *testing.T, s logging.Sink, lines string) {
	t.Helper()
	b := batch(lines)
	if n, err := s.Write(t.Context(), b); n != b.Records || err != nil {
		t.Fatalf("Write(%q) = %d, %v", lines, n, err)
	}
}

// writeFunc is an io.Writer made from a function.
type writeFunc func(p []byte) (int, error)

func (f writeFunc) Write(p []byte) (int, error) { return f(p) }

func TestWriterWritesEachBatchWithOneCall(t *testing.T) {
	var out bytes.Buffer
	s := sink.NewWriter(&out)
	mustWrite(t, s, "a\nb\n")
	mustWrite(t, s, strings.Repeat("c\n", 1<<20))
	if s.Writes() != 2 {
		t.Errorf("%d calls, want 2", s.Writes())
	}
	if want := "a\nb\n" + strings.Repeat("c\n", 1<<20); out.String() != want {
		t.Error("other bytes arrived")
	}
}

func TestWriterReportsAShortWrite(t *testing.T) {
	s := sink.NewWriter(writeFunc(func([]byte) (int, error) { return 3, nil }))
	n, err := s.Write(t.Context(), batch("a\nb\n"))
	if n != 1 || !errors.Is(err, io.ErrShortWrite) || !strings.HasPrefix(err.Error(), "writer sink: ") {
		t.Errorf("got %d, %v", n, err)
	}
}

func TestWriterLeavesTheWriterOpen(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	s := sink.NewWriter(f)
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if err := f.Close(); err != nil {
		t.Errorf("the sink has closed the file: %v", err)
	}
}

func TestWriterFlushesAWriterThatBuffers(t *testing.T) {
	var out bytes.Buffer
	s := sink.NewWriter(bufio.NewWriter(&out))
	mustWrite(t, s, "a\n")
	if err := s.Flush(t.Context()); err != nil || out.String() != "a\n" {
		t.Errorf("after Flush %q, %v", out.String(), err)
	}
	mustWrite(t, s, "b\n")
	if err := s.Close(t.Context()); err != nil || out.String() != "a\nb\n" {
		t.Errorf("after Close %q, %v", out.String(), err)
	}

	broken := sink.NewWriter(bufio.NewWriter(writeFunc(func([]byte) (int, error) { return 0, io.ErrClosedPipe })))
	mustWrite(t, broken, "a\n")
	if err := broken.Flush(t.Context()); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("Flush of a broken writer: %v", err)
	}
}

func TestDiscardConfirmsAndCounts(t *testing.T) {
	s := sink.NewDiscard()
	mustWrite(t, s, "a\nb\n")
	mustWrite(t, s, "c\n")
	if err := errors.Join(s.Flush(t.Context()), s.Close(t.Context())); err != nil || s.Writes() != 2 {
		t.Errorf("%d writes, %v", s.Writes(), err)
	}
}

func TestMemoryKeepsTheNewestRecords(t *testing.T) {
	for _, tc := range []struct {
		name    string
		batches []string
		want    string
		dropped uint64
	}{
		{"nothing", nil, "", 0},
		{"below the bound", []string{"aa\n", "bb\n"}, "aa\nbb\n", 0},
		{"at the bound", []string{"aaaa\n", "bbbb\n"}, "aaaa\nbbbb\n", 0},
		{"beyond by a byte", []string{"aaaa\n", "bbb\n", "cc\n"}, "bbb\ncc\n", 1},
		{"beyond by a record", []string{"a\nb\nc\n", "d\ne\nf\n"}, "b\nc\nd\ne\nf\n", 1},
		{"a batch of the bound", []string{"a\n", "bbbbbbbbb\n"}, "bbbbbbbbb\n", 1},
		{"a batch above the bound", []string{"z\n", "a\nb\nc\nd\ne\nf\n"}, "b\nc\nd\ne\nf\n", 2},
		{"a batch above the bound, cut within a record", []string{"aaaaaa\nbbb\ncccc\n"}, "bbb\ncccc\n", 1},
		{"a record above the bound", []string{"a\n", "bbbbbbbbbb\n"}, "", 2},
		{"many", []string{"aaa\n", "bbb\n", "ccc\n", "ddd\n", "eee\n", "fff\n", "ggg\n", "hhh\n"}, "ggg\nhhh\n", 6},
		{"empty records", []string{"\n\n\n", "aaaaaa\n", "\n\n"}, "\naaaaaa\n\n\n", 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := sink.NewMemory(sink.MemoryOptions{MaxBytes: 10})
			for _, b := range tc.batches {
				mustWrite(t, m, b)
			}
			if got := string(m.Bytes()); got != tc.want {
				t.Errorf("kept %q, want %q", got, tc.want)
			}
			if m.Dropped() != tc.dropped {
				t.Errorf("%d dropped, want %d", m.Dropped(), tc.dropped)
			}
			if want := strings.Count(tc.want, "\n"); m.Len() != want || len(m.Records()) != want {
				t.Errorf("Len %d, %d records, want %d", m.Len(), len(m.Records()), want)
			}
			if m.Writes() != uint64(len(tc.batches)) {
				t.Errorf("%d writes, want %d", m.Writes(), len(tc.batches))
			}
		})
	}
}

func TestMemoryHandsOutCopies(t *testing.T) {
	m := sink.NewMemory(sink.MemoryOptions{})
	lines := []byte("a\nb\n")
	if _, err := m.Write(t.Context(), logging.Batch{Lines: lines, Records: 2}); err != nil {
		t.Fatal(err)
	}
	copy(lines, "xxxx") // the worker uses its block again
	m.Records()[0][0] = 'y'
	m.Bytes()[0] = 'z'
	if got := m.Records(); string(got[0]) != "a" || string(got[1]) != "b" {
		t.Errorf("records are %q", got)
	}
}

func TestMemoryForgetsOnReset(t *testing.T) {
	m := sink.NewMemory(sink.MemoryOptions{MaxBytes: 4})
	mustWrite(t, m, "a\nb\n")
	mustWrite(t, m, "c\n")
	m.Reset()
	if m.Len() != 0 || m.Records() != nil || len(m.Bytes()) != 0 {
		t.Errorf("after Reset: %q", m.Records())
	}
	mustWrite(t, m, "d\n")
	if err := errors.Join(m.Flush(t.Context()), m.Close(t.Context())); err != nil {
		t.Error(err)
	}
	if got := string(m.Bytes()); got != "d\n" || m.Writes() != 3 || m.Dropped() != 1 {
		t.Errorf("kept %q after %d writes, %d dropped", got, m.Writes(), m.Dropped())
	}
}

func TestMemoryDoesNotAllocateOnceItIsFull(t *testing.T) {
	m := sink.NewMemory(sink.MemoryOptions{MaxBytes: 1000})
	b := batch(strings.Repeat("0123456\n", 13))
	write := func() { _, _ = m.Write(context.Background(), b) }
	for range 100 {
		write()
	}
	if n := testing.AllocsPerRun(100, write); n != 0 {
		t.Errorf("%v allocations a write", n)
	}
}

func TestMemoryIsReadWhileItIsWritten(t *testing.T) {
	m := sink.NewMemory(sink.MemoryOptions{MaxBytes: 100})
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() {
		for range 1000 {
			_, _ = m.Write(context.Background(), batch("0123456789\nabc\n"))
		}
	})
	for range 1000 {
		for _, r := range m.Records() {
			if s := string(r); s != "0123456789" && s != "abc" {
				t.Fatalf("a torn record: %q", s)
			}
		}
		_, _, _ = m.Len(), m.Dropped(), m.Writes()
	}
}

func ExampleMemory() {
	m := sink.NewMemory(sink.MemoryOptions{MaxBytes: 12})
	for _, line := range []string{"first\n", "second\n", "third\n"} {
		_, _ = m.Write(context.Background(), logging.Batch{Lines: []byte(line), Records: 1})
	}
	fmt.Printf("%q, %d dropped\n", m.Records(), m.Dropped())
	// Output: ["third"], 2 dropped
}

func ExampleNewWriter() {
	s := sink.NewWriter(os.Stdout)
	n, err := s.Write(context.Background(), logging.Batch{Lines: []byte("one\ntwo\n"), Records: 2})
	fmt.Println(n, err)
	// Output:
	// one
	// two
	// 2 <nil>
}
