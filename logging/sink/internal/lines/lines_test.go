package lines

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/logperf/logperf/logging"
)

// A script answers each call of Write with its next step, and takes all once
// they are used up.
type script struct {
	steps []step
	got   bytes.Buffer
	sizes []int
}

type step struct {
	n   int
	err error
}

func (s *script) Write(p []byte) (int, error) {
	s.sizes = append(s.sizes, len(p))
	n, err := len(p), error(nil)
	if len(s.steps) > 0 {
		n, err = s.steps[0].n, s.steps[0].err
		s.steps = s.steps[1:]
	}
	if n >= 0 && n <= len(p) {
		s.got.Write(p[:n])
	}
	return n, err
}

func batch(lines string) logging.Batch {
	return logging.Batch{Lines: []byte(lines), Records: strings.Count(lines, "\n")}
}

func TestWriterCountsTheRecordsThatAreWhole(t *testing.T) {
	full := errors.New("no space left on device")
	for _, tc := range []struct {
		name  string
		block int
		steps []step
		want  int
		err   error
		torn  bool
	}{
		{"all", 0, nil, 4, nil, false},
		{"nothing", 0, []step{{0, full}}, 0, full, false},
		{"within the first record", 0, []step{{2, full}}, 0, full, true},
		{"just before the end of a record", 0, []step{{3, full}}, 0, full, true},
		{"at the end of a record", 0, []step{{4, full}}, 1, full, false},
		{"within the third record", 0, []step{{10, full}}, 2, full, true},
		{"short without an error", 0, []step{{8, nil}}, 2, io.ErrShortWrite, false},
		{"whole with an error", 0, []step{{16, full}}, 4, full, false},
		{"a claim beyond the batch", 0, []step{{17, nil}}, 0, nil, false},
		{"a negative claim", 0, []step{{-1, full}}, 0, nil, false},
		{"the second block", 6, []step{{6, nil}, {2, full}}, 2, full, false},
		{"the second block within a record", 6, []step{{6, nil}, {4, full}}, 2, full, true},
		{"the second block from the start", 6, []step{{6, nil}, {0, full}}, 1, full, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := &script{steps: tc.steps}
			w := Writer{W: s, Block: tc.block}
			n, err := w.Write(t.Context(), batch("aaa\nbbb\nccc\nddd\n"))
			if n != tc.want {
				t.Errorf("%d records, want %d", n, tc.want)
			}
			if tc.err != nil && !errors.Is(err, tc.err) || (err == nil) != (tc.want == 4 && tc.err == nil) {
				t.Errorf("error %v, want %v", err, tc.err)
			}
			if w.Torn != tc.torn {
				t.Errorf("torn is %v, want %v", w.Torn, tc.torn)
			}
		})
	}
}

func TestWriterKeepsTheNextBatchApartFromATornRecord(t *testing.T) {
	s := &script{steps: []step{{6, io.ErrClosedPipe}, {0, io.ErrClosedPipe}}}
	w := Writer{W: s}
	for i, want := range []int{1, 0, 2} {
		if n, _ := w.Write(t.Context(), batch("aaa\nbbb\n")); n != want {
			t.Errorf("write %d: %d records, want %d", i, n, want)
		}
	}
	if got, want := s.got.String(), "aaa\nbb\naaa\nbbb\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if w.Writes() != 4 {
		t.Errorf("%d calls, want 4", w.Writes())
	}
}

func TestWriterCutsABatchIntoBlocks(t *testing.T) {
	for _, tc := range []struct {
		length int
		sizes  []int
	}{
		{0, nil},
		{1, []int{1}},
		{99, []int{99}},
		{100, []int{100}},
		{149, []int{149}},
		{150, []int{100, 50}},
		{200, []int{100, 100}},
		{249, []int{100, 149}},
		{350, []int{100, 100, 100, 50}},
	} {
		s := &script{}
		w := Writer{W: s, Block: 100}
		lines := strings.Repeat("\n", tc.length)
		if n, err := w.Write(t.Context(), batch(lines)); n != tc.length || err != nil {
			t.Errorf("%d bytes: wrote %d, %v", tc.length, n, err)
		}
		if got := s.sizes; !slices.Equal(got, tc.sizes) {
			t.Errorf("%d bytes: blocks %v, want %v", tc.length, got, tc.sizes)
		}
		if w.Writes() != uint64(len(tc.sizes)) {
			t.Errorf("%d bytes: %d calls counted, want %d", tc.length, w.Writes(), len(tc.sizes))
		}
		if s.got.String() != lines {
			t.Errorf("%d bytes: other bytes arrived", tc.length)
		}
	}
}

func TestWriterCountsOnlyWhatIsConfirmed(t *testing.T) {
	lost := errors.New("input/output error")
	confirmed := 0
	s := &script{}
	w := Writer{W: s, Block: 6, Confirm: func() error {
		if confirmed++; confirmed == 2 {
			return lost
		}
		return nil
	}}
	n, err := w.Write(t.Context(), batch("aaa\nbbb\nccc\nddd\n"))
	if n != 1 || !errors.Is(err, lost) {
		t.Errorf("got %d, %v, want 1 record of the first block and the error of the second", n, err)
	}
	if !slices.Equal(s.sizes, []int{6, 6}) {
		t.Errorf("blocks %v, want none after the error", s.sizes)
	}
}

func TestWriterStopsBetweenBlocksWhenTheContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := &script{}
	w := Writer{W: s, Block: 6, Confirm: func() error { cancel(); return nil }}
	n, err := w.Write(ctx, batch("aaa\nbbb\nccc\nddd\n"))
	if n != 1 || !errors.Is(err, context.Canceled) || len(s.sizes) != 1 {
		t.Errorf("got %d, %v after %d blocks, want 1 record of the first block", n, err, len(s.sizes))
	}
	if !w.Torn {
		t.Error("the record cut by the edge of the block does not count as torn")
	}
}
