package config

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/queue"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// load loads a settings file with that content, and the variables. Its name
// stands as FILE in what it returns for an error.
func load(t *testing.T, content string, variables ...string) (logging.Settings, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "settings.yaml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Load(append(variables, FileVariable+"="+path))
	if err != nil {
		return s, strings.ReplaceAll(err.Error(), path, "FILE")
	}
	return s, ""
}

const everything = `# every setting, none at its default
level: warn+1
add_source: true
queue: {capacity: 1024, overflow: drop-oldest, block_timeout: 2s}
batch:
  bytes: 128KiB
  delay: "5ms"
enrich:
  static:
    service: checkout
    build: 17
  runtime: true
redact:
  fields: [password, 'token']
  mask: "***"
sink:
  kind: route
  path: app.log
  block_size: 256 KiB
  sync: true
  rotate: {size: 100MiB, age: 24h, keep: 7, compress: true}
  http:
    url: "https://user:secret@far/in?key=secret"
    headers: {X-Tenant: shop, Authorization: 'Bearer secret'}
    gzip: true
    batch_bytes: 512KiB
    batch_records: 1000
    batch_delay: 1s
    buffer_bytes: 16MiB
    timeout: 5s
    min_backoff: 200ms
    max_backoff: 20s
    give_up: 10m
    failures: 3
    cooldown: 2s
    max_cooldown: 1m
    fallback_path: lost.log
  routes:
    - name: everything
      min_level: debug
      max_level: error+4
      buffer: 2MiB
      overflow: drop
      kind: file
      path: all.log
      block_size: 128KiB
      sync: true
      rotate:
        age: 1h
    - {name: errors, min_level: error, http: {url: "http://far", headers: {X-Token: secret}, gzip: true}}
benchmark:
  warmup: 3
  repetitions: 12
  duration: 1m
  confidence: 0.99
  seed: 18446744073709551615
  profile: epyc-2
  results: out
  timeout: 1h
`

func allSet() logging.Settings {
	return logging.Settings{
		Level:     "warn+1",
		AddSource: true,
		Queue:     logging.QueueSettings{Capacity: 1024, Overflow: queue.DropOldest, BlockTimeout: 2 * time.Second},
		Batch:     logging.BatchSettings{Bytes: 128 << 10, Delay: 5 * time.Millisecond},
		Enrich:    logging.EnrichSettings{Static: map[string]string{"service": "checkout", "build": "17"}, Runtime: true},
		Redact:    logging.RedactSettings{Fields: []string{"password", "token"}, Mask: "***"},
		Sink: logging.SinkSettings{
			Kind: "route", Path: "app.log", BlockSize: 256 << 10, Sync: true,
			Rotate: logging.RotateSettings{Size: 100 << 20, Age: 24 * time.Hour, Keep: 7, Compress: true},
			HTTP: logging.HTTPSettings{
				URL:     "https://user:secret@far/in?key=secret",
				Headers: logging.Headers{"X-Tenant": "shop", "Authorization": "Bearer secret"}, Gzip: true,
				BatchBytes: 512 << 10, BatchRecords: 1000, BatchDelay: time.Second, BufferBytes: 16 << 20,
				Timeout: 5 * time.Second, MinBackoff: 200 * time.Millisecond, MaxBackoff: 20 * time.Second,
				GiveUp: 10 * time.Minute, Failures: 3, Cooldown: 2 * time.Second, MaxCooldown: time.Minute,
				FallbackPath: "lost.log",
			},
			Routes: []logging.RouteSettings{
				{
					Name: "everything", MinLevel: "debug", MaxLevel: "error+4", Buffer: 2 << 20, Overflow: "drop",
					Kind: "file", Path: "all.log", BlockSize: 128 << 10, Sync: true, Rotate: logging.RotateSettings{Age: time.Hour},
				},
				{
					Name: "errors", MinLevel: "error",
					HTTP: logging.HTTPSettings{URL: "http://far", Headers: logging.Headers{"X-Token": "secret"}, Gzip: true},
				},
			},
		},
		Benchmark: logging.BenchmarkSettings{
			Warmup: 3, Repetitions: 12, Duration: time.Minute, Confidence: 0.99,
			Seed: 1<<64 - 1, Profile: "epyc-2", Results: "out", Timeout: time.Hour,
		},
	}
}

func TestLoadReadsEachSettingFromTheFile(t *testing.T) {
	got, err := load(t, everything)
	want := allSet().WithDefaults() // of the routes alone
	if err != "" || !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v, %s\nwant %+v", got, err, want)
	}
}

func TestLoadReadsEachSettingFromItsVariable(t *testing.T) {
	got, err := Load([]string{
		"LOGPERF_LEVEL=warn+1", "LOGPERF_ADD_SOURCE=true",
		"LOGPERF_QUEUE_CAPACITY=1024", "LOGPERF_QUEUE_OVERFLOW=drop-oldest", "LOGPERF_QUEUE_BLOCK_TIMEOUT=2s",
		"LOGPERF_BATCH_BYTES=128KiB", "LOGPERF_BATCH_DELAY=5ms",
		"LOGPERF_ENRICH_STATIC=service:checkout, build: 17", "LOGPERF_ENRICH_RUNTIME=true",
		"LOGPERF_REDACT_FIELDS=password, token", "LOGPERF_REDACT_MASK=***",
		"LOGPERF_SINK_KIND=file", "LOGPERF_SINK_PATH=app.log", "LOGPERF_SINK_BLOCK_SIZE=256KiB", "LOGPERF_SINK_SYNC=true",
		"LOGPERF_SINK_ROTATE_SIZE=100MiB", "LOGPERF_SINK_ROTATE_AGE=24h", "LOGPERF_SINK_ROTATE_KEEP=7", "LOGPERF_SINK_ROTATE_COMPRESS=true",
		"LOGPERF_SINK_HTTP_URL=https://user:secret@far/in?key=secret",
		"LOGPERF_SINK_HTTP_HEADERS=X-Tenant:shop, Authorization: Bearer secret", "LOGPERF_SINK_HTTP_GZIP=true",
		"LOGPERF_SINK_HTTP_BATCH_BYTES=512KiB", "LOGPERF_SINK_HTTP_BATCH_RECORDS=1000", "LOGPERF_SINK_HTTP_BATCH_DELAY=1s",
		"LOGPERF_SINK_HTTP_BUFFER_BYTES=16MiB", "LOGPERF_SINK_HTTP_TIMEOUT=5s",
		"LOGPERF_SINK_HTTP_MIN_BACKOFF=200ms", "LOGPERF_SINK_HTTP_MAX_BACKOFF=20s", "LOGPERF_SINK_HTTP_GIVE_UP=10m",
		"LOGPERF_SINK_HTTP_FAILURES=3", "LOGPERF_SINK_HTTP_COOLDOWN=2s", "LOGPERF_SINK_HTTP_MAX_COOLDOWN=1m",
		"LOGPERF_SINK_HTTP_FALLBACK_PATH=lost.log",
		"LOGPERF_BENCHMARK_WARMUP=3", "LOGPERF_BENCHMARK_REPETITIONS=12", "LOGPERF_BENCHMARK_DURATION=1m",
		"LOGPERF_BENCHMARK_CONFIDENCE=0.99", "LOGPERF_BENCHMARK_SEED=18446744073709551615",
		"LOGPERF_BENCHMARK_PROFILE=epyc-2", "LOGPERF_BENCHMARK_RESULTS=out", "LOGPERF_BENCHMARK_TIMEOUT=1h",
	})
	want := allSet()
	want.Sink.Kind, want.Sink.Routes = "file", nil
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
	}
}

func TestEachSettingHasTwoNamesOfItsOwn(t *testing.T) {
	all, _ := fields()
	if len(all) != 43 {
		t.Errorf("%d settings, but the tests above know 43", len(all))
	}
	seen := map[string]bool{}
	for _, f := range all {
		variable := Prefix + strings.ToUpper(strings.ReplaceAll(f.path, ".", "_"))
		if f.variable != variable {
			t.Errorf("%s: the variable is %s, want %s", f.path, f.variable, variable)
		}
		if seen[f.path] {
			t.Errorf("two settings are named %s", f.path)
		}
		seen[f.path] = true
	}
}

func TestLoadFallsBackToTheDefaults(t *testing.T) {
	want := logging.Settings{}.WithDefaults()
	if got, err := Load([]string{"PATH=/bin", "LOGPERF_SETTINGS=", "LOGPERF_QUEUE_CAPACITY="}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("without a file: %+v, %v", got, err)
	}
	for _, content := range []string{
		"", "\n", "# nothing\n", "---\n", "---\n---\n", "%YAML 1.2\n---\n", "{}", "\ufeff", "level:\n", "queue: ~\nlevel: null\n",
		"queue:\n  capacity: 0\n", "redact:\n  fields: []\n",
	} {
		if got, err := load(t, content); err != "" || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, %s", content, got, err)
		}
	}
}

func TestAVariableWinsOverTheFile(t *testing.T) {
	s, err := load(t, everything,
		"LOGPERF_QUEUE_CAPACITY=1", "LOGPERF_QUEUE_CAPACITY=2", "LOGPERF_REDACT_FIELDS=secret", "LOGPERF_ENRICH_STATIC=a:b:c")
	if err != "" {
		t.Fatal(err)
	}
	if s.Queue.Capacity != 2 || s.Queue.Overflow != queue.DropOldest {
		t.Errorf("the queue is %+v", s.Queue)
	}
	if !reflect.DeepEqual(s.Redact.Fields, []string{"secret"}) || !reflect.DeepEqual(s.Enrich.Static, map[string]string{"a": "b:c"}) {
		t.Errorf("list and names are %v, %v: want those of the variables alone", s.Redact.Fields, s.Enrich.Static)
	}
}

func TestLoadLeavesVariablesOfOthersAlone(t *testing.T) {
	_, err := Load([]string{
		"LOGPERF_CORPUS=x", "LOGPERF_ONLY=x", "LOGPERF_MEASURE=1", "LOGPERF_SOAK=1", "LOGPERF_INCONCLUSIVE=pass",
		"LOGPERF_=x", "LOGPERF=x", "QUEUE_CAPACITY=x", "malformed",
	})
	if err != nil {
		t.Error(err)
	}
}

func TestLoadNamesTheVariableAndWhatIsRight(t *testing.T) {
	for _, tc := range []struct{ variable, want string }{
		{"LOGPERF_LEVEL=loud", `LOGPERF_LEVEL: level: "loud" is no level: want debug, info, warn, error, or one with an offset as in info+2`},
		{"LOGPERF_ADD_SOURCE=yes", `LOGPERF_ADD_SOURCE: add_source: "yes" is neither yes nor no: want true or false`},
		{"LOGPERF_QUEUE_CAPACITY=many", `LOGPERF_QUEUE_CAPACITY: queue.capacity: "many" is no whole number: want one as in 8192, or a size as in 64KiB`},
		{"LOGPERF_QUEUE_CAPACITY=1000", `LOGPERF_QUEUE_CAPACITY: queue.capacity: 1000 is not a power of two: want 2 to 4194304`},
		{"LOGPERF_QUEUE_CAPACTIY=1024", `LOGPERF_QUEUE_CAPACTIY: unknown setting "LOGPERF_QUEUE_CAPACTIY": did you mean LOGPERF_QUEUE_CAPACITY?`},
		{"LOGPERF_REDACT_ZZZZZZ=1", `LOGPERF_REDACT_ZZZZZZ: unknown setting "LOGPERF_REDACT_ZZZZZZ": want one of LOGPERF_REDACT_FIELDS, LOGPERF_REDACT_MASK`},
		{"LOGPERF_QUEUE_OVERFLOW=drop", `LOGPERF_QUEUE_OVERFLOW: queue.overflow: queue: unknown overflow policy "drop": want block, drop-newest or drop-oldest`},
		{"LOGPERF_BATCH_DELAY=10", `LOGPERF_BATCH_DELAY: batch.delay: "10" is no duration: want a number with a unit, as in 10ms`},
		{"LOGPERF_BATCH_BYTES=9999999999GiB", `LOGPERF_BATCH_BYTES: batch.bytes: "9999999999GiB" is no whole number: want one as in 8192, or a size as in 64KiB`},
		{"LOGPERF_ENRICH_STATIC=service", `LOGPERF_ENRICH_STATIC: enrich.static: "service" has no value: want name:value,name:value`},
		{"LOGPERF_ENRICH_STATIC=a:1,a:2", `LOGPERF_ENRICH_STATIC: enrich.static: the name "a" stands twice: want each name once`},
		{"LOGPERF_REDACT_FIELDS=a,,b", `LOGPERF_REDACT_FIELDS: redact.fields[1]: "" is no name: want the name of an attribute, as in password`},
		{"LOGPERF_SINK_KIND=file", `LOGPERF_SINK_KIND: sink.kind: "file" has no path: want sink.path to name the file`},
		{"LOGPERF_SINK_ROUTES=a,b", `LOGPERF_SINK_ROUTES: sink.routes: a variable cannot hold a list of groups: want it in the file that LOGPERF_SETTINGS names`},
		{"LOGPERF_SINK_ROUTES_0_NAME=a", `LOGPERF_SINK_ROUTES_0_NAME: sink.routes: a variable cannot hold a list of groups: want it in the file that LOGPERF_SETTINGS names`},
		{"LOGPERF_SINK_KIND=route", `LOGPERF_SINK_KIND: sink.kind: "route" has no routes: want sink.routes to list them`},
		{"LOGPERF_SINK_HTTP_URL=secret@far", `LOGPERF_SINK_HTTP_URL: sink.http.url: the URL is neither http nor https: want http or https and a host`},
		{"LOGPERF_SINK_HTTP_ULR=a", `LOGPERF_SINK_HTTP_ULR: unknown setting "LOGPERF_SINK_HTTP_ULR": did you mean LOGPERF_SINK_HTTP_URL?`},
		{"LOGPERF_SINK_ROTATE_ZZZZZZ=1", `LOGPERF_SINK_ROTATE_ZZZZZZ: unknown setting "LOGPERF_SINK_ROTATE_ZZZZZZ": want one of LOGPERF_SINK_ROTATE_SIZE, LOGPERF_SINK_ROTATE_AGE, LOGPERF_SINK_ROTATE_KEEP, LOGPERF_SINK_ROTATE_COMPRESS`},
		{"LOGPERF_SINK_HTTP_HEADERS=A:secret,secret", `LOGPERF_SINK_HTTP_HEADERS: sink.http.headers: the text is no list of headers: want name:value,name:value with each name once; values with a comma stand in the file`},
		{"LOGPERF_SINK_HTTP_HEADERS=Host:secret", `LOGPERF_SINK_HTTP_HEADERS: sink.http.headers.Host: the name is set for each request: want another name`},
		{"LOGPERF_BENCHMARK_SEED=-1", `LOGPERF_BENCHMARK_SEED: benchmark.seed: "-1" is no whole number: want 0 to 18446744073709551615`},
		{"LOGPERF_BENCHMARK_CONFIDENCE=high", `LOGPERF_BENCHMARK_CONFIDENCE: benchmark.confidence: "high" is no number: want one as in 0.95`},
		{"LOGPERF_BENCHMARK_CONFIDENCE=NaN", `LOGPERF_BENCHMARK_CONFIDENCE: benchmark.confidence: NaN is out of range: want 0.5 to 0.999`},
	} {
		s, err := Load([]string{tc.variable})
		if err == nil || err.Error() != tc.want {
			t.Errorf("%s:\ngot  %v\nwant %s", tc.variable, err, tc.want)
		}
		if !reflect.DeepEqual(s, logging.Settings{}) {
			t.Errorf("%s: settings beside the error: %+v", tc.variable, s)
		}
	}
}

func TestLoadReportsAllFaultsAtOnceWithTheirPlaces(t *testing.T) {
	_, err := load(t, "level: loud\nquue: {}\nbatch:\n  delay: soon\n  bytes: -1\nredact:\n  fields: [a, '']\n",
		"LOGPERF_BENCHMARK_WARMUP=x", "LOGPERF_LEVEL=louder")
	want := `FILE:2:1: unknown key "quue": did you mean queue?
FILE:4:10: batch.delay: "soon" is no duration: want a number with a unit, as in 10ms
LOGPERF_BENCHMARK_WARMUP: benchmark.warmup: "x" is no whole number: want one as in 8192, or a size as in 64KiB
LOGPERF_LEVEL: level: "louder" is no level: want debug, info, warn, error, or one with an offset as in info+2
FILE:5:10: batch.bytes: -1 is out of range: want 1 to 16777216
FILE:7:15: redact.fields[1]: "" is no name: want the name of an attribute, as in password`
	if err != want {
		t.Errorf("got\n%s\nwant\n%s", err, want)
	}
}

func TestAFaultOfAVariableIsNotBlamedOnTheFile(t *testing.T) {
	_, err := load(t, "redact:\n  fields: [a, b]\n", "LOGPERF_REDACT_FIELDS=a,")
	if want := `LOGPERF_REDACT_FIELDS: redact.fields[1]: "" is no name: want the name of an attribute, as in password`; err != want {
		t.Errorf("got  %s\nwant %s", err, want)
	}
}

func TestErrorsCanBeTakenApart(t *testing.T) {
	_, err := Load([]string{"LOGPERF_QUEUE_CAPACITY=3"})
	place, ok := errors.AsType[*Error](err)
	if !ok || place.Where != "LOGPERF_QUEUE_CAPACITY" {
		t.Errorf("no *Error in %v", err)
	}
	fault, ok := errors.AsType[*logging.Fault](err)
	if !ok || fault.Path != "queue.capacity" || fault.Value != "3" {
		t.Errorf("no *logging.Fault in %v", err)
	}
	if e := (&Error{Err: errFault}); e.Error() != "a fault" {
		t.Errorf("an error of no place reads %q", e)
	}
}

var errFault = errors.New("a fault")
