package doctor

import "strings"

// Look finds a program, as exec.LookPath does.
type Look func(name string) (string, error)

// Browsers are the programs that the report can be tested in, the first that is there
// in place of all.
func Browsers() []string {
	return []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"}
}

// Browser tells whether the report can be tested in a real one.
func Browser(look Look) Finding {
	for _, name := range Browsers() {
		if path, err := look(name); err == nil {
			return Finding{About: "browser", Rating: OK, Value: path}
		}
	}
	return Finding{"browser", Warn, "no chromium", "the tests of the HTML report are skipped: apt-get install chromium"}
}

// Counting tells whether instructions can be counted.
func Counting(look Look) Finding {
	if path, err := look("valgrind"); err == nil {
		return Finding{About: "instructions", Rating: OK, Value: path}
	}
	return Finding{"instructions", Warn, "no valgrind", "instructions are not counted, and added work of 1 or 2 % is not seen: apt-get install valgrind"}
}

// Memory tells whether a hard limit on an arm's memory is in force; what says
// what is, or why nothing is.
func Memory(hard bool, what string) Finding {
	rating := OK
	if !hard {
		rating = Warn
	}
	return advised("memory limit", rating, what,
		"load/memory-constrained/... runs under GOMEMLIMIT alone, and whether it survives is INCONCLUSIVE: run as root, or in a container that may make memory cgroups")
}

// Proxy tells whether the network proxy was built.
func Proxy(err error) Finding {
	if err != nil {
		return Finding{"network proxy", Warn, oneLine(err), "load/network-limited/... cannot run: go mod download, with a module proxy that has what go.mod names"}
	}
	return Finding{About: "network proxy", Rating: OK, Value: "toxiproxy, built from go.mod"}
}

// Profile tells whether absolute limits apply to this machine: the names of the
// profiles that fit it, or why they cannot be told.
func Profile(fitting []string, err error) Finding {
	switch {
	case err != nil:
		return Finding{"limits", Warn, oneLine(err), "limits cannot be judged: logperf thresholds check lists all faults"}
	case len(fitting) == 0:
		return Finding{"limits", Warn, "no profile of thresholds.yaml fits", "absolute limits are not judged here, ratios and counts are: add a profile with this machine's cpu and cores, as run.json has them"}
	}
	return Finding{About: "limits", Rating: OK, Value: "profile " + strings.Join(fitting, ", ")}
}

// oneLine is an error as the value of a finding.
func oneLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
