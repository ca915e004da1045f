package http

import (
	"bytes"
	"slices"
	"time"
)

// An extent is a batch: the records that follow those of the batch before.
type extent struct {
	bytes, records int
	since          time.Time // when the first of them was taken
}

// A ring holds the lines of all records, oldest first. Memory that is handed
// out by view is not written to before the bytes are dropped, when the ring
// grows neither: so it is read without a lock.
type ring struct {
	least, most int // size of the memory
	buf         []byte
	head, n     int
}

// add appends p; the caller has seen that it does not go over most.
func (r *ring) add(p []byte) {
	if r.n+len(p) > len(r.buf) {
		r.grow(r.n + len(p))
	}
	tail := r.head + r.n
	if tail >= len(r.buf) {
		tail -= len(r.buf)
	}
	copied := copy(r.buf[tail:], p)
	copy(r.buf, p[copied:])
	r.n += len(p)
}

// grow begins small and doubles: a ring that is no larger than what is under
// way stays in the processor's cache.
func (r *ring) grow(need int) {
	buf := make([]byte, min(max(need, r.least, 2*len(r.buf)), r.most))
	v := r.view(r.n)
	copy(buf[copy(buf, v[0]):], v[1])
	r.buf, r.head = buf, 0
}

// view returns the oldest n bytes, in two parts where they lie around the end of
// the memory.
func (r *ring) view(n int) [2][]byte {
	if end := r.head + n; end > len(r.buf) {
		return [2][]byte{r.buf[r.head:], r.buf[:end-len(r.buf)]}
	}
	return [2][]byte{r.buf[r.head : r.head+n]}
}

// drop forgets the oldest n bytes.
func (r *ring) drop(n int) {
	r.n -= n
	r.head += n
	if r.head >= len(r.buf) {
		r.head -= len(r.buf)
	}
	if r.n == 0 {
		r.head = 0
	}
}

// A queue holds batches, oldest first.
type queue struct {
	items []extent
	head  int // those before are gone
}

func (q *queue) len() int { return len(q.items) - q.head }

func (q *queue) push(e extent) {
	if len(q.items) == cap(q.items) && q.head > len(q.items)/2 {
		q.items = q.items[:copy(q.items, q.items[q.head:])]
		q.head = 0
	}
	q.items = append(q.items, e)
}

func (q *queue) pop() extent {
	e := q.items[q.head]
	q.head++
	if q.head == len(q.items) {
		q.items, q.head = q.items[:0], 0
	}
	return e
}

// putBack makes a and then b the oldest.
func (q *queue) putBack(a, b extent) {
	q.items = slices.Insert(q.items, q.head, a, b)
}

var newline = []byte{'\n'}

// halve splits a batch of several records, whose lines are v, at the end of a
// record: the last one in the first half of the bytes or, if there is none, the
// first.
func (e extent) halve(v [2][]byte) (a, b extent) {
	at := func(i int) byte {
		if i < len(v[0]) {
			return v[0][i]
		}
		return v[1][i-len(v[0])]
	}
	end := e.bytes/2 - 1
	for end >= 0 && at(end) != '\n' {
		end--
	}
	if end < 0 {
		for end = e.bytes / 2; at(end) != '\n'; {
			end++
		}
	}
	a = extent{bytes: end + 1, since: e.since}
	first := min(a.bytes, len(v[0]))
	a.records = bytes.Count(v[0][:first], newline) + bytes.Count(v[1][:a.bytes-first], newline)
	return a, extent{bytes: e.bytes - a.bytes, records: e.records - a.records, since: e.since}
}

// A scratch gathers bytes in memory that is used again, up to a limit.
type scratch struct{ bytes []byte }

func (s *scratch) Write(p []byte) (int, error) {
	s.bytes = append(s.bytes, p...)
	return len(p), nil
}

// reset forgets the bytes, and the memory where it is larger than keep.
func (s *scratch) reset(keep int) {
	if cap(s.bytes) > keep {
		s.bytes = nil
	}
	s.bytes = s.bytes[:0]
}
