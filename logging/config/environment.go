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
		text := given[f.variable]
		if text == "" {
			continue
		}
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
			continue
		}
		l.override(f.path, f.variable)
	}
	for _, group := range groups {
		var known []string
		for _, f := range all {
			if name, ok := strings.CutPrefix(f.variable, group); ok {
				known = append(known, name)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(given)) {
			if last, ok := strings.CutPrefix(name, group); ok && !slices.Contains(known, last) {
				l.fault(name, &unknownError{what: "setting", name: name, prefix: group, known: known})
			}
		}
	}
}
