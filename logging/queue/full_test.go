package queue

import (
	"testing"
	"testing/synctest"
	"time"
)

// blocked fills q and returns what becomes of one more Put, and when.
func blocked(q *Queue[int]) (<-chan bool, *time.Time) {
	for i := range q.Cap() {
		q.Put(i)
	}
	result, at := make(chan bool, 1), new(time.Time)
	go func() {
		ok := q.Put(-1)
		*at = time.Now()
		result <- ok
	}()
	synctest.Wait()
	return result, at
}

// TestBlockedProducerFindsRoomWhileTheGateIsShut leaves the ring between half
// and full, as other producers may do for ever.
func TestBlockedProducerFindsRoomWhileTheGateIsShut(t *testing.T) {
	for _, timeout := range []time.Duration{0, time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			q := open[int](t, Options{Capacity: 8, BlockTimeout: timeout})
			result, at := blocked(q)
			for range 3 {
				start := time.Now()
				q.Take(make([]int, 1))
				time.Sleep(lastLook)
				synctest.Wait()
				if len(result) == 0 {
					q.Close()
					t.Fatalf("timeout %v: the producer waits after %v with %d of 8 places taken", timeout, time.Since(start), q.Depth())
				}
				if !<-result || at.Sub(start) > firstLook {
					t.Fatalf("timeout %v: rejected, or accepted after %v", timeout, at.Sub(start))
				}
				q.Take(make([]int, q.Cap()))
				result, at = blocked(q)
			}
			q.Close()
			<-result
		})
	}
}

func TestBlockTimeoutRejectsOnlyIfTheRingIsStillFull(t *testing.T) {
	const timeout = firstLook / 5
	synctest.Test(t, func(t *testing.T) {
		q := open[int](t, Options{Capacity: 8, BlockTimeout: timeout})
		start := time.Now()
		result, at := blocked(q)
		q.Take(make([]int, 1))
		if !<-result || at.Sub(start) != timeout {
			t.Errorf("rejected with room in the ring, or accepted after %v, want %v", at.Sub(start), timeout)
		}
		if s := q.Stats(); s.Rejected != 0 || s.Accepted != 9 {
			t.Errorf("stats %+v", s)
		}
	})
}

func TestABlockedGateIsLookedAtLessAndLessOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := open[int](t, Options{Capacity: 8})
		result, _ := blocked(q)
		want := firstLook
		for range 10 {
			q.mu.Lock()
			got := q.watched
			q.mu.Unlock()
			if got != want {
				t.Errorf("looks after %v, want %v", got, want)
			}
			time.Sleep(want)
			synctest.Wait()
			want = min(2*want, lastLook)
		}
		q.Close()
		<-result
		if q.watched != 0 || q.watcher.Stop() {
			t.Error("the timer of a closed queue runs on")
		}
	})
}

func TestNoTimerRunsWhereNobodyIsBlocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := open[int](t, Options{Capacity: 8})
		result, _ := blocked(q)
		q.Take(make([]int, 8))
		<-result
		time.Sleep(firstLook)
		synctest.Wait()
		if q.watched != 0 || q.watcher.Stop() {
			t.Error("the timer runs on though the gate is open")
		}
		q.Close()
	})
}
