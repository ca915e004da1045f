package scenario

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	phuslu "github.com/phuslu/log"
	"github.com/rs/zerolog"
	"go.uber.org/zap/zapcore"

	"github.com/logperf/logperf/fixtures/workload"
	"github.com/logperf/logperf/suites/internal/experiment"
)

// peerBuffer is the buffer in front of the file of the synchronous loggers.
const peerBuffer = 256 << 10

// Peers is the table of whole loggers side by side: records with 10 attributes
// from the call until they are flushed to a file, nothing lost, each logger at
// the fastest lossless setting that is known for it.
func Peers() []experiment.Scenario {
	var rows []experiment.Scenario
	for _, callers := range []int{1, 2, 8} {
		tier := "smoke"
		if callers == 2 {
			tier = "full"
		}
		rows = append(rows, experiment.Scenario{
			Name:  fmt.Sprintf("peers/file/callers=%d", callers),
			Title: fmt.Sprintf("takes records with 10 attributes from %s to a file, flushed", plural(callers, "caller")),
			Tier:  tier, Measure: "throughput",
			Metrics: []string{"ns/op", "total-ns/op", "caller-ns/op", "records/s", "cpu-ns/op", "allocs/op", "line-B/op", "lost-records"},
			Laps:    []string{"caller-ns/op"}, Slice: 2 * handOver,
			Arms: []experiment.Arm{
				endArm(endOptions{log: logF10, file: true, callers: callers}),
				fileArm("phuslu", phusluFile, callers),
				fileArm("zerolog", zerologFile, callers),
				fileArm("zap", zapFile, callers),
				fileArm("slog", slogFile, callers),
			},
		})
	}
	return from("peers", rows,
		"peers.go", "crew.go", "encoders.go", "f10.go", "logger.go", "pipeline.go", "queue.go", "sink.go")
}

// fileLogger is a peer that writes to a file and can be flushed to it.
type fileLogger struct {
	peer
	flush func() error
	close func() error
}

type openFileLogger func(path string) (fileLogger, error)

// filer is the subject of a peer that logs to a file.
type filer struct {
	path    string
	cut     func() (int, error) // counts the lines of the file and empties it
	logger  fileLogger
	crew    *crew
	caller  time.Duration
	offered int
	arrived int
	bytes   int64
	pending int
}

func fileArm(name string, open openFileLogger, callers int) experiment.Arm {
	return experiment.Arm{Name: name, Open: func(_ context.Context, o experiment.Options) (experiment.Subject, error) {
		f := &filer{path: filepath.Join(o.Dir, "records.current.log")}
		f.cut = counter(f.path)
		var err error
		if f.logger, err = open(f.path); err != nil {
			return nil, err
		}
		if callers > 1 {
			f.crew = newCrew(callers, func(_, n int) { f.logger.logF10(n) }, nil)
		}
		return f, nil
	}}
}

func (f *filer) Run(_ context.Context, n int) error {
	began := time.Now()
	if f.crew == nil {
		f.logger.logF10(n)
	} else {
		f.crew.start(n)
		f.crew.join()
	}
	f.caller = time.Since(began)
	f.offered += n
	f.pending += n
	return f.logger.flush()
}

func (f *filer) Laps(dst []time.Duration) { dst[0] = f.caller }

// Reset cuts the file back before it grows beyond its limit; a record of ten
// attributes is below 512 bytes.
func (f *filer) Reset() error {
	if f.pending*512 < fileLimit {
		return nil
	}
	f.pending = 0
	return f.count()
}

func (f *filer) count() error {
	if info, err := os.Stat(f.path); err == nil {
		f.bytes += info.Size()
	}
	n, err := f.cut()
	f.arrived += n
	return err
}

func (f *filer) Close(context.Context) error {
	if f.crew != nil {
		f.crew.close()
	}
	return errors.Join(f.logger.close(), f.count())
}

func (f *filer) Counts() map[string]int64 {
	return map[string]int64{"offered": int64(f.offered), "arrived": int64(f.arrived), "bytes": f.bytes}
}

func (f *filer) Report(values map[string]float64) error {
	values["lost-records"] = float64(max(f.offered-f.arrived, f.arrived-f.offered))
	values["line-B/op"] = float64(f.bytes) / float64(max(f.arrived, 1))
	return nil
}

func openAppend(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
}

// zerologFile is zerolog over a buffer under a lock: without one, each record
// would cost a write(2).
func zerologFile(path string) (fileLogger, error) {
	f, err := openAppend(path)
	if err != nil {
		return fileLogger{}, err
	}
	buf := bufio.NewWriterSize(f, peerBuffer)
	p := newZerologPeer(f10Of(workload.F10()), zerolog.SyncWriter(buf))
	return fileLogger{p, buf.Flush, func() error { return errors.Join(buf.Flush(), f.Close()) }}, nil
}

// slogFile is slog's JSONHandler, which locks by itself, over a buffer.
func slogFile(path string) (fileLogger, error) {
	f, err := openAppend(path)
	if err != nil {
		return fileLogger{}, err
	}
	buf := bufio.NewWriterSize(f, peerBuffer)
	p := newSlogPeer(f10Of(workload.F10()), buf)
	return fileLogger{p, buf.Flush, func() error { return errors.Join(buf.Flush(), f.Close()) }}, nil
}

// zapFile is zap over its own buffered syncer.
func zapFile(path string) (fileLogger, error) {
	f, err := openAppend(path)
	if err != nil {
		return fileLogger{}, err
	}
	// zap's Sync would also fsync the file, which no other arm does.
	buf := &zapcore.BufferedWriteSyncer{WS: zapcore.AddSync(unsynced{f}), Size: peerBuffer}
	p := newZapPeer(f10Of(workload.F10()), buf)
	return fileLogger{p, buf.Sync, func() error { return errors.Join(buf.Stop(), f.Close()) }}, nil
}

// unsynced hides the Sync of a file.
type unsynced struct{ file *os.File }

func (u unsynced) Write(p []byte) (int, error) { return u.file.Write(p) }

// phusluFile is phuslu's asynchronous writer with its vectored writes. It can
// be flushed only by closing it, so the writer is closed at the end of each
// slice and opened again by the next record; the slices are long against that.
func phusluFile(path string) (fileLogger, error) {
	// Its files carry a time in their name, at the place where path has
	// "current": a format without any field of the time keeps to one file.
	name := strings.TrimSuffix(path, ".current.log") + ".log"
	open := func() *phuslu.AsyncWriter {
		return &phuslu.AsyncWriter{ChannelSize: 4096, Writer: &phuslu.FileWriter{Filename: name, TimeFormat: "current"}}
	}
	w := open()
	p := newPhusluPeer(f10Of(workload.F10()), w)
	flush := func() error {
		err := w.Close()
		w = open()
		p.logger.Writer = w
		return err
	}
	return fileLogger{p, flush, func() error { return nil }}, nil
}
