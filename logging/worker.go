package logging

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/logperf/logperf/logging/queue"
)

// drainMost is how many records the worker takes before it looks at what else
// there is to do: flushes, the age of the block, the end.
const drainMost = 64

const (
	// leastBlock is the room of a new block: with a small limit each record
	// would otherwise grow it anew.
	leastBlock = 4 << 10
	// keptBlock is the largest block that is kept whatever the limit, so that a
	// giant record does not stay in memory.
	keptBlock = 64 << 10
)

// A worker takes records from the queue in place, runs them through the pipeline
// and hands blocks of lines to the sink. It is one goroutine: two encoding
// workers would be faster and lose the order of the records.
//
// A slot is given back before the sink is called, so a slow sink holds no place.
type worker struct {
	queue    *queue.Queue[Entry]
	pipeline *Pipeline
	sink     Sink
	limit    int           // bytes of a block
	delay    time.Duration // longest age of an unfilled block
	errs     *notifier
	marking  bool // the sink needs marks

	// The worker's goroutine alone uses these.
	block   []byte
	records int       // in block
	marks   []Mark    // of these records, where the sink needs them
	since   time.Time // when the first of them was encoded
	local   counts    // not yet published

	ctx      context.Context // of the sink's writes; done when Close gives up
	cancel   context.CancelFunc
	closeCtx context.Context // of Close; set before the queue is closed, read after it is drained
	result   error           // of the worker; set before done is closed
	done     chan struct{}   // closed when the worker has ended

	flushing atomic.Bool // there are requests
	mu       sync.Mutex  // guards what follows
	requests []*flushRequest
	failure  error  // of the sink, the first that no Flush has returned; set by the worker alone
	stopped  bool   // no further requests are served
	total    counts // published
	frozen   bool   // Close gave up: total no longer changes
}

// counts are what the worker counts; it publishes them after each batch of
// records, not for each.
type counts struct {
	filtered, failed, written, writes, bytes uint64
}

func startWorker(q *queue.Queue[Entry], p *Pipeline, s Sink, batch BatchSettings, onError func(error)) *worker {
	w := &worker{
		queue: q, pipeline: p, sink: s, limit: batch.Bytes, delay: batch.Delay,
		errs: startNotifier(onError),
		done: make(chan struct{}),
	}
	w.ctx, w.cancel = context.WithCancel(context.Background())
	w.block = w.newBlock()
	if m, ok := s.(Marker); ok {
		w.marking = m.NeedsMarks()
	}
	go w.run()
	return w
}

// newBlock has room for the record that goes over the limit.
func (w *worker) newBlock() []byte { return make([]byte, 0, max(w.limit+w.limit/8, leastBlock)) }

func (w *worker) run() {
	defer close(w.done)
	quiet := false // a flush found nothing more: the next record is not expected soon
	for w.ctx.Err() == nil {
		n := w.drain()
		if n > 0 {
			quiet = false
		}
		if w.flushing.Load() && w.serve() {
			quiet = true
		}
		if w.records > 0 {
			left := w.delay - time.Since(w.since)
			if left <= 0 {
				w.write()
			} else if n == 0 && !w.queue.Drained() {
				w.queue.WaitFor(w.ctx, left)
				continue
			}
		}
		if n > 0 {
			continue
		}
		if w.queue.Drained() {
			break
		}
		if quiet {
			w.queue.Park(w.ctx)
		} else {
			w.queue.Wait(w.ctx)
		}
	}
	w.finish()
}

// drain encodes up to drainMost records and returns how many it took.
func (w *worker) drain() int {
	n := 0
	for ; n < drainMost; n++ {
		e, ok := w.queue.Next()
		if !ok {
			break
		}
		w.encode(e)
		w.queue.Release()
		if len(w.block) >= w.limit {
			w.write()
		}
	}
	w.publish()
	return n
}

// encode runs e through the pipeline. A stage may set e.Attrs to a slice of its
// own or cut it; the slot gets its own slice back, because the next record is
// written into it by a caller.
func (w *worker) encode(e *Entry) {
	attrs := e.Attrs
	block, outcome, err := w.pipeline.run(w.block, e)
	switch outcome {
	case Encoded:
		if w.records == 0 {
			w.since = time.Now()
		}
		w.block = block
		w.records++
		if w.marking {
			w.marks = append(w.marks, Mark{End: len(block), Level: e.Level})
		}
	case Filtered:
		w.local.filtered++
	default:
		w.local.failed++
		w.errs.tell(err)
	}
	if w.pipeline.foreign { // it may have appended in the slot's array
		attrs = attrs[:cap(attrs)]
	}
	e.Attrs = attrs
	release(e)
}

// release makes the slot forget its record: what it refers to may be large. It
// leaves no attributes, so that a caller can tell a slot with those of an
// evicted record.
func release(e *Entry) {
	e.Message = ""
	e.Bound = nil
	e.Extra = nil
	if cap(e.Attrs) > slotAttrsKept {
		e.Attrs = make([]slog.Attr, 0, slotAttrs)
		return
	}
	clear(e.Attrs)
	e.Attrs = e.Attrs[:0]
}

// write hands the block to the sink.
func (w *worker) write() {
	if w.records == 0 || w.ctx.Err() != nil {
		return
	}
	b := Batch{Lines: w.block, Records: w.records, Marks: w.marks}
	n, err := w.callWrite(b)
	n = min(max(n, 0), b.Records)
	if n < b.Records && err == nil {
		err = io.ErrShortWrite
	}
	w.local.written += uint64(n)
	w.local.failed += uint64(b.Records - n)
	w.local.writes++
	w.local.bytes += uint64(len(b.Lines))
	w.publish()
	if err != nil {
		w.fail(&SinkError{Op: "write", Lost: b.Records - n, Err: err})
	}
	w.records = 0
	w.marks = w.marks[:0]
	if cap(w.block) > max(4*w.limit, keptBlock) {
		w.block = w.newBlock()
	}
	w.block = w.block[:0]
}

// fail tells of an error of a write and keeps it for Flush and Close.
func (w *worker) fail(err error) {
	w.errs.tell(err)
	w.keep(err)
}

func (w *worker) callWrite(b Batch) (n int, err error) {
	defer recoverInto(&err)
	return w.sink.Write(w.ctx, b)
}

func (w *worker) callFlush(ctx context.Context) (err error) {
	defer func() {
		if err != nil {
			err = &SinkError{Op: "flush", Err: err}
			w.errs.tell(err)
		}
	}()
	defer recoverInto(&err)
	return w.sink.Flush(ctx)
}

func (w *worker) callClose(ctx context.Context) (err error) {
	defer func() {
		if err != nil {
			err = &SinkError{Op: "close", Err: err}
			w.errs.tell(err)
		}
	}()
	defer recoverInto(&err)
	return w.sink.Close(ctx)
}

func recoverInto(err *error) {
	if r := recover(); r != nil {
		*err = &PanicError{Value: r}
	}
}

// publish adds the local counts to the total, unless Close gave up: it has
// counted all that was not written by then as failed.
func (w *worker) publish() {
	if w.local == (counts{}) {
		return
	}
	w.mu.Lock()
	if !w.frozen {
		w.total.filtered += w.local.filtered
		w.total.failed += w.local.failed
		w.total.written += w.local.written
		w.total.writes += w.local.writes
		w.total.bytes += w.local.bytes
	}
	w.mu.Unlock()
	w.local = counts{}
}

// snapshot returns the published counts, and whether they are final because
// Close gave up.
func (w *worker) snapshot() (counts, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.total, w.frozen
}

// finish writes what is left, answers the last flushes and closes the sink.
func (w *worker) finish() {
	w.write()
	w.mu.Lock()
	w.stopped = true
	requests := w.requests
	w.requests = nil
	w.mu.Unlock()
	w.answer(requests)
	w.result = errors.Join(w.unreported(), w.callClose(w.closeCtx))
	w.errs.stop()
	w.cancel()
}
