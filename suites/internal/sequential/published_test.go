package sequential

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"hash/fnv"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/logperf/logperf/suites/internal/result"
)

const (
	publishedData = "docs/data/gate-simulation.csv"
	explanation   = "docs/gate-statistics.md"
)

// cell is a study whose tally is published.
type cell struct {
	study, noise string
	slowdown     float64
	run          func(tb testing.TB, seed uint64, runs int) tally
	tally        tally
}

func (c cell) key() []string {
	return []string{c.study, c.noise, strconv.FormatFloat(c.slowdown, 'g', -1, 64)}
}

// seed depends on nothing but what is simulated, so that a new row changes no other.
func (c cell) seed() uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(strings.Join(c.key(), "/"))) // a hash returns no error
	return h.Sum64()
}

const countedNoise = "instructions: 0.32 and 0.46 % from count to count"

func cells() []cell {
	var all []cell
	timed := func(kind string, s study) {
		all = append(all, cell{study: kind, noise: s.noise.name, slowdown: s.slowdown, run: s.many})
	}
	for _, n := range noises() {
		for _, slowdown := range []float64{0, .02, .03, .04, .05, .06, .08} {
			timed("family of 30", family(n, slowdown))
		}
	}
	for _, slowdown := range []float64{0, .02, .03, .04, .05, .06, .08} {
		s := family(noises()[mixed], slowdown)
		s.options.Others = 30
		timed("family of 60, of which 30 are timed", s)
	}
	for _, n := range []int{5, mixed, busy} {
		for _, slowdown := range []float64{0, .02, .04, .06, .08} {
			s := family(noises()[n], slowdown)
			s.budget = 800
			timed("family of 30 with time for 800 pairs", s)
		}
	}
	inRow := family(noises()[drift], 0)
	inRow.rowwise = true
	timed("family of 30, all pairs of a scenario in a row", inRow)
	for _, n := range noises()[3:6] {
		for _, slowdown := range []float64{0, .01, .02, .03, .04} {
			timed("alone", alone(n, slowdown))
		}
	}
	for _, scenarios := range []int{20, 1} {
		for _, slowdown := range []float64{0, .005, .01, .015, .02} {
			all = append(all, cell{
				study: fmt.Sprintf("counts of %d", scenarios), noise: countedNoise, slowdown: slowdown,
				run: func(tb testing.TB, seed uint64, runs int) tally {
					return manyCounts(tb, seed, scenarios, runs, slowdown)
				},
			})
		}
	}
	return all
}

func header() []string {
	return []string{
		"study", "noise", "slowdown", "runs", "runs with a false FAIL", "runs that find an unchanged one slower",
		"unchanged verdicts", "unchanged INCONCLUSIVE", "pairs of unchanged", "slower PASS", "slower FAIL", "pairs of slower FAIL",
	}
}

func (t *tally) fields() []*int {
	return []*int{
		&t.runs, &t.falseFails, &t.falseSlower, &t.unchanged, &t.inconclusive, &t.pairs, &t.passed, &t.failed, &t.failedPairs,
	}
}

// TestSimulate writes the published data anew:
//
//	LOGPERF_SIMULATE=500 go test -count=1 -timeout 1h -run TestSimulate ./suites/internal/sequential
//
// Then TestThePublishedTableIsThatOfTheData prints what has to stand in the text.
func TestSimulate(t *testing.T) {
	runs, err := strconv.Atoi(os.Getenv("LOGPERF_SIMULATE"))
	if err != nil || runs < 1 {
		t.Skip("LOGPERF_SIMULATE is not a number of runs")
	}
	all := cells()
	t.Run("cells", func(t *testing.T) {
		for i, c := range all {
			t.Run(strings.Join(c.key(), "/"), func(t *testing.T) {
				t.Parallel()
				all[i].tally = c.run(t, c.seed(), runs)
			})
		}
	})
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	rows := [][]string{header()}
	for _, c := range all {
		row := c.key()
		for _, n := range c.tally.fields() {
			row = append(row, strconv.Itoa(*n))
		}
		rows = append(rows, row)
	}
	if err := w.WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	if err := result.WriteFileAtomic(path(t, publishedData), out.Bytes()); err != nil {
		t.Fatal(err)
	}
}

func path(tb testing.TB, below string) string {
	tb.Helper()
	repository, err := result.FindRepository()
	if err != nil {
		tb.Fatal(err)
	}
	return repository.Path(below)
}

// readPublished returns all cells with the tallies of the data.
func readPublished(tb testing.TB) []cell {
	tb.Helper()
	file, err := os.ReadFile(path(tb, publishedData))
	if err != nil {
		tb.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(file)).ReadAll()
	if err != nil {
		tb.Fatal(err)
	}
	all := cells()
	if len(rows) != len(all)+1 {
		tb.Fatalf("%s has %d rows: want %d and a header", publishedData, len(rows), len(all))
	}
	for i := range all {
		row, key := rows[i+1], all[i].key()
		if strings.Join(row[:len(key)], "/") != strings.Join(key, "/") {
			tb.Fatalf("%s:%d: %q, want %q", publishedData, i+2, row, key)
		}
		for k, n := range all[i].tally.fields() {
			if *n, err = strconv.Atoi(row[len(key)+k]); err != nil {
				tb.Fatalf("%s:%d: %v", publishedData, i+2, err)
			}
		}
	}
	return all
}

// TestThePublishedDataAreThoseOfThisCode simulates two cheap cells again. Other
// processors round sums of products in another way, so a few runs may differ.
func TestThePublishedDataAreThoseOfThisCode(t *testing.T) {
	again := 0
	for _, c := range readPublished(t) {
		alone := c.study == "alone" && c.noise == noises()[4].name && c.slowdown == .03
		if !alone && (c.study != "counts of 20" || c.slowdown != .015) {
			continue
		}
		again++
		got := c.run(t, c.seed(), c.tally.runs)
		want := c.tally.fields()
		for i, n := range got.fields() {
			if !near(float64(*n), float64(*want[i]), float64(*want[i])/100) {
				t.Errorf("%v: %s is %d, published %d", c.key(), header()[3+i], *n, *want[i])
			}
		}
	}
	if again != 2 {
		t.Errorf("%d cells were simulated again, want 2", again)
	}
}

func TestThePublishedTableIsThatOfTheData(t *testing.T) {
	text, err := os.ReadFile(path(t, explanation))
	if err != nil {
		t.Fatal(err)
	}
	if table := render(readPublished(t)); !strings.Contains(string(text), table) {
		t.Errorf("%s does not hold the table of %s:\n%s", explanation, publishedData, table)
	}
}

// render makes a table of each kind of study.
func render(all []cell) string {
	var out strings.Builder
	for first := 0; first < len(all); {
		next := first + 1
		for next < len(all) && all[next].study == all[first].study && all[next].noise == all[first].noise {
			next++
		}
		row := all[first:next]
		if first == 0 || all[first-1].study != row[0].study {
			head(&out, row, first > 0)
		}
		fmt.Fprintf(&out, "| %s | %s |", row[0].noise, unchanged(row[0].tally))
		for _, c := range row[1:] {
			fmt.Fprintf(&out, " %s |", slower(c.tally))
		}
		out.WriteByte('\n')
		first = next
	}
	return out.String()
}

func head(out *strings.Builder, row []cell, further bool) {
	if further {
		out.WriteByte('\n')
	}
	fmt.Fprintf(out, "| %s | unchanged |", row[0].study)
	for _, c := range row[1:] {
		fmt.Fprintf(out, " %.3g %% |", 100*c.slowdown)
	}
	fmt.Fprintf(out, "\n|%s\n", strings.Repeat("---|", len(row)+1))
}

func unchanged(t tally) string {
	return fmt.Sprintf("%s / %s / %s / %.1f", share(t.falseFails, t.runs), share(t.falseSlower, t.runs),
		share(t.inconclusive, t.unchanged), float64(t.pairs)/float64(t.unchanged))
}

func slower(t tally) string {
	var parts []string
	if 200*t.passed >= t.runs {
		parts = append(parts, "P "+share(t.passed, t.runs))
	}
	if 200*t.failed >= t.runs {
		parts = append(parts, "F "+share(t.failed, t.runs))
	}
	return strings.Join(parts, " ")
}

// share is a part of 1 with what matters of its digits near 0 and 1.
func share(n, of int) string {
	v := float64(n) / float64(of)
	switch {
	case n == 0 || n == of:
		return strconv.Itoa(n / of)
	case v > .99:
		return strings.TrimRight(strconv.FormatFloat(v, 'f', 4, 64), "0")
	case v >= .1:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
	return strconv.FormatFloat(v, 'g', 2, 64)
}
