package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/caarlos0/env/v11"
)

// environment reads the variables that are settings. Each is parsed alone: an
// error of the parser does not name the variable that it comes from.
func (l *loader) environment(given map[string]string) {
	all, groups := fields()
	for _, f := range all {
		if f.fileOnly {
			l.refuse(f, given)
		} else if text := given[f.variable]; text != "" {
			l.variable(f, text)
		}
	}
	for _, group := range groups {
		l.misspelt(group, groups, all, given)
	}
}

// variable reads one variable.
func (l *loader) variable(f field, text string) {
	err := env.ParseWithOptions(&l.settings, env.Options{
		Environment: map[string]string{f.variable: text},
		Prefix:      Prefix,
		FuncMap:     parsers(),
	})
	if parse, ok := errors.AsType[env.ParseError](err); ok {
		err = parse.Err
	}
	if err != nil {
		l.fault(f.variable, fmt.Errorf("%s: %w", f.path, err))
		return
	}
	l.override(f.path, f.variable)
}

// refuse reports the variables that a setting would have which only a file can
// hold.
func (l *loader) refuse(f field, given map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if given[name] != "" && f.claims(name) {
			l.fault(name, fmt.Errorf("%s: a variable cannot hold a list of groups: want it in the file that %s names", f.path, FileVariable))
		}
	}
}

// claims reports whether the variable is that of f, or of a part of it.
func (f field) claims(name string) bool {
	return name == f.variable || strings.HasPrefix(name, f.variable+"_")
}

// misspelt reports the variables that no setting of the group has. Those of a
// group within it are left to that one.
func (l *loader) misspelt(group string, groups []string, all []field, given map[string]string) {
	var known []string
	elsewhere := func(name string) bool {
		within := func(g string) bool { return len(g) > len(group) && strings.HasPrefix(name, g) }
		return slices.ContainsFunc(groups, within) ||
			slices.ContainsFunc(all, func(f field) bool { return f.fileOnly && f.claims(name) })
	}
	for _, f := range all {
		if name, ok := strings.CutPrefix(f.variable, group); ok && !f.fileOnly {
			known = append(known, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if last, ok := strings.CutPrefix(name, group); ok && !elsewhere(name) && !slices.Contains(known, last) {
			l.fault(name, &unknownError{what: "setting", name: name, prefix: group, known: known})
		}
	}
}
