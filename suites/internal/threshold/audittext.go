package threshold

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Write shows the audit to people: one line a finding, then what was looked at.
func (a Audit) Write(w io.Writer) error {
	var b strings.Builder
	if len(a.Findings) > 0 {
		t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(t, "where\tfinding\tscenario\tmetric\tlimit\tobserved\tpropose\t")
		for _, f := range a.Findings {
			_, _ = fmt.Fprintf(t, "%s:%d\t%s\t%s\t%s\t%s\t%s\t%s\t\n", f.File, f.Line, f.Kind,
				orDash(f.Scenario), orDash(f.Of), f.Limit, orDash(f.Observed), orDash(f.Proposed))
		}
		_ = t.Flush()
		b.WriteString("\n")
	}
	text := strings.Builder{}
	for line := range strings.Lines(b.String()) {
		text.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	for _, f := range a.Findings {
		if note := f.note(); note != "" {
			fmt.Fprintf(&text, "%s:%d  %s\n", f.File, f.Line, note)
		}
	}
	text.WriteString(a.summary())
	_, err := io.WriteString(w, text.String())
	return err
}

// note is what has no room in the table.
func (f Finding) note() string {
	switch {
	case f.Kind != Loose:
		return f.Text
	case f.Why != "":
		return "loose, and says why: " + f.Why
	}
	return ""
}

func (a Audit) summary() string {
	counts := map[string]int{}
	for _, f := range a.Findings {
		counts[f.Kind]++
	}
	text := fmt.Sprintf("%d limits: %d expired, %d expire soon, %d loose; run %s has figures for %d of them",
		a.Limits, counts[Expired], counts[ExpiresSoon], counts[Loose], a.Run, a.Judged)
	if a.Absent > 0 {
		text += fmt.Sprintf(", and has not measured the scenarios of %d", a.Absent)
	}
	text += "\n"
	if counts[Loose] > 0 {
		text += "A proposal comes from one run on one machine: docs/thresholds.md says how to tighten a limit.\n"
	}
	return text
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
