package load

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/logperf/logperf/logging"
)

// taking is a sink that takes all at once and notes when.
type taking struct {
	began time.Time
	at    []time.Duration
}

func (s *taking) Write(_ context.Context, b logging.Batch) (int, error) {
	s.at = append(s.at, time.Since(s.began))
	return b.Records, nil
}
func (s *taking) Flush(context.Context) error { return nil }
func (s *taking) Close(context.Context) error { return nil }

// troubled runs a test of a faulty sink on the clock of a bubble.
func troubled(t *testing.T, test func(t *testing.T, f *faulty, s *taking)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &taking{began: time.Now()}
		test(t, &faulty{Sink: s}, s)
	})
}

var three = logging.Batch{Lines: []byte("1\n2\n3\n"), Records: 3}

// took asserts that a Write confirmed all, at that time.
func (s *taking) took(t *testing.T, f *faulty, ctx context.Context, at time.Duration) {
	t.Helper()
	n, err := f.Write(ctx, three)
	if n != 3 || err != nil || len(s.at) == 0 || s.at[len(s.at)-1] != at {
		t.Errorf("the sink confirmed %d records (%v), the last at %v: want 3 at %v", n, err, s.at, at)
	}
}

func TestAFaultySinkWithoutTroubleIsTheSinkItself(t *testing.T) {
	troubled(t, func(t *testing.T, f *faulty, s *taking) {
		s.took(t, f, t.Context(), 0)
		if n := f.stalled.Load(); n != 0 {
			t.Errorf("%d writes have waited", n)
		}
	})
}

func TestAStalledSinkWaitsUntilItIsReleased(t *testing.T) {
	troubled(t, func(t *testing.T, f *faulty, s *taking) {
		release := f.stall()
		time.AfterFunc(time.Second, release)
		s.took(t, f, t.Context(), time.Second)
		s.took(t, f, t.Context(), time.Second) // and no longer
		if n := f.stalled.Load(); n != 1 {
			t.Errorf("%d writes have waited, want 1", n)
		}
		// It may stall again.
		time.AfterFunc(time.Second, f.stall())
		s.took(t, f, t.Context(), 2*time.Second)
	})
}

func TestAStalledWriteEndsWithItsContext(t *testing.T) {
	troubled(t, func(t *testing.T, f *faulty, s *taking) {
		release := f.stall()
		impatient := errors.New("the worker is impatient")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, impatient)
		defer cancel()
		if n, err := f.Write(ctx, three); n != 0 || !errors.Is(err, impatient) || time.Since(s.began) != time.Second || len(s.at) > 0 {
			t.Errorf("after %v %d records are confirmed (%v), and the sink got %v", time.Since(s.began), n, err, s.at)
		}
		release()
		s.took(t, f, t.Context(), time.Second)
	})
}

func TestASlowSinkTakesItsTimeForEachWrite(t *testing.T) {
	troubled(t, func(t *testing.T, f *faulty, s *taking) {
		f.pace.Store(int64(2 * time.Millisecond))
		s.took(t, f, t.Context(), 2*time.Millisecond)
		s.took(t, f, t.Context(), 4*time.Millisecond)
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if n, err := f.Write(ctx, three); n != 0 || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a slow write behind its deadline confirms %d records (%v)", n, err)
		}
		f.pace.Store(0)
		s.took(t, f, t.Context(), 5*time.Millisecond)
	})
}

func TestAFailingSinkConfirmsNothing(t *testing.T) {
	troubled(t, func(t *testing.T, f *faulty, s *taking) {
		f.failing.Store(true)
		if n, err := f.Write(t.Context(), three); n != 0 || !errors.Is(err, errPlanned) || len(s.at) > 0 {
			t.Errorf("%d records are confirmed (%v), and the sink got %v", n, err, s.at)
		}
		d := new(drive)
		if !d.forgiven(errPlanned) || !d.forgiven(nil) || d.forgiven(errors.New("the disk is full")) {
			t.Error("a drive forgives what was planned and nothing else")
		}
		f.failing.Store(false)
		s.took(t, f, t.Context(), 0)
	})
}
