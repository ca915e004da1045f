package advise

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/queue"
	"github.com/logperf/logperf/suites/internal/result"
)

// A model is a machine whose logger costs what a formula says, so that the right
// advice is known.
type model struct {
	record func(logging.Settings) float64                 // ns
	call   func(logging.Settings) float64                 // p99 in bursts, ns
	lag    func(logging.Settings) time.Duration           // until the sink has a record
	drops  func(logging.Settings) (rejected, offer int64) // in bursts
	noise  float64
	doubt  map[string]string // of the times, by load
	asked  []Measurement
}

// ideal is a machine on which no setting matters.
func ideal() *model {
	return &model{
		record: func(logging.Settings) float64 { return 1000 },
		call:   func(logging.Settings) float64 { return 2000 },
		lag:    func(s logging.Settings) time.Duration { return s.Batch.Delay },
		drops:  func(logging.Settings) (int64, int64) { return 0, 1000 },
		noise:  0.02,
	}
}

func (m *model) measure(_ context.Context, asked Measurement) ([]result.Result, error) {
	m.asked = append(m.asked, asked)
	var rows []result.Result
	for i, arm := range asked.Arms {
		r := result.Result{Scenario: asked.Scenario, Counts: map[string]int64{}}
		if i > 0 {
			r.Reference = arm.Name
			r.Doubt = m.doubt[strings.TrimPrefix(asked.Scenario, sweepPrefix)]
		}
		r.Counts["rejected"], r.Counts["offered"] = m.drops(arm.Settings)
		for range asked.Repetitions {
			r.Timelines = append(r.Timelines, underWay(500, m.lag(arm.Settings)))
		}
		rows = append(rows, r)
	}
	first := asked.Arms[0].Settings
	for i, arm := range asked.Arms[1:] {
		for name, of := range map[string]func(logging.Settings) float64{"ns/op": m.record, "cpu-ns/op": m.record, "service-p99-ns": m.call} {
			ratio := result.Ratio{Metric: name, Against: arm.Name}
			for n := range asked.Repetitions {
				ratio.Slices = append(ratio.Slices, of(first)/of(arm.Settings)*(1+m.noise*math.Sin(float64(7*i+n))))
			}
			rows[0].Ratios = append(rows[0].Ratios, ratio)
		}
	}
	for range asked.Repetitions {
		asked.Tick()
	}
	return rows, nil
}

// underWay is a timeline of a load of that rate whose records take that long.
func underWay(rate float64, lag time.Duration) []result.Point {
	var line []result.Point
	for at := time.Duration(0); at <= 500*time.Millisecond; at += 25 * time.Millisecond {
		offered := 1000 + rate*at.Seconds()
		line = append(line, result.Point{At: at, Values: map[string]float64{"offered": offered, "written": offered - rate*lag.Seconds()}})
	}
	last := line[len(line)-1]
	return append(line, result.Point{At: last.At, Values: map[string]float64{"offered": last.Values["offered"], "written": last.Values["offered"]}})
}

func (m *model) sweep(t *testing.T, s logging.Settings) Report {
	t.Helper()
	r, err := Sweep{Settings: s, Names: []string{"a", "b", "c", "d", "e", "f", "g", "h"}, Measure: m.measure}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func sets(r Report) []string {
	var all []string
	for _, a := range r.Advice {
		all = append(all, strings.Join(names(a.Set), ", "))
	}
	return all
}

func TestWhereNothingIsBetterTheSweepGivesNoAdvice(t *testing.T) {
	m := ideal()
	r := m.sweep(t, logging.Settings{})
	if len(r.Advice) > 0 || len(r.Tried) == 0 {
		t.Errorf("advice %v after %d trials", sets(r), len(r.Tried))
	}
	var text strings.Builder
	if err := r.Write(&text); err != nil || !strings.HasPrefix(text.String(), "no advice: sweep: ") {
		t.Errorf("%v\n%s", err, text.String())
	}
	for _, asked := range m.asked {
		if asked.Repetitions != screening {
			t.Errorf("%s was measured again though nothing was worth it", asked.Scenario)
		}
	}
}

func TestTheSweepFindsTheSettingThatIsSlow(t *testing.T) {
	perWrite := func(s logging.Settings) float64 { return 1000 + 250*4000/float64(max(s.Batch.Bytes, 250)) }
	for name, c := range map[string]struct {
		settings logging.Settings
		model    func(*model)
		want     []string
	}{
		"small batches": {
			logging.Settings{Batch: logging.BatchSettings{Bytes: 1}},
			func(m *model) { m.record = perWrite },
			[]string{"batch.bytes: 64KiB"},
		},
		"a small queue": {
			logging.Settings{Queue: logging.QueueSettings{Capacity: 16}},
			func(m *model) {
				m.call = func(s logging.Settings) float64 {
					if s.Queue.Capacity < 4096 {
						return 90_000
					}
					return 2000
				}
			},
			[]string{"queue.capacity: 8192"},
		},
		"a long delay": {
			logging.Settings{Batch: logging.BatchSettings{Delay: 2 * time.Second}},
			func(*model) {},
			[]string{"batch.delay: 10ms"},
		},
		"sync": {
			logging.Settings{Sink: logging.SinkSettings{Kind: logging.SinkFile, Sync: true}},
			func(m *model) {
				m.record = func(s logging.Settings) float64 {
					if s.Sink.Sync {
						return 20_000
					}
					return 1000
				}
			},
			[]string{"sink.sync: false"},
		},
		"a policy that drops": {
			logging.Settings{Queue: logging.QueueSettings{Overflow: queue.DropNewest}},
			func(m *model) {
				m.drops = func(s logging.Settings) (int64, int64) {
					if s.Queue.Overflow == queue.DropNewest {
						return 100, 1000
					}
					return 0, 1000
				}
			},
			[]string{"queue.overflow: block"},
		},
		"two that multiply": {
			logging.Settings{Batch: logging.BatchSettings{Bytes: 1}, AddSource: true},
			func(m *model) {
				m.record = func(s logging.Settings) float64 {
					if s.AddSource {
						return 1.5 * perWrite(s)
					}
					return perWrite(s)
				}
			},
			[]string{"batch.bytes: 64KiB, add_source: false"},
		},
	} {
		m := ideal()
		c.model(m)
		r := m.sweep(t, c.settings)
		if !slices.Equal(sets(r), c.want) {
			t.Errorf("%s: the advice is %q, want %q", name, sets(r), c.want)
			continue
		}
		for _, a := range r.Advice {
			if a.Proof == "" || len(a.Costs) == 0 || !a.Loses && (a.Gain == nil || !a.Gain.Factor.Bounded()) {
				t.Errorf("%s: the advice is %+v, want a gain with an interval, a cost and a proof", name, a)
			}
		}
	}
}

// Callers who do not wait are faster, because they lose records.
func TestNoAdviceIsToLoseRecords(t *testing.T) {
	m := ideal()
	m.call = func(s logging.Settings) float64 {
		if s.Queue.Overflow == queue.Block {
			return 50_000
		}
		return 500
	}
	m.drops = func(s logging.Settings) (int64, int64) {
		if s.Queue.Overflow == queue.Block {
			return 0, 1000
		}
		return 100, 1000
	}
	r := m.sweep(t, logging.Settings{})
	if len(r.Advice) > 0 {
		t.Errorf("the advice is %q", sets(r))
	}
	if !slices.ContainsFunc(r.Tried, func(one Trial) bool {
		return one.Set[0].String() == "queue.overflow: drop-newest" && one.Verdict == "loses"
	}) {
		t.Errorf("what dropping does is not told: %+v", r.Tried)
	}
}

// A change that leaves some of the losses does not end them.
func TestWhatStillLosesDoesNotEndTheLoss(t *testing.T) {
	for left, want := range map[int64][]string{0: {"queue.overflow: block"}, 1: nil, 9: nil} {
		m := ideal()
		m.drops = func(s logging.Settings) (int64, int64) {
			if s.Queue.Overflow == queue.DropNewest {
				return 100, 1000
			}
			return left, 1000
		}
		if r := m.sweep(t, logging.Settings{Queue: logging.QueueSettings{Overflow: queue.DropNewest}}); !slices.Equal(sets(r), want) {
			t.Errorf("%d of 1000 are lost with block: the advice is %q, want %q", left, sets(r), want)
		}
	}
}

// A load whose times say nothing at the second look cannot show that a change makes
// calls longer.
func TestADoubtOfTheSecondLookIsTold(t *testing.T) {
	m := ideal()
	m.record = func(s logging.Settings) float64 { return 1e6 / float64(min(s.Batch.Bytes, 64<<10)) }
	m.doubt = map[string]string{steady: "the pacer was late: 3 %", trickle: "the pacer was late: 4 %"}
	r := m.sweep(t, logging.Settings{Batch: logging.BatchSettings{Bytes: 1}})
	if len(r.Advice) != 1 {
		t.Fatalf("the advice is %q", sets(r))
	}
	for _, want := range []string{
		"the times of single calls of load/sweep/steady say nothing (the pacer was late: 3 %): whether calls get longer was not seen",
		"the times of single calls of load/sweep/trickle say nothing (the pacer was late: 4 %): whether calls get longer was not seen",
	} {
		if !slices.Contains(r.Notes, want) {
			t.Errorf("the notes are %q, want %q", r.Notes, want)
		}
	}
	if strings.Contains(strings.Join(r.Notes, "\n"), "load/sweep/burst say nothing") {
		t.Errorf("burst was in no doubt, and the notes are %q", r.Notes)
	}
}

// What is better here and worse there is for the user to weigh.
func TestAnExchangeIsToldAndNotAdvised(t *testing.T) {
	m := ideal()
	m.record = func(s logging.Settings) float64 { return 1e6 / (float64(s.Batch.Bytes) + 1e4) }
	m.call = func(s logging.Settings) float64 { return float64(s.Batch.Bytes) }
	r := m.sweep(t, logging.Settings{})
	if len(r.Advice) > 0 {
		t.Errorf("the advice is %q", sets(r))
	}
	if !slices.ContainsFunc(r.Tried, func(one Trial) bool { return one.Confirmed && one.Verdict == "mixed" }) {
		t.Errorf("the exchange is not told: %+v", r.Tried)
	}
}

func TestASweepMeasuresWhatItWasAskedFor(t *testing.T) {
	m := ideal()
	m.record = func(s logging.Settings) float64 { return 1e9 / float64(s.Batch.Bytes) }
	var left []time.Duration
	now := time.Unix(0, 0)
	w := Sweep{
		Only: []string{"batch.bytes"}, Loads: []string{throughput}, Names: []string{"a", "b", "c"}, Measure: m.measure,
		Progress: func(_ string, l time.Duration) { left = append(left, l) },
		Now:      func() time.Time { now = now.Add(time.Second); return now },
	}
	if _, err := w.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	var asked []string
	for _, a := range m.asked {
		asked = append(asked, fmt.Sprintf("%s %d %d", a.Scenario, len(a.Arms), a.Repetitions))
	}
	if want := []string{"load/sweep/throughput 3 3", "load/sweep/throughput 2 6"}; !slices.Equal(asked, want) {
		t.Errorf("measured %q, want %q", asked, want)
	}
	if len(left) == 0 || left[len(left)-1] != 0 || slices.Min(left) < 0 {
		t.Errorf("the time left was told as %v, want 0 at the end", left)
	}
}

func TestAFaultInAMeasurementEndsTheSweep(t *testing.T) {
	broken := errors.New("the arm has died")
	for _, measure := range []func(context.Context, Measurement) ([]result.Result, error){
		func(context.Context, Measurement) ([]result.Result, error) { return nil, broken },
		func(context.Context, Measurement) ([]result.Result, error) { return nil, nil },
	} {
		_, err := Sweep{Names: []string{"a", "b", "c", "d"}, Measure: measure}.Run(t.Context())
		if !errors.Is(err, broken) && !errors.Is(err, errNoRows) {
			t.Errorf("the sweep ends with %v", err)
		}
	}
}

func TestAGridHasNoPresentValueAndNoInvalidOne(t *testing.T) {
	for _, s := range []logging.Settings{
		{},
		{Queue: logging.QueueSettings{Capacity: 1 << 22}},
		{Sink: logging.SinkSettings{Kind: logging.SinkHTTP, HTTP: logging.HTTPSettings{URL: "http://x", BatchRecords: 5}}},
		{Batch: logging.BatchSettings{Bytes: 16 << 10, Delay: time.Hour}, AddSource: true},
		{Queue: logging.QueueSettings{Overflow: queue.DropOldest}},
		{Queue: logging.QueueSettings{BlockTimeout: time.Second}},
	} {
		s = s.WithDefaults()
		for _, f := range factors(s) {
			if !slices.Contains(Factors(), f.name) {
				t.Errorf("%s is not among the names that --only takes", f.name)
			}
			for _, c := range f.changes {
				changed := with(s, c)
				if _, same := Same(changed, s); same {
					t.Errorf("%s is the present value", c)
				}
				if err := changed.Validate(); err != nil {
					t.Errorf("%s: %v", c, err)
				}
				if c.Setting != f.name {
					t.Errorf("%s stands under %s", c, f.name)
				}
			}
		}
	}
}
