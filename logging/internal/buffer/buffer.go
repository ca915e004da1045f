// Package buffer is a pool of byte buffers that does not keep large ones: a
// single big record must not stay in memory for good.
package buffer

import "sync"

// initial is the capacity of a new buffer: most records fit.
const initial = 1 << 10

// MaxKept is the largest capacity, in bytes, that goes back to the pool.
const MaxKept = 16 << 10

// A Buffer is a slice of bytes that grows at its end. It implements io.Writer.
// One goroutine at a time may use it.
type Buffer struct {
	B []byte
}

var pool = sync.Pool{
	New: func() any { return &Buffer{B: make([]byte, 0, initial)} },
}

// Get returns an empty buffer, to be given back with Free.
func Get() *Buffer { return pool.Get().(*Buffer) }

// Free gives b back; its bytes must not be used any more.
func (b *Buffer) Free() {
	if cap(b.B) > MaxKept {
		return
	}
	b.B = b.B[:0]
	pool.Put(b)
}

// Write appends p. It never fails.
func (b *Buffer) Write(p []byte) (int, error) {
	b.B = append(b.B, p...)
	return len(p), nil
}
