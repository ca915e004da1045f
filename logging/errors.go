package logging

import (
	"errors"
	"fmt"
)

// ErrClosed is returned by Flush on a logger that is closed.
var ErrClosed = errors.New("logging: the logger is closed")

// A StageError says that a stage lost a record.
type StageError struct {
	Stage string // filter, enricher, redactor, processor or encoder
	Err   error  // what the stage returned, or a PanicError
}

func (e *StageError) Error() string {
	return "logging: " + e.Stage + " lost a record: " + e.Err.Error()
}

// Unwrap returns Err.
func (e *StageError) Unwrap() error { return e.Err }

// A SinkError says that the sink failed.
type SinkError struct {
	Op   string // write, flush or close
	Lost int    // records that are not written because of it
	Err  error  // what the sink returned, io.ErrShortWrite, or a PanicError
}

func (e *SinkError) Error() string {
	if e.Lost > 0 {
		return fmt.Sprintf("logging: sink %s lost %d records: %v", e.Op, e.Lost, e.Err)
	}
	return fmt.Sprintf("logging: sink %s: %v", e.Op, e.Err)
}

// Unwrap returns Err.
func (e *SinkError) Unwrap() error { return e.Err }

// A CloseError says that Close ran out of time before all was written.
type CloseError struct {
	Lost uint64 // accepted records that are counted as failed because of it
	Err  error  // the context's error
}

func (e *CloseError) Error() string {
	return fmt.Sprintf("logging: close gave up %d records: %v", e.Lost, e.Err)
}

// Unwrap returns Err.
func (e *CloseError) Unwrap() error { return e.Err }

// A PanicError is a recovered panic of a stage or a sink.
type PanicError struct {
	Value any // what was passed to panic
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }
