package load

import (
	"bufio"
	"errors"
	"io"
	"log/slog"
	"os"
	"sync/atomic"

	"github.com/rs/zerolog"
	"github.com/rs/zerolog/diode"

	"github.com/logperf/logperf/fixtures/workload"
)

type zerologPeer struct {
	logger               zerolog.Logger
	records              []workload.Record
	producerKey, nextKey string
	end                  func() error
}

func newZerolog(w io.Writer, records []workload.Record, end func() error) *zerologPeer {
	p := &zerologPeer{logger: zerolog.New(w).With().Timestamp().Logger(), records: prepared(records, nil), end: end}
	p.producerKey, p.nextKey = numberKeys()
	return p
}

// zerologBuffered is zerolog over a buffer under a lock.
func zerologBuffered(path string, records []workload.Record, _ int) (peer, error) {
	f, err := openAppend(path)
	if err != nil {
		return nil, err
	}
	buffer := bufio.NewWriterSize(f, peerBuffer)
	return newZerolog(zerolog.SyncWriter(buffer), records, flushed(buffer, f)), nil
}

// flushed ends a logger over a buffer in front of a file.
func flushed(buffer *bufio.Writer, f *os.File) func() error {
	return func() error { return errors.Join(buffer.Flush(), f.Close()) }
}

// diodeSize and diodePoll are those of the example at diode.NewWriter, which has
// no defaults. At 0 the writer is woken for each record; one that looked every 10
// ms would have to lose whatever is beyond 100,000 records a second.
const (
	diodeSize = 1000
	diodePoll = 0
)

// zerologDiode is zerolog over its ring, which overwrites what the writer has
// not taken in time.
func zerologDiode(path string, records []workload.Record, _ int) (peer, error) {
	f, err := openAppend(path)
	if err != nil {
		return nil, err
	}
	d := &diodePeer{}
	ring := diode.NewWriter(f, diodeSize, diodePoll, func(missed int) { d.missed.Add(int64(missed)) })
	d.zerologPeer = newZerolog(ring, records, ring.Close) // closes the file too
	return d, nil
}

type diodePeer struct {
	*zerologPeer
	missed atomic.Int64 // added to by the ring's own goroutine
}

func (d *diodePeer) dropped() int64 { return d.missed.Load() }

func (p *zerologPeer) log(producer, record int, number uint64) {
	r := &p.records[record]
	e := appendZerolog(p.event(r.Level), r.Attrs)
	e.Int(p.producerKey, producer).Uint64(p.nextKey, number).Msg(r.Message)
}

// event keeps to the levels that all peers have. What is above error is an error:
// the fatal level of a peer ends the process.
func (p *zerologPeer) event(l slog.Level) *zerolog.Event {
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

func appendZerolog(e *zerolog.Event, attrs []slog.Attr) *zerolog.Event {
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

func (p *zerologPeer) close() error { return p.end() }
