package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/logperf/logperf/suites/internal/compare"
	"github.com/logperf/logperf/suites/internal/metric"
	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/stat"
)

// ComparisonOptions says how a comparison is shown. The zero value is text for a
// terminal, with what changed alone.
type ComparisonOptions struct {
	// Markdown is for a page instead.
	Markdown bool
	// All shows what did not change and what cannot be compared, too.
	All bool
	// Hint is the last line: what answers the questions that stored times leave.
	Hint string
}

// Comparison writes what two runs differ in: what they are, why times are not
// comparable, the settings that differ, the table of what changed, and the rest
// summed up.
func Comparison(w io.Writer, c *compare.Comparison, o ComparisonOptions) error {
	var b strings.Builder
	s := sheet{&b, o, Plain}
	if o.Markdown {
		s.plain = cell
	}
	s.heading(c)
	s.list("Times are not comparable where these differ:", c.Differences)
	s.list("Settings that differ:", c.Settings)
	s.table(c)
	s.rest(c)
	_, err := io.WriteString(w, b.String())
	return err
}

// sheet writes a comparison in one of two languages.
type sheet struct {
	*strings.Builder
	ComparisonOptions
	plain func(string) string
}

func (s sheet) heading(c *compare.Comparison) {
	if s.Markdown {
		s.WriteString("### logperf: two runs compared\n\n")
	}
	for _, one := range []struct {
		name string
		run  *result.Run
	}{{"old", c.Old}, {"new", c.New}} {
		e := one.run.Environment
		commit := e.Commit
		if e.Dirty {
			commit += " and changes"
		}
		line := fmt.Sprintf("%s  %s, %s UTC, commit %s: %s", one.name, one.run.ID, one.run.Started.UTC().Format("2006-01-02 15:04"), commit, one.run.Outcome)
		if s.Markdown {
			s.WriteString("- ")
		}
		s.WriteString(s.plain(line) + "\n")
	}
}

func (s sheet) list(title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	s.WriteString("\n" + title + "\n")
	if s.Markdown {
		s.WriteString("\n")
	}
	mark := map[bool]string{true: "- ", false: "  "}[s.Markdown]
	for _, line := range lines {
		s.WriteString(mark + s.plain(line) + "\n")
	}
}

// shown reports whether a row is news.
func shown(r compare.Row) bool {
	return r.Broke() || r.Verdict != compare.Same && r.Verdict != compare.NotComparable
}

func (s sheet) table(c *compare.Comparison) {
	t := table.NewWriter()
	t.SetStyle(style())
	t.AppendHeader(table.Row{"scenario", "metric", "old", "new", "change", "p", "verdict"})
	right := table.ColumnConfig{Align: text.AlignRight, AlignHeader: text.AlignRight}
	var configs []table.ColumnConfig
	for _, number := range []int{3, 4, 5, 6} {
		right.Number = number
		configs = append(configs, right)
	}
	t.SetColumnConfigs(configs)
	var lines strings.Builder
	for _, r := range c.Rows {
		if !s.All && !shown(r) {
			continue
		}
		line := table.Row{s.plain(r.Name()), s.plain(r.Of()), figure(r.Old, r), figure(r.New, r), change(r.Ratio), probability(r), s.plain(outcomeOf(r))}
		t.AppendRow(line)
		for _, one := range line {
			fmt.Fprintf(&lines, "| %v ", one)
		}
		lines.WriteString("|\n")
	}
	switch {
	case t.Length() == 0:
	case s.Markdown:
		s.WriteString("\n| scenario | metric | old | new | change | p | verdict |\n|---|---|---:|---:|---:|---:|---|\n" + lines.String())
	default:
		s.WriteString("\n" + t.Render() + "\n")
	}
}

// rest sums up what the table leaves out and what to keep in mind.
func (s sheet) rest(c *compare.Comparison) {
	count := map[compare.Verdict]int{}
	reasons := map[string]int{}
	for _, r := range c.Rows {
		count[r.Verdict]++
		if r.Verdict == compare.NotComparable {
			// What was measured of a doubt differs from row to row.
			why, _, _ := strings.Cut(r.Why, ": ")
			reasons[why]++
		}
	}
	line := fmt.Sprintf("%d figures: %d worse, %d better, %d changed, %d the same, %d not comparable", len(c.Rows),
		count[compare.Worse], count[compare.Better], count[compare.Changed], count[compare.Same], count[compare.NotComparable])
	if !s.Markdown {
		s.WriteString("\n")
	}
	if !s.All && count[compare.Same]+count[compare.NotComparable] > 0 {
		line += " (--all shows them)"
	}
	s.note(line)
	if noisy, news := noise(c.Rows); news > 0 {
		s.note(fmt.Sprintf("by chance alone up to %.0f of the %d figures with noise would be among those that changed", math.Ceil(0.05*float64(noisy)), noisy))
	}
	for _, why := range slices.Sorted(maps.Keys(reasons)) {
		s.note(fmt.Sprintf("%d not comparable: %s", reasons[why], why))
	}
	s.only("old", c.OnlyOld)
	s.only("new", c.OnlyNew)
	if r := c.References; r.N > 0 {
		s.note(fmt.Sprintf("The times of the %d references changed by %s in the median, 95 %% of them by %s to %s. Where their code is the same in both runs, that is the machine.",
			r.N, percent(r.Center), percent(r.Lo), percent(r.Hi)))
	}
	if s.Hint != "" {
		s.note(s.Hint)
	}
}

// noise counts the figures with noise that were judged, and those of them that
// changed. References are not judged.
func noise(rows []compare.Row) (judged, changed int) {
	for _, r := range rows {
		if r.Class == compare.Exact || !r.Comparable || r.Reference != "" {
			continue
		}
		judged++
		if r.Verdict != compare.Same {
			changed++
		}
	}
	return judged, changed
}

// note is a line of its own.
func (s sheet) note(line string) {
	if s.Markdown {
		s.WriteString("\n")
	}
	s.WriteString(s.plain(line) + "\n")
}

// only names what one run has alone, the first few of it where not all is asked
// for.
func (s sheet) only(where string, names []string) {
	const most = 5
	if len(names) == 0 {
		return
	}
	more := ""
	if n := len(names) - most; n > 0 && !s.All {
		names, more = names[:most], fmt.Sprintf(" and %d more", n)
	}
	s.note(fmt.Sprintf("only in the %s run: %s%s", where, strings.Join(names, ", "), more))
}

// figure is a value with how far its interval reaches.
func figure(i stat.Interval, r compare.Row) string {
	unit := metric.Unit(r.Unit)
	switch {
	case i.N == 0:
		return "-"
	case r.Class == compare.Exact && i.Lo != i.Hi:
		return unit.Format(i.Lo) + " .. " + unit.Format(i.Hi)
	case !i.Bounded() || i.Center <= 0:
		return unit.Format(i.Center)
	}
	return fmt.Sprintf("%s ± %.0f %%", unit.Format(i.Center), 100*math.Max(i.Hi/i.Center-1, 1-i.Lo/i.Center))
}

// change is a ratio as what it adds, with its interval.
func change(r stat.Interval) string {
	switch {
	case r.N == 0:
		return "-"
	case !r.Bounded():
		return percent(r.Center)
	}
	return fmt.Sprintf("%s [%s .. %s]", percent(r.Center), percent(r.Lo), percent(r.Hi))
}

func percent(ratio float64) string {
	if ratio >= 10 {
		return strconv.FormatFloat(ratio, 'f', 1, 64) + " x"
	}
	return fmt.Sprintf("%+.1f %%", 100*(ratio-1))
}

func probability(r compare.Row) string {
	if r.Class == compare.Exact || r.Old.N == 0 {
		return ""
	}
	return fmt.Sprintf("%.3f", r.P)
}

// outcomeOf is the verdict, what its limit says of it, and why.
func outcomeOf(r compare.Row) string {
	words := r.Word()
	if r.NewOutcome != r.OldOutcome && r.NewOutcome != "" {
		before := string(r.OldOutcome)
		if before == "" {
			before = "no limit"
		}
		words += fmt.Sprintf(", %s -> %s (%s)", before, r.NewOutcome, r.Limit)
	}
	if r.Why != "" {
		words += ": " + r.Why
	}
	return words
}

// ComparisonCSV writes all rows of a comparison with a header.
func ComparisonCSV(w io.Writer, c *compare.Comparison) error {
	out := csv.NewWriter(w)
	lines := [][]string{{
		"scenario", "reference", "against", "metric", "unit", "class", "old", "old_lo", "old_hi", "old_n",
		"new", "new_lo", "new_hi", "new_n", "ratio", "ratio_lo", "ratio_hi", "p", "verdict", "why", "limit", "old_outcome", "new_outcome",
	}}
	for _, r := range c.Rows {
		line := []string{Plain(r.Scenario), Plain(r.Reference), Plain(r.Against), Plain(r.Metric), r.Unit, string(r.Class)}
		line = append(line, numbers(r.Old, true)...)
		line = append(line, numbers(r.New, true)...)
		line = append(line, numbers(r.Ratio, false)...)
		line = append(line, number(r.P), string(r.Verdict), Plain(r.Why), Plain(r.Limit), Plain(string(r.OldOutcome)), Plain(string(r.NewOutcome)))
		lines = append(lines, line)
	}
	return out.WriteAll(lines)
}

// numbers are the fields of an interval, empty where there is none.
func numbers(i stat.Interval, counted bool) []string {
	fields := []string{"", "", ""}
	if i.N > 0 {
		fields = []string{number(i.Center), number(i.Lo), number(i.Hi)}
	}
	if counted {
		fields = append(fields, strconv.Itoa(i.N))
	}
	return fields
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
