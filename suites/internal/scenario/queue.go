package scenario

import (
	"context"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/logperf/logperf/logging/queue"
	"github.com/logperf/logperf/suites/internal/experiment"
	"github.com/logperf/logperf/suites/internal/stat"
)

// item is what travels through the queues: 64 bytes, one cache line, the size
// that the published figures of other queues are given for.
type item struct {
	producer, sequence uint64
	_                  [6]uint64
}

// contended is how long the slices of a pair of the gate last with several
// producers. Which of them share a core with the consumer changes from slice to
// slice, and with it the time by a third: pairs of the same code differ by 5 to
// 11 % after 250 ms, by 3 to 4 % after this.
const contended = time.Second

// Queue is the table of the bounded queue: put and take, the latency of a put,
// and what each overflow policy does when the queue is full.
func Queue() []experiment.Scenario {
	var rows []experiment.Scenario
	for _, capacity := range []int{1024, 8192} {
		for _, producers := range []int{1, 2, 8, 64} {
			suffix := fmt.Sprintf("/producers=%d/cap=%d", producers, capacity)
			of := fmt.Sprintf("with %s and room for %d", plural(producers, "producer"), capacity)
			tier := "full"
			if capacity == 1024 || producers == 1 {
				tier = "smoke"
			}
			var paired time.Duration
			if producers > 1 {
				paired = contended
			}
			rows = append(rows, experiment.Scenario{
				Name: "queue/put-take" + suffix, Title: "puts and takes " + of, Tier: tier, Measure: "throughput",
				Metrics: []string{"ns/op", "total-ns/op", "records/s", "cpu-ns/op", "allocs/op", "lost-records", "leaked-goroutines"},
				Slice:   handOver, Paired: paired,
				Arms: []experiment.Arm{
					queueArm("logperf", producers, false, ringOf(capacity, queue.Block)),
					queueArm("channel", producers, false, channelOf(capacity)),
					queueArm("xsync", producers, false, xsyncOf),
				},
			})
			if producers == 64 {
				tier = "full"
			}
			rows = append(rows, experiment.Scenario{
				Name: "queue/put-latency" + suffix, Title: "answers a put " + of, Tier: tier, Measure: "latency",
				Metrics: []string{"p50-ns", "p99-ns", "p99.9-ns", "max-ns", "allocs/op", "lost-records"},
				Slice:   handOver,
				Arms: []experiment.Arm{
					queueArm("logperf", producers, true, ringOf(capacity, queue.Block)),
					queueArm("channel", producers, true, channelOf(capacity)),
				},
			})
		}
	}
	for _, policy := range []queue.Policy{queue.Block, queue.DropNewest, queue.DropOldest} {
		arms := []experiment.Arm{saturatedArm("logperf", policy != queue.Block, ringOf(1024, policy))}
		if policy == queue.DropNewest {
			arms = append(arms, saturatedArm("channel", true, droppingChannelOf(1024)))
		}
		rows = append(rows, experiment.Scenario{
			Name:  "queue/saturated/policy=" + policy.String(),
			Title: "with 8 producers ahead of a slow consumer under the policy " + policy.String(),
			Tier:  "smoke", Measure: "latency",
			Metrics: []string{"ns/op", "total-ns/op", "p50-ns", "p99-ns", "p99.9-ns", "max-ns", "allocs/op", "lost-records"},
			Slice:   handOver,
			Arms:    arms,
		})
	}
	return from("queue", rows,
		"queue.go", "conveyor.go", "crew.go")
}

// plural writes "1 producer", "8 producers".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// conveyor is a queue as the subjects use it, ours or another's.
type conveyor interface {
	// begin is called by the consumer before each slice.
	begin()
	// put offers an item and reports whether it was accepted.
	put(item) bool
	// take moves items into dst and returns how many; it waits at most until
	// the next item or until done is set.
	take(dst []item, done *atomic.Bool) int
	// dropped returns how many accepted items the queue has evicted.
	dropped() uint64
	// interrupt makes a waiting take look at done.
	interrupt()
	close()
}

// belt is the subject of the queue scenarios: a crew of producers in front of
// one consumer, which is the goroutine that runs the slice.
type belt struct {
	queue    conveyor
	crew     *crew
	work     time.Duration // what the consumer does with each item
	drops    bool          // the policy allows to drop: what is counted as dropped is not lost
	batch    []item
	done     atomic.Bool
	rejected atomic.Uint64

	next    []uint64 // sequence of the next item, by producer
	seen    []uint64 // sequence after the last item taken, by producer
	latency []*stat.Histogram

	offered, taken, disorder uint64
}

// takeBatch is the most items that a consumer takes at a time.
const takeBatch = 256

type openConveyor func() (conveyor, error)

func queueArm(name string, producers int, latency bool, open openConveyor) experiment.Arm {
	return experiment.Arm{Name: name, Open: func(context.Context, experiment.Options) (experiment.Subject, error) {
		q, err := open()
		if err != nil {
			return nil, err
		}
		return newBelt(q, producers, latency), nil
	}}
}

// saturatedArm has a consumer that takes 200 ns over each item, so that eight
// producers are always ahead of it.
func saturatedArm(name string, drops bool, open openConveyor) experiment.Arm {
	return experiment.Arm{Name: name, Open: func(context.Context, experiment.Options) (experiment.Subject, error) {
		q, err := open()
		if err != nil {
			return nil, err
		}
		b := newBelt(q, 8, true)
		b.work, b.drops = 200*time.Nanosecond, drops
		return b, nil
	}}
}

func newBelt(q conveyor, producers int, latency bool) *belt {
	b := &belt{
		queue: q, batch: make([]item, takeBatch),
		next: make([]uint64, producers), seen: make([]uint64, producers),
	}
	if latency {
		for range producers {
			b.latency = append(b.latency, stat.NewHistogram())
		}
	}
	b.crew = newCrew(producers, b.produce, func() {
		b.done.Store(true)
		b.queue.interrupt()
	})
	return b
}

// produce offers n items as one producer. It counts in locals: neighbouring
// counters of two producers would share a cache line.
func (b *belt) produce(producer, n int) {
	sequence, rejected := b.next[producer], uint64(0)
	for range n {
		it := item{producer: uint64(producer), sequence: sequence}
		sequence++
		var accepted bool
		if b.latency != nil {
			began := time.Now()
			accepted = b.queue.put(it)
			b.latency[producer].Record(int64(time.Since(began)))
		} else {
			accepted = b.queue.put(it)
		}
		if !accepted {
			rejected++
		}
	}
	b.next[producer] = sequence
	b.rejected.Add(rejected)
}

// Run puts n items through the queue. It ends when the producers have finished
// and the queue is empty, not when n items have arrived: a queue that loses one
// must show up as a loss, not as a hang.
func (b *belt) Run(_ context.Context, n int) error {
	b.done.Store(false)
	b.queue.begin()
	b.crew.start(n)
	for {
		finished := b.done.Load()
		got := b.queue.take(b.batch, &b.done)
		if got == 0 && finished {
			break
		}
		b.check(b.batch[:got])
	}
	b.crew.join()
	b.offered += uint64(n)
	return nil
}

// check counts what arrived and that each producer's items came in order.
func (b *belt) check(items []item) {
	for i := range items {
		it := &items[i]
		if it.sequence < b.seen[it.producer] {
			b.disorder++
		}
		b.seen[it.producer] = it.sequence + 1
		if b.work > 0 {
			spin(b.work)
		}
	}
	b.taken += uint64(len(items))
}

// spin keeps the processor busy, as work on an item would.
func spin(d time.Duration) {
	for began := time.Now(); time.Since(began) < d; {
	}
}

func (b *belt) Close(context.Context) error {
	b.crew.close()
	b.queue.close()
	return nil
}

func (b *belt) Latency() *stat.Histogram {
	if b.latency == nil {
		return nil
	}
	all := stat.NewHistogram()
	for _, h := range b.latency {
		all.Merge(h)
	}
	return all
}

func (b *belt) Counts() map[string]int64 {
	return map[string]int64{
		"offered": int64(b.offered), "rejected": int64(b.rejected.Load()),
		"evicted": int64(b.queue.dropped()), "taken": int64(b.taken),
	}
}

// lost is what did not arrive; under a policy that drops, less what was counted
// as dropped.
func (b *belt) lost() int64 {
	lost := int64(b.offered) - int64(b.taken)
	if b.drops {
		lost -= int64(b.rejected.Load()) + int64(b.queue.dropped())
	}
	return lost
}

func (b *belt) Report(values map[string]float64) error {
	values["lost-records"] = max(float64(b.lost()), -float64(b.lost()))
	return nil
}

func (b *belt) Check() error {
	if b.disorder > 0 {
		return fmt.Errorf("%d items arrived behind a later item of the same producer", b.disorder)
	}
	return nil
}
