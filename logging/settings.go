package logging

import (
	"cmp"
	"time"

	"github.com/logperf/logperf/logging/queue"
)

const defaultLevel = "info"

// Settings is everything about a logger that can stand in a file, and the
// parameters of the benchmark suite. The zero value of each field means its
// documented default; WithDefaults writes the defaults out, Validate checks the
// ranges. Settings are plain data: a copy shares its map and slices.
type Settings struct {
	// Level is the lowest level that is logged: debug, info, warn or error,
	// upper and lower case alike, or one with an offset as in info+2. Default
	// info.
	Level string `yaml:"level" env:"LEVEL"`
	// AddSource adds the file and line of the caller to each record. Default
	// off: finding them costs the caller about 143 ns a record.
	AddSource bool `yaml:"add_source" env:"ADD_SOURCE"`
	// Queue is what stands between the callers and the worker.
	Queue QueueSettings `yaml:"queue" envPrefix:"QUEUE_"`
	// Batch is how the worker gathers records for the sink.
	Batch BatchSettings `yaml:"batch" envPrefix:"BATCH_"`
	// Enrich is what is added to each record.
	Enrich EnrichSettings `yaml:"enrich" envPrefix:"ENRICH_"`
	// Redact is what is masked in each record.
	Redact RedactSettings `yaml:"redact" envPrefix:"REDACT_"`
	// Sink is where the records go. New does not read it: config.OpenSink does.
	Sink SinkSettings `yaml:"sink" envPrefix:"SINK_"`
	// Benchmark is for the benchmark suite; a logger does not read it.
	Benchmark BenchmarkSettings `yaml:"benchmark" envPrefix:"BENCHMARK_"`
}

// QueueSettings configure the queue between the callers and the worker.
type QueueSettings struct {
	// Capacity is the number of records that fit, a power of two from 2 to
	// 4194304. Default 8192. A place takes about 760 B, used or not, and keeps
	// alive what its record refers to: see Settings.MemoryBound.
	Capacity int `yaml:"capacity" env:"CAPACITY"`
	// Overflow says what becomes of a record that finds the queue full: block
	// (default: the caller waits and nothing is lost), drop-newest or
	// drop-oldest.
	Overflow queue.Policy `yaml:"overflow" env:"OVERFLOW"`
	// BlockTimeout bounds how long a caller waits under block, up to 1h; then
	// the record is rejected. Default 0: no bound. The other policies ignore it.
	BlockTimeout time.Duration `yaml:"block_timeout" env:"BLOCK_TIMEOUT"`
}

// BatchSettings configure how the worker gathers encoded records.
type BatchSettings struct {
	// Bytes is the size at which a batch is handed to the sink, 1 B to 16 MiB;
	// the record that reaches it still goes along. Default 64 KiB.
	Bytes int `yaml:"bytes" env:"BYTES"`
	// Delay is the longest time that a record waits for its batch to fill, 1us
	// to 1h. Default 10ms.
	Delay time.Duration `yaml:"delay" env:"DELAY"`
}

// EnrichSettings configure what is added to each record.
type EnrichSettings struct {
	// Static are attributes by name. Default none. As an environment variable:
	// "service:checkout,region:eu-1".
	Static map[string]string `yaml:"static" env:"STATIC"`
	// Runtime adds the host's name, the process id and the Go version. Default
	// off.
	Runtime bool `yaml:"runtime" env:"RUNTIME"`
}

// RedactSettings configure what is masked in each record.
type RedactSettings struct {
	// Fields are the names of the attributes whose values are masked. Default
	// none. As an environment variable: "password,token".
	Fields []string `yaml:"fields" env:"FIELDS"`
	// Mask stands in place of a masked value. Default DefaultMask.
	Mask string `yaml:"mask" env:"MASK"`
}

// BenchmarkSettings are the parameters of the benchmark suite.
type BenchmarkSettings struct {
	// Warmup is the number of slices that run before those that count, 1 to
	// 100000. Default 10.
	Warmup int `yaml:"warmup" env:"WARMUP"`
	// Repetitions is how often a scenario is measured, each time in fresh
	// processes, 1 to 1000. Default 6: fewer give no interval at a confidence of
	// 0.95.
	Repetitions int `yaml:"repetitions" env:"REPETITIONS"`
	// Duration is the time that the slices of one arm take together in one
	// repetition, 1ms to 10m. Default 150ms.
	Duration time.Duration `yaml:"duration" env:"DURATION"`
	// Confidence is that of the intervals, 0.5 to 0.999. Default 0.95.
	Confidence float64 `yaml:"confidence" env:"CONFIDENCE"`
	// Seed is that of the workload and of the order of the slices. Default 1.
	Seed uint64 `yaml:"seed" env:"SEED"`
	// Profile names the profile of thresholds.yaml that is applied. Default: the
	// one that matches the machine.
	Profile string `yaml:"profile" env:"PROFILE"`
	// Results is the folder that takes the results. Default results.
	Results string `yaml:"results" env:"RESULTS"`
	// Timeout is the longest time that an arm may take to answer, 1s to 1h.
	// Default 30s.
	Timeout time.Duration `yaml:"timeout" env:"TIMEOUT"`
}

// WithDefaults returns s with each zero value replaced by its default. Where
// the default is the zero value itself (an empty profile, no block timeout) it
// stays.
func (s Settings) WithDefaults() Settings {
	s.Level = cmp.Or(s.Level, defaultLevel)
	s.Queue.Capacity = cmp.Or(s.Queue.Capacity, queue.DefaultCapacity)
	s.Batch.Bytes = cmp.Or(s.Batch.Bytes, defaultBatchBytes)
	s.Batch.Delay = cmp.Or(s.Batch.Delay, defaultBatchDelay)
	s.Redact.Mask = cmp.Or(s.Redact.Mask, DefaultMask)
	s.Sink = s.Sink.withDefaults()
	s.Benchmark = s.Benchmark.withDefaults()
	return s
}

func (b BenchmarkSettings) withDefaults() BenchmarkSettings {
	b.Warmup = cmp.Or(b.Warmup, 10)
	b.Repetitions = cmp.Or(b.Repetitions, 6)
	b.Duration = cmp.Or(b.Duration, 150*time.Millisecond)
	b.Confidence = cmp.Or(b.Confidence, 0.95)
	b.Seed = cmp.Or(b.Seed, 1)
	b.Results = cmp.Or(b.Results, "results")
	b.Timeout = cmp.Or(b.Timeout, 30*time.Second)
	return b
}
