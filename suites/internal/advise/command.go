package advise

import (
	"strings"

	"github.com/logperf/logperf/logging"
)

// A command is what the words of a proof need.
type command struct {
	present string // words in front of make that give it the present settings
	run     string
}

// commandOf gives make the settings of the file, or, without one, each setting
// that is not at its default: the environment that a stored run was measured in
// need not be that of who reads the advice.
func commandOf(s logging.Settings, file, run string) command {
	if file != "" {
		return command{"LOGPERF_SETTINGS=" + quoted(file) + " ", run}
	}
	var words strings.Builder
	if s.WithDefaults().Sink.Kind == logging.SinkHTTP { // its own URL may be secret, and is not used
		words.WriteString("LOGPERF_SINK_HTTP_URL=http://localhost ")
	}
	for _, c := range Changes() {
		if now := valueOf(s.WithDefaults(), c.Setting); now != c.Value {
			words.WriteString(Change{Setting: c.Setting, Value: now}.Variable() + " ")
		}
	}
	return command{words.String(), run}
}

// proof measures one scenario with the changes, and holds it against the run, or
// against the present settings where there is none. Variables win over the
// settings file, and of two with one name the last does, so that nothing need be
// edited.
func (c command) proof(scenario string, set []Change) string {
	measure := "make perf ONLY=" + strings.Replace(scenario, sweepPrefix, rowPrefix, 1)
	if len(set) == 0 {
		return c.present + measure
	}
	changed := c.present
	for _, one := range set {
		changed += one.Variable() + " "
	}
	if c.run != "" {
		return changed + measure + "; go tool logperf compare " + c.run + " latest"
	}
	return c.present + measure + "; " + changed + measure + "; go tool logperf compare"
}

// quoted is a word for a shell.
func quoted(text string) string {
	if text != "" && strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/-") == "" {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
