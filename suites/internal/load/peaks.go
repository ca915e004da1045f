package load

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"github.com/logperf/logperf/suites/internal/experiment"
)

// peaks follows the memory of a load and the time of the collector.
type peaks struct {
	base  int64 // resident before the logger was made
	live  int64 // heap in use then
	bound int64 // what the logger may hold; 0 where nothing is said of it

	cpu, gc float64 // seconds before the load
	share   float64 // of the processor time that went to the collector
	grown   float64 // growth of the resident size, over what the bound allows
}

// note takes the resident size before there is a logger.
func (p *peaks) note() {
	debug.FreeOSMemory()
	p.base, p.live = experiment.RSS(), heapInUse()
}

func (p *peaks) begin() {
	p.cpu, p.gc = experiment.CPUClock().Seconds(), gcSeconds()
}

func (p *peaks) end() {
	runtime.GC() // its figures are brought up to date by a collection
	if cpu := experiment.CPUClock().Seconds() - p.cpu; cpu > 0 {
		p.share = (gcSeconds() - p.gc) / cpu
	}
	if p.bound > 0 {
		// With GOGC at 100 the heap grows to twice what is live before it is
		// collected; of what was live before, one half is resident already.
		p.grown = float64(experiment.PeakRSS()-p.base) / float64(p.live+2*p.bound+beside)
	}
}

func (p *peaks) report(values map[string]float64) {
	values["gc-cpu-share"] = p.share
	if p.bound > 0 {
		values["bound-share"] = p.grown
	}
}

// beside is what comes in with a load and is no heap of the logger's: code that had
// not run before, stacks, the collector's own tables.
const beside = 4 << 20

func heapInUse() int64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(s)
	return int64(s[0].Value.Uint64())
}

// gcSeconds is the processor time of the collector so far, without what it took
// of idle processors.
func gcSeconds() float64 {
	s := []metrics.Sample{{Name: "/cpu/classes/gc/total:cpu-seconds"}, {Name: "/cpu/classes/gc/mark/idle:cpu-seconds"}}
	metrics.Read(s)
	return s[0].Value.Float64() - s[1].Value.Float64()
}

// watchEvery is how often a load is looked at: some twenty microseconds of work
// each time.
const watchEvery = 100 * time.Millisecond
