package load

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/logperf/logperf/fixtures/workload"
	"github.com/logperf/logperf/suites/internal/experiment"
)

// HighThroughput is the table of the loads that the way to a file and that to a
// collector can bear, and of one that they cannot.
func HighThroughput() []experiment.Scenario {
	return from(slices.Concat(
		highThroughput("file", "a file", kneeFile, toFile),
		highThroughput("http", "a collector over HTTP", kneeHTTP, toHTTP),
	), "highthroughput.go", "knee.go")
}

func highThroughput(name, where, knee string, open openFar) []experiment.Scenario {
	var rows []experiment.Scenario
	for _, producers := range []int{1, 2, 8, 64} {
		for _, share := range []int{50, 80, 120} {
			row := experiment.Scenario{
				Name:  fmt.Sprintf("load/high-throughput/%s/producers=%d/knee=%dpct", name, producers, share),
				Title: fmt.Sprintf("bears %d %% of the rate at the knee from %d producers to %s", share, producers, where),
				Tier:  tier(name, producers, share), Measure: "latency", Input: true, Knee: knee,
				Metrics: common(),
			}
			row.Arms = ours(func(_ context.Context, o experiment.Options) (experiment.Subject, error) {
				return openSteady(o, opening{far: open, producers: producers}, float64(share)/100)
			})
			rows = append(rows, row)
		}
	}
	return rows
}

// Profiles is the table of the loads with the records of one kind of system.
func Profiles() []experiment.Scenario {
	var rows []experiment.Scenario
	for _, kind := range workload.Kinds() {
		rows = append(rows, experiment.Scenario{
			Name: "load/high-throughput/file/profile=" + kind, Tier: "full", Measure: "latency", Knee: kneeFile,
			Title:   "bears 50 % of the rate at the knee with the records of a " + strings.ReplaceAll(kind, "-", " "),
			Metrics: common(),
			Arms: ours(func(_ context.Context, o experiment.Options) (experiment.Subject, error) {
				inputs, err := generated(o, kind)
				if err != nil {
					return nil, err
				}
				return openSteady(o, opening{far: toFile, producers: 2, inputs: inputs}, 0.5)
			}),
		})
	}
	return from(rows, "highthroughput.go", "knee.go")
}

// tier picks a load that is light and one that is crowded. One that is too much is
// among those of stress.
func tier(name string, producers, share int) string {
	switch fmt.Sprint(name, " ", producers, " ", share) {
	case "file 1 50", "http 8 80":
		return "smoke"
	}
	return "full"
}

// checkRate is the rate of a load in check mode, where there is no knee.
const checkRate = 2000

// shareOf is a share of the rate at the knee.
func shareOf(o experiment.Options, share float64) (float64, error) {
	switch {
	case o.Check:
		return checkRate, nil
	case o.Knee <= 0:
		return 0, fmt.Errorf("the rate at the knee is %g records/s: want more than 0", o.Knee)
	}
	return o.Knee * share, nil
}

func openSteady(o experiment.Options, w opening, share float64) (*drive, error) {
	rate, err := shareOf(o, share)
	if err != nil {
		return nil, err
	}
	t, err := openTarget(o, w)
	if err != nil {
		return nil, err
	}
	return &drive{plan: plan{target: t, lossless: true, loads: []part{{load: steadily(w.producers, rate, shorter(o, 500*time.Millisecond))}}}}, nil
}
