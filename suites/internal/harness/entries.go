package harness

import (
	"strings"

	"github.com/onsi/ginkgo/v2"

	"github.com/logperf/logperf/suites/internal/experiment"
)

// Entries makes a table entry of each scenario: its text is the title with the
// name behind it, its labels are those of the scenario, its one parameter is
// the scenario itself, so that text and data cannot part.
func Entries(rows []experiment.Scenario) []ginkgo.TableEntry {
	entries := make([]ginkgo.TableEntry, 0, len(rows))
	for _, row := range rows {
		entries = append(entries, ginkgo.Entry(textOf(row), ginkgo.Label(row.Labels()...), row))
	}
	return entries
}

func textOf(s experiment.Scenario) string { return s.Title + " [" + s.Name + "]" }

// nameIn returns the scenario's name in the text of a spec; false for a spec
// that measures no scenario.
func nameIn(text string) (string, bool) {
	_, name, found := strings.Cut(text, " [")
	if !found || !strings.HasSuffix(name, "]") {
		return "", false
	}
	return strings.TrimSuffix(name, "]"), true
}
