package load

import (
	"context"
	"fmt"
	"time"

	"github.com/logperf/logperf/suites/internal/experiment"
)

// peerProducers are as many as the processors that an arm has at most.
const peerProducers = 2

// Peers is the table of other loggers under the load that the library bears: the
// same arrivals, records and file for each.
//
// In the lossless rows each is at the fastest setting that is known to lose
// nothing. In the asynchronous rows each has what its documentation offers to a
// caller who does not want to wait, with the defaults: what that loses is shown,
// so no limit may compare with it.
func Peers() []experiment.Scenario {
	lossless := []contender{
		{"zerolog", zerologBuffered}, {"phuslu", phusluBlocking}, {"zap", zapBuffered}, {"slog", slogBuffered},
	}
	asynchronous := []contender{
		{"zerolog", zerologDiode}, {"phuslu", phusluDefault}, {"zap", zapDefault}, {"slog", slogDirect},
	}
	var rows []experiment.Scenario
	for _, share := range []int{50, 120} {
		rows = append(rows, peerRow("lossless", "at the fastest lossless settings", share, lossless))
	}
	for _, share := range []int{50, 120} {
		row := peerRow("asynchronous", "at the asynchronous defaults", share, asynchronous)
		row.Lossy = true
		rows = append(rows, row)
	}
	return from(rows, "peers.go", "peer_subject.go", "peer_records.go",
		"peer_zerolog.go", "peer_phuslu.go", "peer_zap.go", "peer_slog.go", "highthroughput.go", "knee.go")
}

// contender is a peer with its settings.
type contender struct {
	name string
	open openPeer
}

func peerRow(name, how string, share int, peers []contender) experiment.Scenario {
	row := experiment.Scenario{
		Name:  fmt.Sprintf("load/peers/%s/knee=%dpct", name, share),
		Title: fmt.Sprintf("bears %d %% of the rate at its knee to a file, beside its peers %s", share, how),
		Tier:  "full", Measure: "latency", Input: true, Knee: kneeFile,
		Metrics: []string{
			"service-p50-ns", "service-p99-ns", "service-p99.9-ns",
			"response-p50-ns", "response-p99-ns", "response-p99.9-ns", "response-max-ns",
			"offered-records/s", "achieved", "blocked-share", "missed-share", "lateness-p99-ns", "cpu-ns/op",
			"lost-records", "duplicated-records", "disordered-records", "leaked-goroutines",
		},
		Arms: []experiment.Arm{{Name: "logperf", Open: func(_ context.Context, o experiment.Options) (experiment.Subject, error) {
			return openLibrary(o, float64(share)/100)
		}}},
	}
	for _, p := range peers {
		row.Arms = append(row.Arms, experiment.Arm{Name: p.name, Open: func(_ context.Context, o experiment.Options) (experiment.Subject, error) {
			return openReference(o, float64(share)/100, p.open)
		}})
	}
	return row
}

// peerLoad is the load of each arm of a row, the same as that of a row of high
// throughput.
func peerLoad(o experiment.Options, share float64) (experiment.Load, error) {
	warm, measured, rate := 100*time.Millisecond, 500*time.Millisecond, o.Knee*share
	if o.Check {
		warm, measured, rate = 10*time.Millisecond, 30*time.Millisecond, checkRate
	}
	if rate <= 0 {
		return experiment.Load{}, fmt.Errorf("the rate at the knee is %g records/s: want more than 0", o.Knee)
	}
	return experiment.Load{Producers: peerProducers, Sleep: experiment.Nanosleep, Phases: []experiment.Phase{
		{Name: "warm-up", Duration: warm, Rate: rate},
		{Name: "steady", Duration: measured, Rate: rate, Measured: true},
	}}, nil
}
