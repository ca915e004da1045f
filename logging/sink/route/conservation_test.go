package route_test

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/sink/route"
)

// A plan is what happens in one run, drawn before it: the run itself is in a
// bubble, where rapid cannot draw.
type plan struct {
	levels   []route.Levels // for each route
	drops    []bool
	faults   []int // of the sinks' writes, in turn, again and again
	batches  [][]record
	pauses   []time.Duration // after each batch; every other one is a flush with this time
	ends     time.Duration   // what Close has
	patience time.Duration   // what a Write has
}

type record struct {
	level slog.Level
	width int
}

func drawPlan(t *rapid.T) plan {
	d := func(label string) time.Duration {
		return time.Duration(rapid.Int64Range(int64(time.Millisecond), int64(20*time.Second)).Draw(t, label))
	}
	level := rapid.Custom(func(t *rapid.T) slog.Level { return slog.Level(rapid.IntRange(-5, 9).Draw(t, "level")) })
	p := plan{ends: d("close"), patience: d("write"), faults: append(rapid.SliceOf(rapid.IntRange(0, 4)).Draw(t, "faults"), 0)}
	for range rapid.IntRange(1, 3).Draw(t, "routes") {
		l := route.Levels{}
		switch a := level.Draw(t, "bound"); rapid.IntRange(0, 3).Draw(t, "kind") {
		case 1:
			l = route.AtLeast(a)
		case 2:
			l = route.AtMost(a)
		case 3:
			l = route.Between(a, a+3)
		}
		p.levels = append(p.levels, l)
		p.drops = append(p.drops, rapid.Bool().Draw(t, "drops"))
	}
	for range rapid.IntRange(1, 12).Draw(t, "batches") {
		p.batches = append(p.batches, rapid.SliceOfN(rapid.Custom(func(t *rapid.T) record {
			return record{level.Draw(t, "level"), rapid.SampledFrom([]int{20, 21, 500, 9000, 30_000, 65_536, 65_537}).Draw(t, "width")}
		}), 1, 12).Draw(t, "records"))
		p.pauses = append(p.pauses, d("pause"))
	}
	return p
}

// fault is a sink's write, the n-th.
func (p plan) fault(ctx context.Context, n int, b logging.Batch) (int, error) {
	switch p.faults[n%len(p.faults)] {
	case 1:
		time.Sleep(3 * time.Second)
	case 2:
		return b.Records / 2, errTest
	case 3:
		panic("write")
	case 4:
		select {
		case <-time.After(time.Minute):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	return b.Records, nil
}

// run follows the plan and returns what is wrong.
func (p plan) run() error {
	var routes []route.Route
	var sinks []*catcher
	var busy atomic.Int32
	for i, l := range p.levels {
		n := i
		var calls atomic.Int32
		c := &catcher{}
		c.onWrite = func(ctx context.Context, b logging.Batch) (int, error) {
			if calls.Add(1) != 1 {
				busy.Add(1)
			}
			defer calls.Add(-1)
			n++
			return p.fault(ctx, n, b)
		}
		c.onFlush = func(context.Context) error { busy.Add(calls.Load()); return nil }
		c.onClose = c.onFlush
		o := route.Block
		if p.drops[i] {
			o = route.Drop
		}
		sinks = append(sinks, c)
		routes = append(routes, route.Route{Name: fmt.Sprint(i), Sink: c, Levels: l, Buffer: route.MinBuffer, Overflow: o})
	}
	s, err := route.New(routes...)
	if err != nil {
		return err
	}
	number, offered, confirmed := 0, make([]uint64, len(routes)), uint64(0)
	for i, records := range p.batches {
		var b logging.Batch
		for _, r := range records {
			b.Lines = append(b.Lines, numbered(number, number+1, r.width)...)
			b.Marks = append(b.Marks, logging.Mark{End: len(b.Lines), Level: r.level})
			b.Records++
			number++
			for j, l := range p.levels {
				if l.Contain(r.level) {
					offered[j]++
				}
			}
		}
		ctx, cancel := context.WithTimeout(context.Background(), p.patience)
		n, err := s.Write(ctx, b)
		cancel()
		confirmed += uint64(n)
		if (n < b.Records) != (err != nil) {
			return fmt.Errorf("%d of %d, %w", n, b.Records, err)
		}
		if err := conserved(s); err != nil {
			return err
		}
		ctx, cancel = context.WithTimeout(context.Background(), p.pauses[i])
		if i%2 == 0 {
			_ = s.Flush(ctx) // tells of the faults
		} else {
			<-ctx.Done()
		}
		cancel()
	}
	ctx, cancel := context.WithTimeout(context.Background(), p.ends)
	defer cancel()
	_ = s.Close(ctx)
	time.Sleep(time.Minute) // for a sink that was left behind
	if busy.Load() > 0 {
		return fmt.Errorf("calls of a sink overlap")
	}
	return p.check(s, sinks, offered, confirmed == uint64(number))
}

// conserved checks the law of Stats at any moment.
func conserved(s *route.Sink) error {
	var lost uint64
	before := s.Lost()
	for _, st := range s.Stats() {
		if st.Taken != st.Written+st.Dropped+st.Failed+st.Held || st.HeldBytes > route.MinBuffer || (st.Held == 0) != (st.HeldBytes == 0) {
			return fmt.Errorf("%+v", st)
		}
		lost += st.Dropped + st.Failed
	}
	if s.Lost() < lost || lost < before {
		return fmt.Errorf("%d lost, then %d, then %d", before, lost, s.Lost())
	}
	return nil
}

// check compares the counters of a closed sink with what has arrived.
func (p plan) check(s *route.Sink, sinks []*catcher, offered []uint64, all bool) error {
	if err := conserved(s); err != nil {
		return err
	}
	for i, st := range s.Stats() {
		lines := strings.SplitAfter(sinks[i].got(), "\n")
		lines = lines[:len(lines)-1]
		last := -1
		for _, line := range lines {
			number, err := strconv.Atoi(strings.TrimSuffix(line, "\n"))
			if err != nil || number <= last {
				return fmt.Errorf("route %d: record %d after %d, %w", i, number, last, err)
			}
			last = number
			for _, b := range p.batches { // find its level
				if number < len(b) {
					if !p.levels[i].Contain(b[number].level) || len(line) != b[number].width {
						return fmt.Errorf("route %d of %v got %+v", i, p.levels[i], b[number])
					}
					break
				}
				number -= len(b)
			}
		}
		// What was under way when Close gave up may have arrived all the same.
		if st.Held != 0 || st.Written > uint64(len(lines)) || st.Failed == 0 && st.Written != uint64(len(lines)) {
			return fmt.Errorf("%d records arrived: %+v", len(lines), st)
		}
		if st.Taken > offered[i] || all && st.Taken != offered[i] || p.drops[i] && st.Taken != offered[i] {
			return fmt.Errorf("%d belong to it: %+v", offered[i], st)
		}
	}
	return nil
}

func TestEachRecordIsWrittenOrCounted(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		p := drawPlan(r)
		var err error
		synctest.Test(t, func(*testing.T) { err = p.run() })
		if err != nil {
			r.Fatal(err)
		}
	})
}
