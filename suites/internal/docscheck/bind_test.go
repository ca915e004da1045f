package docscheck

import (
	"context"
	"io"
	"log/slog"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/sink"
	"github.com/logperf/logperf/suites/internal/experiment"
)

// Bind is a table with one row.
func Bind() []experiment.Scenario {
	return from("pipeline", []experiment.Scenario{{
		Name: "pipeline/bind/attributes=2", Tier: "full", Measure: "cost",
		Title:   "binds 2 attributes",
		Metrics: []string{"ns/op", "total-ns/op", "allocs/op", "B/op"},
		Arms: []experiment.Arm{
			{Name: "logperf", Open: openBinder},
			{Name: "slog", Open: openSlogBinder}, // the same work: both encode the attributes once
		},
	}}, "bind.go")
}

// binder is the subject: each operation makes a logger with two attributes.
type binder struct {
	bind  func(attrs ...slog.Attr) any
	close func(context.Context) error
	last  any // kept, so that no compiler leaves the work out
}

func (b *binder) Run(_ context.Context, n int) error {
	for range n {
		b.last = b.bind(slog.String("service", "checkout"), slog.Int("shard", 7))
	}
	return nil
}

func (b *binder) Close(ctx context.Context) error { return b.close(ctx) }

func openBinder(context.Context, experiment.Options) (experiment.Subject, error) {
	l, err := logging.New(logging.Options{Sink: sink.NewDiscard()})
	if err != nil {
		return nil, err
	}
	return &binder{bind: func(attrs ...slog.Attr) any { return l.With(attrs...) }, close: l.Close}, nil
}

func openSlogBinder(context.Context, experiment.Options) (experiment.Subject, error) {
	h := slog.NewJSONHandler(io.Discard, nil)
	return &binder{
		bind:  func(attrs ...slog.Attr) any { return h.WithAttrs(attrs) },
		close: func(context.Context) error { return nil },
	}, nil
}
