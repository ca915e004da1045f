package logging

import (
	"log/slog"
	"runtime"
	"unsafe"

	"github.com/logperf/logperf/logging/internal/buffer"
	"github.com/logperf/logperf/logging/queue"
)

const (
	// maxRecordBytes keeps the sum within an int64.
	maxRecordBytes = 64 << 30
	// maxEscape is how many bytes JSON takes for one: \u001f, \ufffd.
	maxEscape = 6
	// smallestText is the least that the allocator gives to a text.
	smallestText = 16
	// lineFrame is what a line has around the texts of its record: time, level,
	// source's names, quotes, colons, commas.
	lineFrame = 1 << 10
	// sourceBytes is the room for function and file of AddSource, runtimeBytes that
	// for what EnrichSettings.Runtime adds.
	sourceBytes  = 2 << 10
	runtimeBytes = 512
	// ownBytes is what the logger has beside the places: worker, channels, timers,
	// the attributes that enrichers append, and what rounds large arrays up.
	ownBytes = 64 << 10
)

// MemoryBound returns the most bytes of memory that a logger with these settings,
// with the sink that config.OpenSink opens for them, keeps alive at one time. It
// holds under every Overflow, with a sink that stands still.
//
// recordBytes is the most that one record refers to: the length of its message
// and of the names and values of its attributes, numbers and the like as they
// are written, what is kept as JSON with 16 B on top, and 40 B for each attribute
// in a group. A logger of records with more than 16 attributes has to add 80 B
// for each attribute of the longest; one with attributes bound by With, their
// length. Less than 0 counts as 0, more than 64 GiB as that.
//
// The sum is:
//
//   - Queue.Capacity places. Each takes about 760 B, used or not, and keeps alive
//     what the record in it refers to, until the worker has encoded it or, under
//     drop-oldest, the next one takes its place. The record of a place is counted
//     with a quarter more than recordBytes, and 16 B for each of 33 texts, because
//     the allocator rounds up. Records that are written, filtered, evicted or
//     rejected are not kept.
//   - The worker's block: Batch.Bytes and the record that goes beyond, which JSON
//     may make six times as long; two and a quarter times the two, because a block
//     that grows is copied into a larger one. With routes, 16 B for each record in
//     it come on top.
//   - The pool of encoding buffers: two of 16 KiB for each processor.
//   - The buffers of the sink: HTTP.BufferBytes two and a half times, because its
//     memory grows by doubling and a batch under way holds on to the older one;
//     with HTTP.Gzip the compressor and twice a batch; Buffer of each route twice,
//     three times where a line may be longer than 256 KiB, and its sink; 4 MiB for
//     kind memory; the compressor of rotated files.
//
// What it does not contain: the records of callers that wait for room, which are
// theirs; larger strings that a message or a value is cut out of; stages, an
// encoder and a sink of the program's own; stacks of goroutines.
//
// This is live memory. With GOGC=100, its default, the collector lets the heap
// grow to twice what is live before it runs: a process needs about twice the sum
// of MemoryBound and of what it keeps alive itself, or a GOMEMLIMIT above that
// sum, near which the collector runs earlier.
//
// For example, with the default settings and records of up to 1000 B, 8192 places
// of 760 B with 1250 + 528 B each are 20.8 MB; block, pool and the rest add
// 0.3 MB on two processors. So some 21 MB may be alive, and the logger's part of
// the heap grows to 42 MB.
func (s Settings) MemoryBound(recordBytes int) int64 {
	s = s.WithDefaults()
	record := clamp(int64(recordBytes), 0, maxRecordBytes)
	line := s.lineBytes(record)
	pool := 2 * int64(runtime.GOMAXPROCS(0)) * buffer.MaxKept
	return ownBytes + pool + s.Queue.bytes(record) + s.batchBytes(line) + s.Sink.bytes(line)
}

// bytes is the memory of the places and of what the records in them refer to,
// with one record more that the stages have at hand.
func (q QueueSettings) bytes(record int64) int64 {
	const texts = 1 + 2*slotAttrs // the message, names, values
	place := int64(queue.PlaceBytes[Entry]()) + slotAttrs*int64(unsafe.Sizeof(slog.Attr{}))
	kept := record + record/4 + texts*smallestText
	return int64(q.Capacity)*(place+kept) + kept
}

// lineBytes is the longest line that a record becomes.
func (s Settings) lineBytes(record int64) int64 {
	texts := record
	for name, value := range s.Enrich.Static {
		texts += int64(len(name) + len(value) + len(`"":"",`))
	}
	if s.Enrich.Runtime {
		texts += runtimeBytes
	}
	if s.AddSource {
		texts += sourceBytes
	}
	if len(s.Redact.Fields) > 0 {
		texts += slotAttrs * int64(len(s.Redact.Mask))
	}
	return maxEscape*texts + lineFrame
}

// batchBytes is the memory of the worker's block, and of its marks where routes
// ask for them.
func (s Settings) batchBytes(line int64) int64 {
	block := int64(s.Batch.Bytes) + line
	if s.Sink.Kind != SinkRoute {
		return grown(block)
	}
	marks := (block/shortestLine + 1) * int64(unsafe.Sizeof(Mark{}))
	return grown(block) + grown(marks)
}

// shortestLine is the length of the shortest line of a JSONEncoder.
const shortestLine = int64(len(`{"level":"INFO","msg":""}` + "\n"))

// grown is the memory of a slice that append has brought to n bytes: it grows by
// a quarter, and while it is copied the old one is there too.
func grown(n int64) int64 { return 2*n + n/4 }
