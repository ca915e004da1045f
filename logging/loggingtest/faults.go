package loggingtest

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/logperf/logperf/logging"
)

// ErrFailing is what a FailingSink returns without an error of its own.
var ErrFailing = errors.New("this sink fails")

// A FailingSink fails some or all writes; the zero value fails all. Its fields
// are set before use; then any number of goroutines may use it.
type FailingSink struct {
	// Next takes the batches that do not fail, and Flush and Close. Default: they
	// are confirmed and discarded.
	Next logging.Sink
	// Nth is the write that fails, counted from 1. Default 0: each.
	Nth uint64
	// Err is what a failing write returns. Default ErrFailing.
	Err error

	writes atomic.Uint64
}

// Write fails or passes b on. A write that fails confirms no record.
func (s *FailingSink) Write(ctx context.Context, b logging.Batch) (int, error) {
	if n := s.writes.Add(1); s.Nth != 0 && n != s.Nth {
		return write(ctx, s.Next, b)
	}
	if s.Err != nil {
		return 0, s.Err
	}
	return 0, ErrFailing
}

// Flush flushes Next.
func (s *FailingSink) Flush(ctx context.Context) error { return flush(ctx, s.Next) }

// Close closes Next.
func (s *FailingSink) Close(ctx context.Context) error { return closeNext(ctx, s.Next) }

// Writes returns the number of calls of Write, failed ones included.
func (s *FailingSink) Writes() uint64 { return s.writes.Load() }

// A SlowSink takes its time for each write. Its fields are set before use; then
// any number of goroutines may use it.
type SlowSink struct {
	// Next takes the batches, and Flush and Close. Default: they are confirmed and
	// discarded.
	Next logging.Sink
	// Delay is how long each write waits before it passes its batch on. Default
	// 0: not at all.
	Delay time.Duration
}

// Write waits, then passes b on. It confirms no record when ctx is done before.
func (s *SlowSink) Write(ctx context.Context, b logging.Batch) (int, error) {
	timer := time.NewTimer(s.Delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return write(ctx, s.Next, b)
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
}

// Flush flushes Next.
func (s *SlowSink) Flush(ctx context.Context) error { return flush(ctx, s.Next) }

// Close closes Next.
func (s *SlowSink) Close(ctx context.Context) error { return closeNext(ctx, s.Next) }

// A ShortSink writes no more than the first records of each batch, as a disk
// that fills does. Its fields are set before use; then any number of goroutines
// may use it.
type ShortSink struct {
	// Next takes the first records of each batch, and Flush and Close. Default:
	// they are confirmed and discarded.
	Next logging.Sink
	// Keep is how many records of a batch are written. Default 0: none.
	Keep int
	// Err is what a write that falls short returns. Default io.ErrShortWrite.
	Err error
}

// Write passes the first records of b on and confirms them; where that is not
// all of b, it returns an error.
func (s *ShortSink) Write(ctx context.Context, b logging.Batch) (int, error) {
	if b.Records <= s.Keep {
		return write(ctx, s.Next, b)
	}
	n, err := write(ctx, s.Next, first(b, s.Keep))
	if err != nil {
		return n, err
	}
	if s.Err != nil {
		return n, s.Err
	}
	return n, io.ErrShortWrite
}

// Flush flushes Next.
func (s *ShortSink) Flush(ctx context.Context) error { return flush(ctx, s.Next) }

// Close closes Next.
func (s *ShortSink) Close(ctx context.Context) error { return closeNext(ctx, s.Next) }

// first returns the first n records of b.
func first(b logging.Batch, n int) logging.Batch {
	end := 0
	for left := n; left > 0 && end < len(b.Lines); end++ {
		if b.Lines[end] == '\n' {
			left--
		}
	}
	return logging.Batch{Lines: b.Lines[:end], Records: n}
}

// A BlockingSink blocks each write until Release. Its fields are set before
// use; then any number of goroutines may use it.
type BlockingSink struct {
	// Next takes the batches once released, and Flush and Close. Default: they are
	// confirmed and discarded.
	Next logging.Sink
	// Stubborn makes a write block beyond the end of its context, as one to a
	// hung disk does. Default off: it then confirms no record.
	Stubborn bool

	once     sync.Once // makes the two channels
	blocked  chan struct{}
	released chan struct{}
	release  sync.Once // closes released
}

func (s *BlockingSink) init() {
	s.once.Do(func() {
		s.blocked = make(chan struct{}, 1)
		s.released = make(chan struct{})
	})
}

// Write blocks until Release, then passes b on.
func (s *BlockingSink) Write(ctx context.Context, b logging.Batch) (int, error) {
	s.init()
	select {
	case <-s.released:
		return write(ctx, s.Next, b)
	default:
	}
	select {
	case s.blocked <- struct{}{}:
	default:
	}
	done := ctx.Done()
	if s.Stubborn {
		done = nil
	}
	select {
	case <-s.released:
		return write(ctx, s.Next, b)
	case <-done:
		return 0, context.Cause(ctx)
	}
}

// Blocked receives a value once a write has begun to block. Writes that begin
// before it is received are not told apart.
func (s *BlockingSink) Blocked() <-chan struct{} {
	s.init()
	return s.blocked
}

// Release lets go of the writes that block; later ones do not block. Calling it
// again does nothing.
func (s *BlockingSink) Release() {
	s.init()
	s.release.Do(func() { close(s.released) })
}

// Flush flushes Next.
func (s *BlockingSink) Flush(ctx context.Context) error { return flush(ctx, s.Next) }

// Close closes Next.
func (s *BlockingSink) Close(ctx context.Context) error { return closeNext(ctx, s.Next) }

func write(ctx context.Context, next logging.Sink, b logging.Batch) (int, error) {
	if next == nil {
		return b.Records, nil
	}
	return next.Write(ctx, b)
}

func flush(ctx context.Context, next logging.Sink) error {
	if next == nil {
		return nil
	}
	return next.Flush(ctx)
}

func closeNext(ctx context.Context, next logging.Sink) error {
	if next == nil {
		return nil
	}
	return next.Close(ctx)
}
