package main

import (
	"bytes"
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/logperf/logperf/suites/internal/doctor"
	"github.com/logperf/logperf/suites/internal/lockstep"
)

// The machine of a test may be in any state, so only what belongs together is
// asserted.
func TestTheDoctorsExitStatusIsItsAnswer(t *testing.T) {
	code, out, errs := call("doctor", "--quick", "--json")
	var r doctor.Report
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("%v\n%s%s", err, out, errs)
	}
	if want := map[bool]int{true: 0, false: 3}[r.Fit]; code != want {
		t.Errorf("fit is %v and the exit status %d, want %d", r.Fit, code, want)
	}
	if len(r.Machine) == 0 || len(r.Noise) > 0 || len(r.Can) != 4 || r.Environment.Cores == 0 {
		t.Errorf("a quick look found %d things of the machine, %d of noise, %d that it can run", len(r.Machine), len(r.Noise), len(r.Can))
	}
	if code == 3 && !strings.Contains(errs, "logperf: this machine is not fit to measure") {
		t.Errorf("the message is %q", errs)
	}
	code, out, _ = call("doctor", "--quick")
	if (code == 3) != strings.Contains(out, "\nnot fit to measure: ") || !strings.HasPrefix(out, "machine\n  ") {
		t.Errorf("exit %d\n%s", code, out)
	}
	if code, _, _ := call("doctor", "now"); code != 2 {
		t.Errorf("misuse has the exit status %d", code)
	}
}

func TestTheDoctorMeasuresArmsAgainstThemselves(t *testing.T) {
	var errs bytes.Buffer
	o := lockstep.Options{Seed: 1, Duration: 5 * time.Millisecond, Timeout: 30 * time.Second}
	found, err := examination{lasts: time.Millisecond}.noise(t.Context(), o, &errs)
	if err != nil || len(found) != 2 || errs.Len() > 0 {
		t.Fatalf("%v, %v; where nobody looks on it says %q", found, err, errs.String())
	}
	for _, f := range found {
		if !strings.HasPrefix(f.About, "harness/self/") || !strings.Contains(f.Value, "in lockstep (n=6)") {
			t.Errorf("the finding is %+v", f)
		}
	}
}

func TestAnInterruptedDoctorHasNoAnswer(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errs bytes.Buffer
	if code := run(ctx, []string{"doctor"}, &out, &errs); code != 130 || out.Len() > 0 {
		t.Errorf("exit %d, %q, %q", code, out.String(), errs.String())
	}
}

func TestWhatIsFreeIsKnownBeforeAFolderIsMade(t *testing.T) {
	dir := t.TempDir()
	there, err := freeBytes(dir)
	if err != nil || there == 0 {
		t.Fatalf("%d, %v", there, err)
	}
	if n, err := freeBytes(filepath.Join(dir, "results", "new")); err != nil || n == 0 {
		t.Errorf("%d, %v", n, err)
	}
}
