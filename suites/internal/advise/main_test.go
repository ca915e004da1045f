package advise

import (
	"context"
	"log/slog"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/sink"
	"github.com/logperf/logperf/suites/internal/experiment"
	"github.com/logperf/logperf/suites/internal/lockstep"
)

// TestMain makes the binary its own arm.
func TestMain(m *testing.M) {
	if lockstep.IsArm() {
		os.Exit(lockstep.Main(planted(), os.Stdin, os.Stdout, os.Stderr))
	}
	goleak.VerifyTestMain(m)
}

// planted are loggers that are slow in one place, and one that is not.
func planted() []experiment.Scenario {
	var rows []experiment.Scenario
	for name, o := range map[string]func() logging.Options{
		"stage": func() logging.Options {
			return logging.Options{Sink: sink.NewDiscard(), Processors: []logging.Processor{slowStage{}}}
		},
		"sink": func() logging.Options { return logging.Options{Sink: slowSink{sink.NewDiscard()}} },
		"good": func() logging.Options { return logging.Options{Sink: sink.NewDiscard()} },
		"source": func() logging.Options {
			return logging.Options{Sink: sink.NewDiscard(), Settings: logging.Settings{AddSource: true}}
		},
	} {
		rows = append(rows, experiment.Scenario{
			Name: "load/planted/" + name, Title: "is slow", Subject: "load", Tier: "full", Measure: "cost",
			Metrics: []string{"ns/op"}, Slice: 10 * time.Millisecond,
			Arms: []experiment.Arm{{Name: "logperf", Open: func(context.Context, experiment.Options) (experiment.Subject, error) {
				l, err := logging.New(o())
				return &logged{l}, err
			}}},
		})
	}
	return rows
}

// logged is a subject that logs.
type logged struct{ logger *logging.Logger }

func (l *logged) Run(ctx context.Context, n int) error {
	for range n {
		l.logger.Info(ctx, "request handled", slog.String("path", "/cart"), slog.Int("status", 200), slog.Duration("took", time.Millisecond))
	}
	return l.logger.Flush(ctx)
}

func (l *logged) Close(ctx context.Context) error { return l.logger.Close(ctx) }

// slowStage is a processor that takes several times what the rest does.
type slowStage struct{}

func (slowStage) Process(*logging.Entry) error { _ = burn(); return nil }

// slowSink takes its time for each batch.
type slowSink struct{ logging.Sink }

func (s slowSink) Write(ctx context.Context, b logging.Batch) (int, error) {
	for range b.Records {
		_ = burn()
	}
	return s.Sink.Write(ctx, b)
}

// burn keeps the processor busy for some 10 us, in Go's own code: a profile does
// not tell who reads the clock.
//
//go:noinline
func burn() (sum uint64) {
	for i := range uint64(20_000) {
		sum = sum*6364136223846793005 + i
	}
	return sum
}
