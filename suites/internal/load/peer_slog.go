package load

import (
	"bufio"
	"context"
	"io"
	"log/slog"

	"github.com/logperf/logperf/fixtures/numbered"
	"github.com/logperf/logperf/fixtures/workload"
)

type slogPeer struct {
	logger    *slog.Logger
	records   []workload.Record
	producers []slogProducer
	end       func() error
}

// slogProducer is what one producer keeps between its calls, apart from that of
// its neighbours.
type slogProducer struct {
	attrs []slog.Attr
	_     [64]byte
}

// slogBuffered is slog's JSONHandler, which locks by itself, over a buffer.
func slogBuffered(path string, records []workload.Record, producers int) (peer, error) {
	f, err := openAppend(path)
	if err != nil {
		return nil, err
	}
	buffer := bufio.NewWriterSize(f, peerBuffer)
	return newSlog(buffer, records, producers, flushed(buffer, f)), nil
}

// slogDirect is slog's JSONHandler over the file: it has no asynchronous mode.
func slogDirect(path string, records []workload.Record, producers int) (peer, error) {
	f, err := openAppend(path)
	if err != nil {
		return nil, err
	}
	return newSlog(f, records, producers, f.Close), nil
}

func newSlog(w io.Writer, records []workload.Record, producers int, end func() error) *slogPeer {
	return &slogPeer{
		logger:  slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: workload.LowestLevel})),
		records: records, producers: make([]slogProducer, producers), end: end,
	}
}

func (p *slogPeer) log(producer, record int, number uint64) {
	r, own := &p.records[record], &p.producers[producer]
	own.attrs = numbered.Append(append(own.attrs[:0], r.Attrs...), producer, number)
	p.logger.LogAttrs(context.Background(), r.Level, r.Message, own.attrs...)
}

func (p *slogPeer) close() error { return p.end() }
