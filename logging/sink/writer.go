// Package sink holds the sinks that need nothing but memory or a writer. The
// file sink is in a package of its own, logging/sink/file.
package sink

import (
	"context"
	"fmt"
	"io"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/sink/internal/lines"
)

// A Writer is a sink over an io.Writer, os.Stdout for example. The writer
// belongs to the caller: Close does not close it.
//
// One goroutine at a time may use it, Writes any number.
type Writer struct {
	lines lines.Writer
}

// NewWriter returns a sink that writes to w, which is not nil.
func NewWriter(w io.Writer) *Writer { return &Writer{lines: lines.Writer{W: w}} }

// Write writes the batch with one call of the writer. A write that falls short
// counts the records that it wrote whole; where it left a record torn, the next
// Write begins with a newline, one more call.
//
// A writer that blocks is not interrupted by ctx.
func (s *Writer) Write(ctx context.Context, b logging.Batch) (int, error) {
	n, err := s.lines.Write(ctx, b)
	if err != nil {
		return n, fmt.Errorf("writer sink: %w", err)
	}
	return n, nil
}

// Flush calls the Flush method of the writer where it has one, as a
// bufio.Writer does. The sink itself holds nothing back.
func (s *Writer) Flush(context.Context) error {
	f, ok := s.lines.W.(interface{ Flush() error })
	if !ok {
		return nil
	}
	if err := f.Flush(); err != nil {
		return fmt.Errorf("writer sink: flush: %w", err)
	}
	return nil
}

// Close flushes and leaves the writer open.
func (s *Writer) Close(ctx context.Context) error { return s.Flush(ctx) }

// Writes returns the number of calls of the writer's Write.
func (s *Writer) Writes() uint64 { return s.lines.Writes() }
