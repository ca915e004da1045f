package scenario

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/sink"
	"github.com/logperf/logperf/logging/sink/file"
	"github.com/logperf/logperf/suites/internal/experiment"
)

// fileLimit is the size at which a scenario's file is cut back, so that a
// repetition measures writing and not how full the disk gets.
const fileLimit = 64 << 20

// syncedRecords fixes the slices of the synced rows. The time of a sync swings
// by a factor of ten from one second to the next: a slice sized by it would be
// one record in one repetition and a thousand in the next, and the writes for
// 1,000 records with it. The rows without sync have a fixed size too, of half a
// millisecond to one and a half, so that the writes for 1,000 records are the
// same on a slow disk and a fast one: each slice ends with a batch that is not
// full.
const (
	syncedRecords   = 1024
	unsyncedRecords = 8192
)

// Sink is the table of the sinks: batches of encoded records are written by
// the goroutine that runs the slice, as the logger's worker would.
func Sink() []experiment.Scenario {
	metrics := []string{
		"ns/op", "total-ns/op", "records/s", "MB/s", "writes/1k-op", "cpu-ns/op", "allocs/op",
		"lost-records", "leaked-goroutines",
	}
	row := func(name, title, tier string, arms ...experiment.Arm) experiment.Scenario {
		return experiment.Scenario{
			Name: "sink/" + name, Title: title, Tier: tier, Measure: "throughput",
			Metrics: metrics, Input: true, Arms: arms,
		}
	}
	const block = 64 << 10
	rows := []experiment.Scenario{
		row("discard", "that discards takes batches of 64 KiB", "smoke", sinkArm("logperf", block, openDiscard)),
		row("memory", "that keeps records in memory takes batches of 64 KiB", "smoke", sinkArm("logperf", block, openMemory)),
		row("writer", "over an io.Writer, here the null device, takes batches of 64 KiB", "smoke", sinkArm("logperf", block, openWriter)),
	}
	for _, size := range []int{4, 64, 256} {
		for _, synced := range []bool{false, true} {
			tier, how := "smoke", "without sync"
			if synced {
				how = "with a sync after each block"
				if size != 64 {
					tier = "full"
				}
			}
			next := row(
				fmt.Sprintf("file/block=%dKiB/sync=%t", size, synced),
				fmt.Sprintf("over a file in blocks of %d KiB %s", size, how), tier,
				sinkArm("logperf", size<<10, openFile(size<<10, synced)),
				sinkArm("bufio", size<<10, openBufio(size<<10, synced)),
			)
			next.Ops = unsyncedRecords
			if synced {
				next.Ops = syncedRecords
			}
			rows = append(rows, next)
		}
	}
	return from("sink", rows,
		"sink.go", "harness.go", "workload.go")
}

// outlet is an open sink with what the scenarios need to know of it.
type outlet struct {
	sink   logging.Sink
	writes func() uint64 // calls of write so far
	// arrived counts the records at the far end since the last cut and cuts
	// the far end back; nil where the far end keeps nothing.
	arrived func() (int, error)
	// passed is the number of bytes that have come to a far end that keeps none;
	// nil where that is not known.
	passed func() int
}

type openOutlet func(o experiment.Options) (outlet, error)

// drain is the subject of the sink scenarios: batches of lines, encoded
// beforehand from the workload, go through the sink again and again.
type drain struct {
	outlet
	lines []byte
	ends  []int // where each record of lines ends
	at    int   // the next record to write

	offered, failed, arrivedTotal int
	bytes, pending                int // bytes written, and of these since the last cut
}

func sinkArm(name string, batch int, open openOutlet) experiment.Arm {
	return experiment.Arm{Name: name, Open: func(_ context.Context, o experiment.Options) (experiment.Subject, error) {
		lines, ends, err := encoded(o, batch)
		if err != nil {
			return nil, err
		}
		out, err := open(o)
		if err != nil {
			return nil, err
		}
		return &drain{outlet: out, lines: lines, ends: ends}, nil
	}}
}

// encoded returns as many encoded records of the workload as fit into size
// bytes, at least one. They come from all of it: what a log begins with, such
// as the lines of a start, is not what it goes on with.
func encoded(o experiment.Options, size int) (lines []byte, ends []int, err error) {
	input, err := workloadOf(o)
	if err != nil {
		return nil, nil, err
	}
	p, err := logging.NewPipeline(logging.Options{})
	if err != nil {
		return nil, nil, err
	}
	var e logging.Entry
	for at, step := 0, spread(input.Len()); ; at = (at + step) % input.Len() {
		fill(&e, input.At(at))
		lines, _ = p.Process(lines, &e)
		if len(lines) > size && len(ends) > 0 {
			return lines[:ends[len(ends)-1]], ends, nil
		}
		ends = append(ends, len(lines))
	}
}

// spread returns a step that leads round n places to each of them before it
// comes to one again, and of which any number of steps lie about evenly: near
// n over the golden ratio, and without a common divisor with n.
func spread(n int) int {
	step := max(1, int(float64(n)/math.Phi))
	for divisor(n, step) > 1 {
		step++
	}
	return step
}

// divisor is the greatest common one.
func divisor(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// Run writes n records in batches as large as the prepared one allows.
func (d *drain) Run(ctx context.Context, n int) error {
	for left := n; left > 0; {
		count := min(left, len(d.ends)-d.at)
		from := 0
		if d.at > 0 {
			from = d.ends[d.at-1]
		}
		lines := d.lines[from:d.ends[d.at+count-1]]
		written, err := d.sink.Write(ctx, logging.Batch{Lines: lines, Records: count})
		if err != nil {
			return err
		}
		d.failed += count - written
		d.bytes += len(lines)
		d.pending += len(lines)
		d.at = (d.at + count) % len(d.ends)
		left -= count
	}
	d.offered += n
	return d.sink.Flush(ctx)
}

// Reset cuts a file back before it grows beyond its limit.
func (d *drain) Reset() error {
	if d.pending < fileLimit {
		return nil
	}
	d.pending = 0
	return d.count()
}

func (d *drain) count() error {
	if d.arrived == nil {
		return nil
	}
	n, err := d.arrived()
	d.arrivedTotal += n
	return err
}

func (d *drain) Close(ctx context.Context) error {
	return errors.Join(d.sink.Flush(ctx), d.count(), d.sink.Close(ctx))
}

func (d *drain) Counts() map[string]int64 {
	counts := map[string]int64{
		"offered": int64(d.offered), "written": int64(d.offered - d.failed), "failed": int64(d.failed),
		"bytes": int64(d.bytes),
	}
	if d.arrived != nil {
		counts["arrived"] = int64(d.arrivedTotal)
	}
	return counts
}

func (d *drain) Report(values map[string]float64) error {
	lost := d.failed // unconfirmed by the sink
	if d.arrived != nil {
		lost = max(lost, d.offered-d.arrivedTotal, d.arrivedTotal-d.offered)
	}
	values["lost-records"] = float64(lost)
	values["line-B/op"] = float64(d.bytes) / float64(max(d.offered, 1))
	values["writes/1k-op"] = 1000 * float64(d.writes()) / float64(max(d.offered, 1))
	return nil
}

// Check sees a loss where the far end counts bytes alone.
func (d *drain) Check() error {
	if d.passed != nil && d.passed() != d.bytes {
		return fmt.Errorf("%d bytes came to the far end of %d", d.passed(), d.bytes)
	}
	return nil
}

func openDiscard(experiment.Options) (outlet, error) {
	s := sink.NewDiscard()
	return outlet{sink: s, writes: s.Writes}, nil
}

func openMemory(experiment.Options) (outlet, error) {
	s, seen := sink.NewMemory(sink.MemoryOptions{}), 0
	arrived := func() (int, error) {
		all := s.Len() + int(s.Dropped())
		arrived := all - seen
		seen = all
		return arrived, nil
	}
	return outlet{sink: s, writes: s.Writes, arrived: arrived}, nil
}

func openWriter(experiment.Options) (outlet, error) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return outlet{}, err
	}
	w := &passing{file: null}
	s := sink.NewWriter(w)
	return outlet{sink: closing{s, null}, writes: s.Writes, passed: func() int { return w.bytes }}, nil
}

// passing counts the bytes that pass.
type passing struct {
	file  *os.File
	bytes int
}

func (p *passing) Write(b []byte) (int, error) {
	n, err := p.file.Write(b)
	p.bytes += n
	return n, err
}

// closing closes the file that the writer sink leaves open.
type closing struct {
	logging.Sink
	file *os.File
}

func (c closing) Close(ctx context.Context) error {
	return errors.Join(c.Sink.Close(ctx), c.file.Close())
}

func openFile(block int, synced bool) openOutlet {
	return func(o experiment.Options) (outlet, error) {
		path := filepath.Join(o.Dir, "records.log")
		s, err := file.New(file.Options{Path: path, BlockSize: block, Sync: synced})
		if err != nil {
			return outlet{}, err
		}
		return outlet{sink: s, writes: s.Writes, arrived: counter(path)}, nil
	}
}

// openBufio is the reference: a bufio.Writer of the block size over a file.
func openBufio(block int, synced bool) openOutlet {
	return func(o experiment.Options) (outlet, error) {
		path := filepath.Join(o.Dir, "records.log")
		f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
		if err != nil {
			return outlet{}, err
		}
		b := &buffered{file: f, sync: synced}
		b.buf = bufio.NewWriterSize(countingWriter{b}, block)
		return outlet{
			sink: b, writes: func() uint64 { return b.writes },
			arrived: counter(path),
		}, nil
	}
}

// buffered is bufio over os.File with the sink's interface.
type buffered struct {
	file   *os.File
	buf    *bufio.Writer
	sync   bool
	writes uint64
}

// countingWriter counts the calls of write(2) and syncs after each where the
// row asks for it.
type countingWriter struct{ b *buffered }

func (w countingWriter) Write(p []byte) (int, error) {
	w.b.writes++
	n, err := w.b.file.Write(p)
	if err == nil && w.b.sync {
		err = w.b.file.Sync()
	}
	return n, err
}

func (b *buffered) Write(_ context.Context, batch logging.Batch) (int, error) {
	if _, err := b.buf.Write(batch.Lines); err != nil {
		return 0, err
	}
	return batch.Records, nil
}
func (b *buffered) Flush(context.Context) error { return b.buf.Flush() }
func (b *buffered) Close(context.Context) error { return errors.Join(b.buf.Flush(), b.file.Close()) }

// counter returns a function that counts the lines of a file and empties it. Its
// buffer is made now: a cut may fall among the measured slices.
func counter(path string) func() (int, error) {
	chunk := make([]byte, 256<<10)
	return func() (int, error) { return countAndCut(path, chunk) }
}

func countAndCut(path string, chunk []byte) (int, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }()
	for lines := 0; ; {
		n, err := f.Read(chunk)
		lines += bytes.Count(chunk[:n], []byte{'\n'})
		if errors.Is(err, io.EOF) {
			return lines, os.Truncate(path, 0)
		}
		if err != nil {
			return lines, err
		}
	}
}
