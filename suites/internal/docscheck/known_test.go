package docscheck

import (
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/suites/internal/load"
	"github.com/logperf/logperf/suites/internal/scenario"
)

// known is what the guides may name.
type known struct {
	variables []string
	settings  map[string]bool // by their paths in a settings file; groups too
	groups    map[string]bool // the first words of those that have some below
	scenarios []string
	subjects  map[string]bool
	labels    map[string]bool
	targets   map[string]bool
	commands  map[string]bool
	files     map[string]bool // that guides make
	// views are figures of timelines and tables that are no metrics.
	views map[string]bool
}

func knownNames(t *testing.T) known {
	t.Helper()
	k := known{
		settings: map[string]bool{}, groups: map[string]bool{}, subjects: map[string]bool{}, labels: map[string]bool{},
		targets: map[string]bool{}, commands: map[string]bool{}, files: map[string]bool{},
		views: map[string]bool{"time/op": true, "caller/op": true, "CPU/op": true, "k/s": true, "M/s": true},
	}
	k.add(reflect.TypeFor[logging.Settings](), "", "LOGPERF_")
	for _, s := range slices.Concat(scenario.All(), load.All(), Bind(), Yours()) {
		k.scenarios = append(k.scenarios, s.Name)
		k.subjects[s.Subject] = true
		for _, name := range s.Labels() {
			k.labels[name] = true
		}
	}
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?m)^([a-z-]+):`).FindAllStringSubmatch(string(makefile), -1) {
		k.targets[m[1]] = true
	}
	k.variables = append(k.variables, variable.FindAllString(string(makefile), -1)...)
	for _, d := range guides(t) {
		for _, b := range d.blocks {
			if s, err := stepOf(b); err == nil && s.path != "" {
				k.files[s.path] = true
			}
		}
	}
	k.readSources(t)
	return k
}

// add takes the settings of a struct, and the variables that they have.
func (k *known) add(of reflect.Type, path, prefix string) {
	for i := range of.NumField() {
		f := of.Field(i)
		name := path + f.Tag.Get("yaml")
		k.settings[name] = true
		switch inner := f.Type; {
		case inner.Kind() == reflect.Struct:
			k.groups[strings.Split(name, ".")[0]] = true
			k.add(inner, name+".", prefix+f.Tag.Get("envPrefix"))
		case inner.Kind() == reflect.Slice && inner.Elem().Kind() == reflect.Struct:
			k.settings[name+"[]"] = true
			k.add(inner.Elem(), name+"[].", "-")
		case f.Tag.Get("env") != "" && !strings.HasPrefix(prefix, "-"):
			k.variables = append(k.variables, prefix+f.Tag.Get("env"))
		}
	}
}

// readSources finds the variables that are no settings, as text in the code, and
// the commands of logperf, as their words of use.
func (k *known) readSources(t *testing.T) {
	t.Helper()
	quoted := regexp.MustCompile(`"(LOGPERF_[A-Z_]+)=?"`)
	use := regexp.MustCompile(`Use:\s*"([a-z]+)`)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") && !strings.HasSuffix(path, "settings_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range quoted.FindAllSubmatch(text, -1) {
			k.variables = append(k.variables, string(m[1]))
		}
		if strings.Contains(filepath.ToSlash(path), "suites/cmd/logperf/") {
			for _, m := range use.FindAllSubmatch(text, -1) {
				k.commands[string(m[1])] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// variable reports whether there is one of that name, or some that begin with it
// where it ends with "_".
func (k known) variable(name string) bool {
	return slices.ContainsFunc(k.variables, func(one string) bool {
		return one == name || strings.HasSuffix(name, "_") && strings.HasPrefix(one, name)
	})
}

// scenario reports whether there is one of that name, or a family of them. Braces
// hold several names, capital letters and * stand for a value, "..." at the end
// for what follows.
func (k known) scenario(name string) bool {
	name = strings.TrimSuffix(strings.TrimSuffix(name, "..."), "/")
	if open, end := strings.Index(name, "{"), strings.Index(name, "}"); open >= 0 && end > open {
		for _, one := range strings.Split(name[open+1:end], ",") {
			if !k.scenario(name[:open] + one + name[end+1:]) {
				return false
			}
		}
		return true
	}
	words := strings.Split(name, "/")
	for i, word := range words {
		if key, value, ok := strings.Cut(word, "="); ok && strings.Trim(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZpct") == "" {
			word = key + "=*"
		}
		words[i] = strings.ReplaceAll(regexp.QuoteMeta(word), `\*`, `[^/]*`)
	}
	pattern := regexp.MustCompile("^" + strings.Join(words, "/") + "(/|$)")
	return slices.ContainsFunc(k.scenarios, pattern.MatchString)
}
