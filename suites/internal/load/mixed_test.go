package load

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/logperf/logperf/fixtures/workload"
	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/suites/internal/experiment"
)

func TestTheSamplingKeepsOneInTenOfDebugAndAllElse(t *testing.T) {
	s := new(sample)
	kept := 0
	for range 100 * keepDebug {
		if s.Keep(&logging.Entry{Level: slog.LevelDebug}) {
			kept++
		}
		for _, level := range []slog.Level{slog.LevelInfo, slog.LevelError, workload.LevelAudit} {
			if !s.Keep(&logging.Entry{Level: level}) {
				t.Fatalf("a record at %v was stopped", level)
			}
		}
	}
	if stopped := s.stopped.Load(); kept != 100 || stopped != 100*(keepDebug-1) {
		t.Errorf("of %d debug records %d were kept and %d count as stopped, want 100 kept", 100*keepDebug, kept, stopped)
	}
}

func TestTheMixedLoadSamplesItsDebugRecords(t *testing.T) {
	o := experiment.Options{Seed: 1, Dir: t.TempDir(), Check: true}
	subject, err := openMixed(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	d := subject.(*drive)
	if err := d.Run(t.Context(), d.Size()); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := d.Check(); err != nil {
		t.Error(err)
	}
	text, err := os.ReadFile(filepath.Join(o.Dir, "debug.log"))
	if err != nil {
		t.Fatal(err)
	}
	kept, stats := bytes.Count(text, []byte("\n")), d.logger.Stats()
	below := kept + int(stats.Filtered)
	if kept == 0 || kept != below/keepDebug {
		t.Errorf("of %d records below info %d were written, want one in %d", below, kept, keepDebug)
	}
	values := map[string]float64{}
	if err := d.Report(values); err != nil || values["lost-records"] != 0 {
		t.Errorf("%v records are lost (%v): what the sampling stops is not", values["lost-records"], err)
	}
}
