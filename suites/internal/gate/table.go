package gate

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/logperf/logperf/suites/internal/result"
)

// Text writes the report for a terminal: the table sorted by verdict, what needs
// attention with the command that repeats it, what was not compared, and one line
// that sums up.
func (r *Report) Text(w io.Writer) error {
	var b strings.Builder
	r.head(&b)
	if len(r.Scenarios) > 0 {
		b.WriteString("\n" + r.table().Render() + "\n")
	}
	if lines := r.attention(); lines != "" {
		b.WriteString("\n" + lines)
	}
	if lines := r.aside(); lines != "" {
		b.WriteString("\n" + lines)
	}
	b.WriteString("\n" + r.Summary() + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// Markdown writes the report for the page of a CI job.
func (r *Report) Markdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "### gate: %s\n\n%s\n\n", r.Verdict, r.Summary())
	r.head(&b)
	if lines := r.attention(); lines != "" {
		fmt.Fprintf(&b, "\n```\n%s```\n", lines)
	}
	if len(r.Scenarios) > 0 {
		fmt.Fprintf(&b, "\n%s\n", r.table().RenderMarkdown())
	}
	if lines := r.aside(); lines != "" {
		fmt.Fprintf(&b, "\n```\n%s```\n", lines)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Report) head(b *strings.Builder) {
	if r.Base != "" {
		fmt.Fprintf(b, "base %s, head %s, seed %d\n", r.Base, r.Head, r.Seed)
	}
	if r.Identical {
		b.WriteString("identical binaries: the measured code is the same, so that no scenario can be slower\n")
	}
	for _, note := range r.Notes {
		fmt.Fprintf(b, "note: %s\n", note)
	}
}

func (r *Report) table() table.Writer {
	t := table.NewWriter()
	s := table.StyleDefault
	s.Options = table.Options{SeparateHeader: true}
	s.Box = table.BoxStyle{MiddleHorizontal: "-", PaddingRight: "  ", MiddleSeparator: " "}
	s.Format.Header = text.FormatDefault
	t.SetStyle(s)
	t.AppendHeader(table.Row{"scenario", "metric", "base", "head", "change", "interval", "detectable", "pairs", "verdict"})
	var columns []table.ColumnConfig
	for number := 3; number <= 8; number++ {
		columns = append(columns, table.ColumnConfig{Number: number, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	t.SetColumnConfigs(columns)
	for _, row := range r.Scenarios {
		t.AppendRow(table.Row{
			row.Name, row.Metric, value(row.Metric, row.Base), value(row.Metric, row.Head), change(float64(row.Estimate)),
			row.span(), row.detectable(), row.Pairs, row.outcome(),
		})
	}
	return t
}

// span is the interval, empty for a count.
func (f Figure) span() string {
	if f.Lower == f.Upper {
		return ""
	}
	return side(float64(f.Lower)) + " .. " + side(float64(f.Upper))
}

// side is a bound, which may be missing.
func side(ratio float64) string {
	if ratio <= 0 || math.IsNaN(ratio) || math.IsInf(ratio, 0) {
		return "?"
	}
	return change(ratio)
}

// detectable is the smallest slowdown that the pairs can show.
func (f Figure) detectable() string {
	switch v := float64(f.MDD); {
	case math.IsNaN(v):
		return "any"
	case math.IsInf(v, 0):
		return "?"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(f.MDD))
}

func (f Figure) outcome() string {
	switch {
	case f.Verdict != result.Pass:
		return string(f.Verdict)
	case f.Faster:
		return "PASS, faster"
	case f.Accepted > 0:
		return "PASS, accepted"
	}
	return string(f.Verdict)
}

// attention lists the figures that are no PASS, each with its limit, and how to
// repeat them.
func (r *Report) attention() string {
	var b strings.Builder
	for _, row := range r.Scenarios {
		if row.Verdict == result.Pass {
			continue
		}
		for _, f := range row.Figures {
			if f.Verdict != result.Pass {
				fmt.Fprintln(&b, f)
			}
		}
		b.WriteString(row.lines())
		fmt.Fprintf(&b, "      again: %s\n", r.Repeat(row.Name))
	}
	for _, c := range r.Controls {
		if !c.Fit {
			fmt.Fprintf(&b, "CONTROL  %s: the head differs from itself by %s [%s .. %s] (%d pairs)\n",
				c.Scenario, change(float64(c.Estimate)), side(float64(c.Lower)), side(float64(c.Upper)), c.Pairs)
		}
	}
	return b.String()
}

// String says what became of a figure, for a reader who has nothing else.
func (f Figure) String() string {
	line := fmt.Sprintf("%s  %s %s: %s", f.Verdict, f.Name, f.Metric, change(float64(f.Estimate)))
	if span := f.span(); span != "" {
		line += " [" + span + "]"
	}
	line += fmt.Sprintf(", %s to %s (%d pairs), limit %s", value(f.Metric, f.Base), value(f.Metric, f.Head), f.Pairs, change(1+float64(f.Limit)))
	if f.Accepted > 0 {
		line += fmt.Sprintf(" beyond the accepted %s", change(float64(f.Accepted)))
	}
	switch {
	case f.ByDefault:
		line += " (the default)"
	case f.At != "":
		line += " (" + f.At + ")"
	}
	if f.Why != "" {
		line += ": " + f.Why
	}
	return line
}

// Repeat is the command that compares one scenario again, with the same layouts,
// orders and records.
func (r *Report) Repeat(scenario string) string {
	command := "go tool logperf gate"
	if r.Commit != "" {
		command += " --base " + short(r.Commit)
	}
	if r.HeadCommit != "" {
		command += " --head " + short(r.HeadCommit)
	}
	return fmt.Sprintf("%s --only '%s' --seed %d", command, scenario, r.Seed)
}

// aside says what was not compared.
func (r *Report) aside() string {
	var b strings.Builder
	for _, one := range []struct {
		what  string
		names []string
	}{
		{"changed, not compared", r.Changed},
		{"new, not compared", r.New},
		{"removed", r.Removed},
	} {
		if len(one.names) > 0 {
			fmt.Fprintf(&b, "%s (%d): %s\n", one.what, len(one.names), strings.Join(one.names, ", "))
		}
	}
	return b.String()
}

// Summary is one line on the whole.
func (r *Report) Summary() string {
	line := string(r.Verdict)
	if r.Why != "" {
		line += ": " + r.Why
	}
	if r.Identical || len(r.Scenarios) == 0 {
		return line
	}
	count := map[result.Outcome]int{}
	faster := 0
	for _, row := range r.Scenarios {
		count[row.Verdict]++
		if row.Faster && row.Verdict == result.Pass {
			faster++
		}
	}
	line += fmt.Sprintf("; %d scenarios: %d PASS (%d faster), %d FAIL, %d INCONCLUSIVE; %d pairs of %d links a side in %.0f s",
		len(r.Scenarios), count[result.Pass], faster, count[result.Fail], count[result.Inconclusive],
		r.Pairs, r.Links, r.Took)
	if !math.IsNaN(float64(r.Overhead)) {
		line += fmt.Sprintf("; taking turns cost %.1f %%", 100*float64(r.Overhead))
	}
	if !math.IsNaN(float64(r.Others)) {
		line += fmt.Sprintf("; others used %.2f processors", float64(r.Others))
	}
	return line
}

// Failures are the figures that fail, for annotations.
func (r *Report) Failures() []Figure {
	var all []Figure
	for _, row := range r.Scenarios {
		all = append(all, slices.DeleteFunc(slices.Clone(row.Figures), func(f Figure) bool { return f.Verdict != result.Fail })...)
	}
	return all
}
