package logging

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/logperf/logperf/logging/queue"
)

// TestStageMayReuseASliceOfItsOwn would find, if the slots kept the stage's
// slice, records that show the attributes of others, and under the race
// detector callers that write into it at the same time.
func TestStageMayReuseASliceOfItsOwn(t *testing.T) {
	var scratch []slog.Attr
	rec := &recorder{}
	l := open(t, Options{
		Sink:     rec,
		Settings: Settings{Queue: QueueSettings{Capacity: 8}},
		Processors: []Processor{ProcessorFunc(func(e *Entry) error {
			scratch = append(append(scratch[:0], e.Attrs...), slog.Int("more", 1))
			e.Attrs = scratch
			return nil
		})},
	})
	var wg sync.WaitGroup
	for c := range 4 {
		wg.Go(func() {
			for i := range 300 {
				text := fmt.Sprint(c, "/", i)
				l.Info(t.Context(), text, slog.String("a", text), slog.String("b", text))
			}
		})
	}
	wg.Wait()
	mustFlush(t, l)
	for _, line := range rec.got() {
		var got struct {
			Msg, A, B string
			More      int
		}
		if err := json.Unmarshal(line, &got); err != nil {
			t.Fatal(err)
		}
		if got.A != got.Msg || got.B != got.Msg || got.More != 1 {
			t.Fatalf("attributes of another record in %s", line)
		}
	}
}

func TestStageMaySetAttributesThatItKeeps(t *testing.T) {
	fixed := []slog.Attr{slog.Int("fixed", 1), slog.Int("too", 2)}
	before := slices.Clone(fixed)
	for stage, o := range map[string]Options{
		"attributes": {Processors: []Processor{ProcessorFunc(func(e *Entry) error { e.Attrs = fixed; return nil })}},
		"extra": {Enrichers: []Enricher{
			EnricherFunc(func(e *Entry) { e.Extra = append(e.Extra, slog.String("own", e.Message)) }),
			EnricherFunc(func(e *Entry) { e.Extra = fixed }),
		}},
	} {
		t.Run(stage, func(t *testing.T) {
			rec := &recorder{}
			o.Sink, o.Settings.Queue.Capacity = rec, 2
			l := open(t, o)
			for range 10 {
				l.Info(t.Context(), "m", slog.String("a", "b"))
			}
			mustFlush(t, l)
			if !slices.EqualFunc(fixed, before, slog.Attr.Equal) {
				t.Errorf("the stage's own attributes became %v", fixed)
			}
			if got := string(rec.lines); strings.Count(got, `"fixed":1,"too":2`) != 10 {
				t.Errorf("got %s", got)
			}
		})
	}
}

func TestEnricherThatAppendsDoesNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("allocations are not judged under the race detector")
	}
	p := pipeline(t, Options{Enrichers: []Enricher{EnricherFunc(func(e *Entry) {
		e.Extra = append(e.Extra, slog.Int("a", 1), slog.Int("b", 2))
	})}})
	e := Entry{Message: "m"}
	dst := make([]byte, 0, 1000)
	if n := testing.AllocsPerRun(1000, func() { dst, _ = p.Process(dst[:0], &e) }); n != 0 {
		t.Errorf("%v allocations for one record", n)
	}
}

// slots returns all slots of a logger whose worker has ended.
func slots(l *Logger) (all []*Entry) {
	l.core.queue.Init(func(e *Entry) { all = append(all, e) })
	return all
}

func TestSlotsForgetTheirRecords(t *testing.T) {
	for name, stage := range map[string]func(e *Entry){
		"none":           func(*Entry) {},
		"cuts":           func(e *Entry) { e.Attrs = e.Attrs[:1] },
		"cuts the first": func(e *Entry) { e.Attrs = e.Attrs[1:] },
		"moves":          func(e *Entry) { e.Attrs = append(e.Attrs[:1], e.Attrs[2:]...) },
		"appends":        func(e *Entry) { e.Attrs = append(e.Attrs, slog.Int("more", 1)) },
		"appends and cuts": func(e *Entry) {
			n := len(e.Attrs)
			e.Attrs = append(e.Attrs, slog.Int("more", 1))[:n]
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := open(t, Options{
				Sink: &recorder{}, Settings: Settings{Queue: QueueSettings{Capacity: 4}},
				Enrichers:  []Enricher{EnricherFunc(func(e *Entry) { e.Extra = append(e.Extra, slog.String("extra", e.Message)) })},
				Processors: []Processor{ProcessorFunc(func(e *Entry) error { stage(e); return nil })},
			})
			for range 10 {
				l.With(slog.Int("bound", 1)).Info(t.Context(), "m", request()...)
			}
			if err := l.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			for _, e := range slots(l) {
				if e.Message != "" || e.Bound != nil || e.Extra != nil || !forgotten(e.Attrs) || cap(e.Attrs) != slotAttrs {
					t.Errorf("the slot still refers to its record: %+v, %v", e, e.Attrs[:cap(e.Attrs)])
				}
			}
			if !forgotten(l.core.pipeline.extra) {
				t.Error("the pipeline still refers to what enrichers added")
			}
		})
	}
}

// forgotten reports whether nothing is in attrs, nor behind them.
func forgotten(attrs []slog.Attr) bool {
	return len(attrs) == 0 && !slices.ContainsFunc(attrs[:cap(attrs)], func(a slog.Attr) bool { return !a.Equal(slog.Attr{}) })
}

func TestEvictedRecordIsForgotten(t *testing.T) {
	q, err := queue.New[Entry](queue.Options{Capacity: 2, Policy: queue.DropOldest})
	if err != nil {
		t.Fatal(err)
	}
	prepareSlots(q)
	l := &Logger{core: &core{queue: q}} // nobody takes
	for range 2 {
		l.Info(t.Context(), "evicted", request()...)
	}
	for range 2 {
		l.Info(t.Context(), "m", slog.Int("a", 1))
	}
	for range 2 {
		e, ok := q.Next()
		if !ok || len(e.Attrs) != 1 || !forgotten(e.Attrs[1:][:0:cap(e.Attrs)-1]) {
			t.Errorf("the slot still refers to the evicted record: %v", e.Attrs[:cap(e.Attrs)])
		}
		q.Release()
	}
}

func TestPipelineDoesNotKeepAGiantExtra(t *testing.T) {
	giant := make([]slog.Attr, slotAttrsKept+1)
	for i := range giant {
		giant[i] = slog.Int("a", i)
	}
	p := pipeline(t, Options{Enrichers: []Enricher{EnricherFunc(func(e *Entry) { e.Extra = append(e.Extra, giant...) })}})
	for range 2 {
		if line, _ := p.Process(nil, &Entry{}); strings.Count(string(line), `"a":`) != len(giant) {
			t.Errorf("line %s", line)
		}
	}
	if c := cap(p.extra); c > slotAttrsKept {
		t.Errorf("room for %d attributes is kept", c)
	}
}

// TestSmallBatchesDoNotAllocate: with Bytes 1 each record is a batch. The queue is
// so small that the caller has to wait for the worker's share.
func TestSmallBatchesDoNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("allocations are not judged under the race detector")
	}
	l := open(t, Options{Sink: &discard{}, Settings: Settings{Batch: BatchSettings{Bytes: 1}, Queue: QueueSettings{Capacity: 64}}})
	ctx := t.Context()
	attrs := []slog.Attr{slog.String("a", strings.Repeat("b", 1000))}
	if n := testing.AllocsPerRun(1000, func() {
		l.Info(ctx, "m", attrs...)
		l.Info(ctx, "m", attrs...)
	}); n != 0 {
		t.Errorf("%v allocations for two records", n)
	}
	if err := l.Close(ctx); err != nil { // the worker no longer uses what is looked at
		t.Fatal(err)
	}
	if c := cap(l.core.worker.block); c < leastBlock {
		t.Errorf("the block has room for %d bytes, want %d", c, leastBlock)
	}
}
