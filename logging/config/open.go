package config

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/sink"
	"github.com/logperf/logperf/logging/sink/file"
)

// OpenSink opens the sink that s describes; zero values are the defaults. The
// caller closes it. Closing the sink of kind stdout leaves os.Stdout open.
func OpenSink(s logging.SinkSettings) (logging.Sink, error) {
	settings := logging.Settings{Sink: s}
	if err := settings.Validate(); err != nil {
		return nil, err
	}
	s = settings.WithDefaults().Sink
	switch s.Kind {
	case logging.SinkStdout:
		return sink.NewWriter(os.Stdout), nil
	case logging.SinkDiscard:
		return sink.NewDiscard(), nil
	case logging.SinkMemory:
		return sink.NewMemory(sink.MemoryOptions{}), nil
	case logging.SinkFile:
		f, err := file.New(file.Options{Path: s.Path, BlockSize: s.BlockSize, Sync: s.Sync})
		if err != nil {
			return nil, err // not f, which would be an interface around nil
		}
		return f, nil
	}
	return nil, fmt.Errorf("no sink of kind %q can be opened", s.Kind)
}

// Open validates s, opens its sink and starts a logger that owns it: closing
// the logger closes the sink. The settings in o are replaced by s, and o.Sink has
// to be nil. Where Open fails, nothing stays open.
func Open(s logging.Settings, o logging.Options) (*logging.Logger, error) {
	if o.Sink != nil {
		return nil, errors.New("Options.Sink is set, but Open opens the sink of the settings: want logging.New for a sink of your own")
	}
	if err := s.Validate(); err != nil {
		return nil, err
	}
	o.Settings = s.WithDefaults()
	out, err := OpenSink(o.Settings.Sink)
	if err != nil {
		return nil, err
	}
	o.Sink = out
	l, err := logging.New(o)
	if err != nil {
		return nil, errors.Join(err, out.Close(context.Background()))
	}
	return l, nil
}
