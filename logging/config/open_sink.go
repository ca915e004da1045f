package config

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	nethttp "net/http"
	"os"
	"slices"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/sink"
	"github.com/logperf/logperf/logging/sink/file"
	"github.com/logperf/logperf/logging/sink/http"
	"github.com/logperf/logperf/logging/sink/route"
)

// OpenSink opens the sink that s describes; zero values are the defaults. The
// caller closes it. Closing the sink of kind stdout leaves os.Stdout open.
//
// It fails with a *logging.SettingsError where Validate does, else with the first
// fault of a sink; then nothing stays open, though a file that was made by then
// is left, empty. A sink of kind http is opened without a request.
func OpenSink(s logging.SinkSettings) (logging.Sink, error) {
	settings := logging.Settings{Sink: s}
	if err := settings.Validate(); err != nil {
		return nil, err
	}
	return openSink("sink", settings.WithDefaults().Sink)
}

// openSink opens the sink that the settings have at a path; they are valid and
// have their defaults.
func openSink(at string, s logging.SinkSettings) (logging.Sink, error) {
	switch s.Kind {
	case logging.SinkStdout:
		return sink.NewWriter(os.Stdout), nil
	case logging.SinkDiscard:
		return sink.NewDiscard(), nil
	case logging.SinkMemory:
		return sink.NewMemory(sink.MemoryOptions{}), nil
	case logging.SinkFile:
		return openFile(at+".path", fileOptions(s))
	case logging.SinkHTTP:
		return openHTTP(at+".http", s.HTTP)
	case logging.SinkRoute:
		return openRoutes(s.Routes)
	}
	return nil, fmt.Errorf("no sink of kind %q can be opened", s.Kind)
}

func openFile(at string, o file.Options) (logging.Sink, error) {
	f, err := file.New(o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", at, err) // not f, which would be an interface around nil
	}
	return f, nil
}

func fileOptions(s logging.SinkSettings) file.Options {
	return file.Options{Path: s.Path, BlockSize: s.BlockSize, Sync: s.Sync, Rotation: file.Rotation{
		Size: int64(s.Rotate.Size), Age: s.Rotate.Age, Keep: s.Rotate.Keep, Compress: s.Rotate.Compress,
	}}
}

func openHTTP(at string, s logging.HTTPSettings) (logging.Sink, error) {
	o := httpOptions(s)
	var opened []logging.Sink
	if s.FallbackPath != "" {
		f, err := openFile(at+".fallback_path", file.Options{Path: s.FallbackPath})
		if err != nil {
			return nil, err
		}
		o.Fallback, opened = f, []logging.Sink{f}
	}
	h, err := http.New(o)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", at, err), closeAll(opened))
	}
	return h, nil
}

func httpOptions(s logging.HTTPSettings) http.Options {
	o := http.Options{
		URL: s.URL, Header: nethttp.Header{}, Gzip: s.Gzip,
		BatchBytes: s.BatchBytes, BatchRecords: s.BatchRecords, BatchDelay: s.BatchDelay, BufferBytes: s.BufferBytes,
		Timeout: s.Timeout, Backoff: http.Backoff{Min: s.MinBackoff, Max: s.MaxBackoff}, GiveUp: s.GiveUp,
		Breaker: http.Breaker{Failures: s.Failures, Cooldown: s.Cooldown, Max: s.MaxCooldown},
	}
	for _, name := range slices.Sorted(maps.Keys(s.Headers)) { // in an order that is always the same
		o.Header.Add(name, s.Headers[name])
	}
	return o
}

// openRoutes opens the sinks of all routes, or of none.
func openRoutes(settings []logging.RouteSettings) (logging.Sink, error) {
	var routes []route.Route
	var opened []logging.Sink
	for i, r := range settings {
		s, err := openSink(fmt.Sprintf("sink.routes[%d]", i), r.Sink())
		if err != nil {
			return nil, errors.Join(err, closeAll(opened))
		}
		opened = append(opened, s)
		routes = append(routes, routeOf(r, s))
	}
	s, err := route.New(routes...)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("sink.routes: %w", err), closeAll(opened))
	}
	return s, nil
}

func routeOf(r logging.RouteSettings, s logging.Sink) route.Route {
	o := route.Route{Name: r.Name, Sink: s, Levels: levelsOf(r), Buffer: r.Buffer}
	if r.Overflow == logging.RouteDrop {
		o.Overflow = route.Drop
	}
	return o
}

func levelsOf(r logging.RouteSettings) route.Levels {
	var least, most slog.Level
	// They have been checked: what fails is empty, and no bound.
	hasLeast := least.UnmarshalText([]byte(r.MinLevel)) == nil
	hasMost := most.UnmarshalText([]byte(r.MaxLevel)) == nil
	switch {
	case hasLeast && hasMost:
		return route.Between(least, most)
	case hasLeast:
		return route.AtLeast(least)
	case hasMost:
		return route.AtMost(most)
	}
	return route.Levels{}
}

// closeAll closes sinks that hold no records, the newest first.
func closeAll(sinks []logging.Sink) error {
	var errs []error
	for _, s := range slices.Backward(sinks) {
		errs = append(errs, s.Close(context.Background()))
	}
	return errors.Join(errs...)
}
