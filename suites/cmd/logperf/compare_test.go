package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/logperf/logperf/suites/internal/compare"
	"github.com/logperf/logperf/suites/internal/doctor"
)

// foreign are the references whose code no change of the library touches.
var foreign = []string{"bufio", "channel", "phuslu", "slog", "xsync", "zap", "zerolog"}

// A reference that is the library itself tells nothing of the machine, so whoever
// adds one has to say which it is.
func TestEachReferenceIsTheLibraryOrForeign(t *testing.T) {
	found := map[string]string{}
	for _, s := range everyKnown() {
		for _, name := range s.References {
			found[name] = s.Name
		}
	}
	for name, scenario := range found {
		if compare.Ours(name) == slices.Contains(foreign, name) {
			t.Errorf("the reference %s of %s: want it either in compare.Ours, where it is the library itself, or in this test", name, scenario)
		}
	}
	for _, name := range append([]string{"default", "plain", "self"}, foreign...) {
		if found[name] == "" {
			t.Errorf("no scenario has the reference %s", name)
		}
	}
}

// The make file cannot ask the doctor.
func TestMakeTestLooksForTheDoctorsBrowsers(t *testing.T) {
	text, err := os.ReadFile("../../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, name := range doctor.Browsers() {
		want = append(want, "command -v "+name+" >/dev/null")
	}
	if line := strings.Join(want, " || "); !strings.Contains(string(text), "@"+line+" || ") {
		t.Errorf("make test does not look for browsers by\n%s", line)
	}
}
