package docscheck

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/logperf/logperf/suites/internal/metric"
)

var (
	variable = regexp.MustCompile(`\bLOGPERF_[A-Z0-9_]*[A-Z0-9_]`)
	label    = regexp.MustCompile(`\b(subject|tier|measure|scenario):([a-z][a-z-]*)`)
	slashed  = regexp.MustCompile(`^[a-z]+(/[A-Za-z0-9.,{}=*-]+)+$`)
	setting  = regexp.MustCompile(`^([a-z]+)(\.[a-z_]+(\[\])?)+$`)
	measured = regexp.MustCompile(`^[A-Za-z0-9.-]+(/op|/s|/1k-op|/1M-op|-ns|-share|-drift|-goroutines|-descriptors)$`)
	target   = regexp.MustCompile(`\bmake ([a-z][a-z-]*)`)
	command  = regexp.MustCompile(`\bgo tool logperf ([a-z]+)`)
	folder   = regexp.MustCompile(`^(logging|fixtures|suites|docs|\.ci|\.github)/[A-Za-z0-9_./*-]*$`)
	// quotes marks what quotes a message: the name in it is wrong on purpose.
	quotes = regexp.MustCompile(`unknown|does not exist|did you mean|selects no scenario|has no reference|is an? |want `)
	// stands marks a word of a pattern, as in profile=KIND.
	stands = regexp.MustCompile(`[A-Z][A-Z]*`)
)

func TestEachNameInTheGuidesExists(t *testing.T) {
	k := knownNames(t)
	for _, d := range guides(t) {
		for _, p := range d.code() {
			for _, fault := range k.faults(p.text) {
				t.Errorf("%s:%d: %s", d.path, p.line, fault)
			}
		}
	}
}

// code is all code of the document, blocks by their lines. Go is left to the
// compiler.
func (d document) code() []piece {
	all := slices.Clone(d.spans)
	for _, b := range d.blocks {
		if b.language == "go" {
			continue
		}
		for i, line := range strings.Split(b.text, "\n") {
			all = append(all, piece{b.line + 1 + i, line})
		}
	}
	return all
}

// faults are the names in a piece of code that do not exist.
func (k known) faults(text string) []string {
	if quotes.MatchString(text) {
		return nil
	}
	var all []string
	fault := func(what, name string) { all = append(all, fmt.Sprintf("there is no %s %q", what, name)) }
	for _, name := range variable.FindAllString(text, -1) {
		if !k.variable(name) {
			fault("variable", name)
		}
	}
	for _, name := range label.FindAllString(text, -1) {
		if !k.labels[name] {
			fault("label", name)
		}
	}
	for _, m := range target.FindAllStringSubmatch(text, -1) {
		if !k.targets[m[1]] {
			fault("target of make", m[1])
		}
	}
	for _, m := range command.FindAllStringSubmatch(text, -1) {
		if !k.commands[m[1]] {
			fault("command of logperf", m[1])
		}
	}
	for _, word := range strings.Fields(text) {
		word = strings.Trim(strings.TrimPrefix(word, "ONLY="), `'",:;()`)
		if what := k.wrong(word); what != "" {
			fault(what, word)
		}
	}
	return all
}

// wrong is what the word should be the name of and is not; empty where it is, or
// is no name.
func (k known) wrong(word string) string {
	first, _, _ := strings.Cut(word, "/")
	group, _, _ := strings.Cut(word, ".")
	switch {
	case folder.MatchString(word):
		if found, err := filepath.Glob(filepath.Join(root, stands.ReplaceAllString(word, "*"))); (err != nil || len(found) == 0) && !k.files[word] {
			return "file"
		}
	case slashed.MatchString(word) && k.subjects[first] && filepath.Ext(word) != ".go":
		if !k.scenario(word) {
			return "scenario"
		}
	case measured.MatchString(word):
		if _, ok := metric.Lookup(word); !ok && !k.views[word] {
			return "metric"
		}
	case setting.MatchString(word) && k.groups[group] && filepath.Ext(word) != ".go":
		if !k.settings[word] {
			return "setting"
		}
	}
	return ""
}

func TestANameThatDoesNotExistIsAFault(t *testing.T) {
	k := knownNames(t)
	for text, want := range map[string]string{
		"LOGPERF_QUEUE_CAPCITY=1":            `there is no variable "LOGPERF_QUEUE_CAPCITY"`,
		"make perf LABELS='subject:quue'":    `there is no label "subject:quue"`,
		"make prf":                           `there is no target of make "prf"`,
		"go tool logperf shw":                `there is no command of logperf "shw"`,
		"queue/put-take/producers=3":         `there is no scenario "queue/put-take/producers=3"`,
		"load/high-throughput/{file,tcp}":    `there is no scenario "load/high-throughput/{file,tcp}"`,
		"alloc/op":                           `there is no metric "alloc/op"`,
		"queue.capcity":                      `there is no setting "queue.capcity"`,
		"suites/internal/none":               `there is no file "suites/internal/none"`,
		"LOGPERF_BENCHMARK_SEED=1 make perf": "",
		"LOGPERF_QUEUE_":                     "",
		`'subject:queue && measure:latency'`: "",
		"load/high-throughput/{file,http}/producers=N/knee=Ppct": "",
		"load/memory-constrained":                                "",
		"sink.routes[].buffer":                                   "",
		"queue.capacity":                                         "",
		"allocs/op":                                              "",
		"go tool logperf show":                                   "",
		"logging/sink/*":                                         "",
		`unknown setting "LOGPERF_QUEUE_CAPCITY"`:                "",
	} {
		got := strings.Join(k.faults(text), "; ")
		if got != want {
			t.Errorf("%s gives %q, want %q", text, got, want)
		}
	}
}

// Whoever adds a kind of load tells of it.
func TestEachKindOfLoadIsInTheGuides(t *testing.T) {
	k := knownNames(t)
	for _, file := range []string{"README.md", "docs/load-testing.md"} {
		text, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		for name := range k.labels {
			kind, ok := strings.CutPrefix(name, "scenario:")
			if ok && !regexp.MustCompile(`\b`+kind+`\b`).Match(text) {
				t.Errorf("%s does not name the kind of load %s, which the label %s selects", file, kind, name)
			}
		}
	}
}
