package gate

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/stat"
)

const (
	guidePath = "../../../docs/methodology.md"
	// rawPath is what make gate has written by --json, packed: of a change that does
	// nothing unchanged-*.json.gz, of one that slows the worker slower-*.json.gz.
	rawPath = "../../../docs/data/gate"

	noiseBegins = "<!-- noise: the table of docs/data/gate/unchanged-*.json.gz -->\n"
	noiseEnds   = "<!-- noise: its end -->\n"
	runsBegins  = "<!-- runs: the table of docs/data/gate -->\n"
	runsEnds    = "<!-- runs: its end -->\n"
)

// readRuns reads the packed reports of that name, in the order of their names.
func readRuns(t *testing.T, name string) []*Report {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(rawPath, name+"-*.json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	var runs []*Report
	for _, path := range paths {
		r := &Report{}
		if err := readPacked(path, r); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		runs = append(runs, r)
	}
	return runs
}

func readPacked(path string, r *Report) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	text, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	return json.NewDecoder(text).Decode(r)
}

// told is one figure of one scenario in all runs.
type told struct {
	name, kind                       string
	pairs, estimates, mdds, variance []float64
}

// noiseTable shows what the times of an unchanged head did in all runs.
func noiseTable(runs []*Report) string {
	var all []*told
	for _, r := range runs {
		for _, row := range r.Scenarios {
			for _, f := range row.Figures {
				if f.Metric == wall {
					all = tell(all, f, row.Kind)
				}
			}
		}
	}
	slices.SortFunc(all, func(a, b *told) int { return strings.Compare(a.kind+a.name, b.kind+b.name) })
	var text strings.Builder
	_, _ = fmt.Fprintln(&text, "| scenario | kind | pairs | head over base, least .. most | sd of a pair | smallest detectable |\n|---|---|---|---|---|---|")
	for _, a := range all {
		_, _ = fmt.Fprintf(&text, "| `%s` | %s | %.0f | %s (%s .. %s) | %.1f %% | %.1f %% |\n", a.name, a.kind, stat.MedianOf(a.pairs),
			change(stat.MedianOf(a.estimates)), change(slices.Min(a.estimates)), change(slices.Max(a.estimates)),
			100*math.Sqrt(mean(a.variance)), 100*stat.MedianOf(a.mdds))
	}
	return text.String()
}

func tell(all []*told, f Figure, kind string) []*told {
	i := slices.IndexFunc(all, func(a *told) bool { return a.name == f.Name })
	if i < 0 {
		i, all = len(all), append(all, &told{name: f.Name, kind: kind})
	}
	a := all[i]
	a.pairs, a.estimates, a.mdds = append(a.pairs, float64(f.Pairs)), append(a.estimates, float64(f.Estimate)), append(a.mdds, float64(f.MDD))
	a.variance = append(a.variance, variance(f.LogRatios))
	return all
}

func mean(figures []float64) float64 {
	sum := 0.0
	for _, f := range figures {
		sum += f
	}
	return sum / float64(len(figures))
}

// variance is that of figures about their mean, from a sample.
func variance(figures []float64) float64 {
	middle, squares := mean(figures), 0.0
	for _, f := range figures {
		squares += (f - middle) * (f - middle)
	}
	return squares / float64(len(figures)-1)
}

// runsTable shows what the runs said.
func runsTable(t *testing.T) string {
	var text strings.Builder
	_, _ = fmt.Fprintln(&text, "| the head | runs | of them PASS, FAIL, INCONCLUSIVE | scenarios PASS, FAIL, INCONCLUSIVE | pairs | time of a run, median (most) | taking turns |\n|---|---|---|---|---|---|---|")
	for _, name := range []string{"unchanged", "slower"} {
		runs := readRuns(t, name)
		if len(runs) == 0 {
			continue
		}
		whole, parts := map[result.Outcome]int{}, map[result.Outcome]int{}
		var pairs, took, turns []float64
		for _, r := range runs {
			whole[r.Verdict]++
			for _, row := range r.Scenarios {
				parts[row.Verdict]++
			}
			pairs, took, turns = append(pairs, float64(r.Pairs)), append(took, r.Took), append(turns, float64(r.Overhead))
		}
		counts := func(of map[result.Outcome]int) string {
			return fmt.Sprintf("%d, %d, %d", of[result.Pass], of[result.Fail], of[result.Inconclusive])
		}
		seconds := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)).Round(time.Second) }
		_, _ = fmt.Fprintf(&text, "| %s | %d | %s | %s | %.0f | %v (%v) | %.1f %% |\n", name, len(runs), counts(whole), counts(parts),
			stat.MedianOf(pairs), seconds(stat.MedianOf(took)), seconds(slices.Max(took)), 100*stat.MedianOf(turns))
	}
	return text.String()
}

// TestThePublishedNoiseIsThatOfTheRawData: the tables of the guide are made of the
// reports that lie beside it.
func TestThePublishedNoiseIsThatOfTheRawData(t *testing.T) {
	guide, err := os.ReadFile(guidePath)
	if err != nil {
		t.Fatal(err)
	}
	unchanged := readRuns(t, "unchanged")
	if len(unchanged) == 0 {
		t.Fatalf("%s holds no unchanged-*.json.gz", rawPath)
	}
	for _, c := range []struct{ begins, ends, want string }{
		{noiseBegins, noiseEnds, noiseTable(unchanged)},
		{runsBegins, runsEnds, runsTable(t)},
	} {
		_, behind, _ := strings.Cut(string(guide), c.begins)
		table, _, _ := strings.Cut(behind, c.ends)
		if strings.TrimSpace(table) != strings.TrimSpace(c.want) {
			t.Errorf("docs/methodology.md has between %q and %q\n%s\nand the raw data give\n%s", strings.TrimSpace(c.begins), strings.TrimSpace(c.ends), table, c.want)
		}
	}
}
