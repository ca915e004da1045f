package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/config"
	"github.com/logperf/logperf/suites/internal/advise"
	"github.com/logperf/logperf/suites/internal/load"
	"github.com/logperf/logperf/suites/internal/lockstep"
	"github.com/logperf/logperf/suites/internal/result"
)

func TestMisuseOfAdviseIsExitStatusTwo(t *testing.T) {
	for want, args := range map[string][]string{
		"accepts at most 1 arg(s), received 2":     {"advise", "a", "b"},
		"want a YAML file":                         {"advise", "--settings", "none.yaml"},
		"--only is for --sweep":                    {"advise", "--only", "batch.bytes"},
		`--only names "batch": want some of queue`: {"advise", "--sweep", "--only", "batch"},
		"unknown flag: --fast":                     {"advise", "--fast"},
		"want one of them":                         {"advise", "--profile", "--cpu-profile", "x"},
	} {
		code, out, errs := call(args...)
		if code != 2 || out != "" || !strings.Contains(errs, want) || !strings.Contains(errs, "logperf advise --help") {
			t.Errorf("%v: exit %d, %q and %q, want %q", args, code, out, errs, want)
		}
	}
}

// keep stores a run that was measured elsewhere, under another name and with the
// settings.
func keep(t *testing.T, planted string, s logging.Settings) string {
	t.Helper()
	path := filepath.Join("..", "..", "internal", "advise", "testdata", planted+".json")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	run, err := result.Decode(path, text)
	if err != nil {
		t.Fatal(err)
	}
	if run.Settings, err = load.Configured(s); err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	t.Setenv("LOGPERF_BENCHMARK_RESULTS", root)
	store, err := result.OpenStore(root)
	if err != nil {
		t.Fatal(err)
	}
	folder, err := store.Create(time.Now(), planted)
	if err != nil {
		t.Fatal(err)
	}
	run.ID = folder.ID()
	if err := folder.Save(run); err != nil {
		t.Fatal(err)
	}
	if err := folder.Publish(); err != nil {
		t.Fatal(err)
	}
	return run.ID
}

func TestAdviceComesFromTheStoredRunAndItsSettings(t *testing.T) {
	id := keep(t, "batch-1", logging.Settings{Batch: logging.BatchSettings{Bytes: 1}}.WithDefaults())
	for _, args := range [][]string{{"advise"}, {"advise", id}} {
		code, out, errs := call(args...)
		if code != 0 || errs != "" || !strings.HasPrefix(out, "1. set batch.bytes: 64KiB\n") || !strings.Contains(out, "go tool logperf compare "+id+" latest") {
			t.Errorf("%v: exit %d\n%s%s", args, code, out, errs)
		}
	}
	code, out, _ := call("advise", "--json")
	var r advise.Report
	if err := json.Unmarshal([]byte(out), &r); code != 0 || err != nil || r.Run != id || len(r.Advice) != 1 || r.Advice[0].Set[0].Value != "64KiB" {
		t.Errorf("exit %d, %v\n%s", code, err, out)
	}
}

func TestOtherPresentSettingsAreTold(t *testing.T) {
	id := keep(t, "batch-1", logging.Settings{Batch: logging.BatchSettings{Bytes: 1}}.WithDefaults())
	t.Setenv("LOGPERF_QUEUE_CAPACITY", "64")
	code, out, _ := call("advise")
	if want := "run " + id + " was measured with another queue.capacity than the present settings have"; code != 0 || !strings.Contains(out, want) {
		t.Errorf("exit %d\n%s\nwant %q", code, out, want)
	}
}

func TestWithoutARunThereIsNothingToAdviseOn(t *testing.T) {
	t.Setenv("LOGPERF_BENCHMARK_RESULTS", t.TempDir())
	if code, _, errs := call("advise"); code != 1 || !strings.Contains(errs, `there is no run "latest"`) {
		t.Errorf("exit %d, %s", code, errs)
	}
}

func TestAnInterruptEndsTheSweep(t *testing.T) {
	t.Setenv("LOGPERF_BENCHMARK_RESULTS", t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errs bytes.Buffer
	if code := run(ctx, []string{"advise", "--sweep"}, &out, &errs); code != 130 || out.Len() > 0 || !strings.HasPrefix(errs.String(), "logperf: interrupted") {
		t.Errorf("exit %d, %q and %q", code, out.String(), errs.String())
	}
}

// TestAShortSweepFindsSmallBatches in arms that are this binary. What a batch of
// one record costs is seen on any machine.
func TestAShortSweepFindsSmallBatches(t *testing.T) {
	command, err := lockstep.Self()
	if err != nil {
		t.Fatal(err)
	}
	s := advise.Sweep{
		Settings: logging.Settings{Batch: logging.BatchSettings{Bytes: 1}}, Only: []string{"batch.bytes"}, Loads: []string{"throughput"},
		Names: load.SweepArms(),
		Measure: func(ctx context.Context, m advise.Measurement) ([]result.Result, error) {
			return measured(ctx, m, lockstep.Options{Command: command, Seed: kneeSeed})
		},
	}
	r, err := s.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Advice) != 1 || r.Advice[0].Set[0].Setting != "batch.bytes" || r.Advice[0].Gain == nil {
		t.Fatalf("the advice is %+v; tried %+v", r.Advice, r.Tried)
	}
	if f := r.Advice[0].Gain.Factor; f.Lo < 1.1 || !f.Bounded() {
		t.Errorf("the gain is %+v", f)
	}
}

func TestAProfileTellsTheShareOfEachStage(t *testing.T) {
	t.Setenv("LOGPERF_BENCHMARK_RESULTS", t.TempDir())
	t.Setenv("TMPDIR", t.TempDir())
	code, out, errs := call("advise", "--profile")
	if code != 0 || errs != "" || !strings.Contains(out, "processor time by stage:\n") || !strings.Contains(out, " %  encoder (logging.(*JSONEncoder).Append ") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	if !strings.Contains(out, `note: there is no run "latest"`) || !strings.Contains(out, ": no counters among the evidence\n") {
		t.Errorf("it is not told that counters are missing:\n%s", out)
	}
}

func TestAProfileOfTheProgramIsRead(t *testing.T) {
	root := t.TempDir()
	t.Setenv("LOGPERF_BENCHMARK_RESULTS", root)
	path := filepath.Join(t.TempDir(), "cpu.pprof")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		t.Fatal(err)
	}
	p, err := logging.NewPipeline(logging.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var line []byte
	for began := time.Now(); time.Since(began) < 500*time.Millisecond; {
		for range 1000 {
			line, _ = p.Process(line[:0], &logging.Entry{Message: "request handled"})
		}
	}
	pprof.StopCPUProfile()
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	code, out, errs := call("advise", "--cpu-profile", path)
	if code != 0 || errs != "" || !strings.Contains(out, "processor time by stage:\n") || !strings.Contains(out, " %  encoder (logging.") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	if code, _, errs := call("advise", "--cpu-profile", filepath.Join(root, "none")); code != 1 || !strings.Contains(errs, "none cannot be read") {
		t.Errorf("exit %d, %s", code, errs)
	}
}

// A run that is there and cannot be read is another fault than none at all.
func TestAStoredRunThatCannotBeReadIsNamedBesideAProfile(t *testing.T) {
	id := keep(t, "batch-1", logging.Settings{}.WithDefaults())
	root := os.Getenv("LOGPERF_BENCHMARK_RESULTS")
	if err := os.WriteFile(filepath.Join(root, id, "run.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := (&adviser{sweep: true}).ofRun()
	if err != nil || len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "is damaged") || !strings.HasSuffix(r.Notes[0], ": no counters among the evidence") {
		t.Errorf("%v, the notes are %q", err, r.Notes)
	}
}

func TestWhatNoLoadMeasuresStandsInANote(t *testing.T) {
	keep(t, "batch-1", logging.Settings{Sink: logging.SinkSettings{Kind: logging.SinkFile, Path: "x.log", Rotate: logging.RotateSettings{Size: 1 << 20}}}.WithDefaults())
	if code, out, errs := call("advise"); code != 0 || !strings.Contains(out, "\nnote: sink.rotate had no part in what was measured") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
}

// A proof has to set what the advice says: each variable is read back by the
// reader of the settings.
func TestEachChangeIsAVariableOfTheSettings(t *testing.T) {
	file := filepath.Join(t.TempDir(), "app.yaml")
	text := "add_source: true\nqueue: {capacity: 16, overflow: drop-newest, block_timeout: 1s}\nbatch: {bytes: 1, delay: 2s}\n" +
		"sink: {path: x.log, block_size: 4KiB, sync: true, http: {batch_bytes: 1KiB, batch_records: 1, timeout: 1ms}}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range advise.Changes() {
		s, err := config.Load([]string{"LOGPERF_SETTINGS=" + file, c.Variable()})
		if err != nil {
			t.Errorf("%s: %v", c.Variable(), err)
			continue
		}
		before, err := config.Load([]string{"LOGPERF_SETTINGS=" + file})
		if err != nil {
			t.Fatal(err)
		}
		if path, same := advise.Same(s, before); same && !slices.Contains([]string{"sink.http.batch_bytes", "sink.http.batch_records", "sink.http.timeout"}, c.Setting) {
			t.Errorf("%s changes nothing (%s)", c.Variable(), path)
		}
		if path, same := advise.Same(c.With(before), s); !same {
			t.Errorf("%s is another %s than the advice means", c.Variable(), path)
		}
	}
}
