// Package lines writes batches of records to an io.Writer and says exactly how
// many records got there.
package lines

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/logperf/logperf/logging"
)

// A Writer writes whole records. One goroutine at a time may call Write; Writes
// may be called by any number.
type Writer struct {
	// W takes the records.
	W io.Writer
	// Block is the number of bytes of one call of W.Write; 0 writes each batch
	// in one call.
	//
	// A rest of less than half a block goes along with the block before it: the
	// worker's batches end with the record that crosses its limit, and each
	// would cost a second call for that one record.
	Block int
	// Confirm, if set, is called after each call of W.Write that succeeded; only
	// then are its records written for certain.
	Confirm func() error
	// Torn says that the last byte in W is not the end of a record. The next
	// Write ends that line first, so that a torn record spoils no other one.
	Torn bool

	writes atomic.Uint64
}

// Writes returns the number of calls of W.Write.
func (w *Writer) Writes() uint64 { return w.writes.Load() }

// Write writes b block by block and returns how many of its records, counted
// from the first, are in W and confirmed. It stops at the first error and, at
// the edge of a block, when ctx is done.
func (w *Writer) Write(ctx context.Context, b logging.Batch) (int, error) {
	rest := b.Lines
	if w.Torn {
		if _, err := w.call([]byte{'\n'}); err != nil {
			return 0, fmt.Errorf("end the line that an earlier write left open: %w", err)
		}
	}
	records := 0
	for len(rest) > 0 {
		if err := ctx.Err(); err != nil {
			return records, err
		}
		block := rest[:w.cut(len(rest))]
		n, err := w.call(block)
		if err == nil && w.Confirm != nil {
			if err = w.Confirm(); err != nil {
				n = 0
			}
		}
		if err != nil {
			return min(records+bytes.Count(block[:n], newline), b.Records), err
		}
		if rest = rest[n:]; len(rest) == 0 {
			break // all is written: no need to count the lines of a whole batch
		}
		records += bytes.Count(block, newline)
	}
	return b.Records, nil
}

var newline = []byte{'\n'}

func (w *Writer) cut(n int) int {
	if w.Block <= 0 || n-w.Block < w.Block/2 {
		return n
	}
	return w.Block
}

// call returns how many bytes of p, which is not empty, are in W, and an error
// where they are not all of them.
func (w *Writer) call(p []byte) (int, error) {
	w.writes.Add(1)
	n, err := w.W.Write(p)
	switch {
	case n < 0 || n > len(p):
		n, err = 0, fmt.Errorf("the writer claims %d bytes of %d", n, len(p))
	case n < len(p) && err == nil:
		err = io.ErrShortWrite
	}
	if n > 0 {
		w.Torn = p[n-1] != '\n'
	}
	return n, err
}
