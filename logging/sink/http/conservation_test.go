package http_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	nethttp "net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/sink/http"
)

// A plan is what happens in one run, drawn before it: the run itself is in a
// bubble, where rapid cannot draw.
type plan struct {
	o      http.Options
	spare  bool
	faults []int // in turn, again and again
	steps  []step
	ends   time.Duration // what Close has
}

type step struct {
	do     int // 0, 1 write; 2 flush; 3 wait
	widths []int
	time   time.Duration
}

func drawPlan(t *rapid.T) plan {
	d := func(label string, most time.Duration) time.Duration {
		return time.Duration(rapid.Int64Range(int64(time.Millisecond), int64(most)).Draw(t, label))
	}
	p := plan{
		o: http.Options{
			Gzip:         rapid.Bool().Draw(t, "gzip"),
			BatchBytes:   1024,
			BatchRecords: rapid.IntRange(0, 4).Draw(t, "records of a batch"),
			BufferBytes:  rapid.IntRange(2048, 6000).Draw(t, "buffer"),
			Timeout:      time.Second,
			Backoff:      http.Backoff{Max: d("backoff", 3*time.Second)},
			Breaker:      http.Breaker{Failures: rapid.IntRange(1, 4).Draw(t, "failures")},
			Seed:         rapid.Uint64Min(1).Draw(t, "seed"),
		},
		spare:  rapid.Bool().Draw(t, "fallback"),
		faults: append(rapid.SliceOf(rapid.IntRange(0, 7)).Draw(t, "faults"), 0),
		ends:   d("close", time.Minute),
	}
	if rapid.Bool().Draw(t, "gives up") {
		p.o.GiveUp = d("give up", 5*time.Second)
	}
	p.steps = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
		return step{
			do:     rapid.IntRange(0, 3).Draw(t, "do"),
			widths: rapid.SliceOfN(rapid.SampledFrom([]int{8, 9, 50, 300, 1024, 1025, 2000, 7000}), 1, 30).Draw(t, "widths"),
			time:   time.Duration(rapid.Int64Range(int64(time.Millisecond), int64(10*time.Second)).Draw(t, "time")),
		}
	}), 1, 20).Draw(t, "steps")
	return p
}

// fault answers the n-th request of a plan and says whether it has arrived,
// whatever the sender gets to know of it.
func (p plan) fault(n int, a arrival) (r reply, arrived bool) {
	switch p.faults[(n-1)%len(p.faults)] {
	case 1: // delivers, then resets
		return reply{err: io.ErrUnexpectedEOF}, true
	case 2:
		return reply{err: io.ErrClosedPipe}, false
	case 3:
		return status(503), false
	case 4:
		return status(429, "Retry-After", "2"), false
	case 5:
		return status(400), false
	case 6: // answers too late, and has it
		time.Sleep(2 * time.Second)
		return reply{err: context.DeadlineExceeded}, true
	case 7:
		if len(a.lines) > 500 {
			return status(413), false
		}
	}
	return status(200), true
}

// run follows the plan and returns what is wrong.
func (p plan) run(t *testing.T) error {
	var arrived []arrival
	r := &receiver{}
	r.answer = func(n int, a arrival) reply {
		answer, ok := p.fault(n, a)
		if answer.code == 413 && slices.ContainsFunc(arrived, func(b arrival) bool { return a.name == b.name }) {
			return status(200) // a receiver that has it does not find it too large
		}
		if ok {
			arrived = append(arrived, a)
		}
		return answer
	}
	f := &spare{}
	o := p.o
	o.URL, o.Client = "http://far", &nethttp.Client{Transport: r}
	if p.spare {
		o.Fallback = f
	}
	s, err := http.New(o)
	if err != nil {
		return err
	}
	taken, number := uint64(0), 0
	var told uint64
	tell := func(err error) {
		if e := (*http.DeliveryError)(nil); errors.As(err, &e) {
			told += e.Lost
		}
	}
	for _, st := range p.steps {
		ctx, cancel := context.WithTimeout(t.Context(), st.time)
		switch st.do {
		case 2:
			tell(s.Flush(ctx))
		case 3:
			time.Sleep(st.time)
		default:
			var lines strings.Builder
			for _, w := range st.widths {
				lines.WriteString(numbered(number, number+1, w))
				number++
			}
			n, _ := s.Write(ctx, batch(lines.String()))
			taken += uint64(n)
		}
		cancel()
		if st := s.Stats(); st.Held > o.BufferBytes || st.Taken != taken || st.Taken != st.Delivered+st.FellBack+st.Lost+st.HeldRecords {
			return fmt.Errorf("took %d: %+v", taken, st)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), p.ends)
	defer cancel()
	tell(s.Close(ctx))
	time.Sleep(time.Minute) // for a request that ignores its context
	st := s.Stats()
	if st.Held != 0 || st.HeldRecords != 0 || st.Taken != st.Delivered+st.FellBack+st.Lost || st.Requests != st.Batches+st.Retries || told != st.Lost {
		return fmt.Errorf("at the end, told of %d losses: %+v", told, st)
	}
	return whole(arrived, f.lines, st)
}

// whole checks the far end: at least what counts as delivered, in order, and a
// duplicate only under the name of the batch before.
func whole(arrived []arrival, spare string, st http.Stats) error {
	last, name, unique := -1, "", uint64(0)
	for _, a := range arrived {
		if a.name == name {
			continue
		}
		name = a.name
		for line := range strings.Lines(a.lines) {
			var n int
			if _, err := fmt.Sscan(strings.TrimLeft(line[:len(line)-1], "0")+" ", &n); err != nil {
				n = 0
			}
			if n <= last {
				return fmt.Errorf("record %d arrives after %d", n, last)
			}
			last = n
			unique++
		}
	}
	if unique < st.Delivered || uint64(strings.Count(spare, "\n")) != st.FellBack {
		return fmt.Errorf("%d records arrived, %d fell back: %+v", unique, strings.Count(spare, "\n"), st)
	}
	if st.Lost == 0 && unique+st.FellBack < st.Taken {
		return fmt.Errorf("%d records arrived: %+v", unique, st)
	}
	return nil
}

func TestNoRecordIsLostUncountedWhateverFails(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := drawPlan(rt)
		var err error
		synctest.Test(t, func(t *testing.T) { err = p.run(t) })
		if err != nil {
			rt.Fatal(err)
		}
	})
}

func TestAnyNumberOfGoroutinesMayUseASink(t *testing.T) {
	r := &receiver{answer: answers(503, 0, 503, 429, 0)}
	s := open(t, r, http.Options{BatchBytes: 1024, BufferBytes: 4096, BatchDelay: time.Millisecond, Backoff: http.Backoff{Max: time.Millisecond}, Gzip: true, Breaker: never})
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 100 {
				_, err := s.Write(t.Context(), batch(fmt.Sprintf("%d-%03d\n%d-%03d\n", w, 2*i, w, 2*i+1)))
				if i%10 == 0 {
					err = errors.Join(err, s.Flush(t.Context()))
				}
				if err != nil {
					t.Error(err)
				}
				conserved(t, s)
			}
		})
	}
	wg.Wait()
	mustFlush(t, s)
	last, seen := map[string]string{}, 0
	names := map[string]bool{}
	for _, a := range r.got() {
		if names[a.name] {
			continue // it was tried again
		}
		names[a.name] = true
		for line := range strings.Lines(a.lines) {
			if line <= last[line[:1]] {
				t.Errorf("%q after %q", line, last[line[:1]])
			}
			last[line[:1]] = line
			seen++
		}
	}
	if seen != 800 {
		t.Errorf("%d records arrived, want 800", seen)
	}
}

func TestALoggerBehindAnHTTPSinkLosesNothing(t *testing.T) {
	r := &receiver{answer: answers(0, 503)}
	s := open(t, r, http.Options{BatchBytes: 1024, BufferBytes: 2048, Backoff: http.Backoff{Max: 10 * time.Millisecond}})
	logger, err := logging.New(logging.Options{Sink: s})
	if err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		logger.Info(t.Context(), "hello")
	}
	if err := logger.Close(t.Context()); err != nil {
		t.Error(err)
	}
	st := logger.Stats()
	if err := st.Check(); err != nil || st.Written-s.Lost() != 1000 || s.Stats().Delivered != 1000 {
		t.Errorf("%v, %+v, %+v", err, st, s.Stats())
	}
}
