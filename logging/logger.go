package logging

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/logperf/logperf/logging/queue"
)

const (
	defaultBatchBytes = 64 << 10
	defaultBatchDelay = 10 * time.Millisecond
)

// Options is what New makes a logger from. Sink is required; the zero value of
// each other field is its default.
type Options struct {
	// Settings is what can stand in a file: level, queue, batch, enrichers and
	// redactors. Its Sink and Benchmark parts are for others.
	Settings Settings
	// Sink takes the encoded records. The logger owns it: Close closes it.
	Sink Sink
	// Filters, Enrichers, Redactors and Processors run in this order, after what
	// Settings ask for.
	Filters    []Filter
	Enrichers  []Enricher
	Redactors  []Redactor
	Processors []Processor
	// Encoder turns records into lines. Default: a JSONEncoder. Only with a
	// JSONEncoder as it is, not inside another encoder, are the attributes of
	// constant enrichers encoded once.
	Encoder Encoder
	// OnError is told of each record or batch that is lost behind the queue and
	// of what the sink's Flush and Close return (*StageError, *SinkError). It runs
	// on a goroutine of its own, one call at a time. While it is busy, 16 errors
	// wait; those beyond are not told, but their records are in Stats.Failed all
	// the same. Close waits for it, so it must not call Close.
	OnError func(error)
}

// A Logger takes records from any number of goroutines and has one worker write
// them. A call copies the record into a queue and returns; what a value's
// methods do happens in the call, all else on the worker. With and WithGroup
// return loggers that share queue, worker, level and counters.
//
// All methods may be called by any number of goroutines, Close included. The
// context of a call is not kept and does not cancel it.
type Logger struct {
	core  *core
	bound *Bound
}

// core is what the loggers derived from one New share.
type core struct {
	level     atomic.Int64 // lowest level that is offered; read by each call
	addSource bool
	queue     *queue.Queue[Entry]
	pipeline  *Pipeline
	worker    *worker
	closing   atomic.Bool   // set by the first Close
	closed    chan struct{} // closed when closeErr is set
	closeErr  error         // result of Close
}

// New starts a logger. It fails where a setting is out of range (*SettingsError),
// the sink is missing or a stage is nil; then nothing is started and the sink
// stays open.
func New(o Options) (*Logger, error) {
	if o.Sink == nil {
		return nil, errors.New("logging: Options.Sink is missing: set it, for example to a sink that writes to stdout")
	}
	s := o.Settings
	s.Sink, s.Benchmark = SinkSettings{}, BenchmarkSettings{} // for others to check
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("logging: Settings: %w", err)
	}
	s = s.WithDefaults()
	var level slog.Level
	if err := level.UnmarshalText([]byte(s.Level)); err != nil {
		return nil, fmt.Errorf("logging: Settings.Level: %w", err)
	}
	p, err := NewPipeline(o)
	if err != nil {
		return nil, err
	}
	q, err := queue.New[Entry](queue.Options{Capacity: s.Queue.Capacity, Policy: s.Queue.Overflow, BlockTimeout: s.Queue.BlockTimeout})
	if err != nil {
		return nil, fmt.Errorf("logging: Settings.Queue: %w", err)
	}
	prepareSlots(q)
	c := &core{addSource: s.AddSource, queue: q, pipeline: p, closed: make(chan struct{})}
	c.level.Store(int64(level))
	c.worker = startWorker(q, p, o.Sink, s.Batch, o.OnError)
	return &Logger{core: c}, nil
}

// prepareSlots gives each slot its room for attributes, all from one array.
func prepareSlots(q *queue.Queue[Entry]) {
	room := make([]slog.Attr, q.Cap()*slotAttrs)
	q.Init(func(e *Entry) {
		e.Attrs = room[0:0:slotAttrs]
		room = room[slotAttrs:]
	})
}

// Enabled reports whether records of this level are taken.
func (l *Logger) Enabled(level slog.Level) bool { return int64(level) >= l.core.level.Load() }

// SetLevel changes the lowest level that is taken, for all loggers derived from
// the same New.
func (l *Logger) SetLevel(level slog.Level) { l.core.level.Store(int64(level)) }

// Log logs a record. The attributes are copied: those that can change later
// (log valuers, errors, byte slices, groups, and what encoding/json has to
// encode) are resolved before it returns.
//
// It never fails and never panics; Stats tells what became of the records. With
// a full queue it does what Settings.Queue.Overflow says.
func (l *Logger) Log(_ context.Context, level slog.Level, msg string, attrs ...slog.Attr) {
	if l.Enabled(level) {
		l.log(level, msg, attrs)
	}
}

// Debug logs at slog.LevelDebug; see Log.
func (l *Logger) Debug(_ context.Context, msg string, attrs ...slog.Attr) {
	if l.Enabled(slog.LevelDebug) {
		l.log(slog.LevelDebug, msg, attrs)
	}
}

// Info logs at slog.LevelInfo; see Log.
func (l *Logger) Info(_ context.Context, msg string, attrs ...slog.Attr) {
	if l.Enabled(slog.LevelInfo) {
		l.log(slog.LevelInfo, msg, attrs)
	}
}

// Warn logs at slog.LevelWarn; see Log.
func (l *Logger) Warn(_ context.Context, msg string, attrs ...slog.Attr) {
	if l.Enabled(slog.LevelWarn) {
		l.log(slog.LevelWarn, msg, attrs)
	}
}

// Error logs at slog.LevelError; see Log.
func (l *Logger) Error(_ context.Context, msg string, attrs ...slog.Attr) {
	if l.Enabled(slog.LevelError) {
		l.log(slog.LevelError, msg, attrs)
	}
}

// log captures the record. It is called by the exported methods alone: the
// depth of the caller counts on it.
func (l *Logger) log(level slog.Level, msg string, attrs []slog.Attr) {
	now := time.Now()
	var pc uintptr
	if l.core.addSource {
		var pcs [1]uintptr
		runtime.Callers(3, pcs[:]) // Callers, log, the exported method
		pc = pcs[0]
	}
	l.capture(now, level, msg, pc, attrs)
}

// capture resolves the values that may change and copies the record into the
// queue. Nothing between Reserve and Commit calls foreign code: a place that is
// not committed stops the worker.
func (l *Logger) capture(now time.Time, level slog.Level, msg string, pc uintptr, attrs []slog.Attr) {
	var p patches
	if rest := p.resolve(attrs); rest < len(attrs) {
		var room [slotAttrs]slog.Attr
		attrs = p.complete(room[:0], attrs, rest)
	}
	e, ticket, ok := l.core.queue.Reserve()
	if !ok {
		return // counted by the queue
	}
	e.Time = now
	e.Level = level
	e.Message = msg
	e.PC = pc
	e.Bound = l.bound
	if len(attrs) < len(e.Attrs) { // of an evicted record, which must not stay in memory
		clear(e.Attrs[len(attrs):])
	}
	e.Attrs = append(e.Attrs[:0], attrs...)
	p.apply(e.Attrs)
	l.core.queue.Commit(ticket)
}

// With returns a logger whose records carry attrs too, inside the open groups.
// They are resolved, redacted and encoded now, once.
func (l *Logger) With(attrs ...slog.Attr) *Logger {
	if len(attrs) == 0 {
		return l
	}
	return &Logger{core: l.core, bound: l.core.pipeline.Bind(l.bound, attrs...)}
}

// WithGroup returns a logger whose records have the attributes that come after
// inside a group of that name. The empty name changes nothing.
func (l *Logger) WithGroup(name string) *Logger {
	if name == "" {
		return l
	}
	return &Logger{core: l.core, bound: l.core.pipeline.BindGroup(l.bound, name)}
}

// Stats returns the counters, which all loggers derived from one New share.
func (l *Logger) Stats() Stats {
	counts, frozen := l.core.worker.snapshot()
	q := l.core.queue.Stats()
	s := Stats{
		Offered:    q.Accepted + q.Rejected,
		Accepted:   q.Accepted,
		Rejected:   q.Rejected,
		Filtered:   counts.filtered,
		Evicted:    q.Evicted,
		Failed:     counts.failed,
		Written:    counts.written,
		QueueDepth: l.core.queue.Depth(),
		Writes:     counts.writes,
		Bytes:      counts.bytes,
	}
	if r, ok := l.core.worker.sink.(LossReporter); ok {
		// Records may have been confirmed and lost since the counts were read.
		lost := min(r.Lost(), s.Written)
		s.Written, s.Failed = s.Written-lost, s.Failed+lost
	}
	if frozen {
		s.Failed = s.Accepted - s.Written - s.Filtered - s.Evicted
		s.QueueDepth = 0
	}
	return s
}

// Flush returns when every record accepted before the call has reached the sink
// and the sink has flushed, or when ctx is done. It returns the first error of
// the writes that no Flush has returned yet together with the error of the
// sink's Flush, or that of ctx, or ErrClosed once Close has given up or is done.
// A Flush whose ctx is done leaves the error of the writes to the next one, or
// to Close.
func (l *Logger) Flush(ctx context.Context) error {
	return l.core.worker.flush(ctx)
}

// Close rejects further records, writes what is queued, closes the sink and
// stops the worker. What is not written when ctx is done counts as failed, and
// Close returns a *CloseError without waiting for a sink that does not. It
// returns as well the first error of the writes that no Flush has returned, and
// that of the sink's Close.
//
// Closing again returns the same result, even with a ctx that is done; a call
// that finds another one at work waits for it or for its own ctx. Records logged
// after Close are rejected.
func (l *Logger) Close(ctx context.Context) error {
	c := l.core
	select {
	case <-c.closed:
		return c.closeErr
	default:
	}
	if !c.closing.CompareAndSwap(false, true) {
		select {
		case <-c.closed:
			return c.closeErr
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	c.closeErr = c.worker.close(ctx)
	close(c.closed)
	return c.closeErr
}
