package sink

import (
	"context"
	"sync/atomic"

	"github.com/logperf/logperf/logging"
)

// A Discard is a sink that confirms each record and keeps none: what is left of
// a measurement is the way to it. Any number of goroutines may use it.
type Discard struct {
	writes atomic.Uint64
}

// NewDiscard returns a sink that keeps nothing.
func NewDiscard() *Discard { return &Discard{} }

// Write confirms all records of b.
func (s *Discard) Write(_ context.Context, b logging.Batch) (int, error) {
	s.writes.Add(1)
	return b.Records, nil
}

// Flush does nothing.
func (s *Discard) Flush(context.Context) error { return nil }

// Close does nothing.
func (s *Discard) Close(context.Context) error { return nil }

// Writes returns the number of calls of Write.
func (s *Discard) Writes() uint64 { return s.writes.Load() }
