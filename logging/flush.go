package logging

import (
	"context"
	"errors"
	"slices"
)

// A flushRequest is a Flush that waits.
type flushRequest struct {
	ctx    context.Context
	target uint64     // position in the queue that must have been passed
	done   chan error // has room for the answer
	gone   bool       // nobody waits any more; guarded by the worker's mu
}

// flush asks the worker to write everything accepted so far, and waits.
func (w *worker) flush(ctx context.Context) error {
	r := &flushRequest{ctx: ctx, target: w.queue.Accepted(), done: make(chan error, 1)}
	w.mu.Lock()
	if w.stopped {
		w.mu.Unlock()
		return ErrClosed
	}
	w.requests = append(w.requests, r)
	w.flushing.Store(true)
	w.mu.Unlock()
	w.queue.Wake()
	select {
	case err := <-r.done:
		return err
	case <-w.ctx.Done(): // Close gave up, or the worker ended after its answers
		return w.withdraw(r, ErrClosed)
	case <-ctx.Done():
		return w.withdraw(r, ctx.Err())
	}
}

// withdraw returns the answer to r if there is one, and otherwise err: then the
// worker will find that nobody waits. A sink that hangs must not gather the
// requests of those who gave up on it.
func (w *worker) withdraw(r *flushRequest, err error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case answer := <-r.done:
		return answer
	default:
	}
	r.gone = true
	if i := slices.Index(w.requests, r); i >= 0 {
		w.requests = slices.Delete(w.requests, i, i+1)
	}
	return err
}

// serve answers the requests whose target the worker has passed, and reports
// whether none is left and the queue is empty.
func (w *worker) serve() bool {
	passed := w.queue.Passed()
	var due []*flushRequest
	w.mu.Lock()
	rest := w.requests[:0]
	for _, r := range w.requests {
		if r.target <= passed {
			due = append(due, r)
		} else {
			rest = append(rest, r)
		}
	}
	clear(w.requests[len(rest):])
	w.requests = rest
	w.flushing.Store(len(rest) > 0)
	w.mu.Unlock()
	if len(due) > 0 {
		w.write()
		w.answer(due)
	}
	return len(rest) == 0 && w.queue.Depth() == 0
}

// answer flushes the sink for each of the requests, and tells each of the
// failure of the writes before. Each request has its own context, so each gets
// its own flush: one that is short of time must not fail the others.
func (w *worker) answer(due []*flushRequest) {
	failure := w.unreported()
	for _, r := range due {
		switch {
		case w.ctx.Err() != nil:
			r.done <- ErrClosed
		case r.ctx.Err() == nil: // else nobody waits
			err := w.callFlush(r.ctx)
			if !w.deliver(r, failure, err) && err != nil && !errors.Is(err, r.ctx.Err()) {
				w.keep(err)
			}
		}
	}
}

// deliver hands failure and err to r. It returns false if nobody waits; else
// failure is reported.
func (w *worker) deliver(r *flushRequest, failure, err error) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if r.gone {
		return false
	}
	r.done <- errors.Join(failure, err)
	if w.failure == failure { //nolint:errorlint // the very same one
		w.failure = nil
	}
	return true
}

// keep keeps an error of the sink until a Flush or Close returns it; of several
// the first.
func (w *worker) keep(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failure == nil {
		w.failure = err
	}
}

// unreported returns the error that no Flush has returned.
func (w *worker) unreported() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.failure
}

// close ends the worker; it is called once.
func (w *worker) close(ctx context.Context) error {
	w.closeCtx = ctx
	w.queue.Close()
	select {
	case <-w.done:
	case <-ctx.Done():
		select {
		case <-w.done:
		default:
			return w.abandon(ctx)
		}
	}
	w.errs.wait(ctx)
	return w.result
}

// abandon makes the counts final: what is not written now has failed, even if a
// write under way succeeds later. Then it tells the worker, the sink and those
// who wait in Flush to stop, and does not wait for a sink that ignores its
// context.
func (w *worker) abandon(ctx context.Context) error {
	w.mu.Lock()
	w.frozen = true
	w.stopped = true
	total, failure := w.total, w.failure
	w.mu.Unlock()
	w.cancel()
	q := w.queue.Stats()
	lost := q.Accepted - q.Evicted - total.written - total.filtered - total.failed
	err := &CloseError{Lost: lost, Err: context.Cause(ctx)}
	if failure == nil {
		return err
	}
	return errors.Join(err, failure)
}
