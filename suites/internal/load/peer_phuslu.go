package load

import (
	"log/slog"
	"strings"

	phuslu "github.com/phuslu/log"

	"github.com/logperf/logperf/fixtures/workload"
)

type phusluPeer struct {
	logger               phuslu.Logger
	writer               *phuslu.AsyncWriter
	records              []workload.Record
	producerKey, nextKey string
}

// phusluBlocking is phuslu's asynchronous writer, with its vectored writes and a
// channel that callers wait for.
func phusluBlocking(path string, records []workload.Record, _ int) (peer, error) {
	return newPhuslu(&phuslu.AsyncWriter{ChannelSize: 4096}, path, records), nil
}

// phusluDefault is phuslu's asynchronous writer as it comes: callers hand each
// record over one by one.
func phusluDefault(path string, records []workload.Record, _ int) (peer, error) {
	return newPhuslu(&phuslu.AsyncWriter{}, path, records), nil
}

func newPhuslu(w *phuslu.AsyncWriter, path string, records []workload.Record) *phusluPeer {
	// Its files carry a time in their name, where path has "current": a format
	// without any field of the time keeps to one file.
	name := strings.TrimSuffix(path, ".current.log") + ".log"
	w.Writer = &phuslu.FileWriter{Filename: name, TimeFormat: "current"}
	p := &phusluPeer{
		logger: phuslu.Logger{Level: phuslu.TraceLevel, Writer: w}, writer: w,
		records: prepared(records, escaped), // it writes keys as they are
	}
	p.producerKey, p.nextKey = numberKeys()
	return p
}

func (p *phusluPeer) log(producer, record int, number uint64) {
	r := &p.records[record]
	e := appendPhuslu(p.entry(r.Level), r.Attrs)
	e.Int(p.producerKey, producer).Uint64(p.nextKey, number).Msg(r.Message)
}

// entry keeps to the levels that all peers have, as zerolog's event does.
func (p *phusluPeer) entry(l slog.Level) *phuslu.Entry {
	switch {
	case l < slog.LevelInfo:
		return p.logger.Debug()
	case l < slog.LevelWarn:
		return p.logger.Info()
	case l < slog.LevelError:
		return p.logger.Warn()
	}
	return p.logger.Error()
}

func appendPhuslu(e *phuslu.Entry, attrs []slog.Attr) *phuslu.Entry {
	for i := range attrs {
		key, v := attrs[i].Key, attrs[i].Value
		switch v.Kind() {
		case slog.KindString:
			e = e.Str(key, v.String())
		case slog.KindInt64:
			e = e.Int64(key, v.Int64())
		case slog.KindUint64:
			e = e.Uint64(key, v.Uint64())
		case slog.KindFloat64:
			e = e.Float64(key, v.Float64())
		case slog.KindBool:
			e = e.Bool(key, v.Bool())
		case slog.KindDuration:
			e = e.Dur(key, v.Duration())
		case slog.KindTime:
			e = e.Time(key, v.Time())
		default:
			if err, ok := v.Any().(error); ok {
				e = e.AnErr(key, err)
			} else {
				e = e.Interface(key, v.Any())
			}
		}
	}
	return e
}

// close closes the file too.
func (p *phusluPeer) close() error { return p.writer.Close() }
