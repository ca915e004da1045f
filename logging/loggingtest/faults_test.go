package loggingtest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/loggingtest"
)

var errDisk = errors.New("input/output error")

func TestFailingSinkFailsEachWriteOrOne(t *testing.T) {
	for _, tc := range []struct {
		name string
		sink *loggingtest.FailingSink
		want []error
	}{
		{"each", &loggingtest.FailingSink{}, []error{loggingtest.ErrFailing, loggingtest.ErrFailing}},
		{"the first", &loggingtest.FailingSink{Nth: 1}, []error{loggingtest.ErrFailing, nil, nil}},
		{"the second, with an error of its own", &loggingtest.FailingSink{Nth: 2, Err: errDisk}, []error{nil, errDisk, nil}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var o loggingtest.Observer
			tc.sink.Next = &o
			confirmed := 0
			for i, want := range tc.want {
				n, err := tc.sink.Write(t.Context(), batch(messages("a", "b")))
				if !errors.Is(err, want) || (err == nil) != (n == 2) {
					t.Errorf("write %d: %d, %v, want %v", i+1, n, err, want)
				}
				confirmed += n
			}
			if o.Len() != confirmed || tc.sink.Writes() != uint64(len(tc.want)) {
				t.Errorf("%d of %d confirmed records arrived, %d writes", o.Len(), confirmed, tc.sink.Writes())
			}
		})
	}
}

func TestSlowSinkWaitsBeforeEachWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var o loggingtest.Observer
		s := loggingtest.SlowSink{Next: &o, Delay: time.Minute}
		began := time.Now()
		if n, err := s.Write(t.Context(), batch(messages("a"))); n != 1 || err != nil {
			t.Errorf("got %d, %v", n, err)
		}
		if took := time.Since(began); took != time.Minute {
			t.Errorf("the write took %v, want 1m", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began = time.Now()
		if n, err := s.Write(ctx, batch(messages("b"))); n != 0 || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("beyond its context: %d, %v", n, err)
		}
		if took := time.Since(began); took != time.Second || o.Len() != 1 {
			t.Errorf("the write took %v, %d records arrived", took, o.Len())
		}
	})
}

func TestShortSinkWritesTheFirstRecords(t *testing.T) {
	for _, tc := range []struct {
		keep, batch, want int
		err, wantErr      error
	}{
		{0, 2, 0, nil, io.ErrShortWrite},
		{1, 3, 1, nil, io.ErrShortWrite},
		{2, 3, 2, errDisk, errDisk},
		{3, 3, 3, errDisk, nil},
		{4, 3, 3, nil, nil},
	} {
		t.Run(fmt.Sprintf("%d of %d", tc.keep, tc.batch), func(t *testing.T) {
			var o loggingtest.Observer
			s := loggingtest.ShortSink{Next: &o, Keep: tc.keep, Err: tc.err}
			n, err := s.Write(t.Context(), batch(messages([]string{"a", "b", "c"}[:tc.batch]...)))
			if n != tc.want || !errors.Is(err, tc.wantErr) || (err == nil) != (tc.wantErr == nil) {
				t.Errorf("got %d, %v, want %d, %v", n, err, tc.want, tc.wantErr)
			}
			if o.Len() != tc.want {
				t.Errorf("%d records arrived, want %d", o.Len(), tc.want)
			}
		})
	}
	s := loggingtest.ShortSink{Next: &loggingtest.FailingSink{Err: errDisk}, Keep: 1}
	if n, err := s.Write(t.Context(), batch(messages("a", "b"))); n != 0 || !errors.Is(err, errDisk) {
		t.Errorf("over a failing sink: %d, %v", n, err)
	}
}

func TestBlockingSinkBlocksUntilItIsReleased(t *testing.T) {
	var o loggingtest.Observer
	s := loggingtest.BlockingSink{Next: &o}
	var wg sync.WaitGroup
	wg.Go(func() {
		if n, err := s.Write(context.Background(), batch(messages("a"))); n != 1 || err != nil {
			t.Errorf("got %d, %v", n, err)
		}
	})
	<-s.Blocked()
	if o.Len() != 0 {
		t.Error("the record arrived before the release")
	}
	s.Release()
	s.Release()
	wg.Wait()
	if n, err := s.Write(t.Context(), batch(messages("b"))); n != 1 || err != nil || o.Len() != 2 {
		t.Errorf("after the release: %d, %v, %d records", n, err, o.Len())
	}
	select {
	case <-s.Blocked():
		t.Error("a write after the release claims to block")
	default:
	}
}

func TestBlockingSinkHeedsTheContextUnlessStubborn(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var s loggingtest.BlockingSink
	if n, err := s.Write(ctx, batch(messages("a"))); n != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("got %d, %v", n, err)
	}

	synctest.Test(t, func(t *testing.T) {
		stubborn := loggingtest.BlockingSink{Stubborn: true}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		returned := false
		go func() {
			_, _ = stubborn.Write(ctx, batch(messages("a")))
			returned = true
		}()
		synctest.Wait()
		if returned {
			t.Error("a stubborn sink gives way to its context")
		}
		stubborn.Release()
		synctest.Wait()
		if !returned {
			t.Error("the release is ignored")
		}
	})
}

// A lifecycle counts what reaches it.
type lifecycle struct {
	loggingtest.Observer
	flushes, closes int
}

func (l *lifecycle) Flush(context.Context) error { l.flushes++; return errDisk }
func (l *lifecycle) Close(context.Context) error { l.closes++; return errDisk }

func TestFaultySinksPassFlushAndCloseOn(t *testing.T) {
	var next lifecycle
	for _, s := range []logging.Sink{
		&loggingtest.FailingSink{Next: &next}, &loggingtest.SlowSink{Next: &next},
		&loggingtest.ShortSink{Next: &next}, &loggingtest.BlockingSink{Next: &next},
	} {
		if err := s.Flush(t.Context()); !errors.Is(err, errDisk) {
			t.Errorf("%T: Flush returns %v", s, err)
		}
		if err := s.Close(t.Context()); !errors.Is(err, errDisk) {
			t.Errorf("%T: Close returns %v", s, err)
		}
	}
	if next.flushes != 4 || next.closes != 4 {
		t.Errorf("%d flushes and %d closes arrived, want 4 and 4", next.flushes, next.closes)
	}
}

func TestFaultySinksNeedNoOtherSink(t *testing.T) {
	released := &loggingtest.BlockingSink{}
	released.Release()
	for _, s := range []logging.Sink{
		&loggingtest.FailingSink{Nth: 2}, &loggingtest.SlowSink{}, &loggingtest.ShortSink{Keep: 1}, released,
	} {
		n, err := s.Write(t.Context(), batch(messages("a")))
		if n != 1 || errors.Join(err, s.Flush(t.Context()), s.Close(t.Context())) != nil {
			t.Errorf("%T: %d, %v", s, n, err)
		}
	}
}

func ExampleFailingSink() {
	s := loggingtest.FailingSink{Nth: 1}
	l, err := logging.New(logging.Options{Sink: &s})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	l.Info(ctx, "lost")
	fmt.Println(l.Flush(ctx))
	l.Info(ctx, "written")
	fmt.Println(l.Close(ctx))
	fmt.Println(l.Stats().Failed, l.Stats().Written)
	// Output:
	// logging: sink write lost 1 records: this sink fails
	// <nil>
	// 1 1
}

func ExampleBlockingSink() {
	s := loggingtest.BlockingSink{}
	l, err := logging.New(logging.Options{Sink: &s, Settings: logging.Settings{Batch: logging.BatchSettings{Bytes: 1}}})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	l.Info(ctx, "under way")
	<-s.Blocked()
	fmt.Println("written", l.Stats().Written)
	s.Release()
	fmt.Println(l.Close(ctx))
	fmt.Println("written", l.Stats().Written)
	// Output:
	// written 0
	// <nil>
	// written 1
}

func ExampleShortSink() {
	var o loggingtest.Observer
	s := loggingtest.ShortSink{Next: &o, Keep: 1}
	lines := "{\"level\":\"INFO\",\"msg\":\"a\"}\n{\"level\":\"INFO\",\"msg\":\"b\"}\n"
	n, err := s.Write(context.Background(), logging.Batch{Lines: []byte(lines), Records: 2})
	fmt.Println(n, err, o.Entries()[0].Message)
	// Output: 1 short write a
}

func ExampleSlowSink() {
	s := loggingtest.SlowSink{Delay: time.Hour}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	fmt.Println(s.Write(ctx, logging.Batch{Lines: []byte("a\n"), Records: 1}))
	// Output: 0 context canceled
}
