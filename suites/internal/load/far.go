package load

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/logperf/logperf/fixtures/numbered"
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

// toFile is a file in the arm's folder, read when it is closed.
func toFile(o experiment.Options) (far, error) {
	path := filepath.Join(o.Dir, "records.log")
	sink, err := file.New(file.Options{Path: path})
	if err != nil {
		return far{}, err
	}
	return far{sink: sink, release: nothing, arrived: func(context.Context) (arrivals, error) {
		f, err := os.Open(path)
		if err != nil {
			return arrivals{}, err
		}
		var check numbered.Check
		err = errors.Join(check.Read(f), f.Close())
		return arrivals{check.Arrived, check.Unique, check.Duplicated(), check.Disordered}, err
	}}, nil
}

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
	collector, err := server.Start(context.Background(), http.BatchHeader)
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
		return arrivals{r.Arrived, r.Unique, r.Duplicated, r.Disordered}, err
	}}, nil
}
