package docscheck

import (
	"crypto/sha256"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/logperf/logperf/suites/internal/experiment"
	"github.com/logperf/logperf/suites/internal/lockstep"
	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/threshold"
)

// from stands for that of package scenario, where the examples go.
func from(subject string, rows []experiment.Scenario, files ...string) []experiment.Scenario {
	for i := range rows {
		rows[i].Subject = subject
		rows[i].Source = fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(files, " "))))
	}
	return rows
}

// An example is a file of the guide, which is compiled here.
type example struct {
	guide, file, here string
	rows              []experiment.Scenario
}

func examples() []example {
	return []example{
		{"docs/writing-a-scenario.md", "suites/internal/scenario/bind.go", "bind_test.go", Bind()},
		{"docs/your-own-library.md", "suites/internal/scenario/yours.go", "yours_test.go", Yours()},
	}
}

// marked is the block of the guide that becomes the file, or is added to it.
func marked(t *testing.T, guide, path string) string {
	t.Helper()
	for _, d := range guides(t) {
		if d.path != guide {
			continue
		}
		for _, b := range d.blocks {
			if s, err := stepOf(b); err == nil && s.path == path {
				return b.text
			}
		}
	}
	t.Fatalf("%s has no block with a comment for docs-check that makes it %s", guide, path)
	return ""
}

// Who changes one of the two changes the other.
func TestTheExamplesOfTheGuidesAreThese(t *testing.T) {
	for _, e := range examples() {
		text, err := os.ReadFile(e.here)
		if err != nil {
			t.Fatal(err)
		}
		want := strings.Replace(string(text), "package docscheck\n", "package scenario\n", 1)
		got := marked(t, e.guide, e.file)
		if got == want {
			continue
		}
		of := append(strings.Split(want, "\n"), "")
		for i, line := range strings.Split(got, "\n") {
			if i >= len(of) || line != of[i] {
				t.Errorf("line %d of the example in %s is %q: want that of %s", i+1, e.guide, line, e.here)
				break
			}
		}
		if len(got) < len(want) && strings.HasPrefix(want, got) {
			t.Errorf("the example in %s ends before %s", e.guide, e.here)
		}
	}
}

// TestTheExamplesHoldTheLimitsOfTheGuides runs them as `go test ./suites` would.
func TestTheExamplesHoldTheLimitsOfTheGuides(t *testing.T) {
	command, err := lockstep.Self()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range examples() {
		limits, err := threshold.Parse(e.guide, []byte("scenarios:\n"+marked(t, e.guide, "thresholds.yaml")), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		var known []threshold.Known
		for _, s := range e.rows {
			known = append(known, threshold.Known{Name: s.Name, Metrics: s.Metrics, References: s.References()})
		}
		if err := limits.Cover(known); err != nil {
			t.Fatal(err)
		}
		for _, s := range e.rows {
			t.Run(s.Name, func(t *testing.T) {
				r, err := lockstep.Repeat(t.Context(), s, 0, lockstep.Options{Command: command, Seed: 1, Check: true})
				if err != nil {
					t.Fatal(err)
				}
				rows, err := lockstep.Collect(s, []*lockstep.Repetition{r})
				if err != nil {
					t.Fatal(err)
				}
				for _, l := range limits.Limits(s.Name, result.Environment{}, "") {
					v := threshold.Judge(l, rows, threshold.JudgeOptions{Check: true, Race: true})
					if v.Outcome != result.Pass && v.Outcome != result.NotJudged {
						t.Error(v)
					}
				}
			})
		}
	}
}
