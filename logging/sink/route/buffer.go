package route

import "bytes"

// chunkBytes is the memory of a chunk, and so the most that a sink is handed at
// once, unless a single record is larger.
const chunkBytes = 256 << 10

// A chunk is whole records that the route's sink gets with one Write.
type chunk struct {
	lines   []byte
	records int
	next    *chunk // behind it in its list
}

// A buffer is a list of chunks, oldest first. Only the last one is filled. The
// memory of those that are done is kept and used again, so that a route at work
// allocates nothing.
//
// (Rejected: a ring of bytes. A sink wants its lines in one piece, and what lies
// around the end of the ring would have to be copied once more.)
type buffer struct {
	first, last *chunk
	free        *chunk
}

// add copies records to the end; lines has a newline for each.
func (b *buffer) add(lines []byte, records int) {
	for len(lines) > 0 {
		part, n := b.fit(lines, records)
		if n == 0 {
			b.extend(bytes.IndexByte(lines, '\n') + 1)
			continue
		}
		b.last.lines = append(b.last.lines, part...)
		b.last.records += n
		lines, records = lines[len(part):], records-n
	}
}

// fit returns those of the records at the beginning of lines that go into the
// last chunk.
func (b *buffer) fit(lines []byte, records int) ([]byte, int) {
	if b.last == nil {
		return nil, 0
	}
	return head(lines, records, cap(b.last.lines)-len(b.last.lines))
}

// extend appends an empty chunk that has room for a record of that size.
func (b *buffer) extend(size int) {
	c := b.free
	switch {
	case size > chunkBytes:
		c = &chunk{lines: make([]byte, 0, size)}
	case c == nil:
		c = &chunk{lines: make([]byte, 0, chunkBytes)}
	default:
		b.free = c.next
		c.next = nil
	}
	if b.last == nil {
		b.first = c
	} else {
		b.last.next = c
	}
	b.last = c
}

// pop takes the oldest chunk out, or returns nil.
func (b *buffer) pop() *chunk {
	c := b.first
	if c == nil {
		return nil
	}
	b.first, c.next = c.next, nil
	if b.first == nil {
		b.last = nil
	}
	return c
}

// recycle takes back a chunk that pop returned. One that a giant record had to
// itself is left to the collector.
func (b *buffer) recycle(c *chunk) {
	if cap(c.lines) > chunkBytes {
		return
	}
	c.lines, c.records = c.lines[:0], 0
	c.next, b.free = b.free, c
}

var newline = []byte{'\n'}

// head returns as many whole records at the beginning of lines, of which there
// are records, as room bytes hold.
func head(lines []byte, records, room int) ([]byte, int) {
	if len(lines) <= room {
		return lines, records // not to be counted: the usual case
	}
	part := lines[:bytes.LastIndexByte(lines[:room], '\n')+1]
	return part, bytes.Count(part, newline)
}
