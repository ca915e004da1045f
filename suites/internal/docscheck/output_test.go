package docscheck

import (
	"regexp"
	"strings"
	"testing"
)

// shows reports whether the lines that a guide shows are among those that were
// printed, behind each other. Blanks and rules of any length are alike; figures
// makes all numbers so, with their units.
func shows(guide, printed string, figures bool) bool {
	var pattern strings.Builder
	pattern.WriteString(`(?m)^`)
	for _, line := range lines(guide) {
		if line == "..." {
			pattern.WriteString(`(?:.*\n)*?`)
			continue
		}
		line = strings.ReplaceAll(regexp.QuoteMeta(line), `\.\.\.`, `.*`)
		if figures {
			line = number.ReplaceAllLiteralString(line, numberPattern)
		}
		pattern.WriteString(line + `\n`)
	}
	return regexp.MustCompile(pattern.String()).MatchString(strings.Join(lines(printed), "\n") + "\n")
}

// numberPattern is a figure of a table, with its unit behind a blank.
const numberPattern = `[-+]?\d[\d.,]*(?: (?:ns|us|ms|s|B|KiB|MiB|[kMG]|[kM]?/s|MB/s|%))?`

var (
	// number is what numberPattern matches, in a pattern: QuoteMeta has put a
	// backslash before dots and signs.
	number = regexp.MustCompile(`(?:\\?[-+])?\b\d(?:[\d,]|\\\.\d)*(?: (?:ns|us|ms|s|B|KiB|MiB|[kMG]|[kM]?/s|MB/s|%)\b)?`)
	rules  = regexp.MustCompile(`-{3,}`)
)

// lines are those of the text, with single blanks, without those at the ends and
// without empty lines.
func lines(text string) []string {
	var all []string
	for line := range strings.Lines(text) {
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			all = append(all, rules.ReplaceAllString(line, "---"))
		}
	}
	return all
}

func TestAnOutputIsHeldToWhatAGuideShows(t *testing.T) {
	printed := "scenario     time/op     verdict\n--------------------\nqueue/one    51.2 ns     PASS\nqueue/two     1.3 us     PASS\n\nresults: /tmp/x\n"
	for _, c := range []struct {
		guide          string
		exact, figures bool
	}{
		{"queue/one  51.2 ns  PASS\n", true, true},
		{"queue/one  77 us  PASS\n", false, true},
		{"queue/one  77 us  FAIL\n", false, false},
		{"scenario  time/op  verdict\n-----\n...\nresults: ...\n", true, true},
		{"queue/two 1.3 us PASS\n...\nqueue/one 51.2 ns PASS\n", false, false},
		{"queue/two ... PASS\nresults: /tmp/x\n", true, true},
		{"two 1.3 us PASS\n", false, false},
		{"queue/one 51.2 ns\n", false, false},
	} {
		if got := shows(c.guide, printed, false); got != c.exact {
			t.Errorf("%q: shown %v, want %v", c.guide, got, c.exact)
		}
		if got := shows(c.guide, printed, true); got != c.figures {
			t.Errorf("%q with any figures: shown %v, want %v", c.guide, got, c.figures)
		}
	}
}
