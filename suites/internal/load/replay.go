package load

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/logperf/logperf/fixtures/workload"
	"github.com/logperf/logperf/suites/internal/experiment"
)

const (
	// replayFit is how long a log is replayed where no factor is asked for: it is
	// sped up to last as long as that.
	replayFit = time.Second
	// replayMost is how much of a log is replayed with a factor of the user's.
	replayMost = 10 * time.Second
	// replayRate is that of the arrivals where no log has times.
	replayRate = 20_000
)

// Replay is the table of the loads whose records come when those of a log came.
func Replay() []experiment.Scenario {
	return from([]experiment.Scenario{{
		Name: "load/replay/file", Tier: "full", Measure: "latency", Input: true,
		Title:   "takes the records of a log at the times between them",
		Metrics: common("replayed"),
		Arms:    ours(openReplay),
	}}, "replay.go")
}

// replay is a drive that knows whether it could follow the times of the log.
type replay struct {
	*drive
	fault error
}

// Doubts is why the times of the log could not be followed.
func (r *replay) Doubts() map[string]string {
	if r.fault == nil {
		return nil
	}
	return map[string]string{"replayed": r.fault.Error()}
}

func openReplay(_ context.Context, o experiment.Options) (experiment.Subject, error) {
	input, err := inputOf(o)
	if err != nil {
		return nil, err
	}
	// One producer: the record of an arrival is the one whose time it has.
	t, err := openTarget(o, opening{far: toFile, producers: 1, inputs: []*workload.Stream{input}})
	if err != nil {
		return nil, err
	}
	r := &replay{}
	phase, fault := replayed(o, input)
	r.fault = fault
	r.drive = &drive{plan: plan{
		target: t, lossless: true,
		loads: []part{{load: experiment.Load{Producers: 1, Sleep: experiment.Nanosleep, Phases: []experiment.Phase{phase}}}},
		extra: func(_ *drive, values map[string]float64) {
			values["replayed"] = 1
			if r.fault != nil {
				values["replayed"] = 0
			}
		},
	}}
	return r, nil
}

// replayed is the phase of the arrivals of a log. Where its times cannot be
// followed the records come at a constant rate, and the fault says why.
func replayed(o experiment.Options, input *workload.Stream) (experiment.Phase, error) {
	phase := experiment.Phase{Name: "replay", Measured: true}
	most := shorter(o, replayMost)
	if o.Corpus == "" {
		phase.Times = scheduled(poisson(o.Seed, input.Len()), most)
		phase.Duration = lasting(phase.Times)
		return phase, nil
	}
	speedup := o.Speedup
	if speedup == 0 {
		span, err := input.Span()
		speedup, most = max(span.Seconds()/replayFit.Seconds(), 1), max(most, 2*replayFit)
		if err != nil {
			return constant(o), err
		}
	}
	offsets, err := input.Offsets(speedup)
	if err != nil {
		return constant(o), err
	}
	phase.Times = scheduled(offsets, most)
	phase.Duration = lasting(phase.Times)
	return phase, nil
}

func constant(o experiment.Options) experiment.Phase {
	return experiment.Phase{Name: "steady", Duration: shorter(o, replayFit), Rate: slower(o, replayRate), Measured: true}
}

// scheduled are the arrivals before the end.
func scheduled(offsets []time.Duration, end time.Duration) []time.Duration {
	n := len(offsets)
	for n > 0 && offsets[n-1] >= end {
		n--
	}
	return offsets[:n]
}

// lasting is the time of a phase that ends with the tick of its last arrival.
func lasting(times []time.Duration) time.Duration {
	return times[len(times)-1].Truncate(experiment.DefaultTick) + experiment.DefaultTick
}

// poisson are the times of arrivals that know nothing of each other.
func poisson(seed uint64, n int) []time.Duration {
	random := rand.New(rand.NewPCG(seed, replayRate))
	times, at := make([]time.Duration, n), 0.0
	for i := range times {
		times[i] = time.Duration(at * float64(time.Second))
		at += random.ExpFloat64() / replayRate
	}
	return times
}
