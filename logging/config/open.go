package config

import (
	"context"
	"errors"

	"github.com/logperf/logperf/logging"
)

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
