package scenario

import (
	"context"
	"io"
	"log/slog"
	"time"

	phuslu "github.com/phuslu/log"
	"github.com/rs/zerolog"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/logperf/logperf/fixtures/workload"
	"github.com/logperf/logperf/suites/internal/experiment"
)

// peer is another structured logger, called through its own fastest typed
// interface, doing the same work as the library's pipeline: a time, a level, a
// message, the same attributes, one line of JSON. Each method makes n calls.
type peer interface {
	logF10(n int)
	fives(groups, n int)
	bound(n int)
	disabledMessage(n int)
	disabledF10(n int)
}

// openPeer makes the named logger over w, at level info.
func openPeer(name string, w io.Writer) peer {
	record := f10Of(workload.F10())
	switch name {
	case "zerolog":
		return newZerologPeer(record, w)
	case "phuslu":
		return newPhusluPeer(record, &phuslu.IOWriter{Writer: w})
	case "zap":
		return newZapPeer(record, zapcore.AddSync(w))
	default:
		return newSlogPeer(record, w)
	}
}

// peerArms are the references that log into io.Discard.
func peerArms(run func(peer, int), names ...string) []experiment.Arm {
	var arms []experiment.Arm
	for _, name := range names {
		arms = append(arms, experiment.Arm{Name: name, Open: func(context.Context, experiment.Options) (experiment.Subject, error) {
			return &caller{peer: openPeer(name, io.Discard), run: run}, nil
		}})
	}
	return arms
}

// caller is the subject of a synchronous logger.
type caller struct {
	peer peer
	run  func(peer, int)
}

func (c *caller) Run(_ context.Context, n int) error { c.run(c.peer, n); return nil }
func (c *caller) Close(context.Context) error        { return nil }

type zerologPeer struct {
	f10
	logger, with zerolog.Logger
}

func newZerologPeer(r *f10, w io.Writer) *zerologPeer {
	l := zerolog.New(w).Level(zerolog.InfoLevel).With().Timestamp().Logger()
	with := l.With().Str(r.keys[0], r.method).Str(r.keys[1], r.path).Int64(r.keys[2], r.status).
		Float64(r.keys[3], r.share).Dur(r.keys[4], r.took).AnErr(r.keys[5], r.err).Bool(r.keys[6], r.ok).
		Time(r.keys[7], r.at).Uint64(r.keys[8], r.total).Str(r.keys[9], r.agent).Logger()
	return &zerologPeer{*r, l, with}
}

func (p *zerologPeer) emit(e *zerolog.Event) {
	e.Str(p.keys[0], p.method).Str(p.keys[1], p.path).Int64(p.keys[2], p.status).
		Float64(p.keys[3], p.share).Dur(p.keys[4], p.took).AnErr(p.keys[5], p.err).Bool(p.keys[6], p.ok).
		Time(p.keys[7], p.at).Uint64(p.keys[8], p.total).Str(p.keys[9], p.agent).Msg(p.message)
}

func (p *zerologPeer) logF10(n int) {
	for range n {
		p.emit(p.logger.Info())
	}
}

func (p *zerologPeer) disabledF10(n int) {
	for range n {
		p.emit(p.logger.Debug())
	}
}

func (p *zerologPeer) bound(n int) {
	for range n {
		p.with.Info().Msg(p.message)
	}
}

func (p *zerologPeer) disabledMessage(n int) {
	for range n {
		p.logger.Debug().Msg("the cache is warm")
	}
}

func (p *zerologPeer) fives(groups, n int) {
	for range n {
		e := p.logger.Info()
		for _, k := range fiveKeys[:groups] {
			e = e.Str(k.text, "delivered").Int(k.count, 1742).Float64(k.share, 0.25).Bool(k.ok, true).
				Dur(k.took, 1500*time.Microsecond)
		}
		e.Msg(fiveMessage)
	}
}

type phusluPeer struct {
	f10
	logger, with phuslu.Logger
}

func newPhusluPeer(r *f10, w phuslu.Writer) *phusluPeer {
	l := phuslu.Logger{Level: phuslu.InfoLevel, Writer: w}
	p := &phusluPeer{f10: *r, logger: l, with: l}
	p.with.Context = p.fields(phuslu.NewContext(nil)).Value()
	return p
}

func (p *phusluPeer) fields(e *phuslu.Entry) *phuslu.Entry {
	return e.Str(p.keys[0], p.method).Str(p.keys[1], p.path).Int64(p.keys[2], p.status).
		Float64(p.keys[3], p.share).Dur(p.keys[4], p.took).AnErr(p.keys[5], p.err).Bool(p.keys[6], p.ok).
		Time(p.keys[7], p.at).Uint64(p.keys[8], p.total).Str(p.keys[9], p.agent)
}

func (p *phusluPeer) logF10(n int) {
	for range n {
		p.fields(p.logger.Info()).Msg(p.message)
	}
}

func (p *phusluPeer) disabledF10(n int) {
	for range n {
		p.fields(p.logger.Debug()).Msg(p.message)
	}
}

func (p *phusluPeer) bound(n int) {
	for range n {
		p.with.Info().Msg(p.message)
	}
}

func (p *phusluPeer) disabledMessage(n int) {
	for range n {
		p.logger.Debug().Msg("the cache is warm")
	}
}

func (p *phusluPeer) fives(groups, n int) {
	for range n {
		e := p.logger.Info()
		for _, k := range fiveKeys[:groups] {
			e = e.Str(k.text, "delivered").Int(k.count, 1742).Float64(k.share, 0.25).Bool(k.ok, true).
				Dur(k.took, 1500*time.Microsecond)
		}
		e.Msg(fiveMessage)
	}
}

type zapPeer struct {
	f10
	logger, with *zap.Logger
}

func newZapPeer(r *f10, w zapcore.WriteSyncer) *zapPeer {
	encoder := zap.NewProductionEncoderConfig()
	encoder.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	l := zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(encoder), w, zapcore.InfoLevel))
	p := &zapPeer{f10: *r, logger: l}
	p.with = l.With(p.fields()...)
	return p
}

func (p *zapPeer) fields() []zap.Field {
	return []zap.Field{
		zap.String(p.keys[0], p.method), zap.String(p.keys[1], p.path), zap.Int64(p.keys[2], p.status),
		zap.Float64(p.keys[3], p.share), zap.Duration(p.keys[4], p.took), zap.NamedError(p.keys[5], p.err),
		zap.Bool(p.keys[6], p.ok), zap.Time(p.keys[7], p.at), zap.Uint64(p.keys[8], p.total), zap.String(p.keys[9], p.agent),
	}
}

func (p *zapPeer) logF10(n int) {
	for range n {
		p.logger.Info(p.message,
			zap.String(p.keys[0], p.method), zap.String(p.keys[1], p.path), zap.Int64(p.keys[2], p.status),
			zap.Float64(p.keys[3], p.share), zap.Duration(p.keys[4], p.took), zap.NamedError(p.keys[5], p.err),
			zap.Bool(p.keys[6], p.ok), zap.Time(p.keys[7], p.at), zap.Uint64(p.keys[8], p.total), zap.String(p.keys[9], p.agent))
	}
}

func (p *zapPeer) disabledF10(n int) {
	for range n {
		p.logger.Debug(p.message,
			zap.String(p.keys[0], p.method), zap.String(p.keys[1], p.path), zap.Int64(p.keys[2], p.status),
			zap.Float64(p.keys[3], p.share), zap.Duration(p.keys[4], p.took), zap.NamedError(p.keys[5], p.err),
			zap.Bool(p.keys[6], p.ok), zap.Time(p.keys[7], p.at), zap.Uint64(p.keys[8], p.total), zap.String(p.keys[9], p.agent))
	}
}

func (p *zapPeer) bound(n int) {
	for range n {
		p.with.Info(p.message)
	}
}

func (p *zapPeer) disabledMessage(n int) {
	for range n {
		p.logger.Debug("the cache is warm")
	}
}

func (p *zapPeer) fives(groups, n int) {
	fields := make([]zap.Field, 0, 5*groups)
	for range n {
		fields = fields[:0]
		for _, k := range fiveKeys[:groups] {
			fields = append(fields, zap.String(k.text, "delivered"), zap.Int(k.count, 1742), zap.Float64(k.share, 0.25),
				zap.Bool(k.ok, true), zap.Duration(k.took, 1500*time.Microsecond))
		}
		p.logger.Info(fiveMessage, fields...)
	}
}

type slogPeer struct {
	f10
	logger, with *slog.Logger
}

func newSlogPeer(r *f10, w io.Writer) *slogPeer {
	l := slog.New(slog.NewJSONHandler(w, nil))
	return &slogPeer{*r, l, slog.New(l.Handler().WithAttrs(r.appendTo(nil)))}
}

func (p *slogPeer) logF10(n int) {
	ctx := context.Background()
	for range n {
		p.logger.LogAttrs(ctx, slog.LevelInfo, p.message,
			slog.String(p.keys[0], p.method), slog.String(p.keys[1], p.path), slog.Int64(p.keys[2], p.status),
			slog.Float64(p.keys[3], p.share), slog.Duration(p.keys[4], p.took), slog.Any(p.keys[5], p.err),
			slog.Bool(p.keys[6], p.ok), slog.Time(p.keys[7], p.at), slog.Uint64(p.keys[8], p.total), slog.String(p.keys[9], p.agent))
	}
}

func (p *slogPeer) disabledF10(n int) {
	ctx := context.Background()
	for range n {
		p.logger.LogAttrs(ctx, slog.LevelDebug, p.message,
			slog.String(p.keys[0], p.method), slog.String(p.keys[1], p.path), slog.Int64(p.keys[2], p.status),
			slog.Float64(p.keys[3], p.share), slog.Duration(p.keys[4], p.took), slog.Any(p.keys[5], p.err),
			slog.Bool(p.keys[6], p.ok), slog.Time(p.keys[7], p.at), slog.Uint64(p.keys[8], p.total), slog.String(p.keys[9], p.agent))
	}
}

func (p *slogPeer) bound(n int) {
	for range n {
		p.with.LogAttrs(context.Background(), slog.LevelInfo, p.message)
	}
}

func (p *slogPeer) disabledMessage(n int) {
	for range n {
		p.logger.LogAttrs(context.Background(), slog.LevelDebug, "the cache is warm")
	}
}

func (p *slogPeer) fives(groups, n int) {
	attrs := make([]slog.Attr, 0, 5*groups)
	for range n {
		attrs = attrs[:0]
		for _, k := range fiveKeys[:groups] {
			attrs = append(attrs, slog.String(k.text, "delivered"), slog.Int(k.count, 1742), slog.Float64(k.share, 0.25),
				slog.Bool(k.ok, true), slog.Duration(k.took, 1500*time.Microsecond))
		}
		p.logger.LogAttrs(context.Background(), slog.LevelInfo, fiveMessage, attrs...)
	}
}
