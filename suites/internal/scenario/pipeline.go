package scenario

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/logperf/logperf/fixtures/workload"
	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/sink"
	"github.com/logperf/logperf/suites/internal/experiment"
)

// queueRoom is the capacity of the loggers in these tables. Slices stay within
// it, so that a caller never waits for the worker.
const queueRoom = 8192

// Pipeline is the table of what happens to a record between the caller and the
// sink: encoding, the stages one by one and together, the number of
// attributes, a disabled level, and the whole way.
func Pipeline() []experiment.Scenario {
	cost := []string{"ns/op", "total-ns/op", "cpu-ns/op", "allocs/op", "B/op"}
	rows := []experiment.Scenario{{
		Name: "pipeline/encode/f10", Title: "encodes a record with 10 mixed attributes",
		Tier: "smoke", Measure: "cost", Metrics: append([]string{"line-B/op"}, cost...),
		Arms: append([]experiment.Arm{encodeArm()}, peerArms(peer.logF10, "phuslu", "zerolog", "zap", "slog")...),
	}}
	for _, n := range []int{0, 5, 10, 25} {
		tier := "smoke"
		if n == 5 {
			tier = "full"
		}
		rows = append(rows, experiment.Scenario{
			Name:  fmt.Sprintf("pipeline/attributes=%d", n),
			Title: fmt.Sprintf("encodes a record with %s in groups of five kinds", plural(n, "attribute")),
			Tier:  tier, Measure: "cost", Metrics: cost,
			Arms: append([]experiment.Arm{attributesArm(n)}, peerArms(func(p peer, calls int) { p.fives(n/5, calls) }, "phuslu", "zerolog")...),
		})
	}
	rows = append(rows, experiment.Scenario{
		Name: "pipeline/bound=10", Title: "encodes a record of a logger with 10 attributes bound by With",
		Tier: "smoke", Measure: "cost", Metrics: cost,
		Arms: append([]experiment.Arm{boundArm()}, peerArms(peer.bound, "phuslu", "zerolog", "zap", "slog")...),
	})
	rows = append(rows, stageRows(cost)...)
	rows = append(rows, disabledRows(cost)...)
	rows = append(rows, wholeWayRows()...)
	return from("pipeline", rows,
		"pipeline.go", "crew.go", "encoders.go", "f10.go", "held.go", "logger.go", "peers.go", "queue.go", "sink.go", "workload.go")
}

// stageRows measure each stage against the same pipeline without it, which is
// the reference "plain": the ratio is the stage's own cost.
func stageRows(cost []string) []experiment.Scenario {
	levels := []logging.Filter{logging.LevelFilter(workload.LowestLevel)}
	enrich := logging.EnrichSettings{Static: map[string]string{"service": "checkout", "region": "eu-1"}, Runtime: true}
	redact := logging.RedactSettings{Fields: []string{"password", "token", "authorization", "user"}}
	stages := []struct {
		name, title string
		options     logging.Options
	}{
		{"filter", "filters by level", logging.Options{Filters: levels}},
		{"enrich", "adds static and runtime attributes to", logging.Options{Settings: logging.Settings{Enrich: enrich}}},
		{"redact", "masks four field names in", logging.Options{Settings: logging.Settings{Redact: redact}}},
		{"all-stages", "filters, enriches and redacts", logging.Options{
			Filters: levels, Settings: logging.Settings{Enrich: enrich, Redact: redact},
		}},
	}
	var rows []experiment.Scenario
	for _, s := range stages {
		rows = append(rows, experiment.Scenario{
			Name: "pipeline/stage/" + s.name, Title: s.title + " the workload's records",
			Tier: "smoke", Measure: "cost", Metrics: append([]string{"line-B/op"}, cost...), Input: true,
			Arms: []experiment.Arm{stageArm("logperf", s.options), stageArm("plain", logging.Options{})},
		})
	}
	return rows
}

func disabledRows(cost []string) []experiment.Scenario {
	return []experiment.Scenario{
		{
			Name: "pipeline/disabled/message", Title: "turns down a message below its level",
			Tier: "smoke", Measure: "cost", Metrics: cost,
			Arms: append([]experiment.Arm{disabledArm(func(l *logging.Logger, n int) {
				ctx := context.Background()
				for range n {
					l.Debug(ctx, "the cache is warm")
				}
			})}, peerArms(peer.disabledMessage, "zerolog", "phuslu", "slog")...),
		},
		{
			Name: "pipeline/disabled/attributes=10", Title: "turns down 10 attributes below its level",
			Tier: "smoke", Measure: "cost", Metrics: cost,
			Arms: append([]experiment.Arm{disabledArm(f10Of(workload.F10()).logDisabled)},
				peerArms(peer.disabledF10, "slog", "zerolog", "phuslu")...),
		},
	}
}

// wholeWayRows go from the call to the sink. A slice stays within the queue's
// free room, so the callers' own lap is what a program that is not overloaded
// pays.
func wholeWayRows() []experiment.Scenario {
	whole := []string{
		"ns/op", "total-ns/op", "caller-ns/op", "records/s", "cpu-ns/op", "allocs/op", "B/op",
		"line-B/op", "writes/1k-op", "lost-records", "leaked-goroutines",
	}
	f10Ours := endOptions{log: logF10}
	f10File := endOptions{log: logF10, file: true}
	return []experiment.Scenario{
		{
			Name: "pipeline/end-to-end/discard", Title: "takes a record with 10 attributes from the call to a sink that discards",
			Tier: "smoke", Measure: "throughput", Metrics: whole, Laps: []string{"caller-ns/op"},
			Slice: handOver, MaxOps: queueRoom, Arms: []experiment.Arm{endArm(f10Ours)},
		},
		{
			Name: "pipeline/end-to-end/file", Title: "takes a record with 10 attributes from the call to a file",
			Tier: "smoke", Measure: "throughput", Metrics: whole, Laps: []string{"caller-ns/op"},
			Slice: handOver, MaxOps: queueRoom,
			Arms: []experiment.Arm{endArm(f10File), fileArm("zerolog", zerologFile, 1)},
		},
		{
			Name: "pipeline/end-to-end/workload", Title: "takes the workload's records from the call to a file",
			Tier: "smoke", Measure: "throughput", Metrics: whole, Laps: []string{"caller-ns/op"}, Input: true,
			Slice: handOver, MaxOps: queueRoom,
			Arms: []experiment.Arm{endArm(endOptions{log: logWorkload, settings: everyLevel(), file: true})},
		},
		{
			Name: "pipeline/drain", Title: "drains a filled queue of records with 10 attributes to a sink that discards",
			Tier: "smoke", Measure: "throughput",
			Metrics: []string{"caller-ns/op", "drain-ns/op", "cpu-ns/op", "allocs/op", "lost-records", "leaked-goroutines"},
			Laps:    []string{"caller-ns/op", "drain-ns/op"}, Slice: handOver, MaxOps: queueRoom,
			Arms: []experiment.Arm{heldArm(f10Ours, false)},
		},
	}
}

// encoder is the subject that runs the pipeline on the goroutine of the slice:
// entry in, bytes out.
type encoder struct {
	pipeline *logging.Pipeline
	entry    logging.Entry
	line     []byte
	encode   func(e *encoder, n int)

	records, bytes int
}

func (e *encoder) Run(_ context.Context, n int) error { e.encode(e, n); e.records += n; return nil }
func (e *encoder) Close(context.Context) error        { return nil }

func (e *encoder) Report(values map[string]float64) error {
	values["line-B/op"] = float64(e.bytes) / float64(max(e.records, 1))
	return nil
}

// process runs the entry through the pipeline into the void, as a peer writes
// its line to io.Discard.
func (e *encoder) process() {
	e.line, _ = e.pipeline.Process(e.line[:0], &e.entry)
	e.bytes += len(e.line)
	_, _ = io.Discard.Write(e.line)
}

func newEncoder(options logging.Options, encode func(*encoder, int)) (*encoder, error) {
	p, err := logging.NewPipeline(options)
	if err != nil {
		return nil, err
	}
	return &encoder{pipeline: p, encode: encode}, nil
}

func encoderArm(encode func(*encoder, int)) experiment.Arm {
	return experiment.Arm{Name: "logperf", Open: func(context.Context, experiment.Options) (experiment.Subject, error) {
		return newEncoder(logging.Options{}, encode)
	}}
}

// encodeArm builds the ten attributes at each call, as the peers' arms do.
func encodeArm() experiment.Arm {
	record := f10Of(workload.F10())
	return encoderArm(func(e *encoder, n int) {
		for range n {
			e.entry.Time, e.entry.Level, e.entry.Message = time.Now(), slog.LevelInfo, record.message
			e.entry.Attrs = record.appendTo(e.entry.Attrs[:0])
			e.process()
		}
	})
}

func attributesArm(attributes int) experiment.Arm {
	return encoderArm(func(e *encoder, n int) {
		for range n {
			e.entry.Time, e.entry.Level, e.entry.Message = time.Now(), slog.LevelInfo, fiveMessage
			e.entry.Attrs = e.entry.Attrs[:0]
			for _, k := range fiveKeys[:attributes/5] {
				e.entry.Attrs = append(e.entry.Attrs,
					slog.String(k.text, "delivered"), slog.Int(k.count, 1742), slog.Float64(k.share, 0.25),
					slog.Bool(k.ok, true), slog.Duration(k.took, 1500*time.Microsecond))
			}
			e.process()
		}
	})
}

func boundArm() experiment.Arm {
	return experiment.Arm{Name: "logperf", Open: func(context.Context, experiment.Options) (experiment.Subject, error) {
		record := f10Of(workload.F10())
		e, err := newEncoder(logging.Options{}, func(e *encoder, n int) {
			for range n {
				e.entry.Time, e.entry.Level, e.entry.Message = time.Now(), slog.LevelInfo, record.message
				e.process()
			}
		})
		if err != nil {
			return nil, err
		}
		e.entry.Bound = e.pipeline.Bind(nil, record.appendTo(nil)...)
		return e, nil
	}}
}

func stageArm(name string, options logging.Options) experiment.Arm {
	return experiment.Arm{Name: name, Open: func(_ context.Context, o experiment.Options) (experiment.Subject, error) {
		input, err := workloadOf(o)
		if err != nil {
			return nil, err
		}
		at := 0
		return newEncoder(options, func(e *encoder, n int) {
			for range n {
				fill(&e.entry, input.At(at))
				at++
				e.process()
			}
		})
	}}
}

// disabled is the subject whose calls are all below the logger's level: nothing
// reaches the worker, so there is nothing to flush.
type disabled struct {
	logger *logging.Logger
	log    func(*logging.Logger, int)
}

func (d *disabled) Run(_ context.Context, n int) error { d.log(d.logger, n); return nil }
func (d *disabled) Close(ctx context.Context) error    { return d.logger.Close(ctx) }

// Check fails where a disabled record got through after all.
func (d *disabled) Check() error {
	if s := d.logger.Stats(); s.Offered != 0 {
		return fmt.Errorf("%d records below the level were offered to the queue", s.Offered)
	}
	return nil
}

func disabledArm(log func(*logging.Logger, int)) experiment.Arm {
	return experiment.Arm{Name: "logperf", Open: func(context.Context, experiment.Options) (experiment.Subject, error) {
		l, err := logging.New(logging.Options{Settings: logging.Settings{Level: "info"}, Sink: sink.NewDiscard()})
		return &disabled{logger: l, log: log}, err
	}}
}
