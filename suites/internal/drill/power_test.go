package drill

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/logperf/logperf/suites/internal/result"
)

// comparerFunc is a gate without builds.
type comparerFunc func(p Plant, seed uint64) ([]Row, error)

func (f comparerFunc) Compare(_ context.Context, _ Planted, p Plant, seed uint64) ([]Row, error) {
	return f(p, seed)
}

func TestPowerComparesThePlantsInTurnWithNewSeeds(t *testing.T) {
	plants := repository(t)[:2]
	var order []string
	out := filepath.Join(t.TempDir(), "power.csv")
	rows, err := Power(t.Context(), plants, PowerOptions{Root: root, Runs: 2, Seed: 7, Out: out, Comparer: comparerFunc(func(p Plant, seed uint64) ([]Row, error) {
		order = append(order, p.Name)
		return []Row{{Scenario: "queue/put", Metric: "ns/op", Verdict: result.Fail, Estimate: 1.08, Pairs: int(seed)}}, nil
	})})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{plants[0].Name, plants[1].Name, plants[0].Name, plants[1].Name}; !reflect.DeepEqual(order, want) {
		t.Errorf("compared %v, want %v", order, want)
	}
	if rows[0].Pairs != 7 || rows[3].Pairs != 8 || rows[3].Run != 2 || rows[3].Seed != 8 {
		t.Errorf("the rows are %+v", rows)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if read, err := ReadRows(bytes.NewReader(text)); err != nil || len(read) != 4 || read[2].Plant != plants[0].Name {
		t.Errorf("the file holds %+v, %v", read, err)
	}
}

func TestAPlantMayAskForFewerRuns(t *testing.T) {
	plants := repository(t)[:2]
	plants[0].Runs, plants[1].Runs = 1, 9
	var told []string
	_, err := Power(t.Context(), plants, PowerOptions{
		Root: root, Runs: 3, Out: filepath.Join(t.TempDir(), "power.csv"),
		Comparer: comparerFunc(func(Plant, uint64) ([]Row, error) { return []Row{{Scenario: "queue/put", Verdict: result.Pass}}, nil }),
		Watch: func(plant string, run, of int, _ []Row) {
			told = append(told, fmt.Sprintf("%s %d/%d", plant, run, of))
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	a, b := plants[0].Name, plants[1].Name
	if want := []string{a + " 1/1", b + " 1/3", b + " 2/3", b + " 3/3"}; !reflect.DeepEqual(told, want) {
		t.Errorf("the runs are %v, want %v", told, want)
	}
}

// TestPowerGoesOnWhereItEnded: hours are split over days.
func TestPowerGoesOnWhereItEnded(t *testing.T) {
	plants := repository(t)[:2]
	o := PowerOptions{Root: root, Runs: 2, Seed: 7, Out: filepath.Join(t.TempDir(), "power.csv")}
	var made []string
	left := 3 // runs before the first call breaks off
	o.Comparer = comparerFunc(func(p Plant, seed uint64) ([]Row, error) {
		if left--; left < 0 {
			return nil, errors.New("the machine was needed")
		}
		made = append(made, fmt.Sprintf("%s %d", p.Name, seed))
		return []Row{
			{Scenario: "queue/put", Metric: "ns/op", Verdict: result.Fail, Estimate: 1.0625, Pairs: int(seed)},
			{Scenario: "queue/take", Metric: "ns/op", Verdict: result.Pass, Estimate: 1, Pairs: 12},
		}, nil
	})
	before, err := Power(t.Context(), plants, o)
	if err == nil || len(before) != 6 {
		t.Fatalf("%d rows and %v", len(before), err)
	}
	made, left = nil, 9
	rows, err := Power(t.Context(), plants, o)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{plants[1].Name + " 8"}; !reflect.DeepEqual(made, want) {
		t.Errorf("made again are %v, want %v", made, want)
	}
	if len(rows) != 8 || rows[0].Plant != plants[0].Name || rows[0].Estimate != 1.0625 || rows[6].Run != 2 {
		t.Errorf("the rows are %+v", rows)
	}
	text, err := os.ReadFile(o.Out)
	if err != nil {
		t.Fatal(err)
	}
	if read, err := ReadRows(bytes.NewReader(text)); err != nil || len(read) != 8 {
		t.Errorf("the file holds %d rows (%v), want 8", len(read), err)
	}
}

func TestRowsOfAnotherMeasurementAreNotGoneOnWith(t *testing.T) {
	plants := repository(t)[:2]
	head := strings.Join(columns, ",") + "\n"
	first := plants[0].Name
	for text, want := range map[string]string{
		head + first + ",1,7,s,m,PASS,1,1,1,3,0,1\nelsewhere,1,7,s,m,PASS,1,1,1,3,0,1\n": "line 3: the plant is elsewhere, which is not measured",
		head + first + ",2,7,s,m,PASS,1,1,1,3,0,1\n":                                     "line 2: run 2 has the seed 7, want 8",
		head + first + ",0,6,s,m,PASS,1,1,1,3,0,1\n":                                     "line 2: run 0 has the seed 6",
		"plant\n": "holds no rows to go on from",
	} {
		out := filepath.Join(t.TempDir(), "power.csv")
		if err := os.WriteFile(out, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Power(t.Context(), plants, PowerOptions{Root: root, Runs: 3, Seed: 7, Out: out, Comparer: comparerFunc(func(Plant, uint64) ([]Row, error) {
			return []Row{{Scenario: "queue/put", Verdict: result.Pass}}, nil
		})})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "name another file") {
			t.Errorf("%q gives %v, want %s", text, err, want)
		}
		if now, err := os.ReadFile(out); err != nil || string(now) != text {
			t.Errorf("the file is now %q (%v)", now, err)
		}
	}
}

// TestARunWithoutAVerdictEndsPower and leaves what was measured before.
func TestARunWithoutAVerdictEndsPower(t *testing.T) {
	out := filepath.Join(t.TempDir(), "power.csv")
	rows, err := Power(t.Context(), repository(t)[:1], PowerOptions{Root: root, Runs: 3, Out: out, Comparer: comparerFunc(func(_ Plant, seed uint64) ([]Row, error) {
		if seed == 1 {
			return nil, errors.New("an arm crashed")
		}
		return []Row{{Scenario: "queue/put", Verdict: result.Pass}}, nil
	})})
	if err == nil || !strings.Contains(err.Error(), "run 2: an arm crashed") || len(rows) != 1 {
		t.Errorf("%d rows and %v", len(rows), err)
	}
	if text, err := os.ReadFile(out); err != nil || !strings.Contains(string(text), "queue/put") {
		t.Errorf("the file holds %q (%v)", text, err)
	}
	if _, err := Power(t.Context(), nil, PowerOptions{}); err == nil {
		t.Error("0 runs are measured")
	}
}

func TestRowsAreReadAsTheyWereWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		float := rapid.SampledFrom([]float64{0, 1, 1.0625, 0.25, 1e-6, math.Inf(1)})
		want := Row{
			Plant: rapid.StringMatching("[a-z]{1,5}").Draw(t, "plant"), Run: rapid.IntRange(1, 99).Draw(t, "run"),
			Seed:     rapid.Uint64().Draw(t, "seed"),
			Scenario: rapid.SampledFrom([]string{"queue/put", `odd "name", with marks`}).Draw(t, "scenario"), Metric: "ns/op",
			Verdict:  rapid.SampledFrom([]result.Outcome{result.Pass, result.Fail, result.Inconclusive}).Draw(t, "verdict"),
			Estimate: float.Draw(t, "estimate"), Lower: float.Draw(t, "lower"), Upper: float.Draw(t, "upper"), MDD: float.Draw(t, "mdd"),
			Pairs: rapid.IntRange(0, 200).Draw(t, "pairs"), Took: time.Duration(rapid.IntRange(0, 999).Draw(t, "took")) * 500 * time.Millisecond,
		}
		var b bytes.Buffer
		if err := WriteRows(&b, []Row{want}); err != nil {
			t.Fatal(err)
		}
		got, err := ReadRows(&b)
		if err != nil || len(got) != 1 || got[0] != want {
			t.Errorf("read %+v (%v), want %+v", got, err, want)
		}
	})
}

func TestRowsThatCannotBeReadAreNamed(t *testing.T) {
	head := strings.Join(columns, ",") + "\n"
	for text, want := range map[string]string{
		"":                                    "does not name the columns",
		"a,b\n":                               "does not name the columns",
		head + "p,1,1,s,m,PASS\n":             "wrong number of fields",
		head + "p,x,1,s,m,PASS,1,1,1,3,0,1\n": "line 2: ",
		head + "p,1,1,s,m,FINE,1,1,1,3,0,1\n": `line 2: the verdict is "FINE"`,
	} {
		if _, err := ReadRows(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q gives %v, want %s", text, err, want)
		}
	}
}

func TestTalliesCountVerdictsAndTakeMedians(t *testing.T) {
	row := func(verdict result.Outcome, estimate float64, pairs int) Row {
		return Row{Plant: "slow", Scenario: "queue/put", Metric: "ns/op", Verdict: verdict, Estimate: estimate, Pairs: pairs, MDD: 0.03}
	}
	tallies := Tallies([]Row{
		row(result.Fail, 1.08, 32), row(result.Inconclusive, 1.05, 64), row(result.Fail, 1.07, 40), row(result.Pass, 1.02, 16),
		{Plant: "never", Scenario: "queue/put", Metric: "ns/op", Verdict: result.Pass, Estimate: 1, Pairs: 12},
	})
	want := []Tally{
		{Plant: "never", Scenario: "queue/put", Metric: "ns/op", Rows: 1, Pass: 1, Estimate: 1, Pairs: 12},
		{Plant: "slow", Scenario: "queue/put", Metric: "ns/op", Rows: 4, Pass: 1, Fail: 2, Inconclusive: 1, Estimate: 1.06, Pairs: 36, MDD: 0.03},
	}
	for i := range tallies {
		tallies[i].Estimate = math.Round(1e6*tallies[i].Estimate) / 1e6
	}
	if !reflect.DeepEqual(tallies, want) {
		t.Errorf("the tallies are %+v, want %+v", tallies, want)
	}
	var b bytes.Buffer
	if err := Markdown(&b, tallies); err != nil || !strings.Contains(b.String(), "| slow | queue/put | ns/op | 4 | 2 | 1 | 1 | 1.060 | 36 | 3.0 % |\n") {
		t.Errorf("the table is (%v)\n%s", err, b.String())
	}
}
