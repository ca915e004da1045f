package load

import (
	"errors"
	"log/slog"
	"os"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/logperf/logperf/fixtures/workload"
)

type zapPeer struct {
	logger               *zap.Logger
	records              []zapRecord
	producers            []zapProducer
	producerKey, nextKey string
	end                  func() error
}

// zapRecord is a record with its fields, which the library's arms prepare too.
type zapRecord struct {
	level   zapcore.Level
	message string
	fields  []zap.Field
}

// zapProducer is what one producer keeps between its calls, apart from that of
// its neighbours.
type zapProducer struct {
	fields []zap.Field
	_      [64]byte
}

// zapBuffered is zap over its own buffered syncer, which callers flush when it is
// full.
func zapBuffered(path string, records []workload.Record, producers int) (peer, error) {
	return newZap(&zapcore.BufferedWriteSyncer{Size: peerBuffer}, path, records, producers)
}

// zapDefault leaves size and interval of the syncer to its defaults.
func zapDefault(path string, records []workload.Record, producers int) (peer, error) {
	return newZap(&zapcore.BufferedWriteSyncer{}, path, records, producers)
}

func newZap(buffer *zapcore.BufferedWriteSyncer, path string, records []workload.Record, producers int) (peer, error) {
	f, err := openAppend(path)
	if err != nil {
		return nil, err
	}
	// zap's Sync would also fsync the file, which no other arm does.
	buffer.WS = zapcore.AddSync(unsynced{f})
	encoder := zap.NewProductionEncoderConfig()
	encoder.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	p := &zapPeer{
		logger:    zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(encoder), buffer, zapcore.DebugLevel)),
		records:   zapRecords(records),
		producers: make([]zapProducer, producers),
		end:       func() error { return errors.Join(buffer.Stop(), f.Close()) },
	}
	p.producerKey, p.nextKey = numberKeys()
	return p, nil
}

// unsynced hides the Sync of a file.
type unsynced struct{ file *os.File }

func (u unsynced) Write(p []byte) (int, error) { return u.file.Write(p) }

func (p *zapPeer) log(producer, record int, number uint64) {
	r, own := &p.records[record], &p.producers[producer]
	own.fields = append(append(own.fields[:0], r.fields...), zap.Int(p.producerKey, producer), zap.Uint64(p.nextKey, number))
	p.logger.Log(r.level, r.message, own.fields...)
}

func (p *zapPeer) close() error { return p.end() }

func zapRecords(records []workload.Record) []zapRecord {
	out := make([]zapRecord, len(records))
	for i, r := range prepared(records, nil) {
		out[i] = zapRecord{zapLevel(r.Level), r.Message, zapFields(r.Attrs)}
	}
	return out
}

// zapLevel keeps to the levels that all peers have, as zerolog's event does.
func zapLevel(l slog.Level) zapcore.Level {
	switch {
	case l < slog.LevelInfo:
		return zapcore.DebugLevel
	case l < slog.LevelWarn:
		return zapcore.InfoLevel
	case l < slog.LevelError:
		return zapcore.WarnLevel
	}
	return zapcore.ErrorLevel
}

func zapFields(attrs []slog.Attr) []zap.Field {
	fields := make([]zap.Field, len(attrs))
	for i, a := range attrs {
		fields[i] = zapField(a.Key, a.Value)
	}
	return fields
}

func zapField(key string, v slog.Value) zap.Field {
	switch v.Kind() {
	case slog.KindString:
		return zap.String(key, v.String())
	case slog.KindInt64:
		return zap.Int64(key, v.Int64())
	case slog.KindUint64:
		return zap.Uint64(key, v.Uint64())
	case slog.KindFloat64:
		return zap.Float64(key, v.Float64())
	case slog.KindBool:
		return zap.Bool(key, v.Bool())
	case slog.KindDuration:
		return zap.Duration(key, v.Duration())
	case slog.KindTime:
		return zap.Time(key, v.Time())
	}
	switch of := v.Any().(type) {
	case *peerGroup:
		return zap.Dict(key, zapFields(of.attrs)...)
	case error:
		return zap.NamedError(key, of)
	default:
		return zap.Any(key, of)
	}
}
