package load

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"github.com/logperf/logperf/fixtures/workload"
	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/queue"
	"github.com/logperf/logperf/suites/internal/experiment"
)

const (
	// ArmDefault is the reference of the loads of the settings: the same logger,
	// to the same kind of sink, with the defaults.
	ArmDefault = "default"
	// ArmPresent is the subject of a sweep, and sweepArms are the names of what it
	// is compared with: each is a key of Options.Settings, which holds the settings
	// that the arm is opened with.
	ArmPresent = "present"
)

// SweepArms are the names of the references of a sweep. A call need not use all.
func SweepArms() []string {
	return []string{"change-1", "change-2", "change-3", "change-4", "change-5", "change-6", "change-7", "change-8", "change-9", "change-10", "change-11", "change-12"}
}

// course is one load that a logger is put under as its settings say.
type course struct {
	name, title, measure string
	metrics, laps        []string
	repetitions          int
	// slices of the length of slice; 1 where the load is all that there is.
	slices int
	slice  time.Duration
	open   func(o experiment.Options, s logging.Settings) (experiment.Subject, error)
}

// courses are the loads, from a closed one to one that leaves the worker waiting.
//
// The two that ask how fast the way is, throughput and knee, run under the policy
// block whatever the settings say: a record that is dropped costs nothing, and
// the worst queue would be the fastest.
func courses() []course {
	open := common("gc-cpu-share", "line-B/op", "writes/1k-op", "dropped-share", "sink-lag-ns")
	return []course{
		{
			name: "throughput", title: "is as fast as its settings allow with 2 callers", measure: "throughput",
			slices: usersSlices, slice: usersSlice, laps: []string{"caller-ns/op"}, open: openUsers,
			metrics: []string{
				"ns/op", "total-ns/op", "caller-ns/op", "records/s", "cpu-ns/op", "line-B/op", "writes/1k-op",
				"lost-records", "duplicated-records", "disordered-records", "leaked-goroutines", "leaked-descriptors",
			},
		},
		{
			name: "steady", title: "bears 50,000 records a second as its settings say", measure: "latency",
			slices: 1, metrics: open, open: openCourse(2, steadyPhase),
		},
		{
			name: "burst", title: "bears 4096 records at once as its settings say", measure: "latency",
			// By one producer: two and the worker do not all wake at once on two cores, so
			// that the pacer would be late.
			slices: 1, metrics: open, open: openCourse(1, burstPhase),
		},
		{
			name: "trickle", title: "hands on 500 records a second as its settings say", measure: "latency",
			slices: 1, metrics: open, open: openCourse(1, tricklePhase),
		},
		{
			name: "knee", title: "reaches its knee as its settings say", measure: "throughput",
			slices: 1, open: openSettingsKnee, repetitions: exactRepetitions,
			metrics: []string{"knee-records/s", "lost-records", "duplicated-records", "disordered-records", "leaked-goroutines", "leaked-descriptors"},
		},
	}
}

// Settings is the table of the loads of a logger that is opened with the user's
// own settings, to a file or, where they name a collector, to ours. All but the
// search of the knee have the same logger with the defaults beside it.
func Settings() []experiment.Scenario {
	var rows []experiment.Scenario
	for _, c := range courses() {
		row := c.row("load/settings/")
		row.Arms = ours(c.opened(func(o experiment.Options) map[string]any { return o.Settings }, false))
		if c.name != "knee" {
			row.Arms = append(row.Arms, experiment.Arm{
				Name: ArmDefault, Open: c.opened(func(o experiment.Options) map[string]any { return o.Settings }, true),
			})
		}
		rows = append(rows, row)
	}
	return stamped(rows)
}

// Sweeps is the same table for arms that have settings of their own: what
// Options.Settings holds under the name of the arm. They are no part of All: what
// they find is advice, and has no limits. The subject is ArmPresent, the others
// are SweepArms.
func Sweeps() []experiment.Scenario {
	var rows []experiment.Scenario
	for _, c := range courses() {
		row := c.row("load/sweep/")
		row.Repetitions = 0
		for _, name := range append([]string{ArmPresent}, SweepArms()...) {
			row.Arms = append(row.Arms, experiment.Arm{Name: name, Open: c.opened(func(o experiment.Options) map[string]any {
				one, _ := o.Settings[name].(map[string]any)
				return one
			}, false)})
		}
		rows = append(rows, row)
	}
	return stamped(rows)
}

func (c course) row(prefix string) experiment.Scenario {
	return experiment.Scenario{
		Name: prefix + c.name, Title: c.title, Tier: "smoke", Measure: c.measure, Input: true,
		Metrics: c.metrics, Laps: c.laps, Repetitions: c.repetitions, Slices: c.slices, Slice: c.slice,
	}
}

// stamped is from for rows of which some have many slices.
func stamped(rows []experiment.Scenario) []experiment.Scenario {
	given := append([]experiment.Scenario(nil), rows...)
	rows = from(rows, "settings.go", "settings_courses.go", "highthroughput.go", "knee.go")
	for i, row := range given {
		if row.Slices > 1 {
			rows[i].Slices, rows[i].Slice, rows[i].Sized = row.Slices, row.Slice, false
		}
	}
	return rows
}

// opened opens the course with the settings that of finds in the options; plain
// leaves nothing of them but the kind of the sink.
func (c course) opened(of func(experiment.Options) map[string]any, plain bool) func(context.Context, experiment.Options) (experiment.Subject, error) {
	return func(_ context.Context, o experiment.Options) (experiment.Subject, error) {
		s, err := FromConfigured(of(o))
		if err != nil {
			return nil, err
		}
		if plain {
			s = logging.Settings{Sink: logging.SinkSettings{Kind: s.Sink.Kind}}
		}
		return c.open(o, s)
	}
}

// Configured is what Options.Settings holds for s: its fields by their names, but
// for what is secret (the URL and the headers of an HTTP sink), which no arm gets
// and no stored run shows.
func Configured(s logging.Settings) (map[string]any, error) {
	text, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	var m map[string]any
	return m, json.Unmarshal(text, &m)
}

// FromConfigured is the settings that Configured has made a map of, without those
// of the benchmark. Those that are not there are the defaults. It fails where a
// value is of another type or out of its range.
func FromConfigured(m map[string]any) (logging.Settings, error) {
	m = maps.Clone(m)
	delete(m, "Benchmark") // its seed may be more than a float64 holds exactly
	text, err := json.Marshal(m)
	if err != nil {
		return logging.Settings{}, err
	}
	var s logging.Settings
	if err := json.Unmarshal(text, &s); err != nil {
		return logging.Settings{}, fmt.Errorf("the settings of the logger cannot be read: %w", err)
	}
	// The URL of a collector is not among them: ours takes its place.
	checked := s
	checked.Sink.Kind, checked.Sink.Routes = logging.SinkDiscard, nil
	if err := checked.Validate(); err != nil {
		return logging.Settings{}, fmt.Errorf("the settings of the logger: %w", err)
	}
	return s, nil
}

// loggerSettings are those of s that a logger with a sink of ours has. No record
// is below its level: each of them is looked for at the far end.
func loggerSettings(s logging.Settings) logging.Settings {
	s.Level = workload.LowestLevel.String()
	s.Sink = logging.SinkSettings{}
	return s
}

// waiting makes the callers wait where the queue is full, however long.
func waiting(s logging.Settings) logging.Settings {
	s.Queue.Overflow, s.Queue.BlockTimeout = queue.Block, 0
	return s
}

// lossless reports whether the settings promise that each record is written.
func lossless(s logging.Settings) bool {
	return s.Queue.Overflow == queue.Block && s.Queue.BlockTimeout == 0
}
