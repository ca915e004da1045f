package advise

import (
	"fmt"
	"strings"
	"time"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/queue"
)

// A Change is a setting and the value that it is to have, both as they stand in
// a settings file.
type Change struct {
	Setting string `json:"setting"` // as in batch.bytes
	Value   string `json:"value"`   // as in 64KiB

	set func(*logging.Settings)
}

// String is the line of a settings file, written flat: batch.bytes: 64KiB.
func (c Change) String() string { return c.Setting + ": " + c.Value }

// Variable is the setting as a variable of the environment, which wins over a
// settings file: LOGPERF_BATCH_BYTES=64KiB.
func (c Change) Variable() string {
	return "LOGPERF_" + strings.ToUpper(strings.ReplaceAll(c.Setting, ".", "_")) + "=" + c.Value
}

func capacity(n int) Change {
	return Change{"queue.capacity", fmt.Sprint(n), func(s *logging.Settings) { s.Queue.Capacity = n }}
}

func overflow(p queue.Policy) Change {
	return Change{"queue.overflow", p.String(), func(s *logging.Settings) { s.Queue.Overflow = p }}
}

func noTimeout() Change {
	return Change{"queue.block_timeout", "0s", func(s *logging.Settings) { s.Queue.BlockTimeout = 0 }}
}

func batchBytes(n int) Change {
	return Change{"batch.bytes", size(n), func(s *logging.Settings) { s.Batch.Bytes = n }}
}

func batchDelay(d time.Duration) Change {
	return Change{"batch.delay", span(d), func(s *logging.Settings) { s.Batch.Delay = d }}
}

func blockSize(n int) Change {
	return Change{"sink.block_size", size(n), func(s *logging.Settings) { s.Sink.BlockSize = n }}
}

func noSync() Change {
	return Change{"sink.sync", "false", func(s *logging.Settings) { s.Sink.Sync = false }}
}

func noSource() Change {
	return Change{"add_source", "false", func(s *logging.Settings) { s.AddSource = false }}
}

func httpTimeout(d time.Duration) Change {
	return Change{"sink.http.timeout", span(d), func(s *logging.Settings) { s.Sink.HTTP.Timeout = d }}
}

func httpBatch(n int) Change {
	return Change{"sink.http.batch_bytes", size(n), func(s *logging.Settings) { s.Sink.HTTP.BatchBytes = n }}
}

func httpRecords() Change {
	return Change{"sink.http.batch_records", "0", func(s *logging.Settings) { s.Sink.HTTP.BatchRecords = 0 }}
}

// valueOf is the value of a setting that advice may name, as a settings file may
// hold it; empty for any other.
func valueOf(s logging.Settings, setting string) string {
	switch setting {
	case "queue.capacity":
		return fmt.Sprint(s.Queue.Capacity)
	case "queue.overflow":
		return s.Queue.Overflow.String()
	case "queue.block_timeout":
		return span(s.Queue.BlockTimeout)
	case "batch.bytes":
		return size(s.Batch.Bytes)
	case "batch.delay":
		return span(s.Batch.Delay)
	case "sink.block_size":
		return size(s.Sink.BlockSize)
	case "sink.sync":
		return fmt.Sprint(s.Sink.Sync)
	case "add_source":
		return fmt.Sprint(s.AddSource)
	case "sink.http.timeout":
		return span(s.Sink.HTTP.Timeout)
	case "sink.http.batch_bytes":
		return size(s.Sink.HTTP.BatchBytes)
	case "sink.http.batch_records":
		return fmt.Sprint(s.Sink.HTTP.BatchRecords)
	}
	return ""
}

// with is s with the changes.
func with(s logging.Settings, all ...Change) logging.Settings {
	for _, c := range all {
		c.set(&s)
	}
	return s
}

// size writes a number of bytes as a settings file may hold it.
func size(n int) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%dMiB", n>>20)
	case n >= 1<<10 && n%(1<<10) == 0:
		return fmt.Sprintf("%dKiB", n>>10)
	}
	return fmt.Sprintf("%dB", n)
}

// span writes a duration without the zeros of time.Duration: 1m, not 1m0s.
func span(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// defaults are the settings that a change goes back to.
func defaults() logging.Settings { return logging.Settings{}.WithDefaults() }

// recordBytes is what a record is taken to refer to where the bound of the memory
// is told: the round number of the example of Settings.MemoryBound.
const recordBytes = 1000

// memoryCost says by how much the changes raise what the logger may keep alive;
// empty where they do not by a MiB.
func memoryCost(s logging.Settings, all ...Change) string {
	before, after := s.MemoryBound(recordBytes), with(s, all...).MemoryBound(recordBytes)
	if after-before < 1<<20 {
		return ""
	}
	return fmt.Sprintf("memory: up to %.1f MB in place of %.1f MB with records of up to %d B (Settings.MemoryBound)",
		float64(after)/1e6, float64(before)/1e6, recordBytes)
}

// With is s with the change.
func (c Change) With(s logging.Settings) logging.Settings { return with(s, c) }

// Changes is one change of each setting that advice may name, to its default.
func Changes() []Change {
	d := defaults()
	return []Change{
		capacity(d.Queue.Capacity), overflow(d.Queue.Overflow), noTimeout(), batchBytes(d.Batch.Bytes), batchDelay(d.Batch.Delay),
		blockSize(d.Sink.BlockSize), noSync(), noSource(), httpTimeout(d.Sink.HTTP.Timeout), httpBatch(d.Sink.HTTP.BatchBytes), httpRecords(),
	}
}
