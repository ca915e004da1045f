package route

import (
	"errors"
	"fmt"

	"github.com/logperf/logperf/logging"
)

// ErrClosed is returned by Write and Flush on a Sink that is closed.
var ErrClosed = errors.New("route sink: the sink is closed")

// ErrNoMarks is returned by Write for a batch without marks where a route needs
// the levels: a sink that wraps this one does not implement logging.Marker, or
// something other than a logger writes.
var ErrNoMarks = errors.New("route sink: the batch tells no levels: want Batch.Marks, see logging.Marker")

var (
	errHangs = errors.New("the sink goes on though its context is done; it is left behind and closed when it returns")
	errLarge = errors.New("a record is larger than the whole buffer")
)

// An Error is what went wrong on one route.
type Error struct {
	Route string // its name
	Op    string // write, flush or close
	// Lost is, for the Op write, how many records the route lost since the last
	// Flush that told of any. What it dropped because its buffer was full is not
	// among them.
	Lost uint64
	Err  error // what its sink returned, or a logging.PanicError; of several writes the first
}

func (e *Error) Error() string {
	if e.Lost > 0 {
		return fmt.Sprintf("route sink: %q lost %d records since the last flush: %v", e.Route, e.Lost, e.Err)
	}
	return fmt.Sprintf("route sink: %s %q: %v", e.Op, e.Route, e.Err)
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// guarded calls what others wrote: the other routes outlive its panics.
func guarded(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &logging.PanicError{Value: r}
		}
	}()
	return f()
}
