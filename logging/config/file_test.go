package config

import (
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/logperf/logperf/logging"
)

func TestLoadNamesThePlaceInTheFileAndWhatIsRight(t *testing.T) {
	for _, tc := range []struct{ name, content, want string }{
		{"unknown key", "queue:\n  capacty: 8\n", `FILE:2:3: queue: unknown key "capacty": did you mean capacity?`},
		{"unknown key, two near", "batch: {byles: 1}", `FILE:1:9: batch: unknown key "byles": did you mean bytes?`},
		{"key of another group", "capacity: 8\n", `FILE:1:1: unknown key "capacity": did you mean queue.capacity?`},
		{"key like none", "redact: {zzzzzz: 1}", `FILE:1:10: redact: unknown key "zzzzzz": want one of fields, mask`},
		{"key in other letters", "Level: info\n", `FILE:1:1: unknown key "Level": did you mean level?`},
		{"number as a key", "5: 1", `FILE:1:1: unknown key "5": want one of level, add_source, queue, batch, enrich, redact, sink, benchmark`},
		{"key twice", "level: info\nlevel: warn\n", `FILE:2:1: mapping key "level" already defined at [1:1]`},
		{"group as a value", "queue: 8192\n", `FILE:1:8: queue: a plain value stands where a mapping belongs: want settings by name, as in level: info`},
		{"group as a list", "queue: [8192]\n", `FILE:1:8: queue: a list stands where a mapping belongs: want settings by name, as in level: info`},
		{"value as a mapping", "level: {a: b}\n", `FILE:1:8: level: a mapping stands where a plain value belongs: want a text or a number`},
		{"value as a list", "queue: {capacity: [1]}", `FILE:1:19: queue.capacity: a list stands where a plain value belongs: want a text or a number`},
		{"list as a value", "redact: {fields: password}", `FILE:1:18: redact.fields: a plain value stands where a list belongs: want one as in [password, token]`},
		{"list within a list", "redact: {fields: [[a]]}", `FILE:1:19: redact.fields[0]: a list stands where a plain value belongs: want a text or a number`},
		{"names as a list", "enrich: {static: [a]}", `FILE:1:18: enrich.static: a list stands where a mapping belongs: want names with values, as in service: checkout`},
		{"name without a plain value", "enrich: {static: {a: {b: c}}}", `FILE:1:22: enrich.static.a: a mapping stands where a plain value belongs: want a text or a number`},
		{"empty name", "enrich: {static: {'': c}}", `FILE:1:18: enrich.static: "" is no name: want attributes with a name, as in service: checkout`},
		{"wrong bool", "add_source: on\n", `FILE:1:13: add_source: "on" is neither yes nor no: want true or false`},
		{"wrong size", "batch:\n  bytes: 64KB\n", `FILE:2:10: batch.bytes: "64KB" is no whole number: want one as in 8192, or a size as in 64KiB`},
		{"fraction", "queue: {capacity: 1.5}", `FILE:1:19: queue.capacity: "1.5" is no whole number: want one as in 8192, or a size as in 64KiB`},
		{"duration without a unit", "batch: {delay: 10}", `FILE:1:16: batch.delay: "10" is no duration: want a number with a unit, as in 10ms`},
		{"out of range", "queue:\n  capacity: 1000\n", `FILE:2:13: queue.capacity: 1000 is not a power of two: want 2 to 4194304`},
		{"file sink without a path", "sink:\n  kind: file\n", `FILE:2:9: sink.kind: "file" has no path: want sink.path to name the file`},
		{"setting of two groups", "timeout: 1s\n", `FILE:1:1: unknown key "timeout": did you mean sink.http.timeout or benchmark.timeout?`},
		{"routes outside of the sink", "routes: []\n", `FILE:1:1: unknown key "routes": did you mean sink.routes?`},
		{"routes as a mapping", "sink:\n  routes: {name: a}\n", `FILE:2:11: sink.routes: a mapping stands where a list belongs: want a list of mappings, as in - name: errors`},
		{
			"route as a value", "sink:\n  routes:\n  - a\n", "FILE:3:5: sink.routes[0]: a plain value stands where a mapping belongs: want a list of mappings, as in - name: errors\n" +
				`FILE:3:5: sink.routes[0].name: "" is no name: want one that tells the route in errors and counters`,
		},
		{"route without a name", "sink:\n  routes:\n  - name: a\n  - path: b\n    sync: true\n", `FILE:4:5: sink.routes[1].name: "" is no name: want one that tells the route in errors and counters`},
		{"name of another route", "sink:\n  routes:\n  - name: a\n  - name: a\n", `FILE:4:11: sink.routes[1].name: "a" is the name of sink.routes[0]: want another name`},
		{"key of a route", "sink: {routes: [{name: a, minlevel: info}]}", `FILE:1:27: sink.routes[0]: unknown key "minlevel": did you mean min_level?`},
		{"routes in a route", "sink:\n  routes:\n  - name: a\n    routes: []\n", `FILE:4:5: sink.routes[0]: unknown key "routes": did you mean sink.routes?`},
		{"route in a route", "sink: {routes: [{name: a, kind: route}]}", `FILE:1:33: sink.routes[0].kind: "route" is no kind of sink: want stdout, discard, memory, file or http`},
		{"key in a route's HTTP", "sink: {routes: [{name: a, http: {ulr: x}}]}", `FILE:1:34: sink.routes[0].http: unknown key "ulr": did you mean url?`},
		{"URL of a route", "sink:\n  routes:\n  - name: a\n  - name: b\n    http:\n      url: ftp://user:secret@far\n", `FILE:6:12: sink.routes[1].http.url: the URL is neither http nor https: want http or https and a host`},
		{"header of a route", "sink:\n  routes:\n  - name: a\n    http:\n      headers:\n        X-A: fine\n        X-B: \"secret\\n\"\n", `FILE:7:9: sink.routes[0].http.headers.X-B: the value has a control character: want none`},
		{"two routes to a file", "sink:\n  routes:\n  - {name: a, path: x}\n  - {name: b, path: x}\n", `FILE:4:21: sink.routes[1].path: "x" is the file of sink.routes[0].path: want a file for each sink`},
		{"no mapping", "hello", `FILE:1:1: a plain value stands where a mapping belongs: want settings by name, as in level: info`},
		{"list at the top", "- level: info\n", `FILE:1:1: a list stands where a mapping belongs: want settings by name, as in level: info`},
		{"second document", "level: info\n---\nlevel: warn\n", `FILE:3:6: a second document starts here: want all settings in one`},
		{"alias", "queue: &q {capacity: 8}\nbatch: *q\n", "FILE:1:8: queue: an anchor or alias, which settings do not take, stands where a mapping belongs: want settings by name, as in level: info\n" +
			"FILE:2:8: batch: an anchor or alias, which settings do not take, stands where a mapping belongs: want settings by name, as in level: info"},
		{"merge key", "<<: {level: info}\n", `FILE:1:1: an anchor or alias, which settings do not take, stands where a plain value belongs: want a text or a number`},
		{"tag", "level: !!str info\n", `FILE:1:8: level: a tag, which settings do not take, stands where a plain value belongs: want a text or a number`},
		{"key behind a question mark", "? level\n: info\n", `FILE:1:1: a key behind a question mark stands where a plain value belongs: want a text or a number`},
		{"open bracket", "redact:\n  fields: [a\n", `FILE:2:11: sequence end token ']' not found`},
		{"text behind a bar", "level: | info\n", `FILE:1:8: a text stands in the line of its | or >: want it on the next one`},
		{"binary", "level: info\n\x7fELF\x02\x00", `FILE:2:5: the byte 0x02 does not stand in text: want a YAML file in UTF-8`},
		{"other encoding", "level: \xe9\n", `FILE:1:8: the byte 0xe9 does not stand in text: want a YAML file in UTF-8`},
		{"large", strings.Repeat("#\n", maxFileSize), `FILE: the file is too large: want at most 16384 bytes`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, err := load(t, tc.content)
			if err != tc.want {
				t.Errorf("got  %s\nwant %s", err, tc.want)
			}
			if !reflect.DeepEqual(s, logging.Settings{}) {
				t.Errorf("settings beside the error: %+v", s)
			}
		})
	}
}

func TestLoadNamesTheVariableOfAFileThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	missing := filepath.Join(dir, "no.yaml")
	for path, want := range map[string]string{
		missing: "LOGPERF_SETTINGS: open " + missing + ": no such file or directory: want a YAML file; without the variable the defaults hold",
		dir:     "LOGPERF_SETTINGS: read " + dir + ": is a directory: want a YAML file",
	} {
		if _, err := Load([]string{FileVariable + "=" + path}); err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

func TestAFileMayHoldTextOverSeveralLines(t *testing.T) {
	s, err := load(t, "redact:\n  mask: |-\n    a\n    b\n  fields:\n  - x # why\n  - \"y\"\n")
	if err != "" || s.Redact.Mask != "a\nb" || !reflect.DeepEqual(s.Redact.Fields, []string{"x", "y"}) {
		t.Errorf("got %+v, %s", s.Redact, err)
	}
}

// TestFaultsOfAFileQuoteNoSecrets breaks a file at each of its bytes, as slips of
// the hand do.
func TestFaultsOfAFileQuoteNoSecrets(t *testing.T) {
	check := func(text string) {
		l := loader{sources: map[string]string{}}
		l.parse("f.yaml", []byte(text))
		l.validate()
		if err := errors.Join(l.errs...); err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%v\nshows the secret of\n%s", err, text)
		}
	}
	const text = `sink:
  http:
    url: "https://user:secret@far"
    headers: {A-B: secret, C: 'x secret'}
  routes:
  - name: a
    http:
      headers:
        X: secret
      url: x://secret@far
`
	for i := range text {
		before, after := text[:i], text[i:]
		check(before)
		check(before + after[1:])
		for _, c := range "\n :{}[],\"'#-?&*!|>%@\x00" {
			check(before + string(c) + after)
			check(before + string(c) + after[1:])
		}
	}
}

// FuzzParse feeds the reader of settings files. Whatever it is given, it
// returns; each fault has a place and a text of one line; and settings without a
// fault survive a second reading.
func FuzzParse(f *testing.F) {
	f.Add([]byte(everything))
	for _, seed := range []string{
		"", "{}", "level", "level: loud", "queue: {capacity: 64KiB}", "quue: 1", "queue:\n  - 1", "a: &a [*a]", "<<: *x",
		"? a\n: b", "level: |\n  x", "x: !!binary aGk=", "---\n...\n---\n", "\"\\u0000\": 1", "[[[[[[[[", "{{{{", "level: \x00",
		"enrich: {static: {a: b, a: c}}", "redact:\n  fields: [a, ~, 1, .nan, -.inf, 0x1f]", ": 1", "- - -", "%YAML 9\n---\n", "\ufeff{}", "&a", "*a",
		"!!t", "!", "|", "level: 'x", "a: b: c", "\t", "@", "`", "queue: {block_timeout: -1ns}", "sink: {routes: [{name: a}, {http: {headers: {\"a\\nb\": c}}}]}", "sink: {routes: [a, ~, []]}",
		"batch: {bytes: 9223372036854775807KiB}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<10 {
			t.Skip("deep nesting takes the parser long")
		}
		read := func() loader {
			l := loader{sources: map[string]string{}}
			l.parse("f.yaml", data)
			l.validate()
			return l
		}
		l := read()
		for _, err := range l.errs {
			if text := err.Error(); !strings.HasPrefix(text, "f.yaml") || strings.Contains(text, "\n") {
				t.Errorf("fault %q", text)
			}
		}
		if len(l.errs) > 0 {
			return
		}
		if again := read(); !reflect.DeepEqual(l.settings, again.settings) {
			t.Errorf("first %+v\nthen  %+v", l.settings, again.settings)
		}
		if err := l.settings.WithDefaults().Validate(); err != nil {
			t.Errorf("valid settings are invalid with their defaults: %v", err)
		}
	})
}
