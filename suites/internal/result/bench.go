package result

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/perf/benchfmt"

	"github.com/logperf/logperf/suites/internal/metric"
)

// WriteBench writes the run in the Go benchmark format: one line for each row
// and repetition, references as rows of their own, marked /ref=NAME. The first
// letter of a name is in upper case, as the format asks for. A row whose metrics
// do not have one value for each repetition is an error: what is left out would
// shrink the sample that benchstat sees.
func WriteBench(w io.Writer, run *Run) error {
	if err := writeUnits(w, run); err != nil {
		return err
	}
	config := configOf(run)
	b := benchfmt.NewWriter(w)
	for _, row := range run.Results {
		if err := checkRow(row); err != nil {
			return err
		}
		for i, n := range row.Iterations {
			line := &benchfmt.Result{
				Name: benchfmt.Name(strings.ToUpper(row.Row()[:1]) + row.Row()[1:]), Iters: n, Config: config,
			}
			for _, name := range slices.Sorted(maps.Keys(row.Values)) {
				line.Values = append(line.Values, benchfmt.Value{Value: row.Values[name][i], Unit: name})
			}
			if len(line.Values) == 0 {
				continue
			}
			if err := b.Write(line); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkRow refuses what a line of the format cannot hold.
func checkRow(row Result) error {
	if row.Scenario == "" || strings.ContainsFunc(row.Row(), unicode.IsSpace) {
		return fmt.Errorf("bench.txt cannot hold the row %q: want a name without spaces", row.Row())
	}
	for _, name := range slices.Sorted(maps.Keys(row.Values)) {
		if n := len(row.Values[name]); n != len(row.Iterations) {
			return fmt.Errorf("%s: %s has %d values for %d repetitions: want one each", row.Row(), name, n, len(row.Iterations))
		}
	}
	return nil
}

// writeUnits declares which direction of each metric is better and which are
// exact, for benchstat. benchfmt.Writer cannot write these lines without having
// read them, so they are written by hand.
func writeUnits(w io.Writer, run *Run) error {
	used := map[string]bool{}
	for _, row := range run.Results {
		for name := range row.Values {
			used[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(used)) {
		m, ok := metric.Lookup(name)
		if !ok {
			return fmt.Errorf("bench.txt cannot hold the unknown metric %q", name)
		}
		better := map[metric.Direction]string{metric.Lower: "better=lower", metric.Higher: "better=higher"}[m.Better]
		if m.Exact {
			better += " assume=exact"
		}
		if _, err := fmt.Fprintf(w, "Unit %s %s\n", name, better); err != nil {
			return err
		}
	}
	return nil
}

func configOf(run *Run) []benchfmt.Config {
	e := run.Environment
	var config []benchfmt.Config
	add := func(key, value string) {
		if value != "" {
			config = append(config, benchfmt.Config{Key: key, Value: []byte(value), File: true})
		}
	}
	add("goos", e.OS)
	add("goarch", e.Arch)
	add("cpu", e.CPU)
	add("cores", strconv.Itoa(e.Cores))
	add("gomaxprocs", strconv.Itoa(e.GOMAXPROCS))
	add("go", e.Go)
	add("kernel", e.Kernel)
	add("commit", e.Commit)
	if e.Dirty {
		add("dirty", "true")
	}
	if run.Corpus != nil {
		add("corpus", run.Corpus.SHA256)
	}
	return config
}
