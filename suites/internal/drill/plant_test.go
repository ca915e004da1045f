package drill

import (
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/logperf/logperf/suites/internal/experiment"
	"github.com/logperf/logperf/suites/internal/load"
	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/scenario"
	"github.com/logperf/logperf/suites/internal/threshold"
)

const valid = "title: is slow\nfile: a/b.go\nanchor: |\n  \tone()\nfault: |\n  \ttwo()\ncatch:\n  - {by: gate, scenario: queue/put, metric: ns/op}\n"

func TestAPlantIsReadWithItsTabsAndNewlines(t *testing.T) {
	plants, err := Read(fstest.MapFS{"slow-path.yaml": {Data: []byte(valid)}, "notes.txt": {}})
	if err != nil {
		t.Fatal(err)
	}
	if len(plants) != 1 || plants[0].Name != "slow-path" || plants[0].Anchor != "\tone()\n" || plants[0].Fault != "\ttwo()\n" {
		t.Errorf("the plants are %+v", plants)
	}
}

func TestAFaultyPlantIsRefused(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"Slow.yaml", valid, `the name is "Slow"`},
		{"a.yaml", valid + "size: 3\n", `unknown field "size"`},
		{"a.yaml", strings.Replace(valid, "title: is slow\n", "", 1), "it has no title"},
		{"a.yaml", strings.Replace(valid, "a/b.go", "../b.go", 1), `the file is "../b.go"`},
		{"a.yaml", strings.Replace(valid, "a/b.go", "a/b_test.go", 1), "no test"},
		{"a.yaml", strings.Replace(valid, "one()", " ", 1), "the anchor is empty"},
		{"a.yaml", strings.Replace(valid, "two()", "one()", 1), "it would change nothing"},
		{"a.yaml", strings.Replace(valid, "  - {by: gate, scenario: queue/put, metric: ns/op}\n", "", 1), "nothing is named that has to catch it"},
		{"a.yaml", strings.Replace(valid, "by: gate", "by: luck", 1), `by is "luck": want threshold or gate`},
		{"a.yaml", strings.Replace(valid, "scenario: queue/put, ", "", 1), "it names no scenario"},
		{"a.yaml", strings.Replace(valid, ", metric: ns/op", "", 1), "names both or none of metric and error"},
		{"a.yaml", strings.Replace(valid, "ns/op", "ns/op, error: lost", 1), "names both or none of metric and error"},
		{"a.yaml", strings.Replace(valid, "metric: ns/op", "error: lost", 1), "error and profile are for thresholds"},
		{"a.yaml", strings.Replace(valid, "by: gate", "no_counts: true, by: threshold", 1), "no_counts is for the gate"},
		{"a.yaml", valid + "unchanged: true\n", "of a plant that changes nothing"},
		{"a.yaml", strings.Replace(valid, "by: gate", "by: threshold", 1) + "power: true\n", "it is marked power"},
		{"a.yaml", valid + "power: true\nruns: -1\n", "runs is -1: want 1 or more"},
		{"a.yaml", valid + "runs: 12\n", "runs is for a plant marked power"},
		{"a.txt", valid, "the folder holds no plant"},
	} {
		_, err := Read(fstest.MapFS{c.name: {Data: []byte(c.text)}})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s\n%s gives %v, want %s", c.name, c.text, err, c.want)
		}
	}
}

func TestAPlantThatNoLongerAppliesIsAnError(t *testing.T) {
	p := Plant{Name: "slow-path", File: "a/b.go", Anchor: "\tone()\n", Fault: "\ttwo()\n"}
	for text, want := range map[string]string{
		"func f() {\n\tthree()\n}\n":        "plant slow-path no longer applies: its anchor occurs 0 times in a/b.go, want once",
		"func f() {\n\tone()\n\tone()\n}\n": "plant slow-path no longer applies: its anchor occurs 2 times in a/b.go, want once",
		"":                                  "plant slow-path no longer applies: ",
	} {
		root := t.TempDir()
		if text != "" {
			if err := os.MkdirAll(filepath.Join(root, "a"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(root, "a", "b.go"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := Lay(root, t.TempDir(), p); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q gives %v, want %s", text, err, want)
		}
	}
}

func TestEachRegressionSaysWhatWasMeasuredOfIt(t *testing.T) {
	for _, p := range repository(t) {
		if !p.Unchanged && p.Effect == "" {
			t.Errorf("%s.yaml says no effect: plant it with `logperf drill --only %s`, which prints what it measured", p.Name, p.Name)
		}
	}
}

func TestThereAreEnoughPlants(t *testing.T) {
	regressions, short, unchanged := 0, 0, 0
	for _, p := range repository(t) {
		switch {
		case p.Unchanged && p.Short:
			unchanged += len(p.Catch)
		case p.Unchanged:
		case p.Short:
			short++
			fallthrough
		default:
			regressions++
		}
	}
	if regressions < 16 || short < 6 || unchanged < 2 {
		t.Errorf("%d regressions, of which %d are in the short drill, and %d unchanged comparisons there: want 16, 6 and 2", regressions, short, unchanged)
	}
}

// TestAllPlantsApplyAndCompile fails as soon as the code has moved away from
// under a plant. As many plants as can stand beside each other are built
// together: a build for each would take minutes.
func TestAllPlantsApplyAndCompile(t *testing.T) {
	plants := repository(t)
	for _, p := range plants {
		if _, err := p.Apply(root); err != nil {
			t.Error(err)
		}
	}
	if t.Failed() {
		return
	}
	for len(plants) > 0 {
		var together, later []Plant
		for _, p := range plants {
			_, err := Lay(root, t.TempDir(), append(together, p)...)
			beside := func(other Plant) bool { return other.File == p.File && other.Anchor == p.Anchor }
			if err != nil || slices.ContainsFunc(together, beside) {
				later = append(later, p)
				continue
			}
			together = append(together, p)
		}
		build(t, together)
		plants = later
	}
}

// build compiles the packages that the plants stand in.
func build(t *testing.T, plants []Plant) {
	t.Helper()
	laid, err := Lay(root, t.TempDir(), plants...)
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"build", "-overlay=" + laid.Overlay}
	var names []string
	for _, p := range plants {
		if folder := "./" + path.Dir(p.File); !slices.Contains(args, folder) {
			args = append(args, folder)
		}
		names = append(names, p.Name)
	}
	c := exec.CommandContext(t.Context(), "go", args...)
	c.Dir = root
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("one of the plants %s does not compile: %v\n%s", strings.Join(names, ", "), err, out)
	}
}

// TestWhatHasToCatchAPlantExists: a limit that is taken out of thresholds.yaml
// would else be missed by a drill of many minutes alone.
func TestWhatHasToCatchAPlantExists(t *testing.T) {
	limits, err := threshold.Load(filepath.Join(root, "thresholds.yaml"), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range repository(t) {
		for _, c := range p.Catch {
			table := scenario.All()
			if c.By == Threshold {
				table = append(table, load.All()...)
			}
			i := slices.IndexFunc(table, func(s experiment.Scenario) bool { return s.Name == c.Scenario })
			switch {
			case i < 0:
				t.Errorf("plant %s: there is no scenario %s that %s looks at", p.Name, c.Scenario, c.By)
			case p.Unchanged || c.Error != "":
			case c.By == Gate:
				if c.Metric != "instructions/op" && !table[i].Emits(c.Metric) {
					t.Errorf("plant %s: the scenario %s does not emit %s", p.Name, c.Scenario, c.Metric)
				}
			case !limited(limits, c):
				t.Errorf("plant %s: thresholds.yaml has no limit on %s %s that is judged on every machine, or under the profile that the plant forces", p.Name, c.Scenario, c.Metric)
			}
		}
	}
}

// limited reports whether there is a limit that the catch names.
func limited(limits *threshold.File, c Catch) bool {
	return slices.ContainsFunc(limits.Limits(c.Scenario, result.Environment{}, c.Profile), func(l threshold.Limit) bool {
		of := l.Metric.Name
		if l.Against != "" {
			of += " / " + l.Against
		}
		return of == c.Metric && l.Applies
	})
}
