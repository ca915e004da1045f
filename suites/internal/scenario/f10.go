package scenario

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/logperf/logperf/fixtures/workload"
	"github.com/logperf/logperf/logging"
)

// f10 is the record with ten mixed attributes on which all encoders are
// compared, taken apart so that each logger is called with typed fields of its
// own.
type f10 struct {
	message             string
	keys                [10]string
	method, path, agent string
	status              int64
	share               float64
	took                time.Duration
	err                 error
	ok                  bool
	at                  time.Time
	total               uint64
}

// f10Of takes the fixture apart. It panics where the fixture no longer has the
// ten kinds in this order: every arm would measure something else.
func f10Of(r workload.Record) *f10 {
	kinds := [10]slog.Kind{
		slog.KindString, slog.KindString, slog.KindInt64, slog.KindFloat64, slog.KindDuration,
		slog.KindAny, slog.KindBool, slog.KindTime, slog.KindUint64, slog.KindString,
	}
	if len(r.Attrs) != len(kinds) {
		panic(fmt.Sprintf("scenario: the fixture has %d attributes, want %d", len(r.Attrs), len(kinds)))
	}
	f := &f10{message: r.Message}
	for i, a := range r.Attrs {
		if a.Value.Kind() != kinds[i] {
			panic(fmt.Sprintf("scenario: attribute %d of the fixture is a %s, want a %s", i, a.Value.Kind(), kinds[i]))
		}
		f.keys[i] = a.Key
	}
	v := func(i int) slog.Value { return r.Attrs[i].Value }
	f.method, f.path, f.status, f.share, f.took = v(0).String(), v(1).String(), v(2).Int64(), v(3).Float64(), v(4).Duration()
	f.err, f.ok, f.at, f.total, f.agent = v(5).Any().(error), v(6).Bool(), v(7).Time(), v(8).Uint64(), v(9).String()
	return f
}

// appendTo appends the ten attributes, built anew.
func (f *f10) appendTo(dst []slog.Attr) []slog.Attr {
	return append(dst,
		slog.String(f.keys[0], f.method), slog.String(f.keys[1], f.path), slog.Int64(f.keys[2], f.status),
		slog.Float64(f.keys[3], f.share), slog.Duration(f.keys[4], f.took), slog.Any(f.keys[5], f.err),
		slog.Bool(f.keys[6], f.ok), slog.Time(f.keys[7], f.at), slog.Uint64(f.keys[8], f.total), slog.String(f.keys[9], f.agent))
}

// log makes n calls with the ten attributes.
func (f *f10) log(l *logging.Logger, n int) {
	ctx := context.Background()
	for range n {
		l.Info(ctx, f.message,
			slog.String(f.keys[0], f.method), slog.String(f.keys[1], f.path), slog.Int64(f.keys[2], f.status),
			slog.Float64(f.keys[3], f.share), slog.Duration(f.keys[4], f.took), slog.Any(f.keys[5], f.err),
			slog.Bool(f.keys[6], f.ok), slog.Time(f.keys[7], f.at), slog.Uint64(f.keys[8], f.total), slog.String(f.keys[9], f.agent))
	}
}

// logDisabled makes the same n calls below the level.
func (f *f10) logDisabled(l *logging.Logger, n int) {
	ctx := context.Background()
	for range n {
		l.Debug(ctx, f.message,
			slog.String(f.keys[0], f.method), slog.String(f.keys[1], f.path), slog.Int64(f.keys[2], f.status),
			slog.Float64(f.keys[3], f.share), slog.Duration(f.keys[4], f.took), slog.Any(f.keys[5], f.err),
			slog.Bool(f.keys[6], f.ok), slog.Time(f.keys[7], f.at), slog.Uint64(f.keys[8], f.total), slog.String(f.keys[9], f.agent))
	}
}

// five names a group of five attributes of different kinds.
type five struct{ text, count, share, ok, took string }

const fiveMessage = "the parcel was handed over"

// fiveKeys are the keys of up to 25 attributes.
var fiveKeys = [5]five{
	{"state", "parcel", "load", "signed", "waited"},
	{"origin", "depot", "fuel", "express", "driven"},
	{"carrier", "route", "speed", "insured", "parked"},
	{"region", "stops", "weight", "fragile", "sorted"},
	{"customer", "orders", "refund", "loyal", "called"},
}
