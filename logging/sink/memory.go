package sink

import (
	"bytes"
	"context"
	"sync"

	"github.com/logperf/logperf/logging"
)

// DefaultMaxBytes is the bound of a Memory whose options do not set one.
const DefaultMaxBytes = 1 << 20

// MemoryOptions configure a Memory.
type MemoryOptions struct {
	// MaxBytes is how many bytes of records are kept, newlines included; the
	// oldest records make room for new ones. Default, also for negative values:
	// DefaultMaxBytes.
	MaxBytes int
}

// A Memory is a sink that keeps the newest records. It takes up to twice
// MaxBytes: what makes room is only moved out when the second half is full.
//
// Any number of goroutines may use it, also while a logger writes to it. What it
// keeps can still be read after Close.
type Memory struct {
	max int

	mu      sync.Mutex // guards what follows
	buf     []byte     // whole records; those before start are gone
	start   int
	records int // in buf[start:]
	dropped uint64
	writes  uint64
}

// NewMemory returns an empty Memory.
func NewMemory(o MemoryOptions) *Memory {
	if o.MaxBytes <= 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	return &Memory{max: o.MaxBytes}
}

// Write keeps the records of b and drops the oldest beyond the bound. All count
// as written, even a record that is larger than the bound and dropped at once.
func (m *Memory) Write(_ context.Context, b logging.Batch) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.writes++
	m.records += b.Records
	lines, skipped := m.newest(b.Lines)
	if skipped {
		m.dropAll()
	} else {
		m.makeRoom(len(lines))
	}
	if len(m.buf)+len(lines) > 2*m.max {
		m.buf = m.buf[:copy(m.buf, m.buf[m.start:])]
		m.start = 0
	}
	m.grow(len(lines))
	m.buf = append(m.buf, lines...)
	if skipped {
		kept := bytes.Count(lines, newline)
		m.dropped += uint64(m.records - kept)
		m.records = kept
	}
	return b.Records, nil
}

var newline = []byte{'\n'}

// newest returns the records at the end of lines that fit into the bound, and
// whether some do not.
func (m *Memory) newest(lines []byte) ([]byte, bool) {
	if len(lines) <= m.max {
		return lines, false
	}
	// The cut falls after a newline that stands before the bound, or on it.
	tail := lines[len(lines)-m.max-1:]
	return tail[bytes.IndexByte(tail, '\n')+1:], true
}

// makeRoom drops the oldest records until n more bytes are within the bound.
func (m *Memory) makeRoom(n int) {
	over := len(m.buf) - m.start + n - m.max
	if over <= 0 {
		return
	}
	gone := m.buf[m.start : m.start+over]
	records := bytes.Count(gone, newline)
	if gone[over-1] != '\n' {
		over += bytes.IndexByte(m.buf[m.start+over:], '\n') + 1
		records++
	}
	m.start += over
	m.records -= records
	m.dropped += uint64(records)
}

// grow makes room behind buf for n more bytes, never beyond twice the bound.
func (m *Memory) grow(n int) {
	if need := len(m.buf) + n; need > cap(m.buf) {
		buf := make([]byte, len(m.buf), min(2*need, 2*m.max))
		copy(buf, m.buf)
		m.buf = buf
	}
}

func (m *Memory) dropAll() { m.buf, m.start = m.buf[:0], 0 }

// Flush does nothing.
func (m *Memory) Flush(context.Context) error { return nil }

// Close does nothing; the records stay.
func (m *Memory) Close(context.Context) error { return nil }

// Records returns the records that are kept, oldest first, without their
// newlines. The caller owns them.
func (m *Memory) Records() [][]byte {
	all := m.Bytes()
	if len(all) == 0 {
		return nil
	}
	return bytes.Split(all[:len(all)-1], newline)
}

// Bytes returns the records that are kept, each ended by a newline. The caller
// owns the slice.
func (m *Memory) Bytes() []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	return bytes.Clone(m.buf[m.start:])
}

// Len returns the number of records that are kept.
func (m *Memory) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.records
}

// Dropped returns the number of records that made room for newer ones.
func (m *Memory) Dropped() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.dropped
}

// Writes returns the number of calls of Write.
func (m *Memory) Writes() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.writes
}

// Reset forgets the records and releases their memory. The counts of Dropped
// and Writes stay.
func (m *Memory) Reset() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.buf, m.start, m.records = nil, 0, 0
}
