// Package metric names what is measured: the unit of each metric, which
// direction is better, and how its limits may be judged.
package metric

import (
	"cmp"
	"slices"
)

// Direction says which change of a metric is an improvement.
type Direction int8

const (
	// Lower means that less is better: times, bytes, losses.
	Lower Direction = iota
	// Higher means that more is better: rates.
	Higher
)

// A Metric is a kind of figure that scenarios report.
type Metric struct {
	// Name stands in thresholds.yaml and bench.txt. It has no spaces.
	Name string
	// Unit of the values.
	Unit Unit
	// Better is the direction of an improvement.
	Better Direction
	// Exact marks a count without noise: any excess over its limit fails, in
	// any repetition.
	Exact bool
	// Machine marks what depends on the speed of the machine: an absolute limit
	// on it belongs to a profile of the machine it was measured on.
	Machine bool
	// Counted marks a time that follows from counters and not from the times of
	// single calls: a pacer that began these late leaves it true, and so a doubt of
	// the row does not touch it.
	Counted bool
	// Bytes marks what depends on the records that are logged, be it that longer
	// ones take longer or that nested ones allocate: with a user's own corpus it
	// is reported and not judged.
	Bytes bool
	// Help is one sentence on what the figure is.
	Help string
}

// table is never written to; the functions hand out copies.
var table = []Metric{
	{Name: "ns/op", Unit: Nanoseconds, Machine: true, Bytes: true, Help: "Time of one operation: the median over the slices."},
	{Name: "total-ns/op", Unit: Nanoseconds, Machine: true, Bytes: true, Help: "All time over all operations; it contains the rare pauses that the median does not see."},
	{Name: "caller-ns/op", Unit: Nanoseconds, Machine: true, Bytes: true, Help: "Time that the caller spends in one call."},
	{Name: "drain-ns/op", Unit: Nanoseconds, Machine: true, Bytes: true, Help: "Time of one record while a filled queue is emptied."},
	{Name: "cpu-ns/op", Unit: Nanoseconds, Machine: true, Bytes: true, Help: "User and system CPU time of one operation, all threads together."},
	{Name: "instructions/op", Unit: Count, Bytes: true, Help: "Instructions of one operation, as the gate counts them."},
	{Name: "user-ns/op", Unit: Nanoseconds, Machine: true, Bytes: true, Help: "User CPU time of one operation."},
	{Name: "sys-ns/op", Unit: Nanoseconds, Machine: true, Bytes: true, Help: "System CPU time of one operation."},
	{Name: "caller-cpu-ns/op", Unit: Nanoseconds, Machine: true, Bytes: true, Help: "CPU time of one operation while only the caller works."},
	{Name: "worker-cpu-ns/op", Unit: Nanoseconds, Machine: true, Bytes: true, Help: "CPU time of one operation while only the worker works."},
	{Name: "records/s", Unit: PerSecond, Better: Higher, Machine: true, Bytes: true, Help: "Operations in a second, over all slices."},
	{Name: "MB/s", Unit: MegabytesPerSecond, Better: Higher, Machine: true, Bytes: true, Help: "Bytes written in a second, in units of 10^6."},
	{Name: "p50-ns", Unit: Nanoseconds, Machine: true, Bytes: true, Help: "Median time of a call, each timed by itself."},
	{Name: "p99-ns", Unit: Nanoseconds, Machine: true, Bytes: true, Help: "99th percentile of the time of a call."},
	{Name: "p99.9-ns", Unit: Nanoseconds, Machine: true, Bytes: true, Help: "99.9th percentile of the time of a call."},
	{Name: "max-ns", Unit: Nanoseconds, Machine: true, Bytes: true, Help: "Longest call."},
	{Name: "service-p50-ns", Unit: Nanoseconds, Machine: true, Bytes: true, Help: "Median time from a call to its return, under load."},
	{Name: "service-p99-ns", Unit: Nanoseconds, Machine: true, Bytes: true, Help: "99th percentile of the time from a call to its return."},
	{Name: "service-p99.9-ns", Unit: Nanoseconds, Machine: true, Bytes: true, Help: "99.9th percentile of the time from a call to its return."},
	{Name: "response-p50-ns", Unit: Nanoseconds, Machine: true, Bytes: true, Help: "Median time from the intended start of a call to its return."},
	{Name: "response-p99-ns", Unit: Nanoseconds, Machine: true, Bytes: true, Help: "99th percentile of the time from the intended start to the return."},
	{Name: "response-p99.9-ns", Unit: Nanoseconds, Machine: true, Bytes: true, Help: "99.9th percentile of the time from the intended start to the return."},
	{Name: "response-max-ns", Unit: Nanoseconds, Machine: true, Bytes: true, Help: "Longest time from the intended start to the return."},
	{Name: "offered-records/s", Unit: PerSecond, Better: Higher, Machine: true, Bytes: true, Help: "Arrivals in a second of the measured phases."},
	{Name: "achieved", Unit: Ratio, Better: Higher, Machine: true, Bytes: true, Help: "Calls that returned within the measured phases, of those that were due."},
	{Name: "blocked-share", Unit: Ratio, Machine: true, Bytes: true, Help: "Time of the producers in calls that took longer than a tick."},
	{Name: "missed-share", Unit: Ratio, Help: "Arrivals that began more than a tick late though their producer was free: the fault of the pacer."},
	{Name: "lateness-p99-ns", Unit: Nanoseconds, Machine: true, Help: "99th percentile of how late a free producer began its tick."},
	{Name: "knee-records/s", Unit: PerSecond, Better: Higher, Machine: true, Bytes: true, Help: "Highest rate at which the 99th percentile of the response time holds its bound and nothing is lost."},
	{Name: "drain-ns", Unit: Nanoseconds, Machine: true, Bytes: true, Help: "Time from the end of the load until the sink has everything."},
	{Name: "sink-lag-ns", Unit: Nanoseconds, Machine: true, Counted: true, Bytes: true, Help: "Mean time of a record from its call until the sink has it, by Little's law over the looks at the load."},
	{Name: "dropped-share", Unit: Ratio, Bytes: true, Help: "Records that a policy has rejected or evicted, of those that were offered."},
	{Name: "service-slowdown", Unit: Ratio, Bytes: true, Help: "99th percentile of the service time while the network is in trouble, over that on a healthy network before."},
	{Name: "gc-cpu-share", Unit: Ratio, Bytes: true, Help: "Processor time of the garbage collector over that of the process."},
	{Name: "bound-share", Unit: Ratio, Bytes: true, Help: "Growth of the peak resident memory over what Settings.MemoryBound and the collector allow: the heap may grow to twice what is live."},
	{Name: "survived", Unit: Count, Better: Higher, Exact: true, Help: "1 where the process has survived its hard limit on memory."},
	{Name: "retries", Unit: Count, Better: Higher, Help: "Requests that repeat one."},
	{Name: "breaker-opened", Unit: Count, Better: Higher, Help: "How often the breaker opened."},
	{Name: "stall-charged", Unit: Ratio, Better: Higher, Exact: true, Help: "Arrivals due while a call stood still that are charged with the wait, of those that were due."},
	{Name: "replayed", Unit: Ratio, Better: Higher, Exact: true, Help: "1 where the records came at the times of their log."},
	{Name: "rss-drift", Unit: Ratio, Exact: true, Help: "Growth of the resident memory over the run, of which the trend is certain."},
	{Name: "goroutine-drift", Unit: Ratio, Exact: true, Help: "Growth of the number of goroutines over the run, of which the trend is certain."},
	{Name: "descriptor-drift", Unit: Ratio, Exact: true, Help: "Growth of the number of open files over the run, of which the trend is certain."},
	{Name: "latency-drift", Unit: Ratio, Exact: true, Help: "Growth of the median service time over the run, of which the trend is certain."},
	{Name: "duplicated-records", Unit: Count, Exact: true, Help: "Records that arrived more than once."},
	{Name: "disordered-records", Unit: Count, Exact: true, Help: "Records that arrived behind a later one of the same producer."},
	{Name: "leaked-descriptors", Unit: Count, Exact: true, Help: "Open files that outlive Close."},
	{Name: "allocs/op", Unit: Count, Exact: true, Bytes: true, Help: "Heap allocations of one operation, rounded down."},
	{Name: "B/op", Unit: Bytes, Exact: true, Bytes: true, Help: "Bytes allocated for one operation, rounded down."},
	{Name: "lost-records", Unit: Count, Exact: true, Help: "Records that did not arrive, though the scenario drops none or has not counted them as dropped."},
	{Name: "leaked-goroutines", Unit: Count, Exact: true, Help: "Goroutines that outlive Close."},
	{Name: "line-B/op", Unit: Bytes, Bytes: true, Help: "Bytes of one encoded record."},
	{Name: "writes/1k-op", Unit: Count, Bytes: true, Help: "Calls of write for 1,000 records."},
	{Name: "heap-B/op", Unit: Bytes, Bytes: true, Help: "Heap retained for each record in the queue, the queue itself included."},
	{Name: "retained-B", Unit: Bytes, Help: "Heap that stays after Close."},
	{Name: "peak-RSS-B", Unit: Bytes, Bytes: true, Help: "Largest resident memory of the process."},
	{Name: "gc/1M-op", Unit: Count, Bytes: true, Help: "Garbage collections for 1,000,000 operations."},
	{Name: "gc-pause-ns/1M-op", Unit: Nanoseconds, Machine: true, Bytes: true, Help: "Time that collections stop the program for 1,000,000 operations."},
	{Name: "switches/1k-op", Unit: Count, Bytes: true, Help: "Context switches for 1,000 operations."},
	{Name: "idle-cpu-ns/s", Unit: Nanoseconds, Machine: true, Help: "CPU time in a second without records."},
	{Name: "idle-switches/s", Unit: Count, Help: "Context switches in a second without records."},
	{Name: "slice-overhead", Unit: Ratio, Help: "What the harness takes of a slice: the time of a slice that does nothing over the slice's aim."},
	{Name: "clock-ns", Unit: Nanoseconds, Machine: true, Help: "Two readings of the clock."},
	{Name: "latency-overhead-ns", Unit: Nanoseconds, Machine: true, Help: "What timing a single call costs beyond two readings of the clock."},
	{Name: "barrier-ns", Unit: Nanoseconds, Machine: true, Help: "Time of a slice without operations: its barrier alone."},
	{Name: "barrier-share", Unit: Ratio, Help: "Time of the barrier over the time of a slice."},
	{Name: "spread", Unit: Ratio, Help: "How far two arms of the same code differ: the distance of their ratio from 1."},
}

// Lookup returns the metric of that name.
func Lookup(name string) (Metric, bool) {
	i := slices.IndexFunc(table, func(m Metric) bool { return m.Name == name })
	if i < 0 {
		return Metric{}, false
	}
	return table[i], true
}

// All returns every metric, sorted by name.
func All() []Metric {
	all := slices.Clone(table)
	slices.SortFunc(all, func(a, b Metric) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// Names returns the names of all metrics, sorted.
func Names() []string {
	all := All()
	names := make([]string, len(all))
	for i, m := range all {
		names[i] = m.Name
	}
	return names
}
