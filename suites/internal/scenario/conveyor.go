package scenario

import (
	"context"
	"sync/atomic"

	"github.com/puzpuzpuz/xsync/v4"

	"github.com/logperf/logperf/logging/queue"
)

// ring is the library's queue.
type ring struct{ q *queue.Queue[item] }

func ringOf(capacity int, policy queue.Policy) openConveyor {
	return func() (conveyor, error) {
		q, err := queue.New[item](queue.Options{Capacity: capacity, Policy: policy})
		return ring{q}, err
	}
}

func (r ring) begin()           {}
func (r ring) put(it item) bool { return r.q.Put(it) }
func (r ring) take(dst []item, done *atomic.Bool) int {
	for {
		if n := r.q.Take(dst); n > 0 || done.Load() {
			return n
		}
		r.q.Wait(context.Background())
	}
}
func (r ring) dropped() uint64 { return r.q.Stats().Evicted }
func (r ring) interrupt()      { r.q.Wake() }
func (r ring) close()          { r.q.Close() }

// channel is a buffered channel; drop makes a full one reject.
type channel struct {
	items chan item
	stop  chan struct{}
	drop  bool
}

func channelOf(capacity int) openConveyor {
	return func() (conveyor, error) {
		return channel{make(chan item, capacity), make(chan struct{}, 1), false}, nil
	}
}

func droppingChannelOf(capacity int) openConveyor {
	return func() (conveyor, error) {
		return channel{make(chan item, capacity), make(chan struct{}, 1), true}, nil
	}
}

func (c channel) begin() {}

func (c channel) put(it item) bool {
	if !c.drop {
		c.items <- it
		return true
	}
	select {
	case c.items <- it:
		return true
	default:
		return false
	}
}

// take waits for one item and receives what else is there: a channel cannot
// hand over a batch, and this is the fastest use of one with a way to stop.
func (c channel) take(dst []item, done *atomic.Bool) int {
	n := 0
	if len(c.items) == 0 {
		if done.Load() {
			return 0
		}
		select {
		case dst[0] = <-c.items:
			n = 1
		case <-c.stop:
			return 0
		}
	}
	for n < len(dst) && len(c.items) > 0 {
		dst[n] = <-c.items
		n++
	}
	return n
}

func (c channel) dropped() uint64 { return 0 }

// interrupt leaves a token; one that is not taken only makes a later take
// return early.
func (c channel) interrupt() {
	select {
	case c.stop <- struct{}{}:
	default:
	}
}

func (c channel) close() {}

// xsyncQueue is xsync's multi-producer, single-consumer queue. It has no
// bound, so its producers never wait: a reference for the hand-over alone.
type xsyncQueue struct {
	q     *xsync.UMPSCQueue[item]
	ended bool // the sentinel has come, the consumer's next take must not wait
}

// sentinel marks the item that ends a waiting Dequeue.
const sentinel = ^uint64(0)

func xsyncOf() (conveyor, error) { return &xsyncQueue{q: xsync.NewUMPSCQueue[item]()}, nil }

// begin forgets the end of the last slice, whose consumer need not have asked
// again after the sentinel.
func (x *xsyncQueue) begin() { x.ended = false }

func (x *xsyncQueue) put(it item) bool { x.q.Enqueue(it); return true }

func (x *xsyncQueue) take(dst []item, _ *atomic.Bool) int {
	if x.ended {
		x.ended = false
		return 0
	}
	dst[0] = x.q.Dequeue()
	if dst[0].producer == sentinel {
		x.ended = true
		return 0
	}
	return 1
}

func (x *xsyncQueue) dropped() uint64 { return 0 }
func (x *xsyncQueue) interrupt()      { x.q.Enqueue(item{producer: sentinel}) }
func (x *xsyncQueue) close()          {}
