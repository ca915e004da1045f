package experiment

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"
)

// A metronome wakes the producers at their ticks. It is one goroutine that
// sleeps from tick to tick on a thread of its own: a timer for each producer
// would be as coarse as the runtime's poller, which counts in milliseconds.
type metronome struct {
	start time.Time
	tick  time.Duration
	sleep func(time.Duration)
	seats []seat
}

// seat is where a producer waits.
type seat struct {
	due  atomic.Int64 // since start; 0 where nobody waits
	wake chan struct{}
	_    [48]byte
}

func newMetronome(l Load, start time.Time) *metronome {
	m := &metronome{start: start, tick: l.tick(), sleep: l.Sleep, seats: make([]seat, l.Producers)}
	if m.sleep == nil {
		m.sleep = time.Sleep
	}
	for i := range m.seats {
		m.seats[i].wake = make(chan struct{}, 1)
	}
	return m
}

// run starts the metronome. The function that it returns ends it and waits for
// that.
func (m *metronome) run(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		for ctx.Err() == nil {
			now := time.Since(m.start)
			m.beat(now)
			next := now - now%m.tick + m.tick
			m.sleep(next - time.Since(m.start))
		}
	}()
	return func() {
		cancel()
		<-ended
	}
}

// beat wakes all who are due.
func (m *metronome) beat(now time.Duration) {
	for i := range m.seats {
		s := &m.seats[i]
		if due := s.due.Load(); due == 0 || due > int64(now) {
			continue
		}
		select {
		case s.wake <- struct{}{}:
		default: // it has been woken already
		}
	}
}

// wait returns at the time since the start, or when ctx is done. One producer
// at a time waits in a seat.
func (m *metronome) wait(ctx context.Context, producer int, until time.Duration) {
	s := &m.seats[producer]
	for time.Since(m.start) < until && ctx.Err() == nil {
		s.due.Store(int64(until))
		if time.Since(m.start) >= until {
			break // the beat may have passed before due was there
		}
		select {
		case <-s.wake:
		case <-ctx.Done():
		}
	}
	s.due.Store(0)
}
