package logging

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

// everyHTTP has no field at its zero value, nor at its default.
func everyHTTP() HTTPSettings {
	return HTTPSettings{
		URL: "https://user:secret@far", Headers: Headers{"X-Token": "secret"}, Gzip: true,
		BatchBytes: 1 << 10, BatchRecords: 1, BatchDelay: time.Millisecond, BufferBytes: 2 << 10,
		Timeout: time.Second, MinBackoff: time.Millisecond, MaxBackoff: time.Second, GiveUp: time.Second,
		Failures: 1, Cooldown: time.Millisecond, MaxCooldown: time.Second, FallbackPath: "z",
	}
}

func TestSinkKindFollowsFromWhatIsSet(t *testing.T) {
	routes := []RouteSettings{{Name: "a"}, {Name: "b", Path: "b.log"}, {Name: "c", HTTP: HTTPSettings{URL: "http://far"}, Path: "c.log"}}
	for _, tc := range []struct {
		s    SinkSettings
		want string
	}{
		{SinkSettings{}, SinkStdout},
		{SinkSettings{Path: "app.log"}, SinkFile},
		{SinkSettings{Path: "app.log", HTTP: HTTPSettings{URL: "http://far"}}, SinkHTTP},
		{SinkSettings{Path: "app.log", HTTP: HTTPSettings{URL: "http://far"}, Routes: routes}, SinkRoute},
		{SinkSettings{Kind: SinkMemory, Path: "app.log", HTTP: HTTPSettings{URL: "http://far"}, Routes: routes}, SinkMemory},
	} {
		if got := (Settings{Sink: tc.s}).WithDefaults().Sink.Kind; got != tc.want {
			t.Errorf("%+v: kind %q, want %q", tc.s, got, tc.want)
		}
	}
	got := Settings{Sink: SinkSettings{Routes: routes}}.WithDefaults().Sink.Routes
	for i, want := range []string{SinkStdout, SinkFile, SinkHTTP} {
		if got[i].Kind != want {
			t.Errorf("route %d: kind %q, want %q", i, got[i].Kind, want)
		}
	}
}

func TestWithDefaultsLeavesTheRoutesOfTheCallerAlone(t *testing.T) {
	routes := []RouteSettings{{Name: "a"}}
	d := Settings{Sink: SinkSettings{Routes: routes}}.WithDefaults()
	if !reflect.DeepEqual(routes, []RouteSettings{{Name: "a"}}) {
		t.Errorf("the caller's routes became %+v", routes)
	}
	if r := d.Sink.Routes[0]; r.Buffer != 1<<20 || r.Overflow != RouteBlock || r.BlockSize != 64<<10 || r.HTTP.BufferBytes != 8<<20 {
		t.Errorf("the defaults of a route are %+v", r)
	}
	if again := d.WithDefaults(); !reflect.DeepEqual(again, d) {
		t.Errorf("defaults of defaults are\n%+v\nwant\n%+v", again, d)
	}
}

func TestValidateNamesWhatASinkLacks(t *testing.T) {
	for _, tc := range []struct {
		name string
		set  func(*SinkSettings)
		want string
	}{
		{"kind", func(s *SinkSettings) { s.Kind = "tape" }, `sink.kind: "tape" is no kind of sink: want stdout, discard, memory, file, http or route`},
		{"file without path", func(s *SinkSettings) { s.Kind = "file" }, `sink.kind: "file" has no path: want sink.path to name the file`},
		{"http without URL", func(s *SinkSettings) { s.Kind = "http" }, `sink.kind: "http" has no URL: want sink.http.url to name the receiver`},
		{"route without routes", func(s *SinkSettings) { s.Kind = "route" }, `sink.kind: "route" has no routes: want sink.routes to list them`},
		{"block size", func(s *SinkSettings) { s.BlockSize = 4095 }, `sink.block_size: 4095 is out of range: want 4096 to 1048576`},
		{"rotate size", func(s *SinkSettings) { s.Rotate.Size = 4095 }, `sink.rotate.size: 4095 is out of range: want 4096 and more`},
		{"rotate age", func(s *SinkSettings) { s.Rotate.Age = time.Millisecond }, `sink.rotate.age: 1ms is out of range: want 1s and more`},
		{"rotate keep", func(s *SinkSettings) { s.Rotate.Keep = -1 }, `sink.rotate.keep: -1 is out of range: want 0 for all, or 1 and more`},
		{"keep what never rotates", func(s *SinkSettings) { s.Rotate.Keep = 3 }, `sink.rotate.keep: 3 is set, and nothing rotates: want a size or an age that rotates`},
		{"compress what never rotates", func(s *SinkSettings) { s.Rotate.Compress = true }, `sink.rotate.compress: true is set, and nothing rotates: want a size or an age that rotates`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var s Settings
			tc.set(&s.Sink)
			checkFault(t, s, tc.want)
		})
	}
}

func TestValidateHoldsHTTPToItsRanges(t *testing.T) {
	for _, tc := range []struct {
		h    HTTPSettings
		want string
	}{
		{HTTPSettings{URL: "http://user:secret@%"}, `url: the URL cannot be parsed: want http or https and a host`},
		{HTTPSettings{URL: "secret:x@far"}, `url: the URL is neither http nor https: want http or https and a host`},
		{HTTPSettings{Headers: Headers{"X secret": "secret"}}, `headers: a name is not valid: want letters, digits and hyphens`},
		{HTTPSettings{Headers: Headers{"host": "secret"}}, `headers.host: the name is set for each request: want another name`},
		{HTTPSettings{Headers: Headers{"X": "secret\n"}}, `headers.X: the value has a control character: want none`},
		{HTTPSettings{BatchBytes: 16<<20 + 1}, `batch_bytes: 16777217 is out of range: want 1024 to 16777216`},
		{HTTPSettings{BatchBytes: 1 << 40}, `batch_bytes: 1099511627776 is out of range: want 1024 to 16777216`},
		{HTTPSettings{BatchBytes: -1}, `batch_bytes: -1 is out of range: want 1024 to 16777216`},
		{HTTPSettings{BatchRecords: -1}, `batch_records: -1 is out of range: want 0 to 1048576`},
		{HTTPSettings{BatchDelay: time.Microsecond}, `batch_delay: 1µs is out of range: want 1ms to 1h0m0s`},
		{HTTPSettings{BufferBytes: 512<<10 - 1}, `buffer_bytes: 524287 is out of range: want 524288 to 1073741824`},
		{HTTPSettings{Timeout: 2 * time.Hour}, `timeout: 2h0m0s is out of range: want 1ms to 1h0m0s`},
		{HTTPSettings{MinBackoff: 2 * time.Hour}, `min_backoff: 2h0m0s is out of range: want 1ms to 1h0m0s`},
		{HTTPSettings{MinBackoff: time.Second, MaxBackoff: time.Millisecond}, `max_backoff: 1ms is out of range: want 1s to 1h0m0s`},
		{HTTPSettings{MaxBackoff: -1}, `max_backoff: -1ns is out of range: want 1ms to 1h0m0s`},
		{HTTPSettings{GiveUp: -1}, `give_up: -1ns is negative: want 0 for ever, or more`},
		{HTTPSettings{Failures: 1_000_001}, `failures: 1000001 is out of range: want 1 to 1000000`},
		{HTTPSettings{Cooldown: time.Microsecond}, `cooldown: 1µs is out of range: want 1ms to 1h0m0s`},
		{HTTPSettings{Cooldown: time.Minute, MaxCooldown: time.Second}, `max_cooldown: 1s is out of range: want 1m0s to 1h0m0s`},
	} {
		checkFault(t, Settings{Sink: SinkSettings{HTTP: tc.h}}, "sink.http."+tc.want)
		checkFault(t, Settings{Sink: SinkSettings{Routes: []RouteSettings{{Name: "a"}, {Name: "b", HTTP: tc.h}}}}, "sink.routes[1].http."+tc.want)
	}
}

func TestValidateHoldsRoutesToTheirRanges(t *testing.T) {
	for _, tc := range []struct {
		r    RouteSettings
		want string
	}{
		{RouteSettings{}, `name: "" is no name: want one that tells the route in errors and counters`},
		{RouteSettings{Name: "a"}, `name: "a" is the name of sink.routes[0]: want another name`},
		{RouteSettings{Name: "b", MinLevel: "loud"}, `min_level: "loud" is no level: want debug, info, warn, error, or one with an offset as in info+2`},
		{RouteSettings{Name: "b", MaxLevel: "loud"}, `max_level: "loud" is no level: want debug, info, warn, error, or one with an offset as in info+2`},
		{RouteSettings{Name: "b", MinLevel: "warn", MaxLevel: "info"}, `max_level: "info" is below min_level: want WARN or above`},
		{RouteSettings{Name: "b", Buffer: 64<<10 - 1}, `buffer: 65535 is out of range: want 65536 to 1073741824`},
		{RouteSettings{Name: "b", Overflow: "drop-newest"}, `overflow: "drop-newest" is no way to overflow: want block or drop`},
		{RouteSettings{Name: "b", Kind: "route"}, `kind: "route" is no kind of sink: want stdout, discard, memory, file or http`},
		{RouteSettings{Name: "b", Kind: "file"}, `kind: "file" has no path: want sink.routes[1].path to name the file`},
		{RouteSettings{Name: "b", Kind: "http"}, `kind: "http" has no URL: want sink.routes[1].http.url to name the receiver`},
		{RouteSettings{Name: "b", BlockSize: 1}, `block_size: 1 is out of range: want 4096 to 1048576`},
		{RouteSettings{Name: "b", Rotate: RotateSettings{Keep: 1}}, `rotate.keep: 1 is set, and nothing rotates: want a size or an age that rotates`},
		{RouteSettings{Name: "b", Path: "./a.log"}, `path: "./a.log" is the file of sink.routes[0].path: want a file for each sink`},
		{
			RouteSettings{Name: "b", HTTP: HTTPSettings{URL: "http://far", FallbackPath: "a.log"}},
			`http.fallback_path: "a.log" is the file of sink.routes[0].path: want a file for each sink`,
		},
	} {
		routes := []RouteSettings{{Name: "a", Path: "a.log"}, tc.r}
		checkFault(t, Settings{Sink: SinkSettings{Routes: routes}}, "sink.routes[1]."+tc.want)
	}
}

func TestValidateTakesWhatSinksTake(t *testing.T) {
	for _, s := range []SinkSettings{
		{Kind: SinkDiscard, Rotate: RotateSettings{Size: 4096, Keep: 1}},
		{Path: "x", Rotate: RotateSettings{Age: time.Second, Compress: true}},
		{HTTP: everyHTTP()},
		{HTTP: HTTPSettings{URL: "http://far", BatchBytes: 16 << 20}},
		{HTTP: HTTPSettings{URL: "http://far", MinBackoff: time.Hour, Cooldown: time.Hour, GiveUp: 1}},
		{HTTP: HTTPSettings{URL: "http://far", MaxBackoff: time.Millisecond, MaxCooldown: time.Millisecond}},
		{Routes: []RouteSettings{
			{Name: "all", Kind: SinkDiscard, Path: "x"}, // which it ignores
			{Name: "low", MinLevel: "debug-4", MaxLevel: "debug-4", Path: "x", Buffer: 64 << 10},
			{Name: "high", MinLevel: "error+4", Buffer: 1 << 30, Overflow: RouteDrop, HTTP: HTTPSettings{URL: "http://far", FallbackPath: "y"}},
			{Name: "more", MaxLevel: "warn"},
		}},
	} {
		if err := (Settings{Sink: s}).Validate(); err != nil {
			t.Errorf("%+v: %v", s, err)
		}
	}
}

func TestFaultsOfSinksAreReportedAtOnceWithoutSecrets(t *testing.T) {
	h := HTTPSettings{URL: "ftp://user:secret@far", Headers: Headers{"A": "secret\x00", "B": "secret\n"}, Failures: -1}
	err := Settings{Sink: SinkSettings{
		Kind: "tape", BlockSize: 1, HTTP: h, Routes: []RouteSettings{{Name: "a", HTTP: h}, {Buffer: 1}},
	}}.Validate()
	e, ok := errors.AsType[*SettingsError](err)
	if !ok || len(e.Faults) != 12 {
		t.Errorf("got %v, want 12 faults", err)
	}
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("a secret is in %v", err)
	}
}

// A run of the suite stores the settings as JSON.
func TestJSONLeavesSecretsOut(t *testing.T) {
	text, err := json.Marshal(Settings{Sink: SinkSettings{HTTP: everyHTTP(), Routes: []RouteSettings{{HTTP: everyHTTP()}}}})
	if err != nil || strings.Contains(string(text), "secret") {
		t.Errorf("%s, %v", text, err)
	}
}
