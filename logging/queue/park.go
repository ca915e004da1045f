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

// WaitFor is Wait bounded by d: it returns false when d is over. It serves a
// consumer that has something else to do by then. After the grace it parks with
// one timer, so a long d costs an idle program nothing.
func (q *Queue[T]) WaitFor(ctx context.Context, d time.Duration) bool {
	end := time.Now().Add(d)
	if r := q.poll(ctx, min(d, grace)); r != pollOver {
		return r == pollReady
	}
	left := time.Until(end)
	if left <= 0 {
		return false
	}
	q.timer.Reset(left)
	defer q.timer.Stop()
	return q.park(ctx, q.timer.C)
}

// Park is Wait without the grace: for a consumer that knows of a pause.
func (q *Queue[T]) Park(ctx context.Context) bool { return q.park(ctx, nil) }

// park sleeps until the next Commit, Wake, a tick or the end of ctx.
func (q *Queue[T]) park(ctx context.Context, tick <-chan time.Time) bool {
	defer q.sleep.Store(awake)
	if !q.announce(parked) {
		return q.ready()
	}
	select {
	case <-q.wake:
	case <-tick:
	case <-ctx.Done():
	}
	return q.ready()
}

// announce tells the producers how the consumer is about to sleep, and reports
// whether it may.
//
// No wake-up is lost: the state is stored before the ring is looked at again,
// and Commit fills its slot before it looks at the state. A consumer that polls
// leaves items that have just come to its next tick, as it would had they come
// a moment later: to take them one by one as they come made put and take 1.3
// times as long. It stays awake where half of the ring is full, because the
// Commit that would have woken it may have come before the state.
func (q *Queue[T]) announce(state uint32) bool {
	q.sleep.Store(state)
	if q.Drained() {
		return false
	}
	if state == polling {
		return q.Depth() < len(q.slots)/2
	}
	return !q.ready()
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
	end := time.Now().Add(d) // by the clock: on a busy machine each tick is late
	for {
		woken := true
		if q.announce(polling) {
			select {
			case <-q.timer.C:
				woken = false
			case <-q.wake:
			case <-ctx.Done():
			}
		}
		q.sleep.Store(awake)
		if q.ready() {
			return pollReady
		}
		if woken {
			return pollWoken
		}
		left := time.Until(end)
		if left <= 0 {
			return pollOver
		}
		q.timer.Reset(min(left, pollEvery))
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
