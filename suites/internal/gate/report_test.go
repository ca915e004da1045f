package gate

import (
	"bytes"
	"flag"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/logperf/logperf/suites/internal/result"
)

var update = flag.Bool("update", false, "write the golden files anew")

func shown() *Report {
	slow := Figure{
		Name: "pipeline/encode/f10", Metric: wall, Verdict: result.Fail, Estimate: 1.079, Lower: 1.061, Upper: 1.099, Pairs: 48,
		MDD: 0.024, Limit: 0.03, Base: 812, Head: 876, At: "thresholds.yaml:210",
	}
	allocs := Figure{
		Name: "pipeline/encode/f10", Metric: "allocs/op", Verdict: result.Pass, Estimate: 1, Lower: 1, Upper: 1, Pairs: 48,
		MDD: number(math.NaN()), At: "thresholds.yaml:208", ByDefault: true,
	}
	noisy := Figure{
		Name: "queue/put-take/producers=1/cap=1024", Metric: totals, Verdict: result.Inconclusive, Estimate: 1.02, Lower: 0, Upper: 1.11, Pairs: 64,
		MDD: number(math.Inf(1)), Limit: 0.08, Base: 60.5, Head: 61, At: "thresholds.yaml:99", ByDefault: true, Why: "time was up before the pairs allowed a decision",
	}
	better := Figure{
		Name: "sink/memory", Metric: wall, Verdict: result.Pass, Estimate: 0.91, Lower: 0.9, Upper: 0.925, Pairs: 12,
		MDD: 0.011, Limit: 0.04, Base: 5200, Head: 4730, Faster: true, ByDefault: true,
	}
	accepted := Figure{
		Name: "sink/writer", Metric: wall, Verdict: result.Pass, Estimate: 1.05, Lower: 1.02, Upper: 1.08, Pairs: 16,
		MDD: 0.02, Limit: 0.04, Base: 100, Head: 105, Accepted: 1.06, Until: "2027-03-31", At: "thresholds.yaml:130", ByDefault: true,
	}
	return &Report{
		Schema: SchemaVersion, Verdict: result.Fail, Base: "0123456789ab (main)", Commit: "0123456789abcdef", Head: "the working tree",
		Notes: []string{"instructions were not counted: valgrind is missing"}, Seed: 7, Budget: 480, Took: 432, Pairs: 640, Links: 64, Overhead: 0.021, Others: 0.04,
		Controls: []Control{{Scenario: "sink/memory", Fit: true, Estimate: 1.001, Lower: 0.99, Upper: 1.01, Pairs: 24}},
		Scenarios: []Row{
			{Figure: slow, Figures: []Figure{slow, allocs}, Profiles: []Profiles{{
				Kind: "cpu", Base: "results/gate/base.pprof", Head: "results/gate/head.pprof",
				Differ:  []Difference{{Function: "m/logging.appendString", Base: 80, Head: 141, text: "80 ns to 141 ns  logging.appendString"}},
				Command: "go tool pprof -top -diff_base='results/gate/base.pprof' 'results/gate/head.pprof'",
			}}},
			{Figure: noisy, Figures: []Figure{noisy}},
			{Figure: accepted, Figures: []Figure{accepted}},
			{Figure: better, Figures: []Figure{better}},
		},
		Changed: []string{"queue/saturated/policy=block"}, New: []string{"pipeline/new"}, Removed: []string{"sink/old"},
	}
}

func TestTheReportIsShown(t *testing.T) {
	unfit := shown()
	unfit.inconclusive("the machine is not fit to measure")
	unfit.Controls[0] = Control{Scenario: "sink/memory", Estimate: 1.05, Lower: 1.03, Upper: 1.07, Pairs: 24}
	same := &Report{Verdict: result.Pass, Identical: true, Base: "0123456789ab (main)", Head: "the working tree"}
	one := &Report{}
	one.inconclusive("this machine has 1 processor")
	if got, want := (&Report{Commit: "0123456789abcdef", HeadCommit: "fedcba9876543210", Seed: 7}).Repeat("a"), "go tool logperf gate --base 0123456789ab --head fedcba987654 --only 'a' --seed 7"; got != want {
		t.Errorf("it is repeated by %s, want %s", got, want)
	}
	for name, show := range map[string]func(*bytes.Buffer) error{
		"report.txt":    func(b *bytes.Buffer) error { return shown().Text(b) },
		"report.md":     func(b *bytes.Buffer) error { return shown().Markdown(b) },
		"unfit.txt":     func(b *bytes.Buffer) error { return unfit.Text(b) },
		"identical.txt": func(b *bytes.Buffer) error { return same.Text(b) },
		"one.txt":       func(b *bytes.Buffer) error { return one.Text(b) },
	} {
		var got bytes.Buffer
		if err := show(&got); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, got.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(got.Bytes(), want) {
			t.Errorf("%s (%v) is not what is shown (go test -update writes it):\n%s", path, err, got.String())
		}
	}
}
