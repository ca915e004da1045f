package route

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// closeGrace is for a sink to see that its context is done.
const closeGrace = time.Second

// A flushRequest asks a lane's goroutine to flush the sink.
type flushRequest struct {
	ctx    context.Context
	target uint64 // records that have to be settled before, of those that are not dropped
	err    error  // set before done is closed
	done   chan struct{}
}

// Flush waits until each route has written, or lost, the records that it had
// taken before, and has flushed its sink; all routes at once. It returns, joined,
// an Error for each route that lost records since the last Flush that told of
// it, that could not flush, or that was not done when ctx was; the records of
// that one stay held. Records dropped because a buffer was full are no error,
// they were to be dropped: see Stats. After Close it returns ErrClosed.
func (s *Sink) Flush(ctx context.Context) error {
	requests := make([]*flushRequest, len(s.lanes))
	for i, l := range s.lanes {
		if requests[i] = l.request(ctx); requests[i] == nil {
			return ErrClosed
		}
	}
	var errs []error
	for i, l := range s.lanes {
		errs = append(errs, l.await(requests[i]))
	}
	return errors.Join(errs...)
}

// request asks for a flush. It returns nil once Close has begun.
func (l *lane) request(ctx context.Context) *flushRequest {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closeCtx != nil {
		return nil
	}
	f := &flushRequest{ctx: ctx, target: l.stats.Taken - l.stats.Dropped, done: make(chan struct{})}
	l.requests = append(l.requests, f)
	signal(l.wake)
	return f
}

// await returns the answer to f, or why there is none.
func (l *lane) await(f *flushRequest) error {
	select {
	case <-f.done:
	case <-l.ctx.Done(): // Close gave up, or has ended and answered before
	case <-f.ctx.Done():
	}
	select {
	case <-f.done:
		return errors.Join(l.told(), l.wrap("flush", f.err))
	default:
	}
	if l.ctx.Err() != nil {
		return errors.Join(l.told(), l.wrap("flush", ErrClosed))
	}
	return l.forget(f)
}

// forget ends the wait for f: a sink that hangs must not gather requests. What
// was lost is told to the next, for this caller may be gone.
func (l *lane) forget(f *flushRequest) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests = slices.DeleteFunc(l.requests, func(g *flushRequest) bool { return g == f })
	return l.wrap("flush", fmt.Errorf("%d records are held: %w", l.stats.Held, context.Cause(f.ctx)))
}

// wrap says which route err is about.
func (l *lane) wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Route: l.route.Name, Op: op, Err: err}
}

// dueFlush takes out a request that has nothing more to wait for. The caller
// holds the mutex.
func (l *lane) dueFlush() *flushRequest {
	// Requests have their targets in order.
	if len(l.requests) == 0 || l.stats.Taken-l.stats.Dropped-l.stats.Held < l.requests[0].target {
		return nil
	}
	f := l.requests[0]
	l.requests = slices.Delete(l.requests, 0, 1)
	return f
}

// serve flushes the sink. The end of the lane's context ends the call too.
func (l *lane) serve(f *flushRequest) {
	ctx, cancel := context.WithCancel(f.ctx)
	defer cancel()
	defer context.AfterFunc(l.ctx, cancel)()
	f.err = guarded(func() error { return l.route.Sink.Flush(ctx) })
	close(f.done)
}

// Close takes no more records, lets each route write what it holds, and closes
// its sink; all routes at once. What is not written when ctx is done counts as
// failed, a batch under way too, though its sink may still write it. Then the
// contexts of the sinks' calls are done, and after one more second Close returns
// without those sinks that go on all the same: each is left behind with its
// route's goroutine, and closed when its call returns. No other goroutine is left.
//
// It returns, joined, an Error for each route that lost records no Flush has
// told of, whose sink could not be closed, or hangs. Closing again returns the
// same; it waits for a Close at work, at most until ctx is done.
func (s *Sink) Close(ctx context.Context) error {
	select {
	case s.closing <- struct{}{}:
		s.result = s.close(ctx)
		close(s.closed)
		return s.result
	default:
	}
	select {
	case <-s.closed:
		return s.result
	default:
	}
	select {
	case <-s.closed:
		return s.result
	case <-ctx.Done():
		return fmt.Errorf("route sink: another close is at work: %w", context.Cause(ctx))
	}
}

func (s *Sink) close(ctx context.Context) error {
	for _, l := range s.lanes {
		l.shut(ctx)
	}
	left := false
	for _, l := range s.lanes {
		if !l.ended(ctx) {
			l.abandon(context.Cause(ctx))
			left = true
		}
	}
	grace := ctx
	if left {
		var cancel context.CancelFunc
		grace, cancel = context.WithTimeout(context.WithoutCancel(ctx), closeGrace)
		defer cancel()
	}
	var errs []error
	for _, l := range s.lanes {
		err := errHangs
		if l.ended(grace) {
			err = l.result
		}
		errs = append(errs, l.told(), l.wrap("close", err))
	}
	return errors.Join(errs...)
}

// ended waits until the goroutine has ended, or ctx is done, and says which.
func (l *lane) ended(ctx context.Context) bool {
	select {
	case <-l.done:
		return true
	case <-ctx.Done():
	}
	select {
	case <-l.done:
		return true
	default:
		return false
	}
}

// shut lets the lane end when its buffer is empty.
func (l *lane) shut(ctx context.Context) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closeCtx = ctx
	signal(l.wake)
	signal(l.room) // for Write to stop waiting
}

// abandon counts all that is held as failed and lets the lane end.
func (l *lane) abandon(why error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gaveUp = true
	if held := l.stats.Held; held > 0 {
		l.fail(int(held), fmt.Errorf("closed before all was written: %w", why))
		l.stats.Failed += held
	}
	l.stats.Held, l.stats.HeldBytes = 0, 0
	l.buffer = buffer{}
	l.cancel()
	signal(l.wake)
}

// finish is the end of the lane's goroutine.
func (l *lane) finish() {
	defer close(l.done)
	defer l.cancel()
	l.mu.Lock()
	ctx := l.closeCtx
	l.buffer = buffer{}
	l.mu.Unlock()
	l.result = guarded(func() error { return l.route.Sink.Close(ctx) })
}
