package config_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/config"
	"github.com/logperf/logperf/logging/sink"
	"github.com/logperf/logperf/logging/sink/file"
)

func TestOpenSinkOpensEachKind(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.log")
	for _, tc := range []struct {
		s    logging.SinkSettings
		want logging.Sink
	}{
		{logging.SinkSettings{}, &sink.Writer{}},
		{logging.SinkSettings{Kind: "stdout"}, &sink.Writer{}},
		{logging.SinkSettings{Kind: "discard"}, &sink.Discard{}},
		{logging.SinkSettings{Kind: "memory"}, &sink.Memory{}},
		{logging.SinkSettings{Kind: "file", Path: path}, &file.Sink{}},
		{logging.SinkSettings{Path: path, BlockSize: 4096, Sync: true}, &file.Sink{}},
	} {
		s, err := config.OpenSink(tc.s)
		if err != nil {
			t.Errorf("%+v: %v", tc.s, err)
			continue
		}
		if reflect.TypeOf(s) != reflect.TypeOf(tc.want) {
			t.Errorf("%+v: opened a %T, want a %T", tc.s, s, tc.want)
		}
		if err := s.Close(t.Context()); err != nil {
			t.Errorf("%+v: close: %v", tc.s, err)
		}
	}
	if _, err := os.Stdout.Stat(); err != nil {
		t.Errorf("closing the sink of stdout closed stdout: %v", err)
	}
}

func TestOpenSinkPassesTheBlockSizeOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.log")
	s, err := config.OpenSink(logging.SinkSettings{Path: path, BlockSize: 4096})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close(context.Background()) }()
	if _, err := s.Write(t.Context(), logging.Batch{Lines: make([]byte, 16<<10), Records: 0}); err != nil {
		t.Fatal(err)
	}
	if n := s.(*file.Sink).Writes(); n != 4 {
		t.Errorf("16 KiB take %d writes, want 4 of 4 KiB", n)
	}
}

func TestOpenSinkRefusesWhatItCannotOpen(t *testing.T) {
	dir := t.TempDir()
	for _, tc := range []struct {
		s    logging.SinkSettings
		want string
	}{
		{logging.SinkSettings{Kind: "tape"}, `sink.kind: "tape" is no kind of sink: want stdout, discard, memory, file, http or route`},
		{logging.SinkSettings{Kind: "file"}, `sink.kind: "file" has no path: want sink.path to name the file`},
		{logging.SinkSettings{Path: dir}, "sink.path: file sink: " + dir + " is a folder: want the path of a file"},
	} {
		s, err := config.OpenSink(tc.s)
		if err == nil || err.Error() != tc.want || s != nil {
			t.Errorf("%+v: %v, %v\nwant %s", tc.s, s, err, tc.want)
		}
	}
}

func TestOpenLogsToAFileFromTheCallToItsLastByte(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.log")
	s, err := config.Load([]string{
		"LOGPERF_SINK_PATH=" + path, "LOGPERF_LEVEL=warn", "LOGPERF_REDACT_FIELDS=token", "LOGPERF_ENRICH_STATIC=service:checkout",
		"LOGPERF_QUEUE_CAPACITY=16", "LOGPERF_SINK_BLOCK_SIZE=4KiB",
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := config.Open(s, logging.Options{})
	if err != nil {
		t.Fatal(err)
	}
	const n = 1000
	for i := range n {
		l.Info(t.Context(), "is below the level")
		l.Warn(t.Context(), "kept", slog.Int("n", i), slog.String("token", "secret"))
	}
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if stats := l.Stats(); stats.Written != n || stats.Check() != nil {
		t.Errorf("%+v, %v", stats, stats.Check())
	}
	checkFile(t, path, n)
}

// checkFile checks that the file holds the records 0 to n-1, and those alone.
func checkFile(t *testing.T, path string, n int) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f)
	i := 0
	for ; lines.Scan(); i++ {
		want := fmt.Sprintf(`"level":"WARN","msg":"kept","service":"checkout","n":%d,"token":"[REDACTED]"}`, i)
		if !strings.HasSuffix(lines.Text(), want) {
			t.Fatalf("line %d is %s, want it to end with %s", i+1, lines.Text(), want)
		}
	}
	if i != n || lines.Err() != nil {
		t.Errorf("%d lines, %v, want %d", i, lines.Err(), n)
	}
}

func TestOpenRefusesWhatItCannotUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.log")
	toFile := logging.SinkSettings{Path: path}
	for _, tc := range []struct {
		name string
		s    logging.Settings
		o    logging.Options
		want string
	}{
		{
			"a setting out of range",
			logging.Settings{Sink: toFile, Queue: logging.QueueSettings{Capacity: 3}},
			logging.Options{},
			"queue.capacity: 3 is not a power of two: want 2 to 4194304",
		},
		{
			"a sink beside that of the settings",
			logging.Settings{Sink: toFile},
			logging.Options{Sink: sink.NewDiscard()},
			"Options.Sink is set, but Open opens the sink of the settings: want logging.New for a sink of your own",
		},
		{
			"a folder for a file",
			logging.Settings{Sink: logging.SinkSettings{Path: filepath.Dir(path)}},
			logging.Options{},
			"sink.path: file sink: " + filepath.Dir(path) + " is a folder: want the path of a file",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if l, err := config.Open(tc.s, tc.o); err == nil || err.Error() != tc.want || l != nil {
				t.Errorf("%v, %v\nwant %s", l, err, tc.want)
			}
			if _, err := os.Stat(path); err == nil {
				t.Error("the file was made all the same")
			}
		})
	}
}

func TestOpenClosesTheSinkOfALoggerThatDoesNotStart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.log")
	_, err := config.Open(logging.Settings{Sink: logging.SinkSettings{Path: path}}, logging.Options{Filters: []logging.Filter{nil}})
	if err == nil {
		t.Fatal("a nil filter is taken")
	}
	if open := openFiles(t); strings.Contains(open, path) {
		t.Errorf("the file is still open: %s", open)
	}
}

// openFiles lists what the process has open.
func openFiles(t *testing.T) string {
	t.Helper()
	const dir = "/proc/self/fd"
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Skip("this system does not tell which files are open")
	}
	var names []string
	for _, e := range entries {
		if name, err := os.Readlink(filepath.Join(dir, e.Name())); err == nil {
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}

func ExampleLoad() {
	_, err := config.Load([]string{"LOGPERF_QUEUE_CAPACITY=1000", "LOGPERF_BATCH_DELAI=10ms"})
	fmt.Println(err)
	// Output:
	// LOGPERF_BATCH_DELAI: unknown setting "LOGPERF_BATCH_DELAI": did you mean LOGPERF_BATCH_DELAY?
	// LOGPERF_QUEUE_CAPACITY: queue.capacity: 1000 is not a power of two: want 2 to 4194304
}

func ExampleOpen() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	s, err := config.Load([]string{"LOGPERF_SINK_PATH=" + filepath.Join(dir, "app.log")})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	l, err := config.Open(s, logging.Options{})
	if err != nil {
		panic(err)
	}
	l.Info(ctx, "request served", slog.Int("status", 200))
	if err := l.Close(ctx); err != nil {
		panic(err)
	}
	fmt.Println(l.Stats().Written)
	// Output: 1
}
