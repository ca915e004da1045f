package compare

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/perf/benchunit"

	"github.com/logperf/logperf/suites/internal/result"
)

// noisy makes two runs with the noise and the shifts of real ones.
func noisy() (before, after *result.Run) {
	random := rand.New(rand.NewPCG(1, 2))
	draw := func(n int, center, noise float64) []float64 {
		values := make([]float64, n)
		for i := range values {
			values[i] = math.Round(center*(1+noise*random.NormFloat64())*100) / 100
		}
		return values
	}
	before, after = pairOf()
	before.Results, after.Results = nil, nil
	for i, shift := range []float64{1, 1.02, 1.1, 0.7, 3} {
		for _, run := range []*result.Run{before, after} {
			n, factor := 6, 1.0
			if run == after {
				factor = shift
				n += 6 * (i % 2)
			}
			run.Results = append(run.Results, result.Result{
				Scenario: fmt.Sprintf("queue/%d", i), Iterations: make([]int, n), Values: map[string][]float64{
					"ns/op": draw(n, 400*factor, 0.03), "records/s": draw(n, 2e6/factor, 0.05), "switches/1k-op": draw(n, 30*factor, 0.2),
				},
			})
			for i := range n {
				run.Results[len(run.Results)-1].Iterations[i] = 100
			}
		}
	}
	return before, after
}

// TestItAgreesWithBenchstatOnTheSameFiles holds medians, intervals, changes, p and
// decision against what go tool benchstat prints of the runs' bench.txt.
func TestItAgreesWithBenchstatOnTheSameFiles(t *testing.T) {
	before, after := noisy()
	after.Environment.Dirty = true
	c := Compare(before, after, Options{Least: func(string, string, string) float64 { return 0 }})
	seen := 0
	for _, line := range benchstat(t, before, after) {
		r, ok := rowNamed(c, line.name, line.unit)
		if !ok {
			t.Errorf("benchstat knows %s %s", line.name, line.unit)
			continue
		}
		seen++
		scale, _ := benchunit.Tidy(1, r.Metric)
		near := func(got, want float64) bool { return math.Abs(got-want) <= 1e-5*math.Abs(want) }
		if !near(r.Old.Center*scale, line.before) || !near(r.New.Center*scale, line.after) {
			t.Errorf("%s %s: %v -> %v, benchstat has %v -> %v", line.name, line.unit, r.Old.Center*scale, r.New.Center*scale, line.before, line.after)
		}
		for _, one := range []struct {
			got  float64
			want string
		}{{reach(r.Old.Center, r.Old.Lo, r.Old.Hi), line.beforeCI}, {reach(r.New.Center, r.New.Lo, r.New.Hi), line.afterCI}} {
			if text := strconv.FormatFloat(100*one.got, 'f', 0, 64) + "%"; text != one.want {
				t.Errorf("%s %s: the interval reaches %s, benchstat has %s", line.name, line.unit, text, one.want)
			}
		}
		if p := strconv.FormatFloat(r.P, 'f', 3, 64); p != line.p {
			t.Errorf("%s %s: p is %s, benchstat has %s", line.name, line.unit, p, line.p)
		}
		if (r.Verdict == Same) != (line.change == "~") {
			t.Errorf("%s %s: %s, benchstat has %s", line.name, line.unit, r.Verdict, line.change)
		}
		if change := strconv.FormatFloat(100*(r.Ratio.Center-1), 'f', 2, 64) + "%"; line.change != "~" && change != strings.TrimPrefix(line.change, "+") {
			t.Errorf("%s %s: it changed by %s, benchstat has %s", line.name, line.unit, change, line.change)
		}
	}
	if seen != 15 {
		t.Errorf("benchstat printed %d of 15 rows", seen)
	}
}

func reach(center, lo, hi float64) float64 { return max(hi/center-1, 1-lo/center) }

func rowNamed(c *Comparison, name, unit string) (Row, bool) {
	for _, r := range c.Rows {
		if _, tidy := benchunit.Tidy(1, r.Metric); strings.EqualFold(r.Name(), name) && tidy == unit {
			return r, true
		}
	}
	return Row{}, false
}

// statLine is a row of benchstat.
type statLine struct {
	name, unit        string
	before, after     float64
	beforeCI, afterCI string
	change, p         string
}

// benchstat writes the runs as the suite does and reads what benchstat prints of
// them.
func benchstat(t *testing.T, before, after *result.Run) []statLine {
	t.Helper()
	dir := t.TempDir()
	// The commits differ, and benchstat would make a table of each.
	args := []string{"tool", "benchstat", "-ignore", "commit,dirty", "-format", "csv"}
	for name, run := range map[string]*result.Run{"old": before, "new": after} {
		var text bytes.Buffer
		if err := result.WriteBench(&text, run); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args = append(args, "old="+filepath.Join(dir, "old"), "new="+filepath.Join(dir, "new"))
	c := exec.CommandContext(t.Context(), "go", args...)
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	r := csv.NewReader(bytes.NewReader(out))
	r.FieldsPerRecord = -1
	records, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var lines []statLine
	unit := ""
	for _, f := range records {
		if len(f) > 1 && f[0] == "" && slices.Contains([]string{"sec/op", "records/s", "switches/1k-op"}, f[1]) {
			unit = f[1]
		}
		if len(f) != 7 || f[0] == "" || f[0] == "geomean" {
			continue
		}
		l := statLine{name: f[0], unit: unit, beforeCI: f[2], afterCI: f[4], change: f[5]}
		l.before, _ = strconv.ParseFloat(f[1], 64)
		l.after, _ = strconv.ParseFloat(f[3], 64)
		l.p = regexp.MustCompile(`p=(\S+)`).FindStringSubmatch(f[6])[1]
		lines = append(lines, l)
	}
	return lines
}
