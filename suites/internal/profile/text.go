package profile

import (
	"fmt"
	"strings"
)

// fewSamples are so few that the share of a function of 10 % may as well be 4 or
// 16 %: the standard deviation of 100 draws is 3 %.
const fewSamples = 100

// Text is a profile in a few lines for the message of a failure: its file, how
// much was seen, the n heaviest functions with their shares, and the command
// that shows more. Each line begins with indent.
func Text(p *Profile, n int, indent string) string {
	var b strings.Builder
	what := fmt.Sprintf("%s of processor time in %d samples", p.Unit.Format(float64(p.Total)), p.Samples)
	if p.Samples < fewSamples {
		what += ", too few to rank functions by"
	}
	if p.Kind == Allocs {
		what = p.Unit.Format(float64(p.Total)) + " allocated"
	}
	fmt.Fprintf(&b, "%s%s: %s\n", indent, p.Path, what)
	for _, f := range Top(p, n) {
		if f.Flat == 0 { // it only calls
			break
		}
		fmt.Fprintf(&b, "%s  %5.1f %%  %s\n", indent, 100*f.Share, f.Short())
	}
	fmt.Fprintf(&b, "%s  %s\n", indent, Command(p))
	return b.String()
}

// Command shows the profile in a browser or in the terminal.
func Command(p *Profile) string {
	if p.Kind == Allocs {
		return "go tool pprof -sample_index=alloc_space -top " + quoted(p.Path)
	}
	return "go tool pprof -top " + quoted(p.Path)
}

// quoted is a path as one word of a shell. Names of scenarios have letters that
// need no quotes; the folder of a run may have others.
func quoted(path string) string {
	plain := strings.IndexFunc(path, func(r rune) bool {
		return !strings.ContainsRune("/._-=+,:@%", r) && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) < 0
	if plain {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
