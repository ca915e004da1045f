package drill

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/logperf/logperf/suites/internal/result"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// judgeFunc is a judge without a build.
type judgeFunc func(laid Planted, p Plant, c Catch) (Finding, error)

func (f judgeFunc) Judge(_ context.Context, laid Planted, p Plant, c Catch) (Finding, error) {
	return f(laid, p, c)
}

// catching is a judge that catches every regression and nothing else.
func catching(_ Planted, p Plant, _ Catch) (Finding, error) {
	if p.Unchanged {
		return Finding{Outcome: result.Pass}, nil
	}
	return Finding{Outcome: result.Fail, Caught: true}, nil
}

func judges(j judgeFunc) map[By]Judge { return map[By]Judge{Threshold: j, Gate: j} }

const root = "../../.."

func repository(t *testing.T) []Plant {
	t.Helper()
	plants, err := Read(os.DirFS(filepath.Join(root, "suites", "testdata", "drill")))
	if err != nil {
		t.Fatal(err)
	}
	return plants
}

func run(t *testing.T, plants []Plant, j judgeFunc) ([]Trial, error) {
	t.Helper()
	trials, err := Run(t.Context(), plants, Options{Root: root, Judges: judges(j)})
	if err != nil {
		t.Fatal(err)
	}
	return trials, Verdict(trials)
}

func TestADrillPassesWhereEachPlantIsCaught(t *testing.T) {
	trials, err := run(t, repository(t), catching)
	if err != nil {
		t.Error(err)
	}
	for _, trial := range trials {
		if want := map[bool]string{true: "silent", false: "caught"}[trial.Plant.Unchanged]; trial.String() != want {
			t.Errorf("%s is %v, want %s", trial.Plant.Name, trial, want)
		}
	}
}

// TestADrillFailsWhenAnyOneCatchIsDisabled disables each catch of each plant in
// turn: by silence, by a verdict short of FAIL, and by no verdict at all. Of
// what changes nothing, a FAIL is the fault.
func TestADrillFailsWhenAnyOneCatchIsDisabled(t *testing.T) {
	plants := repository(t)
	for _, disabled := range plants {
		for _, c := range disabled.Catch {
			for i, now := range []struct {
				finding Finding
				err     error
				word    string
			}{
				{Finding{Outcome: result.Pass}, nil, "MISSED"},
				{Finding{Outcome: result.Inconclusive}, nil, "MISSED"},
				{Finding{Outcome: result.NotJudged}, nil, "MISSED"},
				{Finding{}, errors.New("the machine is on fire"), "broken"},
			} {
				if disabled.Unchanged && now.err == nil {
					now.finding, now.word = Finding{Outcome: result.Fail, Caught: true}, "FALSE ALARM"
				}
				among := plants
				if i > 0 { // the first stands among all others, the rest by itself
					among = []Plant{disabled}
				}
				trials, err := run(t, among, func(laid Planted, p Plant, by Catch) (Finding, error) {
					if p.Name == disabled.Name && by == c {
						return now.finding, now.err
					}
					return catching(laid, p, by)
				})
				if err == nil {
					t.Errorf("%s by %s on %s: the drill passes with %+v, %v", disabled.Name, c.By, c.Scenario, now.finding, now.err)
				}
				for _, trial := range trials {
					if trial.Plant.Name == disabled.Name && trial.Catch == c && trial.String() != now.word {
						t.Errorf("%s is %v, want %s", disabled.Name, trial, now.word)
					}
				}
			}
		}
	}
}

func TestADrillWithoutAJudgeFails(t *testing.T) {
	trials, err := Run(t.Context(), repository(t)[:1], Options{Root: root, Judges: map[By]Judge{}})
	if err != nil || Verdict(trials) == nil {
		t.Errorf("%v, %v: want a trial that is broken", trials, err)
	}
}

func TestADrillOfNothingFails(t *testing.T) {
	if _, err := run(t, nil, catching); err == nil {
		t.Error("it passes")
	}
}

func TestADrillEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("stopped")
	trials, err := Run(ctx, repository(t), Options{Root: root, Judges: judges(func(Planted, Plant, Catch) (Finding, error) {
		cancel(stopped)
		return Finding{}, ctx.Err()
	})})
	if !errors.Is(err, stopped) || len(trials) != 0 {
		t.Errorf("%d trials and %v, want none and the cause", len(trials), err)
	}
}

func TestTheJudgeIsGivenAnOverlayThatIsGoneAfterwards(t *testing.T) {
	seen := ""
	_, err := run(t, repository(t)[:1], func(laid Planted, p Plant, c Catch) (Finding, error) {
		seen = laid.Overlay
		text, err := os.ReadFile(laid.Overlay)
		if err != nil || !strings.Contains(string(text), p.File) {
			t.Errorf("the overlay holds %q (%v), want %s replaced", text, err, p.File)
		}
		return catching(laid, p, c)
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(seen); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is left behind: %v", seen, err)
	}
}

func TestTheTableShowsFirstWhatWentWrong(t *testing.T) {
	plant := Plant{Name: "slow-path", Title: "is slow"}
	same := Plant{Name: "never-called", Title: "has a function that is never called", Unchanged: true}
	onRatio := Catch{By: Threshold, Scenario: "queue/put", Metric: "ns/op / channel"}
	byGate := Catch{By: Gate, Scenario: "queue/put", Metric: "ns/op"}
	trials := []Trial{
		{Plant: plant, Catch: onRatio, Finding: Finding{Outcome: result.Fail, Caught: true, Detail: "beyond"}, Took: 31 * time.Second},
		{Plant: same, Catch: Catch{By: Gate, Scenario: "queue/put"}, Finding: Finding{Outcome: result.Pass}, Took: 90 * time.Second},
		{Plant: plant, Catch: byGate, Finding: Finding{Outcome: result.Pass, Detail: "the slowdown is 1.2 % [0.3 .. 2.1], limit 4 %"}, Took: 100 * time.Second},
		{Plant: same, Catch: Catch{By: Threshold, Scenario: "queue/put"}, Finding: Finding{Outcome: result.Fail, Caught: true, Detail: "FAIL  thresholds.yaml:7"}, Took: 20 * time.Second},
		{Plant: plant, Catch: Catch{By: Threshold, Scenario: "queue/take", Error: "lost"}, Err: errors.New(strings.Repeat("it does not build\n", 20)), Took: time.Second},
	}
	var got bytes.Buffer
	if err := Table(&got, trials); err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/table.txt"
	if *update {
		if err := os.WriteFile(golden, got.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("the table is\n%s\nwant\n%s", got.String(), want)
	}
}
