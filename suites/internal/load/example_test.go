package load

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/logperf/logperf/logging/queue"
	"github.com/logperf/logperf/suites/internal/experiment"
)

// The example of docs/load-testing.md stands between these two lines.
const (
	exampleBegins = "// The example begins.\n\n"
	exampleEnds   = "\n// The example ends.\n"
)

// The example begins.

// Nightly is a table with one row.
func Nightly() []experiment.Scenario {
	return from([]experiment.Scenario{{
		Name: "load/mixed/nightly", Tier: "full", Measure: "latency",
		Title:   "serves requests while a job logs in bursts and the disk is slow",
		Metrics: common(),
		Arms:    ours(openNightly),
	}}, "example_test.go", "faulty.go")
}

func openNightly(_ context.Context, o experiment.Options) (experiment.Subject, error) {
	inputs, err := generated(o, "web-service", "batch-job") // one profile for each producer
	if err != nil {
		return nil, err
	}
	disk := new(faulty)
	t, err := openTarget(o, opening{far: through(disk, toFile), producers: 2, inputs: inputs})
	if err != nil {
		return nil, err
	}
	length, every := shorter(o, time.Second), shorter(o, 200*time.Millisecond)
	job := experiment.Load{Producers: 1, Sleep: experiment.Nanosleep, Phases: []experiment.Phase{
		{Name: "burst", Duration: length, Burst: fewer(o, 5000), Every: every, Measured: true},
	}}
	return &drive{plan: plan{
		target: t, lossless: true,
		loads: []part{
			{load: steadily(1, slower(o, 20_000), length)}, // the first load is the one whose times are reported
			{load: job, first: 1},                          // producer 1 of the target
		},
		trouble: func(ctx context.Context, _ *drive) error {
			disk.pace.Store(int64(2 * time.Millisecond)) // that each write takes longer
			defer disk.pace.Store(0)
			return pause(ctx, length/2)
		},
		expect: func(d *drive) error {
			s := d.logger.Stats()
			if s.Failed > 0 {
				return fmt.Errorf("%d records failed: want none, the disk was slow and took all", s.Failed)
			}
			return respects(s, queue.Block)
		},
	}}, nil
}

// The example ends.

func TestExampleOfTheGuideKeepsItsRecords(t *testing.T) {
	s := Nightly()[0]
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	p := run(t, s, experiment.Options{Seed: 1, Dir: t.TempDir(), Check: true})
	if p.Fault != "" || p.Leaked != 0 {
		t.Errorf("%s, %d goroutines leaked: %s", p.Fault, p.Leaked, p.Stacks)
	}
	if p.Counts["written"] != p.Counts["offered"] {
		t.Errorf("the counters are %v: want all offered records written", p.Counts)
	}
	arrived(t, s, p)
}

// Who changes one of the two changes the other.
func TestExampleOfTheGuideIsThisOne(t *testing.T) {
	source, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	guide, err := os.ReadFile("../../../docs/load-testing.md")
	if err != nil {
		t.Fatal(err)
	}
	// The markers stand in the constants too, where they do not end a line.
	want := between(t, "example_test.go", string(source), exampleBegins, exampleEnds)
	got := between(t, "docs/load-testing.md", string(guide), "```go\n", "```\n")
	if got == want {
		return
	}
	of := strings.Split(want, "\n")
	for i, line := range strings.Split(got, "\n") {
		if i >= len(of) || line != of[i] {
			t.Fatalf("line %d of the guide's example is %q: want that of example_test.go", i+1, line)
		}
	}
	t.Fatal("the guide's example ends before that of example_test.go")
}

// between returns the one text between two lines.
func between(t *testing.T, name, text, begins, ends string) string {
	t.Helper()
	parts := strings.Split(text, begins)
	if len(parts) != 2 {
		t.Fatalf("%s has %d lines %q: want one", name, len(parts)-1, strings.TrimSpace(begins))
	}
	part, _, found := strings.Cut(parts[1], ends)
	if !found {
		t.Fatalf("%s has no line %q behind the first", name, strings.TrimSpace(ends))
	}
	return part
}
