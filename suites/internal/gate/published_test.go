package gate

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"strings"
	"testing"
)

const (
	guidePath = "../../../docs/methodology.md"
	// rawPath is what make gate has written by --json, of a change that does nothing.
	rawPath = "../../../docs/data/gate-unchanged.json"

	noiseBegins = "<!-- noise: the table of docs/data/gate-unchanged.json -->\n"
	noiseEnds   = "<!-- noise: its end -->\n"
)

// deviation is the standard deviation of figures about their mean.
func deviation(figures []float64) float64 {
	sum, squares := 0.0, 0.0
	for _, f := range figures {
		sum += f
	}
	mean := sum / float64(len(figures))
	for _, f := range figures {
		squares += (f - mean) * (f - mean)
	}
	return math.Sqrt(squares / float64(len(figures)-1))
}

// noiseTable shows what the times of an unchanged head did.
func noiseTable(r *Report) string {
	var text strings.Builder
	_, _ = fmt.Fprintln(&text, "| scenario | kind | pairs | head over base | sd of a pair | smallest detectable |\n|---|---|---|---|---|---|")
	for _, row := range r.Scenarios {
		for _, f := range row.Figures {
			if f.Metric == wall {
				_, _ = fmt.Fprintf(&text, "| `%s` | %s | %d | %s | %.1f %% | %.1f %% |\n", f.Name, row.Kind, f.Pairs, change(float64(f.Estimate)), 100*deviation(f.LogRatios), 100*f.MDD)
			}
		}
	}
	return text.String()
}

// TestThePublishedNoiseIsThatOfTheRawData: as long as there are no raw data there
// is no table.
func TestThePublishedNoiseIsThatOfTheRawData(t *testing.T) {
	guide, err := os.ReadFile(guidePath)
	if err != nil {
		t.Fatal(err)
	}
	_, behind, found := strings.Cut(string(guide), noiseBegins)
	table, _, _ := strings.Cut(behind, noiseEnds)
	raw, err := os.ReadFile(rawPath)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !found:
		return
	case err != nil:
		t.Fatal(err)
	}
	r := &Report{}
	if err := json.Unmarshal(raw, r); err != nil {
		t.Fatal(err)
	}
	if want := noiseTable(r); strings.TrimSpace(table) != strings.TrimSpace(want) {
		t.Errorf("docs/methodology.md has between %q and %q\n%s\nand the raw data give\n%s", strings.TrimSpace(noiseBegins), strings.TrimSpace(noiseEnds), table, want)
	}
}
