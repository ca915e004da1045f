package doctor

import (
	"slices"
	"strings"
)

// harmless are flags of the Go command that change nothing of what is measured.
var harmless = []string{"-p", "-v", "-x", "-mod", "-modfile", "-modcacherw", "-trimpath", "-buildvcs", "-C", "-work"}

// falsifying are those under which times are not those of the program.
var falsifying = []string{"-race", "-msan", "-asan", "-cover", "-covermode", "-coverpkg", "-gcflags"}

// flags looks at how arms are built.
func (m Machine) flags() Finding {
	rating := OK
	for _, flag := range strings.Fields(m.Flags) {
		name, value, _ := strings.Cut(flag, "=")
		name = "-" + strings.TrimLeft(name, "-")
		switch {
		case value == "false" || slices.Contains(harmless, name):
		case slices.Contains(falsifying, name):
			rating = Bad
		case rating == OK:
			rating = Warn
		}
	}
	value := m.Environment.Go
	if m.Flags != "" {
		value += ", GOFLAGS=" + m.Flags
	}
	return advised("build", rating, value, "arms are built with these flags, and figures are those of another program: unset GOFLAGS, or go env -u GOFLAGS")
}

// runtime looks at what Go's own variables make of the arms.
func (m Machine) runtime() Finding {
	var set []string
	for _, name := range []string{"GOGC", "GOMEMLIMIT", "GOMAXPROCS", "GODEBUG", "GOEXPERIMENT"} {
		if v := m.variable(name); v != "" {
			set = append(set, name+"="+v)
		}
	}
	if len(set) == 0 {
		return Finding{About: "runtime", Rating: OK, Value: "Go's defaults"}
	}
	return Finding{"runtime", Warn, strings.Join(set, " "), "arms run with these variables, and figures compare only with others under them: unset what is not meant"}
}
