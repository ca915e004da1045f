package advise

import (
	"slices"
	"time"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/queue"
)

// A factor is one setting of a sweep: what it is changed to, one value at a time,
// and the load that shows it.
type factor struct {
	name    string
	course  string
	changes []Change
}

// factors are what a sweep changes around the present settings. The values are
// the default, and what is four times as much or as little as the default:
// around a setting that is far off, a quarter of it and four times as much would be
// far off too. A value that is there already is left out, and a queue is never
// made smaller: that can only save memory.
func factors(s logging.Settings) []factor {
	s = s.WithDefaults()
	d := defaults()
	all := []factor{
		{"queue.capacity", burst, sizes(capacity, s.Queue.Capacity, more(s.Queue.Capacity, d.Queue.Capacity, 4*d.Queue.Capacity)...)},
		{"queue.overflow", burst, policies(s.Queue)},
		{"queue.block_timeout", burst, timeouts(s.Queue)},
		{"batch.bytes", throughput, sizes(batchBytes, s.Batch.Bytes, d.Batch.Bytes/4, d.Batch.Bytes, 4*d.Batch.Bytes)},
		{"batch.delay", trickle, delays(s.Batch.Delay, d.Batch.Delay/4, d.Batch.Delay, 4*d.Batch.Delay)},
	}
	if s.AddSource {
		all = append(all, factor{"add_source", throughput, []Change{noSource()}})
	}
	if s.Sink.Kind == logging.SinkHTTP {
		h, dh := s.Sink.HTTP, d.Sink.HTTP
		all = append(all, factor{"sink.http.batch_bytes", throughput, sizes(httpBatch, h.BatchBytes, dh.BatchBytes/4, dh.BatchBytes, 4*dh.BatchBytes)})
		if h.BatchRecords > 0 {
			all = append(all, factor{"sink.http.batch_records", throughput, []Change{httpRecords()}})
		}
		return filled(all)
	}
	all = append(all, factor{"sink.block_size", throughput, sizes(blockSize, s.Sink.BlockSize, d.Sink.BlockSize, 4*d.Sink.BlockSize)})
	if s.Sink.Sync {
		all = append(all, factor{"sink.sync", throughput, []Change{noSync()}})
	}
	return filled(all)
}

// Factors are the names of the settings that a sweep may change.
func Factors() []string {
	return []string{
		"queue.capacity", "queue.overflow", "queue.block_timeout", "batch.bytes", "batch.delay", "sink.block_size", "sink.sync", "add_source",
		"sink.http.batch_bytes", "sink.http.batch_records",
	}
}

func filled(all []factor) []factor {
	return slices.DeleteFunc(all, func(f factor) bool { return len(f.changes) == 0 })
}

func more(than int, values ...int) []int {
	return slices.DeleteFunc(values, func(v int) bool { return v <= than })
}

func sizes(change func(int) Change, present int, values ...int) []Change {
	var all []Change
	for _, v := range values {
		if v != present {
			all = append(all, change(v))
		}
	}
	return all
}

func delays(present time.Duration, values ...time.Duration) []Change {
	var all []Change
	for _, v := range values {
		if v != present {
			all = append(all, batchDelay(v))
		}
	}
	return all
}

// policies are the other things to do with a full queue. Where callers wait, the
// sweep tries a policy that drops, to show what it would lose: no advice follows.
func policies(q logging.QueueSettings) []Change {
	if q.Overflow != queue.Block {
		return []Change{overflow(queue.Block)}
	}
	return []Change{overflow(queue.DropNewest)}
}

// timeouts are none where callers wait for ever as it is, or never.
func timeouts(q logging.QueueSettings) []Change {
	if q.Overflow != queue.Block || q.BlockTimeout == 0 {
		return nil
	}
	return []Change{noTimeout()}
}
