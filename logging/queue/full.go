package queue

import (
	"runtime"
	"time"
)

// evictSpins bounds how often a producer yields while the place it needs is in
// the hands of the consumer, or of a producer that has not committed yet. Both
// hold it for one item's work, so the bound, of about a millisecond, is met only
// if one of them is stuck; then the item is rejected, because DropOldest promises
// not to block.
const evictSpins = 4096

// While producers are blocked, the gate is looked at by a timer too, firstLook
// after the first of them blocked and then at twice the distance each time up to
// lastLook: a consumer that is busy elsewhere may leave the ring between half
// and full, where Release keeps the gate shut. Looking less and less often keeps
// a hung sink from using up the processor.
//
// (Rejected: a timer for each blocked producer. Setting one wakes the runtime's
// poller: put and take took 1.3 times as long with one producer.)
const (
	firstLook = 5 * time.Millisecond
	lastLook  = 80 * time.Millisecond
)

// reserveSlow is Reserve for a ring that is full or closed.
func (q *Queue[T]) reserveSlow() (*T, Ticket, bool) {
	var start time.Time
	for spins := 0; ; spins++ {
		pos := q.head.Load()
		if pos&closedBit != 0 {
			break
		}
		s := &q.slots[pos&q.mask]
		d := int64(s.seq.Load() - pos)
		if d == 0 && q.head.CompareAndSwap(pos, pos+1) {
			return &s.val, Ticket(pos), true
		}
		if d >= 0 {
			continue
		}
		if q.policy == DropNewest {
			break
		}
		if q.policy == DropOldest {
			if q.evict(pos) {
				continue
			}
			if spins > evictSpins {
				break
			}
			runtime.Gosched()
			continue
		}
		// No yields before it parks: they only fight the consumer for the
		// processor (16 of them: 50 ns an item instead of 35 with 8 and more producers).
		q.nudge()
		if !q.block(&start) {
			break
		}
	}
	q.rejected.Add(1)
	return nil, 0, false
}

// evict removes the oldest item to make room for the position pos. It returns
// false if that item is not there to be removed: the consumer works on it, or
// its producer has not committed it.
func (q *Queue[T]) evict(pos uint64) bool {
	oldest := pos - q.mask - 1
	s := &q.slots[oldest&q.mask]
	if s.seq.Load() != oldest+1 || !q.tail.CompareAndSwap(oldest, oldest+1) {
		return false
	}
	q.evicted.Add(1)
	s.seq.Store(pos)
	return true
}

// block parks the producer until the gate opens or the timeout, which runs from
// *start, is over. It returns false if that was so before and the ring is still
// full.
//
// No wake-up is lost: waiting is set before the ring is looked at again, and
// Release frees its slot before it looks at waiting. A producer that finds the
// ring still full here is therefore seen by each Release from then on, and the
// ring cannot drain to half without one.
func (q *Queue[T]) block(start *time.Time) bool {
	q.mu.Lock()
	if q.gate == nil {
		q.gate = make(chan struct{})
		q.waiting.Store(true)
		q.watch()
	}
	gate := q.gate
	q.mu.Unlock()

	pos := q.head.Load()
	if int64(q.slots[pos&q.mask].seq.Load()-pos) >= 0 || pos&closedBit != 0 {
		return true // room, or closed: the caller looks again
	}
	if q.timeout == 0 {
		<-gate
		return true
	}
	now := time.Now()
	if start.IsZero() {
		*start = now
	}
	left := q.timeout - now.Sub(*start)
	if left <= 0 {
		return false
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-gate:
	case <-timer.C:
	}
	return true
}

// watch sets the timer that looks at the gate, unless it is set; mu is held.
func (q *Queue[T]) watch() {
	switch {
	case q.watched > 0:
		return
	case q.watcher == nil:
		q.watcher = time.AfterFunc(firstLook, q.look)
	default:
		q.watcher.Reset(firstLook)
	}
	q.watched = firstLook
}

// look opens the gate if the ring has room, and comes back while producers are
// blocked. Under load the next gate is shut soon after the last was opened, and
// the timer is set once in firstLook, not for each of them.
func (q *Queue[T]) look() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.gate != nil && q.Depth() < len(q.slots) {
		q.releaseGate()
	}
	if q.gate == nil {
		q.watched = 0
		return
	}
	q.watched = min(2*q.watched, lastLook)
	q.watcher.Reset(q.watched)
}

// openGate wakes all blocked producers if the ring has drained to half. One
// wake for each free slot would hand the processor back and forth for each item.
func (q *Queue[T]) openGate() {
	if q.Depth() > len(q.slots)/2 {
		return
	}
	q.mu.Lock()
	q.releaseGate()
	q.mu.Unlock()
}

// releaseGate opens the gate; mu is held.
func (q *Queue[T]) releaseGate() {
	if q.gate != nil {
		close(q.gate)
		q.gate = nil
		q.waiting.Store(false)
	}
}
