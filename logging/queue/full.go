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

// A blocked producer looks at the ring by itself after firstLook, then after
// twice as long each time up to lastLook: others may keep the ring between half
// and full, where the gate stays shut. Looking less and less often keeps a
// thousand producers before a hung sink from using up the processor.
const (
	firstLook = 5 * time.Millisecond
	lastLook  = 80 * time.Millisecond
)

// reserveSlow is Reserve for a ring that is full or closed.
func (q *Queue[T]) reserveSlow() (*T, Ticket, bool) {
	var p patience
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
		if !q.block(&p) {
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

// A patience is what a producer that finds the ring full still has.
type patience struct {
	start time.Time     // of the first wait
	look  time.Duration // of the next wait, unless the timeout comes first
}

// next returns how long to wait now: 0 if the timeout is over.
func (p *patience) next(timeout time.Duration) time.Duration {
	p.look = max(firstLook, min(2*p.look, lastLook))
	if timeout == 0 {
		return p.look
	}
	now := time.Now()
	if p.start.IsZero() {
		p.start = now
	}
	return max(0, min(p.look, timeout-now.Sub(p.start)))
}

// block parks the producer until the gate opens or it is time to look at the
// ring again. It returns false if the timeout is over and the ring still full.
//
// No wake-up is lost: waiting is set before the ring is looked at again, and
// Release frees its slot before it looks at waiting. A producer that finds the
// ring still full here is therefore seen by each Release from then on, and the
// ring cannot drain to half without one.
func (q *Queue[T]) block(p *patience) bool {
	q.mu.Lock()
	if q.gate == nil {
		q.gate = make(chan struct{})
		q.waiting.Store(true)
	}
	gate := q.gate
	q.mu.Unlock()

	pos := q.head.Load()
	if int64(q.slots[pos&q.mask].seq.Load()-pos) >= 0 || pos&closedBit != 0 {
		return true // room, or closed: the caller looks again
	}
	wait := p.next(q.timeout)
	if wait == 0 {
		return false
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-gate:
	case <-timer.C:
	}
	return true
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
