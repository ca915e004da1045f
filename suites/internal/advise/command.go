package advise

import "strings"

// A command is what the words of a proof need.
type command struct {
	file string // of the settings
	run  string
}

// proof measures one scenario with the changes, and holds it against the run.
// Variables win over the settings file, so that it need not be edited.
func (c command) proof(scenario string, set []Change) string {
	var words []string
	if c.file != "" {
		words = append(words, "LOGPERF_SETTINGS="+quoted(c.file))
	}
	for _, one := range set {
		words = append(words, one.Variable())
	}
	text := strings.Join(append(words, "make perf ONLY="+strings.Replace(scenario, sweepPrefix, rowPrefix, 1)), " ")
	if c.run != "" {
		text += "; go tool logperf compare " + c.run + " latest"
	}
	return text
}

// quoted is a word for a shell.
func quoted(text string) string {
	if text != "" && strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/-") == "" {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
