// Package plants proves that `make perf` can fail: known faults are planted
// into the library and the run has to name the row that they hit.
//
// A plant is a replacement at a unique place of a file, applied with Go's build
// overlay, so the tree is never touched. Each takes a build and a run of
// about 15 s; LOGPERF_PLANTS=1 asks for them, `make plants` sets it.
package plants

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

type plant struct {
	name, file    string
	anchor, fault string
	scenario      string // that must fail
	verdict       string // what the table has to say of it: a limit, or
	broken        string // what the scenario breaks off with
}

var plants = []plant{
	{
		name: "the encoder does 1.3 times the work that its limit allows",
		file: "logging/json_encoder.go",
		// Without the plant the row stands at 0.95 times phuslu, its limit at 1.5:
		// 1.6 more encodings of the attributes bring it to about 2.0.
		anchor:   "\tdst = appendLevel(dst, e.Level)\n",
		fault:    "\tdst = appendLevel(dst, e.Level)\n\tdst = appendAttrs(appendAttrs(dst, e.Attrs, 0), e.Attrs[:len(e.Attrs)*6/10], 0)[:len(dst)]\n",
		scenario: "pipeline/encode/f10", verdict: "ns/op / phuslu",
	},
	{
		name:     "the worker loses one record in 10,000 and counts it as written",
		file:     "logging/worker.go",
		anchor:   "\t\tw.block = block\n\t\tw.records++\n",
		fault:    "\t\tw.records++\n\t\tif (w.total.written+w.local.written+uint64(w.records))%10_000 != 0 {\n\t\t\tw.block = block\n\t\t}\n",
		scenario: "pipeline/end-to-end/file", verdict: "lost-records",
	},
	{
		name:     "a full queue rejects under block and counts it, as no lossless way may",
		file:     "logging/queue/full.go",
		anchor:   "\tif q.timeout == 0 {\n\t\t<-gate\n\t\treturn true\n\t}\n",
		fault:    "\tif q.timeout == 0 {\n\t\treturn false\n\t}\n",
		scenario: "queue/saturated/policy=block", verdict: "lost-records",
	},
	{
		name:     "the HTTP sink gives up a batch at the first failure",
		file:     "logging/sink/http/sender.go",
		anchor:   "\t\tcase v != again:\n\t\t\ts.refuse(b, err)\n",
		fault:    "\t\tdefault:\n\t\t\ts.refuse(b, err)\n",
		scenario: "load/network-limited/down=3s", broken: "http sink",
	},
	{
		name:   "the queue has no bound: what finds it full waits in a goroutine of its own",
		file:   "logging/logger.go",
		anchor: "\te, ticket, ok := l.core.queue.Reserve()\n",
		fault: "\tif l.core.queue.Depth() >= l.core.queue.Cap() {\n" +
			"\t\twaiting := append([]slog.Attr(nil), attrs...)\n" +
			"\t\tgo l.capture(now, level, msg, pc, waiting)\n\t\treturn\n\t}\n" +
			"\te, ticket, ok := l.core.queue.Reserve()\n",
		scenario: "load/memory-constrained/burst/policy=block", broken: "the kernel killed it for its memory",
	},
	{
		name:     "the pacer waits for a call to return before the next one is due",
		file:     "suites/internal/experiment/generator.go",
		anchor:   "\tnow := time.Since(p.start)\n\tif phase.Measured {\n\t\tp.tally.measured += count\n",
		fault:    "\tnow := time.Since(p.start)\n\tintended = now\n\tif phase.Measured {\n\t\tp.tally.measured += count\n",
		scenario: "load/generator/stall", verdict: "stall-charged",
	},
}

func TestAPlantedFaultFailsTheRun(t *testing.T) {
	if os.Getenv("LOGPERF_PLANTS") == "" {
		t.Skip("each plant takes a build and a run of 15 s: LOGPERF_PLANTS=1 or make plants")
	}
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range plants {
		t.Run(p.name, func(t *testing.T) {
			out, err := perf(t, root, p)
			if err == nil {
				t.Fatalf("make perf passes with the plant:\n%s", out)
			}
			for line := range strings.Lines(out) {
				if p.names(line) {
					t.Log(line)
					return
				}
			}
			t.Errorf("make perf fails without naming %s %s%s:\n%s", p.scenario, p.verdict, p.broken, out)
		})
	}
}

// names reports whether a line of the end of a run says what the plant has done.
func (p plant) names(line string) bool {
	if p.broken != "" {
		return strings.HasPrefix(line, "ERROR  scenario "+p.scenario+",") && strings.Contains(line, p.broken)
	}
	return strings.HasPrefix(line, "FAIL  thresholds.yaml:") && strings.Contains(line, p.scenario+" "+p.verdict)
}

// TestThePlantsApply fails as soon as the code has moved away from under a
// plant; it is quick and always runs.
func TestThePlantsApply(t *testing.T) {
	for _, p := range plants {
		_ = planted(t, "../../..", p)
	}
}

// planted is the text of the plant's file with its fault.
func planted(t *testing.T, root string, p plant) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, p.file))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), p.anchor); n != 1 {
		t.Fatalf("the plant %q no longer applies: its place occurs %d times in %s, want once", p.name, n, p.file)
	}
	return strings.Replace(string(text), p.anchor, p.fault, 1)
}

// perf runs make perf on the plant's scenario, built with the overlay.
func perf(t *testing.T, root string, p plant) (string, error) {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, text []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {
		filepath.Join(root, p.file): write("planted.go", []byte(planted(t, root, p))),
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, "make", "perf", "ONLY="+p.scenario)
	c.Dir = root
	c.Env = append(os.Environ(),
		"GOFLAGS="+strings.TrimSpace(os.Getenv("GOFLAGS")+" -overlay="+write("overlay.json", overlay)),
		"LOGPERF_BENCHMARK_RESULTS="+filepath.Join(dir, "results"),
	)
	// Its children go with it where the time is over.
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	out, err := c.CombinedOutput()
	return string(out), err
}
