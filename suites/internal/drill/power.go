package drill

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/logperf/logperf/suites/internal/result"
)

// A Row is the verdict of one run of the gate on one metric of one scenario, as
// the file of a measured power holds it.
type Row struct {
	// Plant is the name of the plant; Run counts its runs from 1, Seed is that of
	// the run.
	Plant string
	Run   int
	Seed  uint64
	// Scenario and Metric are what the verdict stands on.
	Scenario, Metric string
	Verdict          result.Outcome
	// Estimate, Lower and Upper are ratios of head to base; NaN or infinite where
	// there is none. MDD is the smallest slowdown that could be found, as a share.
	Estimate, Lower, Upper, MDD float64
	// Pairs is how many decided.
	Pairs int
	// Took is the time of the whole run.
	Took time.Duration
}

// A Comparer runs the gate on a plant as a measurement of its power needs it: one
// scenario of each catch at the levels of a whole family, of an unchanged plant
// all scenarios of the tier smoke.
type Comparer interface {
	Compare(ctx context.Context, laid Planted, p Plant, seed uint64) ([]Row, error)
}

// PowerOptions configures Power. All fields but Watch are needed.
type PowerOptions struct {
	// Root is the folder of the repository.
	Root string
	// Comparer runs the gate.
	Comparer Comparer
	// Runs is how often each plant is compared, each time with another seed; a plant
	// may ask for fewer.
	Runs int
	// Seed is that of the first run.
	Seed uint64
	// Out is the file of the rows. It is written after each run, so that hours of
	// measuring are not lost to the last of them. Where it exists its rows are kept,
	// and the runs that they are of are not made again: hours can be split over days.
	// The tree must be the same then, which nothing here can see.
	Out string
	// Watch is told of each run that has ended, and of how many of the plant there
	// are to be; nil: nobody is.
	Watch func(plant string, run, of int, rows []Row)
}

// runs is how often a plant is compared.
func (o PowerOptions) runs(p Plant) int {
	if p.Runs > 0 {
		return min(p.Runs, o.Runs)
	}
	return o.Runs
}

// Power compares each plant with the tree as often as was asked for, the plants in
// turn, so that an hour in which the machine is busy falls on all of them. A run
// without a verdict ends it with an error: a row that is missing would make the
// table better than the gate is.
func Power(ctx context.Context, plants []Plant, o PowerOptions) ([]Row, error) {
	if o.Runs < 1 {
		return nil, fmt.Errorf("%d runs were asked for: want 1 or more", o.Runs)
	}
	rows, err := before(plants, o)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "logperf-plant-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	laid := make([]Planted, len(plants))
	for i, p := range plants {
		folder, err := os.MkdirTemp(dir, p.Name+"-")
		if err != nil {
			return nil, err
		}
		if laid[i], err = Lay(o.Root, folder, p); err != nil {
			return nil, err
		}
	}
	for run := range o.Runs {
		for i, p := range plants {
			if run >= o.runs(p) || slices.ContainsFunc(rows, func(r Row) bool { return r.Plant == p.Name && r.Run == run+1 }) {
				continue
			}
			seed, began := o.Seed+uint64(run), time.Now()
			found, err := o.Comparer.Compare(ctx, laid[i], p, seed)
			if err != nil {
				return rows, fmt.Errorf("plant %s, run %d: %w", p.Name, run+1, err)
			}
			for i := range found {
				found[i].Plant, found[i].Run, found[i].Seed, found[i].Took = p.Name, run+1, seed, time.Since(began)
			}
			rows = append(rows, found...)
			if err := save(o.Out, rows); err != nil {
				return rows, err
			}
			if o.Watch != nil {
				o.Watch(p.Name, run+1, o.runs(p), found)
			}
		}
	}
	return rows, nil
}

// before reads the rows of an earlier call; none where there is no file. Those of
// other plants or seeds are refused: they are of another measurement.
func before(plants []Plant, o PowerOptions) ([]Row, error) {
	f, err := os.Open(o.Out)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	rows, err := ReadRows(f)
	if err != nil {
		return nil, fmt.Errorf("%s holds no rows to go on from: %w; name another file", o.Out, err)
	}
	for i, r := range rows {
		fault := ""
		switch want := o.Seed + uint64(r.Run) - 1; {
		case !slices.ContainsFunc(plants, func(p Plant) bool { return p.Name == r.Plant }):
			fault = fmt.Sprintf("the plant is %s, which is not measured", r.Plant)
		case r.Run < 1 || r.Seed != want:
			fault = fmt.Sprintf("run %d has the seed %d, want %d", r.Run, r.Seed, want)
		}
		if fault != "" {
			return nil, fmt.Errorf("%s cannot be gone on with: line %d: %s; name another file", o.Out, i+2, fault)
		}
	}
	return rows, nil
}

func save(path string, rows []Row) error {
	var text bytes.Buffer
	if err := WriteRows(&text, rows); err != nil {
		return err
	}
	return result.WriteFileAtomic(path, text.Bytes())
}

// columns of the file, in their order.
var columns = []string{"plant", "run", "seed", "scenario", "metric", "verdict", "estimate", "lower", "upper", "pairs", "mdd", "seconds"}

// WriteRows writes the rows as CSV with a line of names.
func WriteRows(w io.Writer, rows []Row) error {
	out := csv.NewWriter(w)
	_ = out.Write(columns) // Flush keeps the error
	for _, r := range rows {
		_ = out.Write([]string{
			r.Plant, strconv.Itoa(r.Run), strconv.FormatUint(r.Seed, 10), r.Scenario, r.Metric, string(r.Verdict),
			number(r.Estimate), number(r.Lower), number(r.Upper), strconv.Itoa(r.Pairs), number(r.MDD),
			strconv.FormatFloat(r.Took.Seconds(), 'f', 1, 64),
		})
	}
	out.Flush()
	return out.Error()
}

func number(f float64) string { return strconv.FormatFloat(f, 'g', 6, 64) }

// ReadRows reads what WriteRows wrote. The error names the line at fault.
func ReadRows(r io.Reader) ([]Row, error) {
	lines, err := csv.NewReader(r).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(lines) == 0 || !slices.Equal(lines[0], columns) {
		return nil, fmt.Errorf("the first line does not name the columns %v", columns)
	}
	var rows []Row
	for i, line := range lines[1:] {
		row, err := parseRow(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+2, err)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func parseRow(line []string) (Row, error) {
	row := Row{Plant: line[0], Scenario: line[3], Metric: line[4], Verdict: result.Outcome(line[5])}
	var faults []error
	whole := func(i int) int {
		n, err := strconv.Atoi(line[i])
		faults = append(faults, err)
		return n
	}
	figure := func(i int) float64 {
		f, err := strconv.ParseFloat(line[i], 64)
		faults = append(faults, err)
		return f
	}
	row.Run, row.Pairs = whole(1), whole(9)
	row.Estimate, row.Lower, row.Upper, row.MDD = figure(6), figure(7), figure(8), figure(10)
	row.Took = time.Duration(figure(11) * float64(time.Second))
	seed, err := strconv.ParseUint(line[2], 10, 64)
	row.Seed = seed
	if !slices.Contains([]result.Outcome{result.Pass, result.Fail, result.Inconclusive, result.NotJudged}, row.Verdict) {
		err = errors.Join(err, fmt.Errorf("the verdict is %q", line[5]))
	}
	return row, errors.Join(append(faults, err)...)
}

// Tally is what became of a plant's rows on one metric of one scenario.
type Tally struct {
	Plant, Scenario, Metric string
	// Rows is how many there are; the others count verdicts.
	Rows, Pass, Fail, Inconclusive int
	// Estimate is the median ratio, Pairs the median number of pairs, MDD the median
	// of the smallest slowdown that could be found.
	Estimate, Pairs, MDD float64
}

// Tallies sums up rows by plant, scenario and metric, sorted by these.
func Tallies(rows []Row) []Tally {
	type key struct{ plant, scenario, metric string }
	groups := map[key][]Row{}
	for _, r := range rows {
		k := key{r.Plant, r.Scenario, r.Metric}
		groups[k] = append(groups[k], r)
	}
	var all []Tally
	for k, group := range groups {
		t := Tally{Plant: k.plant, Scenario: k.scenario, Metric: k.metric, Rows: len(group)}
		for _, r := range group {
			switch r.Verdict {
			case result.Pass:
				t.Pass++
			case result.Fail:
				t.Fail++
			default:
				t.Inconclusive++
			}
		}
		t.Estimate = middle(group, func(r Row) float64 { return r.Estimate })
		t.Pairs = middle(group, func(r Row) float64 { return float64(r.Pairs) })
		t.MDD = middle(group, func(r Row) float64 { return r.MDD })
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b Tally) int {
		return cmp.Or(cmp.Compare(a.Plant, b.Plant), cmp.Compare(a.Scenario, b.Scenario), cmp.Compare(a.Metric, b.Metric))
	})
	return all
}

func middle(rows []Row, of func(Row) float64) float64 {
	values := make([]float64, len(rows))
	for i, r := range rows {
		values[i] = of(r)
	}
	slices.Sort(values)
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}

// Markdown writes the tallies as the table that docs/methodology.md publishes.
func Markdown(w io.Writer, tallies []Tally) error {
	var text bytes.Buffer
	_, _ = fmt.Fprintln(&text, "| plant | scenario | metric | runs | FAIL | INCONCLUSIVE | PASS | median ratio | median pairs | smallest detectable |")
	_, _ = fmt.Fprintln(&text, "|---|---|---|---|---|---|---|---|---|---|")
	for _, t := range tallies {
		_, _ = fmt.Fprintf(&text, "| %s | %s | %s | %d | %d | %d | %d | %.3f | %g | %.1f %% |\n",
			t.Plant, t.Scenario, t.Metric, t.Rows, t.Fail, t.Inconclusive, t.Pass, t.Estimate, t.Pairs, 100*t.MDD)
	}
	_, err := w.Write(text.Bytes())
	return err
}
