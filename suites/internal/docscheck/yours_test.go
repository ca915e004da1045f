package docscheck

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/logperf/logperf/suites/internal/experiment"
)

// Yours is the table of your library: what a record costs, and a load.
func Yours() []experiment.Scenario {
	return from("peers", []experiment.Scenario{{
		Name: "peers/yours/file", Tier: "smoke", Measure: "throughput",
		Title:   "takes records from the call to a file, flushed",
		Metrics: []string{"ns/op", "total-ns/op", "records/s", "cpu-ns/op", "allocs/op", "lost-records", "leaked-goroutines"},
		Arms:    []experiment.Arm{{Name: "yours", Open: openYours}},
	}, {
		Name: "peers/yours/steady", Tier: "smoke", Measure: "latency",
		Title:   "bears 20,000 records a second from 2 producers",
		Metrics: []string{"service-p50-ns", "service-p99-ns", "response-p99-ns", "achieved", "missed-share", "lost-records", "leaked-goroutines"},
		Arms:    []experiment.Arm{{Name: "yours", Open: openSteady}},
		Slices:  1, Sized: true, Slice: time.Second,
	}}, "yours.go")
}

// yours is the subject: the library as its users open it. Here it is log/slog.
type yours struct {
	path   string
	file   *os.File
	buffer *bufio.Writer
	logger *slog.Logger
	sent   int
}

func openYours(_ context.Context, o experiment.Options) (experiment.Subject, error) {
	path := filepath.Join(o.Dir, "yours.log") // the folder goes with the process
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	b := bufio.NewWriterSize(f, 64<<10)
	return &yours{path: path, file: f, buffer: b, logger: slog.New(slog.NewJSONHandler(b, nil))}, nil
}

func (y *yours) log(ctx context.Context, n int) {
	y.logger.LogAttrs(ctx, slog.LevelInfo, "request served", slog.String("path", "/cart"), slog.Int("status", 200), slog.Int("n", n))
}

// Run returns when the last record is in the file, not when it has been called for.
func (y *yours) Run(ctx context.Context, n int) error {
	for i := range n {
		y.log(ctx, i)
	}
	y.sent += n
	return y.buffer.Flush()
}

func (y *yours) Close(context.Context) error { return y.file.Close() }

// Report is asked after Close: one line of the file is one record.
func (y *yours) Report(values map[string]float64) error {
	text, err := os.ReadFile(y.path)
	values["lost-records"] = float64(y.sent - bytes.Count(text, []byte("\n")))
	return err
}

// steady is the same library under arrivals that do not wait for it.
type steady struct {
	*yours
	load    experiment.Load
	traffic experiment.Traffic
}

func openSteady(ctx context.Context, o experiment.Options) (experiment.Subject, error) {
	s, err := openYours(ctx, o)
	if err != nil {
		return nil, err
	}
	length := time.Second
	if o.Check { // as under go test
		length = 50 * time.Millisecond
	}
	return &steady{yours: s.(*yours), load: experiment.Load{Producers: 2, Sleep: experiment.Nanosleep, Phases: []experiment.Phase{
		{Name: "warm-up", Duration: length / 5, Rate: 20_000},
		{Name: "steady", Duration: length, Rate: 20_000, Measured: true},
	}}}, nil
}

func (s *steady) Size() int { return s.load.Arrivals() }

func (s *steady) Run(ctx context.Context, _ int) (err error) {
	s.traffic, err = s.load.Play(ctx, func(ctx context.Context, _ int, n uint64) { s.log(ctx, int(n)) })
	s.sent = s.traffic.Calls
	return errors.Join(err, s.buffer.Flush())
}

// Doubt makes limits on times INCONCLUSIVE where the machine had other work.
func (s *steady) Doubt() string {
	if s.traffic.MissedShare() > 0.01 {
		return "the pacer was late"
	}
	return ""
}

func (s *steady) Report(values map[string]float64) error {
	t := s.traffic
	values["service-p50-ns"], values["service-p99-ns"] = t.Service.Quantile(0.5), t.Service.Quantile(0.99)
	values["response-p99-ns"] = t.Response.Quantile(0.99) // from the intended start
	values["achieved"], values["missed-share"] = t.Achieved/t.Offered, t.MissedShare()
	return s.yours.Report(values)
}
