package config_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log/slog"
	nethttp "net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/config"
)

// A receiver is an HTTP server that keeps what it is sent.
type receiver struct {
	url    string
	status int

	mu     sync.Mutex
	lines  bytes.Buffer
	header nethttp.Header // of the last request
}

func receive(t *testing.T, status int) *receiver {
	r := &receiver{status: status}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	r.url = server.URL
	return r
}

func (r *receiver) ServeHTTP(w nethttp.ResponseWriter, req *nethttp.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.header = req.Header
	body := io.Reader(req.Body)
	if req.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(body)
		if err != nil {
			w.WriteHeader(nethttp.StatusBadRequest)
			return
		}
		body = z
	}
	_, _ = io.Copy(&r.lines, body)
	w.WriteHeader(r.status)
}

// write loads the settings in that file and logs one record of each level.
func write(t *testing.T, settings string, variables ...string) error {
	t.Helper()
	path := filepath.Join(t.TempDir(), "settings.yaml")
	if err := os.WriteFile(path, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := config.Load(append(variables, config.FileVariable+"="+path))
	if err != nil {
		t.Fatal(err)
	}
	l, err := config.Open(s, logging.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
		l.Log(t.Context(), level, "m-"+level.String())
	}
	return l.Close(t.Context())
}

// messages returns which messages stand in lines, in their order.
func messages(lines string) string {
	var all []string
	for line := range strings.Lines(lines) {
		_, rest, _ := strings.Cut(line, `"msg":"m-`)
		level, _, _ := strings.Cut(rest, `"`)
		all = append(all, level)
	}
	return strings.Join(all, " ")
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Error(err)
	}
	return string(text)
}

func TestOpenSendsOverHTTP(t *testing.T) {
	r := receive(t, nethttp.StatusOK)
	err := write(t, "sink: {http: {headers: {x-token: abc}, gzip: true}}", "LOGPERF_SINK_HTTP_URL="+strings.Replace(r.url, "//", "//user:pw@", 1))
	if err != nil {
		t.Error(err)
	}
	user, password, _ := (&nethttp.Request{Header: r.header}).BasicAuth()
	if r.header.Get("X-Token") != "abc" || r.header.Get("Content-Encoding") != "gzip" || user != "user" || password != "pw" {
		t.Errorf("the header is %v", r.header)
	}
	if got := messages(r.lines.String()); got != "INFO WARN ERROR" {
		t.Errorf("arrived %s", got)
	}
}

func TestWhatIsRefusedGoesToTheFallbackPath(t *testing.T) {
	r, path := receive(t, nethttp.StatusForbidden), filepath.Join(t.TempDir(), "lost.log")
	err := write(t, fmt.Sprintf("sink: {kind: http, http: {url: %q, fallback_path: %q}}", r.url, path))
	if err == nil || !strings.Contains(err.Error(), "3 given to the fallback") {
		t.Errorf("closed with %v", err)
	}
	if got := messages(read(t, path)); got != "INFO WARN ERROR" {
		t.Errorf("the fallback has %s", got)
	}
}

func TestOpenRoutesByLevel(t *testing.T) {
	r, dir := receive(t, nethttp.StatusOK), t.TempDir()
	all, low := filepath.Join(dir, "all.log"), filepath.Join(dir, "low.log")
	err := write(t, fmt.Sprintf(`
level: debug
sink:
  routes:
    - {name: all, path: %q}
    - {name: low, path: %q, max_level: info}
    - {name: high, min_level: warn, overflow: drop, http: {url: %q}}
`, all, low, r.url))
	if err != nil {
		t.Error(err)
	}
	for route, got := range map[string][2]string{
		"all":  {messages(read(t, all)), "DEBUG INFO WARN ERROR"},
		"low":  {messages(read(t, low)), "DEBUG INFO"},
		"high": {messages(r.lines.String()), "WARN ERROR"},
	} {
		if got[0] != got[1] {
			t.Errorf("the route %s has %s, want %s", route, got[0], got[1])
		}
	}
}

func TestOpenSinkRotates(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.log")
	s, err := config.OpenSink(logging.SinkSettings{Path: path, Rotate: logging.RotateSettings{Size: 4 << 10, Keep: 2, Compress: true}})
	if err != nil {
		t.Fatal(err)
	}
	line := append(bytes.Repeat([]byte("x"), 3000), '\n')
	for range 5 {
		if _, err := s.Write(t.Context(), logging.Batch{Lines: line, Records: 1}); err != nil {
			t.Fatal(err)
		}
		if err := s.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	rotated, err := filepath.Glob(path + ".*")
	if err != nil || len(rotated) != 2 {
		t.Fatalf("rotated files are %v, %v: want 2", rotated, err)
	}
	for _, name := range rotated {
		if !strings.HasSuffix(name, ".gz") {
			t.Errorf("%s is not compressed", name)
		}
	}
}

func TestOpenSinkClosesWhatItOpenedBeforeAFault(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	http := logging.HTTPSettings{URL: "http://127.0.0.1:1", FallbackPath: path("fallback.log")}
	broken := logging.HTTPSettings{URL: http.URL, FallbackPath: dir}
	for _, tc := range []struct {
		name string
		s    logging.SinkSettings
		want string
	}{
		{"a fallback", logging.SinkSettings{HTTP: broken}, "sink.http.fallback_path: file sink: " + dir + " is a folder: want the path of a file"},
		{
			"the second route",
			logging.SinkSettings{Routes: []logging.RouteSettings{{Name: "a", Path: path("a.log")}, {Name: "b", Path: dir}}},
			"sink.routes[1].path: file sink: " + dir + " is a folder: want the path of a file",
		},
		{
			"the fallback of the third route",
			logging.SinkSettings{Routes: []logging.RouteSettings{{Name: "a", HTTP: http}, {Name: "b"}, {Name: "c", HTTP: broken}}},
			"sink.routes[2].http.fallback_path: file sink: " + dir + " is a folder: want the path of a file",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, err := config.OpenSink(tc.s)
			if err == nil || err.Error() != tc.want || s != nil {
				t.Errorf("%v, %v\nwant %s", s, err, tc.want)
			}
			// What an HTTP sink has started is found at the end of all tests.
			if open := openFiles(t); strings.Contains(open, dir) {
				t.Errorf("a file is still open: %s", open)
			}
		})
	}
	if _, err := os.Stdout.Stat(); err != nil {
		t.Errorf("stdout was closed: %v", err)
	}
}

// A receiver that is down must not keep a program from starting.
func TestOpenSinkSendsNothingYet(t *testing.T) {
	r := receive(t, nethttp.StatusOK)
	s, err := config.OpenSink(logging.SinkSettings{HTTP: logging.HTTPSettings{URL: r.url}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(context.Background()); err != nil {
		t.Error(err)
	}
	if r.header != nil {
		t.Error("a request was sent")
	}
}
