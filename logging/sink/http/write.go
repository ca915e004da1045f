package http

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/logperf/logperf/logging"
)

// Write copies the records of b and returns how many it took. It does not wait
// for their delivery. While they would go over Options.BufferBytes it waits for
// room until ctx is done: then it has taken the first records of b, and the
// error says why the room is not there. A record that is larger than the whole
// buffer is left out, with an error; those behind it are taken all the same.
//
// What Write took and could not be delivered later is counted by Lost. After
// Close it takes nothing and returns ErrClosed.
func (s *Sink) Write(ctx context.Context, b logging.Batch) (int, error) {
	rest := b.Lines
	// All that follows trusts these numbers, so they are worth a look at each
	// byte: 10 us for 256 KiB.
	if n := bytes.Count(rest, newline); n != b.Records || n == 0 && len(rest) > 0 || n > 0 && rest[len(rest)-1] != '\n' {
		return 0, fmt.Errorf("http sink: %d records in %d lines, or no newline at the end: want a line for each", b.Records, n)
	}
	taken, tooLarge := 0, 0
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(rest) > 0 {
		if s.closeCtx != nil {
			return taken, ErrClosed
		}
		part, n := s.fit(rest, b.Records-taken-tooLarge)
		if n > 0 {
			s.add(part, n)
			taken += n
			rest = rest[len(part):]
			continue
		}
		first := bytes.IndexByte(rest, '\n') + 1
		if first > s.o.BufferBytes {
			tooLarge++
			rest = rest[first:]
			continue
		}
		if err := s.makeRoom(ctx, first); err != nil {
			return taken, fmt.Errorf("http sink: took %d of %d records: %w", taken, b.Records, err)
		}
	}
	if tooLarge > 0 {
		return taken, fmt.Errorf("http sink: %d records are larger than the buffer of %d bytes", tooLarge, s.o.BufferBytes)
	}
	return taken, nil
}

// fit returns those of the records at the beginning of lines that go into the
// open batch and the buffer as they are; or the first, where it is larger than a
// batch and there is room for it.
func (s *Sink) fit(lines []byte, records int) ([]byte, int) {
	room := min(s.o.BatchBytes-s.open.bytes, s.o.BufferBytes-s.lines.n)
	most := records
	if s.o.BatchRecords > 0 {
		most = min(most, s.o.BatchRecords-s.open.records)
	}
	if len(lines) <= room && records <= most {
		return lines, records // not to be counted: the usual case
	}
	if s.open.records == 0 && room < len(lines) {
		first := bytes.IndexByte(lines, '\n') + 1
		if first > s.o.BatchBytes && s.lines.n+first <= s.o.BufferBytes {
			return lines[:first], 1
		}
	}
	if most < records {
		return head(lines, room, most)
	}
	part := lines[:max(min(room, len(lines)), 0)]
	part = part[:bytes.LastIndexByte(part, '\n')+1]
	return part, bytes.Count(part, newline)
}

// head returns as many records as room bytes hold, at most most.
func head(lines []byte, room, most int) ([]byte, int) {
	n, end := 0, 0
	for n < most {
		next := end + bytes.IndexByte(lines[end:], '\n') + 1
		if next > room {
			break
		}
		n, end = n+1, next
	}
	return lines[:end], n
}

// add takes records that fit.
func (s *Sink) add(lines []byte, records int) {
	if s.open.records == 0 {
		s.open.since = time.Now()
		s.signal() // to wait for the end of BatchDelay
	}
	s.lines.add(lines)
	s.open.bytes += len(lines)
	s.open.records += records
	s.stats.Taken += uint64(records)
	if s.open.bytes >= s.o.BatchBytes || s.open.records == s.o.BatchRecords {
		s.closeBatch()
	}
}

// closeBatch hands the open batch to the sender.
func (s *Sink) closeBatch() {
	if s.open.records == 0 {
		return
	}
	s.due.push(s.open)
	s.open = extent{}
	s.signal()
}

// makeRoom closes the open batch where that keeps out a record of that many
// bytes, else it waits for room in the buffer.
func (s *Sink) makeRoom(ctx context.Context, size int) error {
	if s.open.bytes > 0 && s.open.bytes+size > s.o.BatchBytes {
		s.closeBatch()
		return nil
	}
	// The open batch alone leaves room for a batch, so others are due or under
	// way, and their end makes room.
	return s.await(ctx, func() bool {
		return s.closeCtx != nil || s.lines.n+size <= s.o.BufferBytes
	})
}

// await waits until met, which s.mu guards, or ctx is done. The caller holds
// s.mu, which is released meanwhile.
func (s *Sink) await(ctx context.Context, met func() bool) error {
	for !met() {
		if s.changed == nil {
			s.changed = make(chan struct{})
		}
		changed := s.changed
		s.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
		}
		s.mu.Lock()
		if ctx.Err() != nil && !met() {
			return s.stuck(ctx)
		}
	}
	return nil
}

// stuck tells why records are held still.
func (s *Sink) stuck(ctx context.Context) error {
	if s.last != nil {
		return fmt.Errorf("%d records are held, the last try failed (%w): %w", s.held(), s.last, context.Cause(ctx))
	}
	return fmt.Errorf("%d records are held: %w", s.held(), context.Cause(ctx))
}

// held is the number of records that are held.
func (s *Sink) held() uint64 {
	return s.stats.Taken - s.stats.Delivered - s.stats.FellBack - s.stats.Lost
}

// signal wakes the sender.
func (s *Sink) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// change wakes those who wait in await.
func (s *Sink) change() {
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
}
