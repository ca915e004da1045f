package advise

import (
	"fmt"
	"io"
	"strings"
)

// Write writes the report for a reader: each advice with its evidence, gain, cost
// and proof, and what was looked at. Where there is no advice it is one line, with
// the notes below.
func (r Report) Write(w io.Writer) error {
	var b strings.Builder
	if len(r.Advice) == 0 {
		fmt.Fprintf(&b, "no advice%s: %s\n", of(r.Run), r.lookedAt())
	}
	for i, a := range r.Advice {
		a.write(&b, i+1, len(r.Tried) > 0)
	}
	r.stages(&b)
	r.tried(&b)
	if len(r.Advice) > 0 && len(r.Looked) > 0 {
		fmt.Fprintf(&b, "looked at%s:\n   %s\n", of(r.Run), strings.Join(r.Looked, "\n   "))
	}
	for _, n := range r.Notes {
		fmt.Fprintf(&b, "note: %s\n", n)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func of(run string) string {
	if run == "" {
		return ""
	}
	return " on run " + run
}

func (r Report) lookedAt() string {
	if len(r.Looked) == 0 {
		return "nothing was there to look at"
	}
	return strings.Join(r.Looked, "; ")
}

func (a Advice) write(b *strings.Builder, number int, swept bool) {
	what := a.Do
	if len(a.Set) > 0 {
		what = "set " + strings.Join(names(a.Set), ", ")
	}
	fmt.Fprintf(b, "%d. %s\n", number, what)
	line := func(name, text string) { fmt.Fprintf(b, "   %-9s %s\n", name, text) }
	line("cause", a.Cause)
	for _, e := range a.Evidence {
		line("evidence", fmt.Sprintf("%s (%s, %s)", e.Text, e.Scenario, e.Source))
	}
	line("gain", a.gain(swept))
	for _, c := range a.Costs {
		line("cost", c)
	}
	if len(a.Costs) == 0 {
		line("cost", "none that is known")
	}
	line("proof", a.Proof)
	b.WriteByte('\n')
}

// gain is what is expected, in words. Where nothing was swept a sweep may tell.
func (a Advice) gain(swept bool) string {
	unknown := "unknown, run --sweep"
	if swept || len(a.Set) == 0 {
		unknown = "unknown"
	}
	if a.Gain == nil {
		if a.Loses {
			return "nothing is lost any more"
		}
		return unknown
	}
	text := fmt.Sprintf("%s: %.3g times as good %s (%s)", a.Gain.What, a.Gain.Factor.Center, bounds(a.Gain.Factor), a.Gain.Scenario)
	if a.Gain.Together {
		text += ", with the other settings of this scenario at their defaults too; alone " + unknown
	}
	if a.Loses {
		text = "nothing is lost any more; " + text
	}
	return text
}

// stages writes where the processor time of the profile went.
func (r Report) stages(b *strings.Builder) {
	if len(r.Stages) == 0 {
		return
	}
	b.WriteString("processor time by stage:\n")
	for _, s := range r.Stages {
		fmt.Fprintf(b, "   %5.1f %%  %s%s\n", 100*s.Share, s.Stage, s.most())
	}
	b.WriteByte('\n')
}

// tried writes a table of what the sweep tried.
func (r Report) tried(b *strings.Builder) {
	if len(r.Tried) == 0 {
		return
	}
	b.WriteString("tried by the sweep, against the present settings:\n")
	for _, t := range r.Tried {
		look := "first look "
		if t.Confirmed {
			look = "second look"
		}
		fmt.Fprintf(b, "   %s  %-44s %-13s %s\n", look, strings.Join(names(t.Set), ", "), t.Verdict, t.figures())
	}
	b.WriteByte('\n')
}

func (t Trial) figures() string {
	var all []string
	for _, f := range t.Factors {
		text := fmt.Sprintf("%s %.2fx", f.What, f.Factor.Center)
		if f.Factor.Bounded() {
			text += " " + bounds(f.Factor)
		}
		all = append(all, text)
	}
	if t.Dropped > 0 || t.DroppedNow > 0 {
		all = append(all, fmt.Sprintf("drops %s (now %s)", percent(t.Dropped), percent(t.DroppedNow)))
	}
	return strings.Join(all, ", ")
}
