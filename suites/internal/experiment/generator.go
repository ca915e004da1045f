package experiment

import (
	"context"
	"sort"
	"sync"
	"time"

	"github.com/logperf/logperf/suites/internal/stat"
)

// mostRecorders bounds the histograms: two of them take 0.4 MB, and a load may
// have 10,000 producers. Up to this number each producer has its own, beyond it
// several share one behind a lock.
const mostRecorders = 64

// A Call makes the sequence-th call of a producer, counted from 0, and returns
// when the subject lets the caller go on.
type Call func(ctx context.Context, producer int, sequence uint64)

// A Traffic is what became of a Load. Times and lateness cover the measured
// phases, the counts Calls and Scheduled all of them.
type Traffic struct {
	// Scheduled is the number of arrivals that were due, Calls that of the
	// calls that were made, those of closed phases included.
	Scheduled, Calls int
	// Wall is the time from the beginning of the first phase to the end of the
	// last call.
	Wall time.Duration
	// Offered and Achieved are arrivals due, and calls that had returned by the
	// end of the measured phases, a second.
	Offered, Achieved float64
	// Service is the time from a call to its return, Response that from the
	// intended start to the return; closed phases have no Response.
	Service, Response *stat.Histogram
	// Lateness is how long after its tick a producer that was free began.
	Lateness *stat.Histogram
	// Missed is the number of measured arrivals that began more than a tick late
	// although their producer was free: the fault of the pacer and the machine,
	// never of the subject.
	Missed int
	// Measured is the number of measured arrivals.
	Measured int
	// Blocked is the time, summed over the producers, that was spent in measured
	// calls that took longer than a tick; BlockedShare is its share of the time
	// that all producers had.
	Blocked      time.Duration
	BlockedShare float64
}

// MissedShare is Missed of Measured; 0 without any.
func (t Traffic) MissedShare() float64 {
	if t.Measured == 0 {
		return 0
	}
	return float64(t.Missed) / float64(t.Measured)
}

// Play makes the calls of the load and returns when the last has returned. The
// end of ctx ends it early, between two calls; then its error is that of ctx.
//
// Each producer is a goroutine that is woken for the next tick in which it has
// arrivals and makes them one behind the other. One reading of the clock stands
// between two calls: the end of one is the start of the next.
func (l Load) Play(ctx context.Context, call Call) (Traffic, error) {
	if err := l.Validate(); err != nil {
		return Traffic{}, err
	}
	recorders := make([]*recorder, min(l.Producers, mostRecorders))
	for i := range recorders {
		recorders[i] = newRecorder(l.Producers > mostRecorders)
	}
	start := time.Now()
	beats := newMetronome(l, start)
	stop := beats.run(ctx)
	defer stop()
	var producers sync.WaitGroup
	tallies := make([]*tally, l.Producers)
	for i := range tallies {
		// Each in memory of its own: neighbours would share a cache line.
		tallies[i] = new(tally)
		producers.Go(func() {
			p := pacer{load: l, number: i, start: start, call: call, recorder: recorders[i%len(recorders)], tally: tallies[i], beats: beats}
			p.play(ctx)
		})
	}
	producers.Wait()
	wall := time.Since(start)
	beats.wait(ctx, 0, l.Duration()) // a last phase without arrivals is a pause
	return l.traffic(wall, recorders, tallies), ctx.Err()
}

// traffic puts together what the producers have seen.
func (l Load) traffic(wall time.Duration, recorders []*recorder, tallies []*tally) Traffic {
	t := Traffic{
		Scheduled: l.Arrivals(), Wall: wall,
		Service: stat.NewHistogram(), Response: stat.NewHistogram(), Lateness: stat.NewHistogram(),
	}
	for _, r := range recorders {
		t.Service.Merge(r.service)
		t.Response.Merge(r.response)
		t.Lateness.Merge(r.lateness)
	}
	inTime := 0
	for _, one := range tallies {
		t.Calls += one.calls
		t.Measured += one.measured
		t.Missed += one.missed
		t.Blocked += one.blocked
		inTime += one.inTime
	}
	var measured time.Duration
	due := 0
	for _, p := range l.Phases {
		if p.Measured {
			measured += p.Duration
			due += p.arrivals(p.Duration)
		}
	}
	if measured > 0 {
		t.Offered = float64(due) / measured.Seconds()
		t.Achieved = float64(inTime) / measured.Seconds()
		t.BlockedShare = t.Blocked.Seconds() / measured.Seconds() / float64(l.Producers)
	}
	return t
}

// A recorder holds the times of one producer, or of several.
type recorder struct {
	mu                          sync.Mutex
	shared                      bool
	service, response, lateness *stat.Histogram
}

func newRecorder(shared bool) *recorder {
	return &recorder{shared: shared, service: stat.NewHistogram(), response: stat.NewHistogram(), lateness: stat.NewHistogram()}
}

// tally is what a producer counts.
type tally struct {
	calls    int
	inTime   int // measured calls that returned before the end of their phase
	measured int
	missed   int
	blocked  time.Duration
}

// A pacer makes the calls of one producer.
type pacer struct {
	load     Load
	number   int
	start    time.Time // of the load
	call     Call
	recorder *recorder
	tally    *tally
	beats    *metronome
	free     time.Duration // since start: when the last call returned
}

// play goes through the phases. What a stalled subject has kept from being
// called in one phase is called in the next: arrivals do not go away.
func (p *pacer) play(ctx context.Context) {
	var begin time.Duration
	arrivals := 0 // of the phases so far
	for _, phase := range p.load.Phases {
		if phase.Users > 0 {
			p.users(ctx, phase, begin)
		} else {
			p.open(ctx, phase, begin, arrivals)
		}
		begin += phase.Duration
		arrivals += phase.arrivals(phase.Duration)
		if ctx.Err() != nil {
			return
		}
	}
}

// open makes the arrivals of an open phase. Arrival i of all goes to producer
// i mod Producers, so the phases go on with the turns where the last one ended.
func (p *pacer) open(ctx context.Context, phase Phase, begin time.Duration, before int) {
	tick, n := p.load.tick(), p.load.Producers
	// The first arrival of the phase that is this producer's.
	next := (p.number - before%n + n) % n
	total := phase.arrivals(phase.Duration)
	for ticks := 0; next < total && ctx.Err() == nil; ticks++ {
		ticks = tickOf(phase, tick, ticks, next)
		due := phase.arrivals(time.Duration(ticks+1) * tick)
		count := (due - next + n - 1) / n
		p.tick(ctx, phase, begin+time.Duration(ticks)*tick, begin+phase.Duration, count)
		next += count * n
	}
}

// tickOf is the tick, from the given one on, to which an arrival of the phase
// belongs. It gallops: one of 10,000 producers has thousands of ticks between
// its arrivals.
func tickOf(phase Phase, tick time.Duration, from, arrival int) int {
	step := 1
	for phase.arrivals(time.Duration(from+step)*tick) <= arrival {
		from += step
		step *= 2
	}
	return from + sort.Search(step-1, func(i int) bool {
		return phase.arrivals(time.Duration(from+i+1)*tick) > arrival
	})
}

// tick makes the calls of one tick.
func (p *pacer) tick(ctx context.Context, phase Phase, intended, end time.Duration, count int) {
	wasFree := p.free <= intended
	p.beats.wait(ctx, p.number, intended)
	now := time.Since(p.start)
	if phase.Measured {
		p.tally.measured += count
		if wasFree {
			p.late(now-intended, count)
		}
	}
	for range count {
		if ctx.Err() != nil {
			return
		}
		p.call(ctx, p.number, uint64(p.tally.calls))
		p.tally.calls++
		returned := time.Since(p.start)
		if phase.Measured {
			p.record(returned-now, returned-intended, returned <= end)
		}
		now = returned
	}
	p.free = now
}

// late notes how late a free producer began its tick.
func (p *pacer) late(by time.Duration, count int) {
	p.recorder.lock()
	p.recorder.lateness.Record(int64(by))
	p.recorder.unlock()
	if by > p.load.tick() {
		p.tally.missed += count
	}
}

// unintended marks the response time of a call without an intended start.
const unintended = -1

func (p *pacer) record(service, response time.Duration, inTime bool) {
	p.recorder.lock()
	p.recorder.service.Record(int64(service))
	if response != unintended {
		p.recorder.response.Record(int64(response))
	}
	p.recorder.unlock()
	if service > p.load.tick() {
		p.tally.blocked += service
	}
	if inTime {
		p.tally.inTime++
	}
}

// users makes the calls of a closed phase.
func (p *pacer) users(ctx context.Context, phase Phase, begin time.Duration) {
	end := begin + phase.Duration
	p.beats.wait(ctx, p.number, begin)
	if p.number >= phase.Users {
		return
	}
	now := time.Since(p.start)
	for now < end && ctx.Err() == nil {
		p.call(ctx, p.number, uint64(p.tally.calls))
		p.tally.calls++
		returned := time.Since(p.start)
		if phase.Measured {
			p.record(returned-now, unintended, returned <= end)
		}
		now = returned
	}
	p.free = now
}

func (r *recorder) lock() {
	if r.shared {
		r.mu.Lock()
	}
}

func (r *recorder) unlock() {
	if r.shared {
		r.mu.Unlock()
	}
}
