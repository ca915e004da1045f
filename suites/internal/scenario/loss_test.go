package scenario

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/suites/internal/experiment"
)

// losing is a queue that accepts everything and loses every tenth item.
type losing struct {
	conveyor
	n int
}

func (l *losing) put(it item) bool {
	if l.n++; l.n%10 == 0 {
		return true
	}
	return l.conveyor.put(it)
}

func TestAQueueThatLosesItemsIsFoundOut(t *testing.T) {
	inner, err := channelOf(1024)()
	if err != nil {
		t.Fatal(err)
	}
	b := newBelt(&losing{conveyor: inner}, 1, false)
	if err := b.Run(t.Context(), 1000); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	if err := b.Report(values); err != nil || values["lost-records"] != 100 {
		t.Errorf("%v lost (%v), want 100 of 1000", values["lost-records"], err)
	}
}

// rejecting is a queue that refuses every tenth item and says so.
type rejecting struct {
	conveyor
	n int
}

func (r *rejecting) put(it item) bool {
	r.n++
	return r.n%10 != 0 && r.conveyor.put(it)
}

func TestWhatIsRejectedIsLostUnlessThePolicyDrops(t *testing.T) {
	for _, drops := range []bool{false, true} {
		inner, err := channelOf(1024)()
		if err != nil {
			t.Fatal(err)
		}
		b := newBelt(&rejecting{conveyor: inner}, 1, false)
		b.drops = drops
		want := 100.0
		if drops {
			want = 0
		}
		if err := b.Run(t.Context(), 1000); err != nil {
			t.Fatal(err)
		}
		if err := b.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		values := map[string]float64{}
		if err := b.Report(values); err != nil || values["lost-records"] != want {
			t.Errorf("a queue that may drop (%v) and rejects 100 of 1000 has lost %v (%v): want %v", drops, values["lost-records"], err, want)
		}
	}
}

// faulty is a sink that loses the last record of each batch: silently, or
// unconfirmed.
type faulty struct {
	logging.Sink
	confirm bool
}

func (f faulty) Write(ctx context.Context, b logging.Batch) (int, error) {
	b.Lines = b.Lines[:bytes.LastIndexByte(b.Lines[:len(b.Lines)-1], '\n')+1]
	b.Records--
	n, err := f.Sink.Write(ctx, b)
	if f.confirm {
		n++
	}
	return n, err
}

func TestASinkThatLosesRecordsIsFoundOut(t *testing.T) {
	for name, open := range map[string]openOutlet{
		"memory": openMemory, "writer": openWriter, "file": openFile(4<<10, false), "bufio": openBufio(4<<10, false), "discard": openDiscard,
	} {
		for _, confirm := range []bool{false, true} {
			if name == "discard" && confirm {
				continue // nothing arrives there: what it confirms is all there is to see
			}
			arm := sinkArm("logperf", 4<<10, func(o experiment.Options) (outlet, error) {
				out, err := open(o)
				out.sink = faulty{out.sink, confirm}
				return out, err
			})
			if err := lifetime(t.Context(), experiment.Scenario{}, arm, t.TempDir()); err == nil {
				t.Errorf("the loss in the sink %s, confirmed %v, is not seen", name, confirm)
			}
		}
	}
}

func TestALoggerThatDropsHasLostRecords(t *testing.T) {
	e, err := openEnd(endOptions{log: logF10, stages: logging.Options{
		Filters: []logging.Filter{logging.FilterFunc(func(*logging.Entry) bool { return false })},
	}}, experiment.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(e.Run(t.Context(), 10), e.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	if err := e.Report(values); err != nil || values["lost-records"] != 10 {
		t.Errorf("%v of 10 records that were dropped are lost (%v)", values["lost-records"], err)
	}
}

func TestItemsOutOfOrderAreFoundOut(t *testing.T) {
	b := newBelt(channel{}, 1, false)
	defer b.crew.close()
	b.check([]item{{sequence: 0}, {sequence: 2}, {sequence: 1}})
	if err := b.Check(); err == nil || !strings.Contains(err.Error(), "1 items arrived behind") {
		t.Errorf("the check says %v", err)
	}
}

// The consumer may see that the producers have finished before it has met the
// sentinel, and then does not ask again after it: the next slice must not end
// at once.
func TestTheEndOfASliceIsNotThatOfTheNext(t *testing.T) {
	q, err := xsyncOf()
	if err != nil {
		t.Fatal(err)
	}
	var done atomic.Bool
	batch := make([]item, takeBatch)
	for slice := range 2 {
		q.begin()
		done.Store(false)
		q.put(item{})
		done.Store(true)
		q.interrupt()
		if n := q.take(batch, &done); n != 1 {
			t.Fatalf("slice %d: %d items taken, want 1", slice, n)
		}
		if n := q.take(batch, &done); n != 0 {
			t.Fatalf("slice %d: %d items taken behind the last, want 0", slice, n)
		}
	}
}
