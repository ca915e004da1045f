package config

import (
	"log/slog"
	"math"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/sink"
	"github.com/logperf/logperf/logging/sink/file"
	"github.com/logperf/logperf/logging/sink/http"
	"github.com/logperf/logperf/logging/sink/route"
)

// These tests walk the bounds of what the sinks take: core cannot import them,
// so it repeats their bounds.

// numbers and durations are the ends of the ranges, what is next to them, and
// the ends of the types.
func numbers() []int {
	all := []int{math.MinInt, -1, 0, math.MaxInt}
	for _, end := range []int{1, 1 << 10, 2 << 10, 4 << 10, 64 << 10, 512 << 10, 1_000_000, 1 << 20, 16 << 20, 32 << 20, 1 << 30} {
		all = append(all, end-1, end, end+1)
	}
	return all
}

func durations() []time.Duration {
	all := []time.Duration{math.MinInt64, -1, 0, math.MaxInt64}
	for _, end := range []time.Duration{time.Millisecond, 100 * time.Millisecond, time.Second, 10 * time.Second, 30 * time.Second, time.Hour} {
		all = append(all, end-1, end, end+1)
	}
	return all
}

// agree checks that Validate, OpenSink and the sink's own New take s, or none of
// them does, with and without its defaults.
func agree(t *testing.T, s logging.SinkSettings, open func(s logging.SinkSettings) (logging.Sink, error)) {
	t.Helper()
	settings := logging.Settings{Sink: s}
	valid := settings.Validate()
	for _, s := range []logging.SinkSettings{s, settings.WithDefaults().Sink} {
		for by, open := range map[string]func(s logging.SinkSettings) (logging.Sink, error){"New": open, "OpenSink": OpenSink} {
			opened, err := open(s)
			if (err == nil) != (valid == nil) {
				t.Errorf("%+v:\nValidate %v\n%s %v", s, valid, by, err)
			}
			if err == nil {
				_ = opened.Close(t.Context())
			}
		}
	}
}

func agreeHTTP(t *testing.T, set func(h *logging.HTTPSettings)) {
	t.Helper()
	h := logging.HTTPSettings{URL: "http://far"}
	set(&h)
	agree(t, logging.SinkSettings{Kind: logging.SinkHTTP, HTTP: h}, func(s logging.SinkSettings) (logging.Sink, error) {
		return http.New(httpOptions(s.HTTP))
	})
}

func TestSettingsAndTheHTTPSinkAgree(t *testing.T) {
	for _, n := range numbers() {
		agreeHTTP(t, func(h *logging.HTTPSettings) { h.BatchBytes = n })
		agreeHTTP(t, func(h *logging.HTTPSettings) { h.BatchRecords = n })
		agreeHTTP(t, func(h *logging.HTTPSettings) { h.BufferBytes = n })
		agreeHTTP(t, func(h *logging.HTTPSettings) { h.Failures = n })
		for _, m := range numbers() {
			agreeHTTP(t, func(h *logging.HTTPSettings) { h.BatchBytes, h.BufferBytes = n, m })
		}
	}
	for _, d := range durations() {
		agreeHTTP(t, func(h *logging.HTTPSettings) { h.BatchDelay = d })
		agreeHTTP(t, func(h *logging.HTTPSettings) { h.Timeout = d })
		agreeHTTP(t, func(h *logging.HTTPSettings) { h.GiveUp = d })
		for _, e := range durations() {
			agreeHTTP(t, func(h *logging.HTTPSettings) { h.MinBackoff, h.MaxBackoff = d, e })
			agreeHTTP(t, func(h *logging.HTTPSettings) { h.Cooldown, h.MaxCooldown = d, e })
		}
	}
	for _, url := range []string{"", "http://far", "HTTPS://user:pw@far:1/x?y", "ftp://far", "far", "http://", "http://:80", "http://%", "http://a b"} {
		agreeHTTP(t, func(h *logging.HTTPSettings) { h.URL = url })
	}
	for _, text := range []string{"", "X-Token", "host", "Logperf-Batch", "content-type", "a b", "a:b", "ä", "a\tb", "a\nb", "a\x7f"} {
		agreeHTTP(t, func(h *logging.HTTPSettings) { h.Headers = logging.Headers{text: "x"} })
		agreeHTTP(t, func(h *logging.HTTPSettings) { h.Headers = logging.Headers{"X": text, "x": "y"} })
	}
}

func agreeFile(t *testing.T, set func(s *logging.SinkSettings)) {
	t.Helper()
	s := logging.SinkSettings{Kind: logging.SinkFile, Path: filepath.Join(t.TempDir(), "app.log")}
	set(&s)
	agree(t, s, func(s logging.SinkSettings) (logging.Sink, error) { return file.New(fileOptions(s)) })
}

func TestSettingsAndTheFileSinkAgree(t *testing.T) {
	agreeFile(t, func(s *logging.SinkSettings) { s.Path = "" })
	for _, n := range numbers() {
		agreeFile(t, func(s *logging.SinkSettings) { s.BlockSize = n })
		agreeFile(t, func(s *logging.SinkSettings) { s.Rotate.Size = n })
		agreeFile(t, func(s *logging.SinkSettings) { s.Rotate.Keep = n })
		agreeFile(t, func(s *logging.SinkSettings) { s.Rotate.Keep, s.Rotate.Size = n, 4<<10 })
		agreeFile(t, func(s *logging.SinkSettings) { s.Rotate.Compress, s.Rotate.Size = true, n })
	}
	for _, d := range durations() {
		agreeFile(t, func(s *logging.SinkSettings) { s.Rotate.Age = d })
		agreeFile(t, func(s *logging.SinkSettings) { s.Rotate.Age, s.Rotate.Keep, s.Rotate.Compress = d, 1, true })
	}
}

func agreeRoutes(t *testing.T, routes ...logging.RouteSettings) {
	t.Helper()
	agree(t, logging.SinkSettings{Kind: logging.SinkRoute, Routes: routes}, func(s logging.SinkSettings) (logging.Sink, error) {
		var all []route.Route
		for _, r := range s.Routes {
			all = append(all, routeOf(r, sink.NewDiscard()))
		}
		return route.New(all...)
	})
}

func TestSettingsAndTheRouteSinkAgree(t *testing.T) {
	agreeRoutes(t)
	for _, n := range numbers() {
		agreeRoutes(t, logging.RouteSettings{Name: "a", Buffer: n})
	}
	for _, name := range []string{"", "a", "b", " "} {
		agreeRoutes(t, logging.RouteSettings{Name: "a"}, logging.RouteSettings{Name: name})
	}
	levels := []string{"", "debug-4", "debug", "info", "INFO+1", "error"}
	for _, least := range levels {
		for _, most := range levels {
			agreeRoutes(t, logging.RouteSettings{Name: "a", MinLevel: least, MaxLevel: most})
		}
	}
}

func TestRoutesAreWhatTheirSettingsSay(t *testing.T) {
	for _, tc := range []struct {
		r    logging.RouteSettings
		want route.Route
	}{
		{logging.RouteSettings{Name: "a"}, route.Route{Name: "a"}},
		{logging.RouteSettings{MinLevel: "warn"}, route.Route{Levels: route.AtLeast(slog.LevelWarn)}},
		{logging.RouteSettings{MaxLevel: "info+1"}, route.Route{Levels: route.AtMost(slog.LevelInfo + 1)}},
		{logging.RouteSettings{MinLevel: "info", MaxLevel: "warn"}, route.Route{Levels: route.Between(slog.LevelInfo, slog.LevelWarn)}},
		{logging.RouteSettings{Buffer: 1 << 20, Overflow: logging.RouteBlock}, route.Route{Buffer: 1 << 20}},
		{logging.RouteSettings{Overflow: logging.RouteDrop}, route.Route{Overflow: route.Drop}},
	} {
		if got := routeOf(tc.r, nil); got != tc.want {
			t.Errorf("%+v: %+v, want %+v", tc.r, got, tc.want)
		}
	}
}

func TestTheDefaultsAreThoseOfTheSinks(t *testing.T) {
	s := logging.Settings{Sink: logging.SinkSettings{Routes: []logging.RouteSettings{{}}}}.WithDefaults().Sink
	if s.BlockSize != file.DefaultBlockSize || s.Routes[0].Buffer != route.DefaultBuffer {
		t.Errorf("block size %d, buffer of a route %d", s.BlockSize, s.Routes[0].Buffer)
	}
	want := logging.HTTPSettings{
		BatchBytes: http.DefaultBatchBytes, BatchDelay: http.DefaultBatchDelay, BufferBytes: http.DefaultBufferBytes,
		Timeout: http.DefaultTimeout, MinBackoff: http.DefaultMinBackoff, MaxBackoff: http.DefaultMaxBackoff,
		Failures: http.DefaultFailures, Cooldown: http.DefaultCooldown, MaxCooldown: http.DefaultMaxCooldown,
	}
	for _, got := range []logging.HTTPSettings{s.HTTP, s.Routes[0].HTTP} {
		if !reflect.DeepEqual(got, want) {
			t.Errorf("HTTP has %+v, want %+v", got, want)
		}
	}
}
