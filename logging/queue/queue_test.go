package queue

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open[T any](t testing.TB, o Options) *Queue[T] {
	t.Helper()
	q, err := New[T](o)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func take(q *Queue[int]) []int {
	dst := make([]int, q.Cap()+1)
	return dst[:q.Take(dst)]
}

func TestOptionsOutOfRangeAreNamed(t *testing.T) {
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{Capacity: 1}, "capacity 1"},
		{Options{Capacity: 1000}, "power of two"},
		{Options{Capacity: -8}, "capacity -8"},
		{Options{Capacity: MaxCapacity * 2}, "from 2 to"},
		{Options{Policy: 7}, "policy 7"},
		{Options{BlockTimeout: -1}, "block timeout -1ns"},
	} {
		if _, err := New[int](c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("New(%+v): error %v, want one with %q", c.o, err, c.want)
		}
	}
	if q := open[int](t, Options{}); q.Cap() != DefaultCapacity {
		t.Errorf("the zero Options give a capacity of %d, want %d", q.Cap(), DefaultCapacity)
	}
}

func TestPolicyNamesRoundTrip(t *testing.T) {
	for p := Block; p <= DropOldest; p++ {
		text, err := p.MarshalText()
		var back Policy
		if err != nil || back.UnmarshalText(text) != nil || back != p {
			t.Errorf("policy %d: %s, %v, back as %v", p, text, err, back)
		}
	}
	var p Policy
	if err := p.UnmarshalText([]byte("drop")); err == nil || !strings.Contains(err.Error(), "drop-newest") {
		t.Errorf("an unknown policy gives %v, want the names that exist", err)
	}
}

func TestItemsComeOutInOrderOverManyLaps(t *testing.T) {
	q := open[int](t, Options{Capacity: 4})
	next := 0
	for i := range 100 {
		if !q.Put(2*i) || !q.Put(2*i+1) {
			t.Fatalf("item %d is rejected with room", 2*i)
		}
		if i%2 == 0 {
			for range 2 {
				p, ok := q.Next()
				if !ok || *p != next {
					t.Fatalf("Next gives %v, %v, want %d", p, ok, next)
				}
				q.Release()
				next++
			}
			continue
		}
		if got := take(q); !slices.Equal(got, []int{next, next + 1}) {
			t.Fatalf("Take gives %v from %d", got, next)
		}
		next += 2
	}
	if _, ok := q.Next(); ok {
		t.Error("an empty queue gives an item")
	}
	if got, want := q.Stats(), (Stats{Accepted: 200, Taken: 200}); got != want {
		t.Errorf("stats %+v, want %+v", got, want)
	}
}

func TestReserveFillsInPlaceAndKeepsWhatInitPrepared(t *testing.T) {
	q := open[[]byte](t, Options{Capacity: 2})
	q.Init(func(v *[]byte) { *v = make([]byte, 0, 16) })
	for range 5 {
		p, ticket, ok := q.Reserve()
		if !ok || cap(*p) != 16 {
			t.Fatalf("the slot has room for %d, want 16", cap(*p))
		}
		*p = append((*p)[:0], "ab"...)
		if _, ok := q.Next(); ok {
			t.Fatal("an item is out before it is committed")
		}
		q.Commit(ticket)
		if got, ok := q.Next(); !ok || string(*got) != "ab" {
			t.Fatalf("Next gives %v, %v", got, ok)
		}
		q.Release()
	}
}

func TestTakeKeepsNothingAlive(t *testing.T) {
	q := open[*int](t, Options{Capacity: 2})
	q.Put(new(int))
	q.Take(make([]*int, 2))
	for i := range q.slots {
		if q.slots[i].val != nil {
			t.Errorf("slot %d still refers to a taken item", i)
		}
	}
}

func TestDropNewestRejectsWhatDoesNotFit(t *testing.T) {
	q := open[int](t, Options{Capacity: 4, Policy: DropNewest})
	for i := range 6 {
		if got, want := q.Put(i), i < 4; got != want {
			t.Errorf("Put(%d) = %v, want %v", i, got, want)
		}
	}
	if got := take(q); !slices.Equal(got, []int{0, 1, 2, 3}) {
		t.Errorf("holds %v, want the oldest four", got)
	}
	if got, want := q.Stats(), (Stats{Accepted: 4, Rejected: 2, Taken: 4}); got != want {
		t.Errorf("stats %+v, want %+v", got, want)
	}
}

func TestDropOldestEvictsOneItemForEachNewOne(t *testing.T) {
	q := open[int](t, Options{Capacity: 4, Policy: DropOldest})
	for i := range 10 {
		if !q.Put(i) {
			t.Errorf("item %d is rejected", i)
		}
	}
	if got, want := q.Stats(), (Stats{Accepted: 10, Evicted: 6}); got != want || q.Depth() != 4 {
		t.Errorf("stats %+v, depth %d, want %+v, depth 4", got, q.Depth(), want)
	}
	if got := take(q); !slices.Equal(got, []int{6, 7, 8, 9}) {
		t.Errorf("holds %v, want the newest four", got)
	}
}

func TestDropOldestRejectsRatherThanWaitForAStuckConsumer(t *testing.T) {
	q := open[int](t, Options{Capacity: 2, Policy: DropOldest})
	q.Put(0)
	q.Put(1)
	if _, ok := q.Next(); !ok { // and never released
		t.Fatal("no item")
	}
	if q.Put(2) {
		t.Fatal("the item took the place that the consumer holds")
	}
	q.Release()
	if !q.Put(3) {
		t.Error("no room after the consumer released its place")
	}
	if got, want := q.Stats(), (Stats{Accepted: 3, Rejected: 1, Taken: 1}); got != want {
		t.Errorf("stats %+v, want %+v", got, want)
	}
}

func TestDropOldestDoesNotEvictWhatIsNotCommitted(t *testing.T) {
	q := open[int](t, Options{Capacity: 2, Policy: DropOldest})
	p, ticket, _ := q.Reserve()
	q.Put(1)
	if q.Put(2) {
		t.Fatal("the item took the place of one that is being filled")
	}
	*p = 0
	q.Commit(ticket)
	if got := take(q); !slices.Equal(got, []int{0, 1}) {
		t.Errorf("holds %v", got)
	}
}

func TestClosedQueueRejectsAndCanBeDrained(t *testing.T) {
	q := open[int](t, Options{Capacity: 4})
	q.Put(1)
	q.Close()
	q.Close()
	if q.Put(2) || !q.Closed() || q.Drained() {
		t.Errorf("closed %v, drained %v, or a Put succeeded", q.Closed(), q.Drained())
	}
	if got := take(q); !slices.Equal(got, []int{1}) || !q.Drained() {
		t.Errorf("drains %v, drained %v", got, q.Drained())
	}
	if q.Wait(context.Background()) {
		t.Error("Wait finds an item in a drained queue")
	}
	if got, want := q.Stats(), (Stats{Accepted: 1, Rejected: 1, Taken: 1}); got != want {
		t.Errorf("stats %+v, want %+v", got, want)
	}
}

func TestPutDoesNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("allocations are not judged under the race detector")
	}
	for _, p := range []Policy{Block, DropNewest, DropOldest} {
		q := open[[8]uint64](t, Options{Capacity: 64, Policy: p})
		dst := make([][8]uint64, 1)
		if n := testing.AllocsPerRun(1000, func() {
			q.Put([8]uint64{1})
			if p == Block {
				q.Take(dst)
			}
		}); n != 0 {
			t.Errorf("%v: %v allocations for one Put", p, n)
		}
	}
}

// item is what a producer of the stress test puts.
type item struct{ producer, n int }

func TestNothingIsLostUncountedUnderAnyPolicy(t *testing.T) {
	const producers, each = 8, 4000
	for p := Block; p <= DropOldest; p++ {
		for _, capacity := range []int{2, 64} {
			t.Run(fmt.Sprintf("%v/cap=%d", p, capacity), func(t *testing.T) {
				t.Parallel()
				q := open[item](t, Options{Capacity: capacity, Policy: p})
				var wg sync.WaitGroup
				for id := range producers {
					wg.Go(func() {
						for n := range each {
							q.Put(item{id, n})
						}
					})
				}
				go func() { wg.Wait(); q.Close() }()
				got := consume(t, q)
				s := q.Stats()
				if s.Taken != got || s.Accepted != s.Taken+s.Evicted || s.Accepted+s.Rejected != producers*each {
					t.Errorf("%d of %d items came out, stats %+v", got, producers*each, s)
				}
				if p == Block && got != producers*each {
					t.Errorf("%d of %d items came out", got, producers*each)
				}
				if p != DropOldest && s.Evicted != 0 || p == Block && s.Rejected != 0 {
					t.Errorf("stats %+v do not belong to the policy", s)
				}
			})
		}
	}
}

// consume takes until the queue is drained, by turns in place and in batches,
// and checks that each producer's items come in order.
func consume(t *testing.T, q *Queue[item]) (count uint64) {
	var last [8]int
	check := func(v item) {
		if v.n < last[v.producer] {
			t.Errorf("producer %d: item %d after %d", v.producer, v.n, last[v.producer]-1)
		}
		last[v.producer] = v.n + 1
		count++
	}
	dst := make([]item, 7)
	for !q.Drained() {
		if v, ok := q.Next(); ok {
			check(*v)
			q.Release()
		}
		n := q.Take(dst)
		for _, v := range dst[:n] {
			check(v)
		}
		if n == 0 {
			q.Wait(context.Background())
		}
	}
	return count
}

func TestCloseThatRacesWithPutsLosesNothingAccepted(t *testing.T) {
	for range 200 {
		q := open[int](t, Options{Capacity: 16})
		var accepted [4]int
		var wg sync.WaitGroup
		for i := range accepted {
			wg.Go(func() {
				for q.Put(i) {
					accepted[i]++
				}
			})
		}
		taken := 0
		for taken < 40 {
			q.Wait(t.Context())
			taken += len(take(q))
		}
		q.Close()
		for !q.Drained() {
			q.Wait(t.Context())
			taken += len(take(q))
		}
		wg.Wait()
		if sum := accepted[0] + accepted[1] + accepted[2] + accepted[3]; sum != taken || q.Stats().Accepted != uint64(sum) {
			t.Fatalf("%d accepted, %d taken, stats %+v", sum, taken, q.Stats())
		}
	}
}
