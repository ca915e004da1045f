package logging

import (
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/logperf/logperf/logging/internal/endpoint"
)

// sink checks all that is set, whatever the kind, and that the kind has what it
// needs.
func (f *faults) sink(s SinkSettings) {
	s = s.withDefaults()
	if s.Kind == SinkRoute && len(s.Routes) == 0 {
		f.add("sink.kind", s.Kind, "has no routes", "sink.routes to list them")
	}
	if s.Kind != SinkRoute {
		f.kind("sink", s, "stdout, discard, memory, file, http or route")
	}
	f.target("sink", s)
	f.routes(s.Routes)
}

// kind checks that the sink at a path can be opened by itself.
func (f *faults) kind(at string, s SinkSettings, kinds string) {
	switch s.Kind {
	case SinkStdout, SinkDiscard, SinkMemory:
	case SinkFile:
		if s.Path == "" {
			f.add(at+".kind", s.Kind, "has no path", at+".path to name the file")
		}
	case SinkHTTP:
		if s.HTTP.URL == "" {
			f.add(at+".kind", s.Kind, "has no URL", at+".http.url to name the receiver")
		}
	default:
		f.add(at+".kind", s.Kind, "is no kind of sink", kinds)
	}
}

// target checks what the sink at a path writes to.
func (f *faults) target(at string, s SinkSettings) {
	within(f, at+".block_size", s.BlockSize, minBlockSize, maxBlockSize)
	f.rotate(at+".rotate", s.Rotate)
	f.http(at+".http", s.HTTP)
}

func (f *faults) rotate(at string, r RotateSettings) {
	const never, want = "is set, and nothing rotates", "a size or an age that rotates"
	atLeast(f, at+".size", r.Size, minRotateSize)
	atLeast(f, at+".age", r.Age, minRotateAge)
	rotates := r.Size != 0 || r.Age != 0
	switch {
	case r.Keep < 0:
		f.add(at+".keep", r.Keep, "is out of range", "0 for all, or 1 and more")
	case r.Keep > 0 && !rotates:
		f.add(at+".keep", r.Keep, never, want)
	}
	if r.Compress && !rotates {
		f.add(at+".compress", r.Compress, never, want)
	}
}

func (f *faults) http(at string, h HTTPSettings) {
	if h.URL != "" {
		if problem := endpoint.URLProblem(h.URL); problem != "" {
			f.unquoted(at+".url", "the URL", problem, endpoint.WantURL)
		}
	}
	f.headers(at+".headers", h.Headers)
	within(f, at+".batch_bytes", h.BatchBytes, minHTTPBatch, maxHTTPBatch)
	within(f, at+".batch_records", h.BatchRecords, 0, maxHTTPRecords)
	duration := func(name string, d, least time.Duration) {
		within(f, at+name, d, least, maxHTTPDuration)
	}
	duration(".batch_delay", h.BatchDelay, minHTTPDuration)
	within(f, at+".buffer_bytes", h.BufferBytes, h.leastBuffer(), maxHTTPBuffer)
	duration(".timeout", h.Timeout, minHTTPDuration)
	duration(".min_backoff", h.MinBackoff, minHTTPDuration)
	duration(".max_backoff", h.MaxBackoff, inHTTPRange(h.MinBackoff))
	if h.GiveUp < 0 {
		f.add(at+".give_up", h.GiveUp, "is negative", "0 for ever, or more")
	}
	within(f, at+".failures", h.Failures, 1, maxFailures)
	duration(".cooldown", h.Cooldown, minHTTPDuration)
	duration(".max_cooldown", h.MaxCooldown, inHTTPRange(h.Cooldown))
}

func (f *faults) headers(at string, headers Headers) {
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		problem, want := endpoint.NameProblem(name)
		switch {
		case endpoint.Reserved(name):
			f.unquoted(at+"."+name, "the name", problem, want)
			continue
		case problem != "": // then it may be a value that lacks the colon
			f.unquoted(at, "a name", problem, want)
			continue
		}
		if problem, want := endpoint.ValueProblem(headers[name]); problem != "" {
			f.unquoted(at+"."+name, "the value", problem, want)
		}
	}
}

func (f *faults) routes(routes []RouteSettings) {
	names, files := map[string]string{}, map[string]string{}
	for i, r := range routes {
		at := fmt.Sprintf("sink.routes[%d]", i)
		f.routeName(at, r.Name, names)
		f.levels(at, r)
		within(f, at+".buffer", r.Buffer, minRouteBuffer, maxRouteBuffer)
		if r.Overflow != RouteBlock && r.Overflow != RouteDrop {
			f.add(at+".overflow", r.Overflow, "is no way to overflow", "block or drop")
		}
		f.kind(at, r.Sink(), "stdout, discard, memory, file or http")
		f.target(at, r.Sink())
		switch r.Kind {
		case SinkFile:
			f.file(at+".path", r.Path, files)
		case SinkHTTP:
			f.file(at+".http.fallback_path", r.HTTP.FallbackPath, files)
		}
	}
}

func (f *faults) routeName(at, name string, names map[string]string) {
	if first, ok := names[name]; ok && name != "" {
		f.add(at+".name", name, "is the name of "+first, "another name")
		return
	}
	names[name] = at
	if name == "" {
		f.add(at+".name", name, "is no name", "one that tells the route in errors and counters")
	}
}

func (f *faults) levels(at string, r RouteSettings) {
	f.level(at+".min_level", r.MinLevel)
	f.level(at+".max_level", r.MaxLevel)
	var least, most slog.Level
	if least.UnmarshalText([]byte(r.MinLevel)) == nil && most.UnmarshalText([]byte(r.MaxLevel)) == nil && most < least {
		f.add(at+".max_level", r.MaxLevel, "is below min_level", fmt.Sprintf("%v or above", least))
	}
}

// file checks that no two sinks write to one file: they would write into each
// other's lines.
func (f *faults) file(at, path string, files map[string]string) {
	if path == "" {
		return
	}
	clean := filepath.Clean(path)
	if first, ok := files[clean]; ok {
		f.add(at, path, "is the file of "+first, "a file for each sink")
		return
	}
	files[clean] = at
}
