package route

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/logperf/logperf/logging"
)

// A lane is a route at work: Write puts records into its buffer, and its
// goroutine takes them out again. That goroutine alone calls the sink.
type lane struct {
	route    Route // with its defaults
	reporter logging.LossReporter

	ctx    context.Context // of the sink's calls; done when the lane ends or Close gives up
	cancel context.CancelFunc
	wake   chan struct{} // holds one; tells the goroutine that there is something to do
	room   chan struct{} // holds one; tells the Write that has the turn to look again
	done   chan struct{} // closed when the goroutine has ended
	result error         // of closing the sink; set before done is closed

	mu       sync.Mutex // guards what follows
	buffer   buffer
	stats    Stats // Held and HeldBytes with the chunk under way; Written without regard to lost
	lost     uint64
	requests []*flushRequest
	closeCtx context.Context // of Close; nil before
	gaveUp   bool            // Close gave up: what was held has failed already
	failure  error           // why records were lost, the first since a Flush told
	untold   uint64          // records lost since then
}

// A cursor is a place between two records of a batch.
type cursor struct{ record, offset int }

func startLane(r Route) *lane {
	if r.Buffer == 0 {
		r.Buffer = DefaultBuffer
	}
	l := &lane{
		route: r,
		wake:  make(chan struct{}, 1),
		room:  make(chan struct{}, 1),
		done:  make(chan struct{}),
		stats: Stats{Route: r.Name},
	}
	l.reporter, _ = r.Sink.(logging.LossReporter)
	l.ctx, l.cancel = context.WithCancel(context.Background())
	go l.run()
	return l
}

// take copies those records of b from at on that belong to the route. It returns
// where it stopped: at the end, or at a record that has to wait for room.
func (l *lane) take(b logging.Batch, at cursor) cursor {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.stats.Held
	for at.record < b.Records && l.closeCtx == nil {
		run, mine := l.stretch(b, at)
		if !mine {
			at = run
			continue
		}
		next := l.takeRun(b.Lines, at, run)
		if at = next; next != run {
			break
		}
	}
	if l.stats.Held > before {
		signal(l.wake)
	}
	return at
}

// stretch returns the end of the records from at on that all belong to the route,
// or all do not, and which of the two.
func (l *lane) stretch(b logging.Batch, at cursor) (cursor, bool) {
	if l.route.Levels.all() {
		return cursor{b.Records, len(b.Lines)}, true
	}
	least, most := l.route.Levels.bounds()
	level := b.Marks[at.record].Level
	mine := least <= level && level <= most
	i := at.record + 1
	for ; i < b.Records; i++ {
		if level = b.Marks[i].Level; (least <= level && level <= most) != mine {
			break
		}
	}
	return cursor{i, b.Marks[i-1].End}, mine
}

// takeRun takes or drops the records between two places and returns where it
// stopped for want of room.
func (l *lane) takeRun(lines []byte, at, end cursor) cursor {
	for at != end {
		rest := lines[at.offset:end.offset]
		part, n := head(rest, end.record-at.record, l.route.Buffer-l.stats.HeldBytes)
		if n > 0 {
			l.buffer.add(part, n)
			l.stats.Taken += uint64(n)
			l.stats.Held += uint64(n)
			l.stats.HeldBytes += len(part)
			at = cursor{at.record + n, at.offset + len(part)}
			continue
		}
		size := bytes.IndexByte(rest, '\n') + 1
		if size > l.route.Buffer {
			l.fail(1, fmt.Errorf("%w: %d bytes, and the buffer has %d", errLarge, size, l.route.Buffer))
		} else if l.route.Overflow == Block {
			return at
		}
		l.stats.Taken++
		l.stats.Dropped++
		at = cursor{at.record + 1, at.offset + size}
	}
	return end
}

// takeRest is take that waits for room until ctx is done. It returns how many
// records of b are taken or of no concern.
func (l *lane) takeRest(ctx context.Context, b logging.Batch, at cursor) (int, error) {
	for {
		if at = l.take(b, at); at.record == b.Records {
			return at.record, nil
		}
		if l.isClosed() {
			return at.record, ErrClosed
		}
		select {
		case <-l.room:
			continue
		default:
		}
		select {
		case <-l.room:
		case <-ctx.Done():
			err := fmt.Errorf("took %d of %d records, the buffer is full: %w", at.record, b.Records, context.Cause(ctx))
			return at.record, &Error{Route: l.route.Name, Op: "write", Err: err}
		}
	}
}

func (l *lane) isClosed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closeCtx != nil
}

// run is the lane's goroutine.
func (l *lane) run() {
	defer l.finish()
	for {
		c, f, ok := l.next()
		switch {
		case !ok:
			return
		case f != nil:
			l.serve(f)
		case c != nil:
			l.write(c)
		default:
			<-l.wake // Close signals too
		}
	}
}

// next returns what is to be done: a chunk or a flush, neither for now, or ok
// false at the end.
func (l *lane) next() (c *chunk, f *flushRequest, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.gaveUp {
		return nil, nil, false
	}
	if f := l.dueFlush(); f != nil {
		return nil, f, true
	}
	c = l.buffer.pop()
	return c, nil, c != nil || l.closeCtx == nil
}

// write hands a chunk to the sink.
func (l *lane) write(c *chunk) {
	n := 0
	err := guarded(func() (err error) {
		n, err = l.route.Sink.Write(l.ctx, logging.Batch{Lines: c.lines, Records: c.records})
		return err
	})
	n = min(max(n, 0), c.records)
	if n < c.records && err == nil {
		err = io.ErrShortWrite
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.gaveUp {
		return
	}
	l.stats.Held -= uint64(c.records)
	l.stats.HeldBytes -= len(c.lines)
	l.stats.Written += uint64(n)
	l.stats.Failed += uint64(c.records - n)
	if err != nil {
		l.fail(c.records-n, err)
	}
	l.buffer.recycle(c)
	signal(l.room)
}

// fail keeps for Flush that records were lost, and why.
func (l *lane) fail(records int, why error) {
	l.untold += uint64(records)
	if l.failure == nil {
		l.failure = why
	}
}

// told returns what no Flush has told of yet.
func (l *lane) told() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failure == nil {
		return nil
	}
	e := &Error{Route: l.route.Name, Op: "write", Lost: l.untold, Err: l.failure}
	l.failure, l.untold = nil, 0
	return e
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
