package doctor

import (
	"fmt"
	"io"
	"strings"
)

// Write shows the report to people: a line for each finding, ratings in words,
// and below what is not ok what to do about it.
func (r *Report) Write(w io.Writer) error {
	warnings, bad := r.Judge()
	var b strings.Builder
	for _, part := range []struct {
		title    string
		findings []Finding
	}{{"machine", r.Machine}, {"noise: two arms of the same code", r.Noise}, {"can run", r.Can}} {
		if len(part.findings) == 0 {
			continue
		}
		fmt.Fprintf(&b, "%s\n", part.title)
		wide := 0
		for _, f := range part.findings {
			wide = max(wide, len(f.About))
		}
		for _, f := range part.findings {
			fmt.Fprintf(&b, "  %-4s  %-*s  %s\n", f.Rating, wide, f.About, f.Value)
			if f.Advice != "" {
				fmt.Fprintf(&b, "  %-4s  %-*s  -> %s\n", "", wide, "", f.Advice)
			}
		}
		b.WriteString("\n")
	}
	b.WriteString(conclusion(warnings, bad) + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func conclusion(warnings, bad int) string {
	switch {
	case bad > 0:
		return fmt.Sprintf("not fit to measure: %d bad, %d warn", bad, warnings)
	case warnings > 0:
		return fmt.Sprintf("fit to measure, %d warn", warnings)
	}
	return "fit to measure"
}
