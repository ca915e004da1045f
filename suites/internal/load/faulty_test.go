package load

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/suites/internal/experiment"
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
		f.failing.Store(false)
		s.took(t, f, t.Context(), 0)
	})
}

func TestOnlyWhatWasPlannedIsForgiven(t *testing.T) {
	other := errors.New("no space left on device")
	for _, c := range []struct {
		err  error
		want bool
	}{
		{nil, false},
		{errPlanned, true},
		{&logging.SinkError{Err: errPlanned}, true},
		{errors.Join(errPlanned, errPlanned), true},
		{errors.Join(errPlanned, other), false},
		{&logging.SinkError{Err: errors.Join(other, errPlanned)}, false},
		{other, false},
	} {
		if got := planned(c.err); got != c.want {
			t.Errorf("%v: %v, want %v", c.err, got, c.want)
		}
	}
}

// lossy is a sink that loses what it took, and needs marks.
type lossy struct{ taking }

func (*lossy) Lost() uint64     { return 7 }
func (*lossy) NeedsMarks() bool { return true }

func TestAFaultySinkHidesNothingOfTheOneBehindIt(t *testing.T) {
	if f := (&faulty{Sink: &taking{}}); f.Lost() != 0 || f.NeedsMarks() {
		t.Errorf("a plain sink has lost %d, needs marks %v", f.Lost(), f.NeedsMarks())
	}
	if f := (&faulty{Sink: &lossy{}}); f.Lost() != 7 || !f.NeedsMarks() {
		t.Errorf("lost %d, needs marks %v: want 7 and true", f.Lost(), f.NeedsMarks())
	}
}

// stuck is a drive whose sink stands still, from before its load until the test ends.
func stuck(t *testing.T, trouble func(context.Context, *drive) error) error {
	t.Helper()
	o := experiment.Options{Seed: 1, Dir: t.TempDir(), Check: true}
	sink := new(faulty)
	release := sink.stall()
	w, err := openTarget(o, opening{far: through(sink, toFile), producers: 1})
	if err != nil {
		t.Fatal(err)
	}
	d := &drive{plan: plan{target: w, patience: 50 * time.Millisecond, trouble: trouble, loads: []part{{load: steadily(1, checkRate, shorter(o, time.Second))}}}}
	err = d.Run(t.Context(), d.Size())
	release()
	if closed := d.Close(t.Context()); closed != nil {
		t.Error(closed)
	}
	return err
}

func TestAFarEndThatHasDiedEndsTheLoadWithItsReason(t *testing.T) {
	says(t, "the trouble fails", stuck(t, func(context.Context, *drive) error { return errors.New("the network proxy has ended") }), "the network proxy has ended")
	says(t, "the sink hangs", stuck(t, nil), "the sink has not come to rest within 50ms of the load's end")
}
