package queue

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestBlockedProducersAreWokenTogetherOnceTheRingIsHalfEmpty(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := open[int](t, Options{Capacity: 8})
		for i := range 8 {
			q.Put(i)
		}
		returned := make(chan bool, 3)
		for range cap(returned) {
			go func() { returned <- q.Put(9) }()
		}
		synctest.Wait()
		one := make([]int, 1)
		for range 3 {
			q.Take(one)
		}
		synctest.Wait()
		if len(returned) != 0 {
			t.Fatalf("%d producers are woken with 5 of 8 places taken", len(returned))
		}
		q.Take(one)
		synctest.Wait()
		if len(returned) != 3 || q.Depth() != 7 {
			t.Fatalf("%d of 3 producers are woken with 4 of 8 places taken, depth %d", len(returned), q.Depth())
		}
		if q.waiting.Load() {
			t.Error("the consumer still looks for producers to wake")
		}
	})
}

func TestBlockTimeoutRejectsTheItem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := open[int](t, Options{Capacity: 2, BlockTimeout: time.Second})
		q.Put(1)
		q.Put(2)
		start := time.Now()
		if q.Put(3) || time.Since(start) != time.Second {
			t.Errorf("returns after %v, want a rejection after 1s", time.Since(start))
		}
		if s := q.Stats(); s.Rejected != 1 || s.Accepted != 2 {
			t.Errorf("stats %+v", s)
		}
	})
}

func TestCloseReleasesBlockedProducers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := open[int](t, Options{Capacity: 2})
		q.Put(1)
		q.Put(2)
		result := make(chan bool, 1)
		go func() { result <- q.Put(3) }()
		synctest.Wait()
		q.Close()
		if <-result {
			t.Error("the blocked item is accepted by a closed queue")
		}
	})
}

// sleeper runs Wait in a goroutine and says what it returned and when.
func sleeper(q *Queue[int], wait func(context.Context) bool, ctx context.Context) (<-chan bool, *time.Time) {
	result, at := make(chan bool, 1), new(time.Time)
	go func() {
		ok := wait(ctx)
		*at = time.Now()
		result <- ok
	}()
	return result, at
}

func TestIdleConsumerParksWithoutATimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := open[int](t, Options{Capacity: 64})
		result, at := sleeper(q, q.Wait, t.Context())
		synctest.Wait()
		if s := q.sleep.Load(); s != polling {
			t.Fatalf("state %d at first, want polling", s)
		}
		time.Sleep(grace + 2*pollEvery)
		synctest.Wait()
		if s := q.sleep.Load(); s != parked {
			t.Fatalf("state %d after the grace, want parked", s)
		}
		if q.timer.Stop() {
			t.Fatal("the timer of a parked consumer runs")
		}
		time.Sleep(time.Hour)
		now := time.Now()
		q.Put(1)
		if !<-result || !at.Equal(now) {
			t.Errorf("a parked consumer returns %v after the Put", at.Sub(now))
		}
	})
}

func TestConsumerDoesNotParkOnAnItemOrAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := open[int](t, Options{Capacity: 64})
		q.Put(1)
		if !q.Park(t.Context()) {
			t.Error("the item is not seen")
		}
		q.Take(make([]int, 1))
		q.Close()
		<-q.wake
		if q.Park(t.Context()) || q.Wait(t.Context()) {
			t.Error("an item is seen in a drained queue")
		}
	})
}

func TestParkedConsumerIsWokenOnce(t *testing.T) {
	q := open[int](t, Options{Capacity: 64})
	q.sleep.Store(parked)
	for i := range 10 {
		q.Put(i)
		if i == 0 {
			<-q.wake
		}
	}
	if len(q.wake) != 0 {
		t.Error("a second Put woke the consumer again")
	}
}

func TestPollingConsumerIsNotWokenForEachItem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := open[int](t, Options{Capacity: 64})
		start := time.Now()
		result, at := sleeper(q, q.Wait, t.Context())
		synctest.Wait()
		q.Put(0) // position 0 fills the first half anew: woken
		if !<-result || !at.Equal(start) {
			t.Errorf("returns after %v", at.Sub(start))
		}
		q.Take(make([]int, 1))
		start = time.Now()
		result, at = sleeper(q, q.Wait, t.Context())
		synctest.Wait()
		for i := range 10 {
			q.Put(i)
		}
		if !<-result || at.Sub(start) != pollEvery {
			t.Errorf("returns after %v, want one poll of %v", at.Sub(start), pollEvery)
		}
	})
}

func TestPollingConsumerIsWokenBeforeTheRingIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := open[int](t, Options{Capacity: 64})
		q.Put(0)
		q.Take(make([]int, 1))
		start := time.Now()
		result, at := sleeper(q, q.Wait, t.Context())
		synctest.Wait()
		for i := range 40 {
			q.Put(i)
		}
		if !<-result || !at.Equal(start) {
			t.Errorf("returns after %v with more than half of the ring filled", at.Sub(start))
		}
	})
}

func TestWakeEndsEachKindOfSleepAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := open[int](t, Options{Capacity: 64})
		for _, wait := range []func(context.Context) bool{
			q.Wait, q.Park,
			func(ctx context.Context) bool { return q.WaitFor(ctx, time.Minute) },
		} {
			start := time.Now()
			result, at := sleeper(q, wait, t.Context())
			synctest.Wait()
			q.Wake()
			if <-result || !at.Equal(start) {
				t.Errorf("returns after %v", at.Sub(start))
			}
			q.Wake() // while awake: the next sleep ends at once
			if wait(t.Context()) || !time.Now().Equal(start) {
				t.Error("a Wake before the sleep is lost")
			}
		}
	})
}

func TestWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := open[int](t, Options{Capacity: 64})
		for _, after := range []time.Duration{pollEvery / 2, time.Hour} {
			start := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), after)
			if q.Wait(ctx) || time.Since(start) != after {
				t.Errorf("returns after %v, want %v", time.Since(start), after)
			}
			cancel()
		}
	})
}

func TestWaitForReturnsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := open[int](t, Options{Capacity: 64})
		for _, d := range []time.Duration{0, 300 * time.Microsecond, 2500 * time.Microsecond, time.Second} {
			start := time.Now()
			if q.WaitFor(t.Context(), d) || time.Since(start) != d {
				t.Errorf("returns after %v, want %v", time.Since(start), d)
			}
		}
	})
}

func TestLongWaitForParksWithOneTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := open[int](t, Options{Capacity: 64})
		start := time.Now()
		result, at := sleeper(q, func(ctx context.Context) bool { return q.WaitFor(ctx, time.Hour) }, t.Context())
		time.Sleep(grace + 2*pollEvery)
		synctest.Wait()
		if s := q.sleep.Load(); s != parked {
			t.Errorf("state %d after the grace, want parked", s)
		}
		if <-result || at.Sub(start) != time.Hour {
			t.Errorf("returns after %v, want 1h", at.Sub(start))
		}
		result, at = sleeper(q, func(ctx context.Context) bool { return q.WaitFor(ctx, time.Hour) }, t.Context())
		time.Sleep(time.Minute)
		now := time.Now()
		q.Put(1)
		if !<-result || !at.Equal(now) {
			t.Errorf("returns %v after the Put, want at once", at.Sub(now))
		}
	})
}

func TestNoKindOfSleepBeginsWhereItsWakeMayBeLost(t *testing.T) {
	const capacity = 64
	for _, c := range []struct {
		state uint32
		items int // that the consumer may sleep on
	}{{parked, 0}, {polling, capacity/2 - 1}} {
		q := open[int](t, Options{Capacity: capacity})
		for i := range c.items + 1 {
			if !q.announce(c.state) {
				t.Errorf("state %d: may not sleep on %d items", c.state, i)
			}
			q.sleep.Store(awake)
			q.Put(i)
		}
		if q.announce(c.state) {
			t.Errorf("state %d: may sleep on %d items", c.state, c.items+1)
		}
	}
}

// TestPutThatRacesWithAPollIsSeenAtOnce has a ring in which each Put wakes a
// consumer that polls. Only one that missed an item needs time to pass, and in
// the bubble time passes only while both sleep.
func TestPutThatRacesWithAPollIsSeenAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := open[int](t, Options{Capacity: 2})
		puts := make(chan int)
		go func() {
			for i := range puts {
				for range i % 64 { // walks the Put over the consumer's way to sleep
					q.Depth()
				}
				q.Put(i)
			}
		}()
		defer close(puts)
		for i := range 100_000 {
			start := time.Now()
			puts <- i
			for q.Take(make([]int, 1)) == 0 {
				q.Wait(t.Context())
			}
			if d := time.Since(start); d != 0 {
				t.Fatalf("item %d is seen after %v", i, d)
			}
		}
	})
}
