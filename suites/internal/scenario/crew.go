package scenario

import (
	"sync"
	"sync/atomic"
)

// crew is a fixed set of goroutines that wait for work between slices. They
// live as long as the subject: starting a goroutine for each slice would put
// its cost into every figure, and a waiting goroutine costs nothing.
type crew struct {
	shares  []chan int   // operations of the next slice, one channel a member
	working atomic.Int64 // members that have not finished the slice
	joined  sync.WaitGroup
	exited  sync.WaitGroup
}

// newCrew starts size goroutines, each of which runs work(member, n) once for
// every start; the last to finish calls last, if there is one.
func newCrew(size int, work func(member, n int), last func()) *crew {
	c := &crew{shares: make([]chan int, size)}
	for member := range c.shares {
		share := make(chan int, 1)
		c.shares[member] = share
		c.exited.Go(func() {
			for n := range share {
				work(member, n)
				if c.working.Add(-1) == 0 && last != nil {
					last()
				}
				c.joined.Done()
			}
		})
	}
	return c
}

// start divides n operations among the members and returns at once.
func (c *crew) start(n int) {
	size := len(c.shares)
	c.working.Store(int64(size))
	c.joined.Add(size)
	for member, share := range c.shares {
		share <- n*(member+1)/size - n*member/size
	}
}

// join waits until all members have finished what start gave them.
func (c *crew) join() { c.joined.Wait() }

// close ends the goroutines.
func (c *crew) close() {
	for _, share := range c.shares {
		close(share)
	}
	c.exited.Wait()
}
