package logging

import (
	"context"
	"errors"
)

// flush asks the worker to write everything accepted so far, and waits.
func (w *worker) flush(ctx context.Context) error {
	r := flushRequest{ctx: ctx, target: w.queue.Accepted(), done: make(chan error, 1)}
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
	case <-ctx.Done():
		return ctx.Err()
	}
}

// serve answers the requests whose target the worker has passed, and reports
// whether none is left and the queue is empty.
func (w *worker) serve() bool {
	passed := w.queue.Passed()
	var due []flushRequest
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
		for _, r := range due {
			w.answer(r)
		}
		w.failure = nil
	}
	return len(rest) == 0 && w.queue.Depth() == 0
}

// answer flushes the sink for r. Each request has its own context, so each gets
// its own flush: one that is short of time must not fail the others.
func (w *worker) answer(r flushRequest) {
	if w.ctx.Err() != nil {
		r.done <- ErrClosed
		return
	}
	if r.ctx.Err() != nil {
		return // nobody waits
	}
	r.done <- errors.Join(w.failure, w.callFlush(r.ctx))
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
// write under way succeeds later. Then it tells the worker and the sink to stop,
// and does not wait for a sink that ignores its context.
func (w *worker) abandon(ctx context.Context) error {
	w.mu.Lock()
	w.frozen = true
	total := w.total
	w.mu.Unlock()
	w.cancel()
	q := w.queue.Stats()
	lost := q.Accepted - q.Evicted - total.written - total.filtered - total.failed
	return &CloseError{Lost: lost, Err: context.Cause(ctx)}
}
