package load

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/logperf/logperf/fixtures/memlimit"
	"github.com/logperf/logperf/fixtures/server"
	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/sink/file"
	"github.com/logperf/logperf/logging/sink/http"
	"github.com/logperf/logperf/suites/internal/experiment"
)

// far is a sink with its far end, which keeps or counts the records.
type far struct {
	sink logging.Sink
	// arrived is asked once, when the sink is closed.
	arrived func(ctx context.Context) (arrivals, error)
	// release ends what the far end needs.
	release func() error
}

// arrivals are the numbered records at the far end.
type arrivals struct{ arrived, unique, duplicated, disordered int }

type openFar func(o experiment.Options) (far, error)

func nothing() error { return nil }

// toFile is a file in the arm's folder, counted when it is closed.
func toFile(o experiment.Options) (far, error) {
	path := filepath.Join(o.Dir, "records.log")
	sink, err := file.New(file.Options{Path: path})
	if err != nil {
		return far{}, err
	}
	return far{sink: sink, release: nothing, arrived: func(ctx context.Context) (arrivals, error) { return inFile(ctx, path) }}, nil
}

// inFile has the file counted by a collector of its own: what the logger's own
// process counts would be charged to its time and its memory.
func inFile(ctx context.Context, path string) (arrivals, error) {
	collector, err := server.Start(ctx, http.BatchHeader, outside()...)
	if err != nil {
		return arrivals{}, err
	}
	r, err := collector.File(ctx, path)
	return arrivalsOf(r), errors.Join(err, collector.Close())
}

func arrivalsOf(r server.Report) arrivals {
	return arrivals{r.Arrived, r.Unique, r.Duplicated, r.Disordered}
}

// outside is what makes a process leave the limit on this one's memory.
func outside() []string { return memlimit.Outside() }

// httpBuffer is what the HTTP sink may hold: a few of its batches, so that a load
// beyond the knee is felt and not only stored. With a user's log it is the
// default, into which the longest line fits.
const httpBuffer = 1 << 20

// toHTTP is our collector in a process of its own, on the loopback interface.
func toHTTP(o experiment.Options) (far, error) {
	options := http.Options{BufferBytes: httpBuffer}
	if o.Corpus != "" {
		options.BufferBytes = 0
	}
	return toCollector(options)
}

// toCollector is toHTTP with the options of the sink, but for its URL.
func toCollector(options http.Options) (far, error) {
	collector, err := server.Start(context.Background(), http.BatchHeader, outside()...)
	if err != nil {
		return far{}, err
	}
	options.URL = collector.URL
	sink, err := http.New(options)
	if err != nil {
		return far{}, errors.Join(err, collector.Close())
	}
	return far{sink: sink, release: collector.Close, arrived: func(ctx context.Context) (arrivals, error) {
		r, err := collector.Report(ctx)
		return arrivalsOf(r), err
	}}, nil
}
