package http

import (
	"context"
	"errors"
	"fmt"
	"time"
)

var errHangs = errors.New("http sink: a request or the fallback goes on though its context is done")

// Flush closes the open batch and waits until all records that Write took before
// are delivered, given to the fallback or lost; it waits for backoff and
// breaker too. Then it flushes the fallback. When ctx is done before, it returns
// an error with the number of records held, and they stay held.
//
// It returns a DeliveryError if records were lost, or fell back, since the last
// Flush that returned one.
func (s *Sink) Flush(ctx context.Context) error {
	s.mu.Lock()
	s.closeBatch()
	target := s.stats.Taken
	err := s.await(ctx, func() bool { return s.stats.Taken-s.held() >= target })
	s.mu.Unlock()
	if err == nil {
		err = s.flushFallback(ctx)
	}
	if err != nil {
		err = fmt.Errorf("http sink: flush: %w", err)
		if ctx.Err() != nil {
			return err // nobody may be waiting for it: what was lost is told to the next
		}
	}
	return errors.Join(s.undelivered(), err)
}

// undelivered returns what no Flush has told of yet.
func (s *Sink) undelivered() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := &DeliveryError{
		Lost:     s.stats.Lost - s.told.Lost,
		FellBack: s.stats.FellBack - s.told.FellBack,
		Err:      s.failure,
	}
	if e.Lost == 0 && e.FellBack == 0 {
		return nil
	}
	s.told, s.failure = s.stats, nil
	return e
}

func (s *Sink) flushFallback(ctx context.Context) error {
	if s.o.Fallback == nil {
		return nil
	}
	select {
	case s.turn <- struct{}{}:
	case <-s.done:
		return nil // Close closed it
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-s.turn }()
	if s.fallbackClosed {
		return nil
	}
	return guarded(func() error { return s.o.Fallback.Flush(ctx) })
}

// Close flushes, stops the sender, closes the idle connections of the client
// that New made, and closes the fallback. When ctx is done before all is
// delivered, the rest counts as lost, a batch under way too, though the receiver
// may have it; the error says how many. A request and a fallback that ignore
// their context are left behind after a second more, with an error; what they
// hold is released when they return.
//
// Closing again waits for the end of the first Close and returns nil.
func (s *Sink) Close(ctx context.Context) error {
	s.mu.Lock()
	again := s.closeCtx != nil
	if !again {
		s.closeCtx = ctx
		s.closeBatch()
		s.signal()
		s.change() // for Write to stop waiting
		if err := s.await(ctx, func() bool { return s.held() == 0 }); err != nil {
			s.abandon(err)
		}
		s.cancel()
	}
	s.mu.Unlock()
	if !s.stopped(ctx) {
		return errors.Join(s.undelivered(), errHangs)
	}
	if again {
		return nil
	}
	return errors.Join(s.undelivered(), s.result)
}

// abandon counts all that is held as lost.
func (s *Sink) abandon(why error) {
	s.ended = true
	if s.failure == nil {
		s.failure = fmt.Errorf("closed before all was delivered: %w", why)
	}
	s.stats.Lost += s.held()
	s.lines, s.due, s.open = ring{}, queue{}, extent{}
	s.change()
}

// stopped waits for the end of the sender until ctx is done, and then for as
// long as it takes a request to see that it is canceled.
func (s *Sink) stopped(ctx context.Context) bool {
	select {
	case <-s.done:
		return true
	case <-ctx.Done():
	}
	grace := time.NewTimer(closeGrace)
	defer grace.Stop()
	select {
	case <-s.done:
		return true
	case <-grace.C:
		return false
	}
}

// finish is the end of the sender.
func (s *Sink) finish() {
	defer close(s.done)
	s.cancel()
	if s.owned {
		s.client.CloseIdleConnections()
	}
	if s.o.Fallback == nil {
		return
	}
	s.turn <- struct{}{}
	s.fallbackClosed = true
	s.mu.Lock()
	ctx := s.closeCtx
	s.mu.Unlock()
	if err := guarded(func() error { return s.o.Fallback.Close(ctx) }); err != nil {
		s.result = fmt.Errorf("http sink: close the fallback: %w", err)
	}
	<-s.turn
}
