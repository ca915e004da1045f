package logging

import (
	"errors"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/logperf/logperf/logging/queue"
)

func TestSettingsDefaultsAreValidAndComplete(t *testing.T) {
	if err := (Settings{}).Validate(); err != nil {
		t.Errorf("zero settings: %v", err)
	}
	s := Settings{}.WithDefaults()
	if err := s.Validate(); err != nil {
		t.Errorf("defaults: %v", err)
	}
	want := Settings{
		Level:  "info",
		Queue:  QueueSettings{Capacity: 8192},
		Batch:  BatchSettings{Bytes: 64 << 10, Delay: 10 * time.Millisecond},
		Redact: RedactSettings{Mask: "[REDACTED]"},
		Sink: SinkSettings{Kind: "stdout", BlockSize: 64 << 10, HTTP: HTTPSettings{
			BatchBytes: 256 << 10, BatchDelay: 200 * time.Millisecond, BufferBytes: 8 << 20, Timeout: 10 * time.Second,
			MinBackoff: 100 * time.Millisecond, MaxBackoff: 10 * time.Second,
			Failures: 5, Cooldown: time.Second, MaxCooldown: 30 * time.Second,
		}},
		Benchmark: BenchmarkSettings{
			Warmup: 10, Repetitions: 6, Duration: 150 * time.Millisecond, Confidence: 0.95,
			Seed: 1, Results: "results", Timeout: 30 * time.Second,
		},
	}
	if !reflect.DeepEqual(s, want) {
		t.Errorf("defaults are\n%+v\nwant\n%+v", s, want)
	}
}

func TestWithDefaultsKeepsWhatIsSet(t *testing.T) {
	s := Settings{
		Level:  "warn+1",
		Queue:  QueueSettings{Capacity: 2, Overflow: queue.DropOldest, BlockTimeout: time.Second},
		Batch:  BatchSettings{Bytes: 1, Delay: time.Second},
		Redact: RedactSettings{Mask: "x"},
		Sink: SinkSettings{
			Kind: "discard", Path: "x", BlockSize: 4096, Sync: true,
			Rotate: RotateSettings{Size: 4096, Age: time.Hour, Keep: 1, Compress: true},
			HTTP:   everyHTTP(),
			Routes: []RouteSettings{{
				Name: "r", MinLevel: "info", MaxLevel: "warn", Buffer: 64 << 10, Overflow: "drop",
				Kind: "file", Path: "y", BlockSize: 8192, Sync: true, Rotate: RotateSettings{Age: time.Hour}, HTTP: everyHTTP(),
			}},
		},
		Benchmark: BenchmarkSettings{
			Warmup: 1, Repetitions: 2, Duration: time.Second, Confidence: 0.5,
			Seed: 9, Profile: "p", Results: "r", Timeout: time.Minute,
		},
	}
	d := s.WithDefaults()
	if !reflect.DeepEqual(d, s) {
		t.Errorf("WithDefaults changed what is set:\n%+v\nwas\n%+v", d, s)
	}
}

func TestValidateNamesPathValueAndWhatIsRight(t *testing.T) {
	for _, tc := range []struct {
		name string
		set  func(*Settings)
		want string
	}{
		{"level", func(s *Settings) { s.Level = "loud" }, `level: "loud" is no level: want debug, info, warn, error, or one with an offset as in info+2`},
		{"capacity not a power", func(s *Settings) { s.Queue.Capacity = 1000 }, `queue.capacity: 1000 is not a power of two: want 2 to 4194304`},
		{"capacity one", func(s *Settings) { s.Queue.Capacity = 1 }, `queue.capacity: 1 is out of range: want a power of two, 2 to 4194304`},
		{"capacity negative", func(s *Settings) { s.Queue.Capacity = -8 }, `queue.capacity: -8 is out of range: want a power of two, 2 to 4194304`},
		{"capacity huge", func(s *Settings) { s.Queue.Capacity = 1 << 23 }, `queue.capacity: 8388608 is out of range: want a power of two, 2 to 4194304`},
		{"overflow", func(s *Settings) { s.Queue.Overflow = 9 }, `queue.overflow: policy(9) is no policy: want block, drop-newest or drop-oldest`},
		{"block timeout", func(s *Settings) { s.Queue.BlockTimeout = -1 }, `queue.block_timeout: -1ns is out of range: want 0s to 1h0m0s`},
		{"batch bytes", func(s *Settings) { s.Batch.Bytes = 16<<20 + 1 }, `batch.bytes: 16777217 is out of range: want 1 to 16777216`},
		{"batch delay", func(s *Settings) { s.Batch.Delay = 1 }, `batch.delay: 1ns is out of range: want 1µs to 1h0m0s`},
		{"static name", func(s *Settings) { s.Enrich.Static = map[string]string{" ": "v"} }, `enrich.static: " " is no name: want attributes with a name, as in service: checkout`},
		{"field name", func(s *Settings) { s.Redact.Fields = []string{"a", ""} }, `redact.fields[1]: "" is no name: want the name of an attribute, as in password`},
		{"warm-up", func(s *Settings) { s.Benchmark.Warmup = -1 }, `benchmark.warmup: -1 is out of range: want 1 to 100000`},
		{"repetitions", func(s *Settings) { s.Benchmark.Repetitions = 1001 }, `benchmark.repetitions: 1001 is out of range: want 1 to 1000`},
		{"duration", func(s *Settings) { s.Benchmark.Duration = time.Microsecond }, `benchmark.duration: 1µs is out of range: want 1ms to 10m0s`},
		{"confidence", func(s *Settings) { s.Benchmark.Confidence = 1 }, `benchmark.confidence: 1 is out of range: want 0.5 to 0.999`},
		{"confidence NaN", func(s *Settings) { s.Benchmark.Confidence = math.NaN() }, `benchmark.confidence: NaN is out of range: want 0.5 to 0.999`},
		{"timeout", func(s *Settings) { s.Benchmark.Timeout = 2 * time.Hour }, `benchmark.timeout: 2h0m0s is out of range: want 1s to 1h0m0s`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var s Settings
			tc.set(&s)
			checkFault(t, s, tc.want)
		})
	}
}

// checkFault checks what is wrong with s, before and after WithDefaults.
func checkFault(t *testing.T, s Settings, want string) {
	t.Helper()
	for _, s := range []Settings{s, s.WithDefaults()} {
		if err := s.Validate(); err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

func TestValidateTakesTheEndsOfEachRange(t *testing.T) {
	for _, s := range []Settings{
		{
			Level: "DEBUG-4",
			Queue: QueueSettings{Capacity: 2, BlockTimeout: 1},
			Batch: BatchSettings{Bytes: 1, Delay: time.Microsecond},
			Sink:  SinkSettings{Kind: "memory", BlockSize: 4096},
			Benchmark: BenchmarkSettings{
				Warmup: 1, Repetitions: 1, Duration: time.Millisecond, Confidence: 0.5, Timeout: time.Second,
			},
		},
		{
			Level: "error+4",
			Queue: QueueSettings{Capacity: 1 << 22, Overflow: queue.DropNewest, BlockTimeout: time.Hour},
			Batch: BatchSettings{Bytes: 16 << 20, Delay: time.Hour},
			Sink:  SinkSettings{Kind: "file", Path: "x", BlockSize: 1 << 20},
			Benchmark: BenchmarkSettings{
				Warmup: 100_000, Repetitions: 1000, Duration: 10 * time.Minute, Confidence: 0.999,
				Seed: math.MaxUint64, Timeout: time.Hour,
			},
		},
	} {
		if err := s.Validate(); err != nil {
			t.Errorf("%+v: %v", s, err)
		}
	}
}

func TestValidateReportsAllFaultsAtOnce(t *testing.T) {
	err := Settings{
		Level:     "loud",
		Queue:     QueueSettings{Capacity: 3},
		Benchmark: BenchmarkSettings{Repetitions: -1},
	}.Validate()
	e, ok := errors.AsType[*SettingsError](err)
	if !ok || len(e.Faults) != 3 {
		t.Fatalf("got %v, want 3 faults", err)
	}
	for i, path := range []string{"level", "queue.capacity", "benchmark.repetitions"} {
		if e.Faults[i].Path != path {
			t.Errorf("fault %d is at %s, want %s", i, e.Faults[i].Path, path)
		}
	}
	if f, ok := errors.AsType[*Fault](err); !ok || f.Value != `"loud"` {
		t.Errorf("the first fault in the chain is %+v, want that of the level", f)
	}
}
