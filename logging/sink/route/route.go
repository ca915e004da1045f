// Package route holds the sink that hands records on to several others, by their
// levels.
package route

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/logperf/logperf/logging"
)

// Defaults and bounds of Route.Buffer, in bytes.
const (
	DefaultBuffer = 1 << 20
	MinBuffer     = 64 << 10
	MaxBuffer     = 1 << 30
)

// Overflow says what becomes of records that find their route's buffer full.
type Overflow uint8

const (
	// Block: Write waits for room until its context is done.
	Block Overflow = iota
	// Drop: the route drops them and counts them.
	Drop
)

// String returns block or drop.
func (o Overflow) String() string {
	switch o {
	case Block:
		return "block"
	case Drop:
		return "drop"
	}
	return fmt.Sprintf("overflow(%d)", uint8(o))
}

// A Route is where the records of some levels go. Name and Sink are required;
// the zero value of each other field is its default.
type Route struct {
	// Name stands in Stats and errors. No two routes have the same.
	Name string
	// Sink gets the route's records, in whole batches of up to 256 KiB, or of a
	// single record that is larger. The Sink that New returns owns it: calls of
	// its Write, Flush and Close follow one another on one goroutine, so no two
	// routes may share it. It may not need marks itself (logging.Marker).
	Sink logging.Sink
	// Levels are those of the route's records. Default: all.
	Levels Levels
	// Buffer is how many bytes of records the route holds for its sink, the ones
	// being written included; MinBuffer to MaxBuffer. A larger record is dropped
	// under either policy, and the next Flush tells. The memory grows when it is
	// needed, to about twice Buffer where records are large, and stays. Default
	// DefaultBuffer.
	Buffer int
	// Overflow is for records that find the buffer full. Default Block.
	Overflow Overflow
}

// A Sink copies each record to all routes that its level belongs to. A record of
// a level without a route goes nowhere, as was asked for, and counts as written.
//
// Each route has a buffer and a goroutine of its own that writes to its sink. So
// a sink that is slow, hangs, fails or panics is felt by its own route alone,
// until its buffer is full: then Write waits under Block, and the records that
// come after that batch wait with it, for all routes; under Drop the others are
// never delayed. The records of a route stay in order.
//
// Nothing is tried again: what a route's sink does not confirm has failed. There
// is no timer and no polling; an idle Sink uses no processor. Any number of
// goroutines may use it.
type Sink struct {
	lanes []*lane
	marks bool // a route needs the levels

	turn chan struct{} // holds one; whoever put it there writes: see at
	at   []cursor      // for each lane; of the Write that has the turn

	closing chan struct{} // holds one, put there by the first Close for good
	closed  chan struct{} // closed when the first Close has ended
	result  error         // of Close; set before closed is closed
}

var (
	_ logging.Sink         = (*Sink)(nil)
	_ logging.Marker       = (*Sink)(nil)
	_ logging.LossReporter = (*Sink)(nil)
)

// New starts the routes. It reports all faults at once: no routes, a name that
// is missing or there twice, a sink that is missing or needs marks, empty
// levels, a buffer out of range, an unknown Overflow. It takes ownership of the
// routes' sinks, unless it fails.
func New(routes ...Route) (*Sink, error) {
	if err := check(routes); err != nil {
		return nil, err
	}
	s := &Sink{
		at:      make([]cursor, len(routes)),
		turn:    make(chan struct{}, 1),
		closing: make(chan struct{}, 1),
		closed:  make(chan struct{}),
	}
	for _, r := range routes {
		s.marks = s.marks || !r.Levels.all()
		s.lanes = append(s.lanes, startLane(r))
	}
	return s, nil
}

func check(routes []Route) error {
	var errs []error
	fault := func(format string, args ...any) { errs = append(errs, fmt.Errorf("route sink: "+format, args...)) }
	if len(routes) == 0 {
		fault("there are no routes: want at least one")
	}
	names := map[string]bool{}
	for i, r := range routes {
		if r.Name == "" {
			fault("route %d has no name: want one", i)
		} else if names[r.Name] {
			fault("two routes have the name %q: want another one", r.Name)
		}
		names[r.Name] = true
		if r.Sink == nil {
			fault("route %q has no sink: want one", r.Name)
		} else if m, ok := r.Sink.(logging.Marker); ok && m.NeedsMarks() {
			fault("the sink of route %q needs marks, which a route does not keep: give its routes to New", r.Name)
		}
		if least, most := r.Levels.bounds(); least > most {
			fault("the levels %v of route %q are none: want the lower one first", r.Levels, r.Name)
		}
		if r.Buffer != 0 && (r.Buffer < MinBuffer || r.Buffer > MaxBuffer) {
			fault("Buffer %d of route %q is out of range: want %d to %d bytes", r.Buffer, r.Name, MinBuffer, MaxBuffer)
		}
		if r.Overflow > Drop {
			fault("%v of route %q is unknown: want block or drop", r.Overflow, r.Name)
		}
	}
	return errors.Join(errs...)
}

// NeedsMarks reports whether a route has less than all levels.
func (s *Sink) NeedsMarks() bool { return s.marks }

// Write copies the records of b into the buffers of their routes and returns
// when all routes have theirs, not when these are written. First each route gets
// what it has room for; then Write waits, until ctx is done, for those that
// block. It waits as well while another Write does.
//
// It returns how many records, counted from the first, all their routes have
// taken; dropped ones are among them, see Lost. Where that is not all, routes
// with room have taken the others too, and the error, which joins an Error for
// each route that took too few, holds the cause of ctx. After Close it takes
// nothing more, and the error is ErrClosed. A batch without the marks that a route
// needs is refused with ErrNoMarks, and one that contradicts itself with another
// error; no route then has any of it.
func (s *Sink) Write(ctx context.Context, b logging.Batch) (int, error) {
	if err := s.checkBatch(b); err != nil {
		return 0, err
	}
	select {
	case s.turn <- struct{}{}:
	default:
		select {
		case s.turn <- struct{}{}:
		case <-ctx.Done():
			return 0, fmt.Errorf("route sink: another write waits for room: %w", context.Cause(ctx))
		}
	}
	defer func() { <-s.turn }()
	// Nobody waits before each route had the chance to take what it has room for.
	for i, l := range s.lanes {
		s.at[i] = l.take(b, cursor{})
	}
	taken := b.Records
	var errs []error
	for i, l := range s.lanes {
		if s.at[i].record == b.Records {
			continue
		}
		n, err := l.takeRest(ctx, b, s.at[i])
		taken = min(taken, n)
		if err != nil && !slices.Contains(errs, err) { // ErrClosed is the same for all
			errs = append(errs, err)
		}
	}
	return taken, errors.Join(errs...)
}

// checkBatch sees that records, newlines and marks agree. All that follows
// trusts them, so they are worth a look at each byte: 10 us for 256 KiB.
func (s *Sink) checkBatch(b logging.Batch) error {
	n, size := bytes.Count(b.Lines, newline), len(b.Lines)
	if n != b.Records || size > 0 && b.Lines[size-1] != '\n' {
		return fmt.Errorf("route sink: %d records in %d lines, or no newline at the end: want a line for each", b.Records, n)
	}
	if !s.marks {
		return nil
	}
	if len(b.Marks) == 0 && n > 0 {
		return ErrNoMarks
	}
	if len(b.Marks) != n {
		return fmt.Errorf("route sink: %d marks for %d records: want one for each", len(b.Marks), n)
	}
	end := 0
	for i, m := range b.Marks {
		if m.End <= end || m.End > size || b.Lines[m.End-1] != '\n' {
			return fmt.Errorf("route sink: mark %d, %d, is not the end of a record", i, m.End)
		}
		end = m.End
	}
	return nil
}
