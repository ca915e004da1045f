package http

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/logperf/logperf/logging"
)

// run is the sender.
func (s *Sink) run() {
	defer s.finish()
	for {
		b, ok := s.next()
		if !ok {
			return
		}
		s.send(b)
		s.load = [2][]byte{} // the ring may have grown out of this memory
		s.packed.reset(2 * s.o.BatchBytes)
	}
}

// next waits for a batch. It returns false at the end.
func (s *Sink) next() (extent, bool) {
	for s.ctx.Err() == nil {
		b, left, ok := s.takeDue()
		if ok {
			return b, true
		}
		if left < 0 {
			break
		}
		s.sleep(left)
	}
	return extent{}, false
}

// takeDue returns a batch, or how long the open one has left, or 0 if there is
// none, or less when there will be none.
func (s *Sink) takeDue() (b extent, left time.Duration, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.due.len() == 0 && s.open.records > 0 {
		left = s.o.BatchDelay - time.Since(s.open.since)
		if left > 0 {
			return extent{}, left, false
		}
		s.closeBatch()
	}
	switch {
	case s.due.len() > 0:
		return s.due.pop(), 0, true
	case s.closeCtx != nil:
		return extent{}, -1, false
	}
	return extent{}, 0, false
}

// sleep waits for a signal, at most for d unless that is 0.
func (s *Sink) sleep(d time.Duration) {
	var over <-chan time.Time
	if d > 0 {
		s.timer.Reset(d)
		defer s.timer.Stop()
		over = s.timer.C
	}
	select {
	case <-s.wake:
	case <-over:
	case <-s.ctx.Done():
	}
}

// send tries b until its fate is settled, or Close gives up.
func (s *Sink) send(b extent) {
	var deadline time.Time
	if s.o.GiveUp > 0 {
		deadline = time.Now().Add(s.o.GiveUp)
	}
	for tries := 0; ; tries++ {
		if !deadline.IsZero() && s.notBefore.After(deadline) {
			s.refuse(b, s.gaveUp())
			return
		}
		if !s.pause() {
			return
		}
		if tries == 0 {
			s.pack(b)
		}
		switch v, err := s.try(tries > 0); {
		case v == delivered:
			s.settle(b, b.records, 0, nil)
			return
		case v == tooLarge && b.records > 1:
			s.split(b)
			return
		case v != again:
			s.refuse(b, err)
			return
		}
	}
}

// pause waits until a request may begin. It returns false when none may any
// more.
func (s *Sink) pause() bool {
	if wait := time.Until(s.notBefore); wait > 0 {
		s.timer.Reset(wait)
		defer s.timer.Stop()
		select {
		case <-s.timer.C:
		case <-s.ctx.Done():
		}
	}
	return s.ctx.Err() == nil
}

func (s *Sink) gaveUp() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Errorf("given up after %v: %w", s.o.GiveUp, s.last)
}

// pack names b and makes the body of its requests.
func (s *Sink) pack(b extent) {
	s.sequence++
	s.load = s.view(b)
	if s.gzip == nil {
		return
	}
	s.gzip.Reset(&s.packed)
	for _, part := range s.load {
		_, _ = s.gzip.Write(part) // it writes into memory
	}
	_ = s.gzip.Close()
	s.load = [2][]byte{s.packed.bytes}
}

// view returns the lines of b, the oldest batch, or nothing where Close gave up.
// They can be read without a lock until b is settled.
func (s *Sink) view(b extent) [2][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return [2][]byte{}
	}
	return s.lines.view(b.bytes)
}

// try makes a request and lets its answer set when the next may begin.
func (s *Sink) try(retry bool) (verdict, error) {
	s.mu.Lock()
	if s.ended { // there is no body any more
		s.mu.Unlock()
		return again, nil
	}
	s.stats.Requests++
	if retry {
		s.stats.Retries++
	} else {
		s.stats.Batches++
	}
	s.breaker.begin()
	s.mu.Unlock()
	v, after, err := s.request()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return v, err // whatever it is, Close is its cause
	}
	if v != again {
		s.breaker.succeed()
		s.last = nil
		return v, err
	}
	s.last = err
	cooldown := s.breaker.fail(s.o.Breaker)
	wait := max(s.o.Backoff.wait(s.breaker.failures, s.random), after, cooldown)
	s.notBefore = time.Now().Add(wait)
	return v, err
}

// split makes two batches of b, which are the next.
func (s *Sink) split(b extent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	s.due.putBack(b.halve(s.lines.view(b.bytes)))
}

// refuse gives b to the fallback, or up.
func (s *Sink) refuse(b extent, why error) {
	if s.o.Fallback == nil {
		s.settle(b, 0, 0, why)
		return
	}
	n, err := s.fallBack(b)
	if err != nil {
		why = fmt.Errorf("%w; and the fallback: %w", why, err)
	}
	s.settle(b, 0, n, why)
}

// fallBack returns how many records the fallback has, and why if not all.
func (s *Sink) fallBack(b extent) (n int, err error) {
	select {
	case s.turn <- struct{}{}:
	case <-s.ctx.Done():
		return 0, s.ctx.Err()
	}
	defer func() { <-s.turn }()
	v := s.view(b)
	lines := v[0]
	if len(v[1]) > 0 {
		lines = bytes.Join(v[:], nil)
	}
	if len(lines) == 0 {
		return 0, s.ctx.Err() // Close gave up
	}
	err = guarded(func() (err error) {
		n, err = s.o.Fallback.Write(s.ctx, logging.Batch{Lines: lines, Records: b.records})
		return err
	})
	n = min(max(n, 0), b.records)
	if n < b.records && err == nil {
		err = io.ErrShortWrite
	}
	return n, err
}

// settle ends b, the oldest batch: what is neither delivered nor fell back is
// lost.
func (s *Sink) settle(b extent, arrived, fellBack int, why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	s.lines.drop(b.bytes)
	s.stats.Delivered += uint64(arrived)
	s.stats.FellBack += uint64(fellBack)
	s.stats.Lost += uint64(b.records - arrived - fellBack)
	if s.failure == nil {
		s.failure = why
	}
	s.change()
}

// name is that of the batch under way.
func (s *Sink) name() string { return fmt.Sprintf("%s-%d", s.id, s.sequence) }

// timeout is the context of one request.
func (s *Sink) timeout() (context.Context, context.CancelFunc) {
	return context.WithTimeout(s.ctx, s.o.Timeout)
}
