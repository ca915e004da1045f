package advise

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/queue"
	"github.com/logperf/logperf/suites/internal/metric"
	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/stat"
)

// What is beyond these says that something is wrong. Two runs of the same
// settings stay far below them, see the tests.
const (
	// mostBlocked is how long callers may be in calls longer than a tick, as a share
	// of the length of the load.
	mostBlocked = 0.01
	// mostFull is the share of the looks that may find the queue full.
	mostFull = 0.05
	// leastSlower is by which factor the whole way has to be slower than with the
	// defaults, leastLonger the 99th percentile of a call, which swings by more. The
	// whole interval has to be beyond.
	leastSlower = 1.1
	leastLonger = 1.5
	// mostLag is how long records may take to the sink on average: five times the
	// default delay of a batch.
	mostLag = 50 * time.Millisecond
	// fewRecords is how many times more records a write has with the defaults.
	fewRecords = 4
	// manyWrites is into how many blocks a batch may be cut.
	manyWrites = 4
	// mostCollecting is the share of processor time that the collector may take.
	mostCollecting = 0.25
	// mostMissed is the share of arrivals that the pacer may begin late.
	mostMissed = 0.01
	// nearKnee is the share of the knee that leaves no room for a peak.
	nearKnee = 0.8
)

// FromRun gives advice on a run: the counters, times and curves of the rows that
// were measured with the user's settings, which are s. The file of the settings
// stands in the commands; empty without one.
func FromRun(run *result.Run, s logging.Settings, file string) Report {
	s = s.WithDefaults()
	f := finder{settings: s, rows: rowsOf(run), command: commandOf(s, file, run.ID), report: Report{Run: run.ID}}
	f.missing(run)
	if len(f.rows) == 0 {
		return f.report
	}
	f.losses()
	f.slowWay()
	f.fullQueue()
	f.lateRecords()
	f.retries()
	f.collector()
	f.nearKnee()
	f.report.Advice = sorted(f.report.Advice)
	return f.report
}

// missing notes what the run does not tell, and why.
func (f *finder) missing(run *result.Run) {
	broke := map[string]string{}
	for _, fault := range slices.Backward(run.Errors) { // the first of a scenario counts
		if strings.HasPrefix(fault.Scenario, rowPrefix) {
			broke[fault.Scenario], _, _ = strings.Cut(fault.Text, "\n")
		}
	}
	if len(f.rows)+len(broke) == 0 {
		f.note("the run %s has no row of %s*: want a run of make perf with LABELS=scenario:settings, or --sweep", run.ID, rowPrefix)
		return
	}
	for _, name := range []string{throughput, steady, burst, trickle, knee} {
		r := f.rows[name]
		text, broken := broke[rowPrefix+name]
		switch {
		case broken && !r.has():
			f.note("%s%s broke off in run %s: %s", rowPrefix, name, run.ID, text)
		case !r.has():
			f.note("%s%s was not measured in run %s", rowPrefix, name, run.ID)
		case r.doubtful():
			f.note("the times of single calls of %s say nothing: %s", r.Scenario, cmp.Or(r.Doubt, r.plainDoubt()))
		}
	}
}

// A finder goes through the rules for one run.
type finder struct {
	settings logging.Settings
	rows     map[string]row
	command  command
	report   Report
	slow     *Gain // of the settings that slow the way to the sink; nil: none do
}

func (f *finder) note(format string, args ...any) {
	f.report.Notes = append(f.report.Notes, fmt.Sprintf(format, args...))
}

func (f *finder) looked(r row, format string, args ...any) {
	f.report.Looked = append(f.report.Looked, strings.TrimPrefix(r.Scenario, rowPrefix)+": "+fmt.Sprintf(format, args...))
}

// add completes an advice with what can be told of any.
func (f *finder) add(scenario string, a Advice) {
	if cost := memoryCost(f.settings, a.Set...); cost != "" {
		a.Costs = append(a.Costs, cost)
	}
	a.Proof = f.command.proof(scenario, a.Set)
	f.report.Advice = append(f.report.Advice, a)
}

func (r row) plainDoubt() string {
	if r.plain == nil {
		return ""
	}
	return r.plain.Doubt
}

// losses finds records that a policy drops. Under steady load none should be; in
// a burst they are what the policy is for, and still a loss.
func (f *finder) losses() {
	for _, name := range []string{steady, burst} {
		r := f.rows[name]
		if !r.has() {
			continue
		}
		f.looked(r, "%s of the records were rejected or evicted", percent(r.lost()))
		if r.lost() == 0 {
			continue
		}
		a := Advice{
			Loses: true, Cause: fmt.Sprintf("records are lost: the queue of %d places was full, and its policy is %s", f.settings.Queue.Capacity, f.policy()),
			Evidence: []Evidence{r.evidence("%d of %d records were rejected and %d evicted: %s lost", r.Counts["rejected"], r.Counts["offered"], r.Counts["evicted"], percent(r.lost()))},
		}
		if r.plain != nil {
			a.Evidence = append(a.Evidence, r.evidence("with the defaults, beside it: %d lost", r.plain.Counts["rejected"]+r.plain.Counts["evicted"]))
		}
		a.Set = f.keeping()
		a.Costs = []string{"callers wait where the queue is full all the same"}
		f.add(r.Scenario, a)
		return // the other row would say the same
	}
}

// policy is what the queue does when it is full, as the settings put it.
func (f *finder) policy() string {
	if f.settings.Queue.Overflow == queue.Block {
		return "block with block_timeout " + span(f.settings.Queue.BlockTimeout)
	}
	return f.settings.Queue.Overflow.String()
}

// keeping are the changes after which nothing is dropped.
func (f *finder) keeping() []Change {
	var set []Change
	if f.settings.Queue.Overflow != queue.Block {
		set = append(set, overflow(queue.Block))
	}
	if f.settings.Queue.BlockTimeout != 0 {
		set = append(set, noTimeout())
	}
	if n := defaults().Queue.Capacity; f.settings.Queue.Capacity < n {
		set = append(set, capacity(n))
	}
	return set
}

// suspect is a setting that may slow the way to the sink, with what speaks
// against it.
type suspect struct {
	set      Change
	cause    string
	evidence Evidence
	cost     string
}

// slowWay finds what makes the way from the call to the sink slower than it is
// with the defaults. Where several settings may, the gain is that of all.
func (f *finder) slowWay() {
	r := f.rows[throughput]
	if !r.has() {
		return
	}
	slower, ok := r.worse("ns/op")
	if !ok {
		return
	}
	f.looked(r, "%.2f times as long for a record as with the defaults %s, %s records a write", slower.Center, bounds(slower), figure(perWrite(r.median("writes/1k-op"))))
	if slower.Lo < leastSlower {
		return
	}
	all := f.suspects(r)
	if len(all) == 0 {
		if path, same := f.likePlain(nil); same {
			f.note("%s takes %.2f times as long as with the defaults, and its settings are the defaults: the machine was restless", r.Scenario, slower.Center)
		} else {
			f.note("%s takes %.2f times as long as with the defaults; %s differs: --sweep or --profile tells whether that is why", r.Scenario, slower.Center, path)
		}
		return
	}
	var set []Change
	for _, one := range all {
		set = append(set, one.set)
	}
	_, only := f.likePlain(set)
	gain := &Gain{What: "time of a record from the call to the sink", Scenario: r.Scenario, Factor: slower, Together: len(all) > 1 || !only}
	f.slow = gain
	for _, one := range all {
		a := Advice{Set: []Change{one.set}, Cause: one.cause, Gain: gain, Evidence: []Evidence{
			one.evidence,
			r.evidence("a record took %s, with the defaults %s", metric.Nanoseconds.Format(r.median("ns/op")), metric.Nanoseconds.Format(r.plainMedian("ns/op"))),
		}}
		if one.cost != "" {
			a.Costs = []string{one.cost}
		}
		f.add(r.Scenario, a)
	}
}

// likePlain reports whether the settings with the changes are those of the reference
// of throughput, and names the first that is not. What is done with a full queue is
// none of them: callers wait there, whatever the settings say.
func (f *finder) likePlain(set []Change) (path string, same bool) {
	s := with(f.settings, set...)
	s.Queue.Overflow, s.Queue.BlockTimeout = queue.Block, 0
	return Same(s, logging.Settings{Sink: logging.SinkSettings{Kind: s.Sink.Kind}})
}

func (f *finder) suspects(r row) []suspect {
	s, d := f.settings, defaults()
	var all []suspect
	now, plain := perWrite(r.median("writes/1k-op")), perWrite(r.plainMedian("writes/1k-op"))
	if s.Batch.Bytes < d.Batch.Bytes && now*fewRecords < plain {
		all = append(all, suspect{
			set: batchBytes(d.Batch.Bytes), cause: "batches are small, so that each record pays for much of a write",
			evidence: r.evidence("%s records a write, with the defaults %s", figure(now), figure(plain)),
		})
	}
	if cut := min(s.Batch.Bytes, d.Batch.Bytes) / s.Sink.BlockSize; s.Sink.Kind != logging.SinkHTTP && s.Sink.BlockSize < d.Sink.BlockSize && cut >= manyWrites {
		all = append(all, suspect{
			set: blockSize(d.Sink.BlockSize), cause: "blocks are small, so that each batch is cut into many writes",
			evidence: r.evidence("a batch of %s is written in %d blocks of %s", size(s.Batch.Bytes), s.Batch.Bytes/s.Sink.BlockSize, size(s.Sink.BlockSize)),
		})
	}
	if s.Sink.Sync {
		all = append(all, suspect{
			set: noSync(), cause: "each block waits for the disk",
			evidence: r.evidence("fsync after each block, %s for 1,000 records", figure(r.median("writes/1k-op"))),
			cost:     "what the kernel has not written yet is lost where the machine fails, not where the program does",
		})
	}
	if s.AddSource {
		all = append(all, suspect{
			set: noSource(), cause: "each call looks for the file and line of its caller",
			evidence: r.evidence("the caller's part took %s, with the defaults %s", metric.Nanoseconds.Format(r.median("caller-ns/op")), metric.Nanoseconds.Format(r.plainMedian("caller-ns/op"))),
			cost:     "records no longer say where they were logged",
		})
	}
	if s.Sink.Kind == logging.SinkHTTP {
		all = append(all, httpSuspects(r, s.Sink.HTTP, d.Sink.HTTP)...)
	}
	return all
}

func httpSuspects(r row, s, d logging.HTTPSettings) []suspect {
	var all []suspect
	if s.BatchRecords > 0 {
		all = append(all, suspect{
			set: httpRecords(), cause: "a request holds few records",
			evidence: r.evidence("at most %d records a request", s.BatchRecords),
		})
	}
	if s.BatchBytes < d.BatchBytes/fewRecords {
		all = append(all, suspect{
			set: httpBatch(d.BatchBytes), cause: "a request holds few bytes",
			evidence: r.evidence("at most %s a request", size(s.BatchBytes)),
		})
	}
	return all
}

// retries finds a healthy collector that is asked again and again.
func (f *finder) retries() {
	if f.settings.Sink.Kind != logging.SinkHTTP {
		return
	}
	d := defaults().Sink.HTTP
	for _, name := range []string{steady, burst, throughput} {
		r := f.rows[name]
		again, opened := ended(r.Timelines, "retries"), ended(r.Timelines, "breaker-opened")
		if !r.has() || len(r.Timelines) == 0 {
			continue
		}
		f.looked(r, "%.0f requests were repeated, the breaker opened %.0f times", again, opened)
		if again+opened == 0 {
			continue
		}
		a := Advice{Cause: "requests fail though the collector is well", Evidence: []Evidence{
			r.evidence("%.0f requests were repeated and the breaker opened %.0f times, with a collector on this machine and a timeout of %s", again, opened, span(f.settings.Sink.HTTP.Timeout)),
		}}
		if f.settings.Sink.HTTP.Timeout < d.Timeout {
			a.Set = []Change{httpTimeout(d.Timeout)}
			a.Costs = []string{"a collector that hangs is given up later"}
		} else {
			a.Do = "look at what the collector answers: OnError has the errors"
		}
		f.add(r.Scenario, a)
		return
	}
}

// collector finds a heap that is too tight.
func (f *finder) collector() {
	r := f.rows[steady]
	share := r.median("gc-cpu-share")
	if !r.has() || len(r.Values["gc-cpu-share"]) == 0 {
		return
	}
	f.looked(r, "the garbage collector took %s of the processor time", percent(share))
	if share <= mostCollecting {
		return
	}
	f.add(r.Scenario, Advice{
		Cause:    "the garbage collector has too little room",
		Evidence: []Evidence{r.evidence("it took %s of the processor time, with the defaults %s", percent(share), percent(r.plainMedian("gc-cpu-share")))},
		Do: fmt.Sprintf("raise GOMEMLIMIT or GOGC: the logger alone may keep %.1f MB alive (Settings.MemoryBound, records of up to %d B), of which the heap needs twice as much",
			float64(f.settings.MemoryBound(recordBytes))/1e6, recordBytes),
	})
}

// perWrite is records a write.
func perWrite(writesPerThousand float64) float64 {
	if writesPerThousand <= 0 {
		return 0
	}
	return 1000 / writesPerThousand
}

func percent(share float64) string { return fmt.Sprintf("%.3g %%", 100*share) }

func times(a, b float64) string {
	if b <= 0 {
		return "more than all"
	}
	return percent(a / b)
}

func figure(v float64) string { return fmt.Sprintf("%.3g", v) }

// bounds writes an interval, or why there is none.
func bounds(i stat.Interval) string {
	if !i.Bounded() {
		return fmt.Sprintf("(no interval from %d repetitions)", i.N)
	}
	return fmt.Sprintf("[%.3g .. %.3g]", i.Lo, i.Hi)
}
