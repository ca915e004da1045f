package load

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/logperf/logperf/logging"
)

// errPlanned is what a faulty sink fails with.
var errPlanned = errors.New("the sink fails as planned")

// faulty is a sink that has good and bad times.
type faulty struct {
	logging.Sink
	failing atomic.Bool
	pace    atomic.Int64             // nanoseconds that each Write takes longer
	gate    atomic.Pointer[chan any] // that a stalled Write waits for
	stalled atomic.Int64             // how many Writes have waited
}

func (f *faulty) Write(ctx context.Context, b logging.Batch) (int, error) {
	if gate := f.gate.Load(); gate != nil {
		f.stalled.Add(1)
		select {
		case <-*gate:
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
	}
	if d := f.pace.Load(); d > 0 {
		if err := pause(ctx, time.Duration(d)); err != nil {
			return 0, err
		}
	}
	if f.failing.Load() {
		return 0, errPlanned
	}
	return f.Sink.Write(ctx, b)
}

// Lost and NeedsMarks are those of the sink behind it, where it has them: a
// wrapper that hid them would change what the logger counts.
func (f *faulty) Lost() uint64 {
	if r, ok := f.Sink.(logging.LossReporter); ok {
		return r.Lost()
	}
	return 0
}

func (f *faulty) NeedsMarks() bool {
	m, ok := f.Sink.(logging.Marker)
	return ok && m.NeedsMarks()
}

// planned reports whether all that an error joins is errPlanned: the records of
// such writes are counted.
func planned(err error) bool {
	if err == nil {
		return false
	}
	if err == errPlanned { //nolint:errorlint // the leaf itself
		return true
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return !slices.ContainsFunc(joined.Unwrap(), func(one error) bool { return !planned(one) })
	}
	return planned(errors.Unwrap(err))
}

// stall makes Writes wait until the function that it returns is called.
func (f *faulty) stall() (release func()) {
	gate := make(chan any)
	f.gate.Store(&gate)
	return func() {
		f.gate.Store(nil)
		close(gate)
	}
}
