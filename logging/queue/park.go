package queue

import (
	"context"
	"time"
)

// The consumer's states.
const (
	awake   uint32 = iota
	polling        // sleeps until its timer; woken early only where the ring fills
	parked         // sleeps until the next Commit or Wake
)

const (
	pollEvery = time.Millisecond
	grace     = 20 * time.Millisecond // without an item before the consumer parks
)

// Wait puts the consumer to sleep until there is an item (true), or Wake was
// called, the queue is drained or ctx is done (false).
//
// For a grace of about 20 ms it looks every millisecond, because traffic that
// paused usually goes on; then it parks: no timer, no polling, and the next
// Commit wakes it once.
func (q *Queue[T]) Wait(ctx context.Context) bool {
	switch q.poll(ctx, grace) {
	case pollReady:
		return true
	case pollOver:
		return q.Park(ctx)
	}
	return false
}

// WaitFor is Wait bounded by d: it looks every millisecond for as long, never
// parks, and returns false when d is over. It serves a consumer that has
// something else to do by then.
func (q *Queue[T]) WaitFor(ctx context.Context, d time.Duration) bool {
	return q.poll(ctx, d) == pollReady
}

// Park is Wait without the grace: for a consumer that knows of a pause.
//
// No wake-up is lost: the state is stored before the ring is looked at again,
// and Commit fills its slot before it looks at the state.
func (q *Queue[T]) Park(ctx context.Context) bool {
	q.sleep.Store(parked)
	defer q.sleep.Store(awake)
	if q.ready() {
		return true
	}
	if q.Drained() {
		return false
	}
	select {
	case <-q.wake:
	case <-ctx.Done():
	}
	return q.ready()
}

// Wake makes the consumer return from Wait, WaitFor or Park at once, or from
// the next one if it is awake.
func (q *Queue[T]) Wake() {
	select {
	case q.wake <- struct{}{}:
	default: // a token is there already
	}
}

type pollResult int

const (
	pollReady pollResult = iota // there is an item
	pollOver                    // nothing came in time
	pollWoken                   // Wake, drained or ctx
)

func (q *Queue[T]) poll(ctx context.Context, d time.Duration) pollResult {
	if q.ready() {
		return pollReady
	}
	if d <= 0 {
		return pollOver
	}
	if q.timer == nil {
		q.timer = time.NewTimer(min(d, pollEvery))
	} else {
		q.timer.Reset(min(d, pollEvery))
	}
	defer q.timer.Stop()
	for {
		if q.Drained() {
			return pollWoken
		}
		q.sleep.Store(polling)
		woken := false
		select {
		case <-q.timer.C:
			d -= pollEvery
		case <-q.wake:
			woken = true
		case <-ctx.Done():
			woken = true
		}
		q.sleep.Store(awake)
		switch {
		case q.ready():
			return pollReady
		case woken:
			return pollWoken
		case d <= 0:
			return pollOver
		}
		q.timer.Reset(min(d, pollEvery))
	}
}

// ready reports whether Next would find an item.
func (q *Queue[T]) ready() bool {
	pos := q.tail.Load()
	return q.slots[pos&q.mask].seq.Load() == pos+1
}

// rouse wakes a consumer that sleeps, after the position pos was committed: a
// parked one at once, a polling one only where another half of the ring has
// been filled since, lest it sleeps until the ring is full.
func (q *Queue[T]) rouse(pos uint64) {
	switch q.sleep.Load() {
	case parked:
		if q.sleep.CompareAndSwap(parked, awake) {
			q.Wake()
		}
	case polling:
		if pos&(q.mask>>1) == 0 && q.sleep.CompareAndSwap(polling, awake) {
			q.Wake()
		}
	}
}

// nudge wakes a consumer that sleeps while the ring is full.
func (q *Queue[T]) nudge() {
	if s := q.sleep.Load(); s != awake && q.sleep.CompareAndSwap(s, awake) {
		q.Wake()
	}
}
