package load

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/logperf/logperf/fixtures/numbered"
	"github.com/logperf/logperf/fixtures/workload"
	"github.com/logperf/logperf/suites/internal/experiment"
)

// peerFile is the file of a peer, in its arm's folder. Its second word is where
// phuslu's files have a time.
const peerFile = "records.current.log"

// peer is another structured logger over a file. It does the same work as the
// library: a time, a level, a message, the attributes of the record and its
// numbers, one line of JSON.
type peer interface {
	// log logs the record of that index with its numbers behind it. Each
	// producer calls it on its own goroutine.
	log(producer, record int, number uint64)
	// close writes what is still held, and closes the file.
	close() error
}

// openPeer makes a peer for so many producers. What it can prepare of the records
// it prepares now.
type openPeer func(path string, records []workload.Record, producers int) (peer, error)

// dropper is a peer that counts what it drops.
type dropper interface{ dropped() int64 }

// played is a load and what became of it.
type played struct {
	load    experiment.Load
	traffic experiment.Traffic
}

func (p *played) Size() int     { return p.load.Arrivals() }
func (p *played) Doubt() string { return doubt(p.traffic) }

// library is the subject of the rows of peers. It keeps no timeline: its peers
// have none, and looking takes time.
type library struct {
	*target
	played
}

func openLibrary(o experiment.Options, share float64) (*library, error) {
	load, err := peerLoad(o, share)
	if err != nil {
		return nil, err
	}
	t, err := openTarget(o, opening{far: toFile, producers: load.Producers})
	if err != nil {
		return nil, err
	}
	return &library{t, played{load: load}}, nil
}

func (l *library) Run(ctx context.Context, _ int) (err error) {
	if l.traffic, err = l.load.Play(ctx, l.target.log); err != nil {
		return err
	}
	return l.logger.Flush(ctx)
}

func (l *library) Close(ctx context.Context) error { return l.target.close(ctx) }
func (l *library) Counts() map[string]int64        { return l.counts() }
func (l *library) Check() error                    { return l.check(l.traffic.Calls) }

func (l *library) Report(values map[string]float64) error {
	l.report(l.traffic.Calls, values)
	times(l.traffic, values)
	return nil
}

// reference is the subject of a peer.
type reference struct {
	played
	peer      peer
	closed    bool
	path      string
	records   int
	producers []peerProducer
	check     numbered.Check
}

// peerProducer is how many records a producer has sent, apart from that of its neighbours.
type peerProducer struct {
	records uint64
	_       [64]byte
}

func openReference(o experiment.Options, share float64, open openPeer) (*reference, error) {
	load, err := peerLoad(o, share)
	if err != nil {
		return nil, err
	}
	input, err := inputOf(o)
	if err != nil {
		return nil, err
	}
	records := make([]workload.Record, input.Len())
	for i := range records {
		records[i] = *input.At(i)
	}
	return newReference(o, load, records, open)
}

func newReference(o experiment.Options, load experiment.Load, records []workload.Record, open openPeer) (*reference, error) {
	path := filepath.Join(o.Dir, peerFile)
	p, err := open(path, records, load.Producers)
	if err != nil {
		return nil, err
	}
	return &reference{
		played: played{load: load}, peer: p, path: path, records: len(records), producers: make([]peerProducer, load.Producers),
	}, nil
}

// Run closes the peer at the end: it is the only way to flush some of them, and
// the load is the only slice.
func (r *reference) Run(ctx context.Context, _ int) (err error) {
	if r.traffic, err = r.load.Play(ctx, r.log); err != nil {
		return err
	}
	return r.finish()
}

// log is an experiment.Call. The producers begin at the same records as those of
// the library.
func (r *reference) log(_ context.Context, number int, _ uint64) {
	p := &r.producers[number]
	n := p.records
	p.records++
	r.peer.log(number, recordOf(number, n, r.records, len(r.producers)), n)
}

// recordOf is the index of the record that a producer logs under a number.
func recordOf(producer int, number uint64, records, producers int) int {
	return (int(number) + producer*records/producers) % records
}

func (r *reference) finish() error {
	if r.closed {
		return nil // twice is a panic in some
	}
	r.closed = true
	if err := r.peer.close(); err != nil {
		return fmt.Errorf("the peer cannot write what it holds: %w", err)
	}
	return nil
}

func (r *reference) Close(context.Context) error {
	if err := r.finish(); err != nil {
		return err
	}
	f, err := os.Open(r.path)
	if errors.Is(err, os.ErrNotExist) {
		return nil // some make their file with the first record
	}
	if err != nil {
		return err
	}
	return errors.Join(r.check.Read(f), f.Close())
}

func (r *reference) Counts() map[string]int64 {
	counts := map[string]int64{
		"offered": int64(r.traffic.Calls), "arrived": int64(r.check.Arrived), "unique": int64(r.check.Unique),
	}
	if d, ok := r.peer.(dropper); ok {
		counts["dropped"] = d.dropped()
	}
	return counts
}

// Check holds what was sent against the calls. What a peer says of its drops is
// shown and not believed.
func (r *reference) Check() error {
	var all uint64
	for i := range r.producers {
		all += r.producers[i].records
	}
	if all != uint64(r.traffic.Calls) {
		return fmt.Errorf("the producers sent %d records in %d calls: want one in each", all, r.traffic.Calls)
	}
	return nil
}

func (r *reference) Report(values map[string]float64) error {
	calls := r.traffic.Calls
	values["lost-records"] = float64(max(calls-r.check.Unique, r.check.Unique-calls))
	values["duplicated-records"] = float64(r.check.Duplicated())
	values["disordered-records"] = float64(r.check.Disordered)
	times(r.traffic, values)
	return nil
}

func openAppend(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
}
