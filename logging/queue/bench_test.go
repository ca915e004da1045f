package queue

import (
	"fmt"
	"sync"
	"testing"
)

// BenchmarkPutTake is the time of an item end to end.
func BenchmarkPutTake(b *testing.B) {
	for _, capacity := range []int{1024, 8192} {
		for _, producers := range []int{1, 2, 8, 64} {
			b.Run(fmt.Sprintf("producers=%d/cap=%d", producers, capacity), func(b *testing.B) {
				q := open[[8]uint64](b, Options{Capacity: capacity})
				b.ReportAllocs()
				var wg sync.WaitGroup
				for p := range producers {
					n := b.N / producers
					if p == 0 {
						n += b.N % producers
					}
					wg.Go(func() {
						for i := range n {
							q.Put([8]uint64{uint64(i)})
						}
					})
				}
				dst := make([][8]uint64, 256)
				for taken := 0; taken < b.N; {
					n := q.Take(dst)
					taken += n
					if n == 0 {
						q.Wait(b.Context())
					}
				}
				wg.Wait()
			})
		}
	}
}
