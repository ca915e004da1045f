package load

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/queue"
	"github.com/logperf/logperf/suites/internal/experiment"
)

// configured is what an arm is opened with, having gone the way of the greeting.
func configured(t *testing.T, s logging.Settings) map[string]any {
	t.Helper()
	m, err := Configured(s)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(experiment.Options{Settings: m})
	if err != nil {
		t.Fatal(err)
	}
	var o experiment.Options
	if err := json.Unmarshal(text, &o); err != nil {
		t.Fatal(err)
	}
	return o.Settings
}

// armOf runs an arm of a scenario as in check mode.
func armOf(t *testing.T, all []experiment.Scenario, name, arm string, settings map[string]any) experiment.Report {
	t.Helper()
	for _, s := range all {
		if s.Name != name {
			continue
		}
		one, err := s.Arm(arm)
		if err != nil {
			t.Fatal(err)
		}
		s.Arms = []experiment.Arm{one}
		return run(t, s, experiment.Options{Seed: 1, Dir: t.TempDir(), Check: true, Settings: settings})
	}
	t.Fatalf("there is no scenario %s", name)
	return experiment.Report{}
}

func TestTheSettingsReachTheLoggerAndNotItsReference(t *testing.T) {
	settings := configured(t, logging.Settings{Batch: logging.BatchSettings{Bytes: 1}})
	for _, name := range []string{"throughput", "steady", "burst"} {
		name = "load/settings/" + name
		if p := armOf(t, Settings(), name, "logperf", settings); p.Values["writes/1k-op"] != 1000 {
			t.Errorf("%s: a batch of a byte makes %v writes for 1,000 records, want 1,000", name, p.Values["writes/1k-op"])
		}
		if p := armOf(t, Settings(), name, ArmDefault, settings); p.Values["writes/1k-op"] >= 500 {
			t.Errorf("%s: the defaults make %v writes for 1,000 records", name, p.Values["writes/1k-op"])
		}
	}
}

func TestWithoutSettingsTheDefaultsHold(t *testing.T) {
	if p := armOf(t, Settings(), "load/settings/burst", "logperf", nil); p.Fault != "" || p.Values["writes/1k-op"] >= 500 {
		t.Errorf("%s, %v writes for 1,000 records", p.Fault, p.Values["writes/1k-op"])
	}
}

func TestEachArmOfASweepHasItsOwnSettings(t *testing.T) {
	settings := map[string]any{
		ArmPresent: configured(t, logging.Settings{Batch: logging.BatchSettings{Bytes: 1}}),
		"change-1": configured(t, logging.Settings{}),
	}
	if p := armOf(t, Sweeps(), "load/sweep/throughput", ArmPresent, settings); p.Values["writes/1k-op"] != 1000 {
		t.Errorf("the present settings make %v writes for 1,000 records, want 1,000", p.Values["writes/1k-op"])
	}
	if p := armOf(t, Sweeps(), "load/sweep/throughput", "change-1", settings); p.Values["writes/1k-op"] >= 500 {
		t.Errorf("the change makes %v writes for 1,000 records", p.Values["writes/1k-op"])
	}
}

func TestSweepsAreValidAndNoPartOfTheSuite(t *testing.T) {
	for _, s := range Sweeps() {
		if err := s.Validate(); err != nil {
			t.Error(err)
		}
		for _, other := range All() {
			if other.Name == s.Name {
				t.Errorf("%s is among all scenarios, and has no limits", s.Name)
			}
		}
	}
}

// A policy that drops is no loss of the library's, however small the queue: the
// counters tell of it.
func TestWhatAPolicyDropsIsCounted(t *testing.T) {
	for _, policy := range []queue.Policy{queue.DropNewest, queue.DropOldest} {
		settings := configured(t, logging.Settings{Queue: logging.QueueSettings{Capacity: 2, Overflow: policy}})
		p := armOf(t, Settings(), "load/settings/burst", "logperf", settings)
		if p.Fault != "" || p.Values["lost-records"] != 0 || p.Counts["offered"] != p.Counts["written"]+p.Counts["rejected"]+p.Counts["evicted"] {
			t.Errorf("%v: %s, %v lost, %v", policy, p.Fault, p.Values["lost-records"], p.Counts)
		}
		want := float64(p.Counts["rejected"]+p.Counts["evicted"]) / float64(p.Counts["offered"])
		if got := p.Values["dropped-share"]; got != want || want == 0 {
			t.Errorf("%v: the share of dropped records is %v, the counters say %v", policy, got, want)
		}
	}
}

// What compare has to tell two runs apart by: how long records are on their way.
func TestRecordsThatWaitForTheirBatchAreLate(t *testing.T) {
	lag := map[time.Duration]time.Duration{}
	for _, delay := range []time.Duration{time.Millisecond, time.Minute} {
		phase := func(experiment.Options) experiment.Phase {
			return experiment.Phase{Duration: 10 * courseWatch, Rate: trickleRate}
		}
		subject, err := openCourse(1, phase)(experiment.Options{Seed: 1, Dir: t.TempDir()}, logging.Settings{Batch: logging.BatchSettings{Delay: delay}})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(subject.Run(t.Context(), 0), subject.Close(t.Context())); err != nil {
			t.Fatal(err)
		}
		values := map[string]float64{}
		if err := subject.(experiment.Reporter).Report(values); err != nil {
			t.Fatal(err)
		}
		lag[delay] = time.Duration(values["sink-lag-ns"])
	}
	// The batch of a minute does not leave before the load ends: its records have
	// waited for half of the load, on average.
	if late := lag[time.Minute]; late < 4*courseWatch || lag[time.Millisecond] >= late {
		t.Errorf("records are late by %v", lag)
	}
}

// A setting that is measured against itself in few repetitions has no interval, and
// compare can tell nothing of two runs.
func TestWhatAdviceIsProvedByIsRepeatedAsOftenAsAnyScenario(t *testing.T) {
	for _, s := range Settings() {
		if s.Repetitions > 0 && s.Name != "load/settings/knee" {
			t.Errorf("%s is repeated %d times at most", s.Name, s.Repetitions)
		}
	}
}

// How fast the way is does not depend on what is thrown away.
func TestCallersInAClosedLoopWaitWhateverThePolicy(t *testing.T) {
	settings := configured(t, logging.Settings{Queue: logging.QueueSettings{Capacity: 2, Overflow: queue.DropNewest}})
	for _, name := range []string{"load/settings/throughput", "load/settings/knee"} {
		if p := armOf(t, Settings(), name, "logperf", settings); p.Fault != "" || p.Counts["rejected"] != 0 || p.Values["lost-records"] != 0 {
			t.Errorf("%s: %s, %v, %v lost", name, p.Fault, p.Counts, p.Values["lost-records"])
		}
	}
}

func TestACollectorOfTheSettingsIsReplacedByOurs(t *testing.T) {
	settings := configured(t, logging.Settings{Sink: logging.SinkSettings{
		Kind: logging.SinkHTTP, HTTP: logging.HTTPSettings{URL: "http://user:secret@logs.invalid/in", BatchRecords: 1},
	}})
	if text, err := json.Marshal(settings); err != nil || strings.Contains(string(text), "secret") {
		t.Errorf("an arm would get %s (%v)", text, err)
	}
	p := armOf(t, Settings(), "load/settings/steady", "logperf", settings)
	if p.Fault != "" || p.Values["lost-records"] != 0 || p.Counts["unique"] == 0 {
		t.Errorf("%s, %v lost, %v", p.Fault, p.Values["lost-records"], p.Counts)
	}
}

func TestSettingsComeBackAsTheyWere(t *testing.T) {
	s := logging.Settings{
		Level: "warn", AddSource: true,
		Queue:  logging.QueueSettings{Capacity: 16, Overflow: queue.DropOldest, BlockTimeout: time.Second},
		Batch:  logging.BatchSettings{Bytes: 1 << 20, Delay: time.Hour},
		Enrich: logging.EnrichSettings{Static: map[string]string{"a": "b"}, Runtime: true},
		Redact: logging.RedactSettings{Fields: []string{"password"}, Mask: "-"},
		Sink:   logging.SinkSettings{Kind: logging.SinkFile, Path: "x", BlockSize: 1 << 20, Sync: true, HTTP: logging.HTTPSettings{Gzip: true, BatchRecords: 3}},
	}
	given := s
	given.Benchmark.Seed = math.MaxUint64
	if back, err := FromConfigured(configured(t, given)); err != nil || !reflect.DeepEqual(back, s) {
		t.Errorf("%+v comes back as %+v (%v)", s, back, err)
	}
}

func TestSettingsThatNoLoggerTakesAreRefused(t *testing.T) {
	for want, m := range map[string]map[string]any{
		"the settings of the logger cannot be read": {"Batch": "much"},
		"queue.capacity: 17 is not a power of two":  {"Queue": map[string]any{"Capacity": 17}},
	} {
		if _, err := FromConfigured(m); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v gives %v, want %q", m, err, want)
		}
	}
}
