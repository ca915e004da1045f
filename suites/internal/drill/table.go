package drill

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// excerpt is how many lines of a reason are shown: an arm's standard error may
// be thousands.
const excerpt = 12

// Table writes one line for each trial, those that went wrong first, and below
// it why they did; then what was measured of the others, which is how large the
// effect of a plant is.
func Table(w io.Writer, trials []Trial) error {
	sorted := slices.Clone(trials)
	slices.SortStableFunc(sorted, func(a, b Trial) int { return rank(a) - rank(b) })
	var text bytes.Buffer
	columns := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(columns, "plant\tby\tscenario\tmetric\tverdict\t\ttime")
	for _, t := range sorted {
		verdict := string(t.Outcome)
		if t.Err != nil {
			verdict = "-"
		}
		_, _ = fmt.Fprintf(columns, "%s\t%s\t%s\t%s\t%s\t%v\t%v\n",
			t.Plant.Name, t.Catch.By, t.Catch.Scenario, what(t), verdict, t, t.Took.Round(time.Second))
	}
	if err := columns.Flush(); err != nil {
		return err
	}
	for _, t := range sorted {
		if !t.Good() {
			_, _ = fmt.Fprintf(&text, "\n%v: %s, the planted code %s:\n%s\n", t, t.Plant.Name, t.Plant.Title, indented(t.reason()))
		}
	}
	measured := ""
	for _, t := range sorted {
		if line, _, _ := strings.Cut(strings.TrimSpace(t.Detail), "\n"); t.Good() && line != "" {
			measured += fmt.Sprintf("%s %v: %s\n", t.Plant.Name, t, line)
		}
	}
	if measured != "" {
		_, _ = fmt.Fprintf(&text, "\n%s", measured)
	}
	_, err := w.Write(text.Bytes())
	return err
}

// what is what the catch names; an unchanged plant has every limit to hold.
func what(t Trial) string {
	if t.Plant.Unchanged {
		return "all"
	}
	if t.Catch.Error != "" {
		return "an error"
	}
	return t.Catch.Metric
}

func rank(t Trial) int {
	switch {
	case t.Err != nil:
		return 0
	case !t.Good():
		return 1
	case t.Plant.Unchanged:
		return 3
	}
	return 2
}

func (t Trial) reason() string {
	if t.Err != nil {
		return t.Err.Error()
	}
	return t.Detail
}

func indented(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if more := len(lines) - excerpt; more > 0 {
		lines = append(lines[:excerpt], fmt.Sprintf("... and %d lines more", more))
	}
	return "  " + strings.Join(lines, "\n  ")
}
