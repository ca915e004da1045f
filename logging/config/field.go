package config

import (
	"reflect"
	"strings"

	"github.com/logperf/logperf/logging"
)

// A field is one setting under its two names.
type field struct {
	path     string // queue.capacity
	variable string // LOGPERF_QUEUE_CAPACITY
	fileOnly bool   // a list of groups, which no variable can hold
}

// fields returns every setting, in the order of the struct, and the prefixes of
// the variables of its groups. What stands in the groups of a list is not among
// them.
func fields() (all []field, groups []string) {
	var walk func(t reflect.Type, path, prefix string)
	walk = func(t reflect.Type, path, prefix string) {
		for i := range t.NumField() {
			f := t.Field(i)
			name := path + f.Tag.Get("yaml")
			if f.Type.Kind() == reflect.Struct {
				group := prefix + f.Tag.Get("envPrefix")
				groups = append(groups, group)
				walk(f.Type, name+".", group)
				continue
			}
			if isGroups(f.Type) {
				all = append(all, field{path: name, variable: prefix + strings.ToUpper(f.Tag.Get("yaml")), fileOnly: true})
				continue
			}
			all = append(all, field{path: name, variable: prefix + f.Tag.Get("env")})
		}
	}
	walk(reflect.TypeFor[logging.Settings](), "", Prefix)
	return all, groups
}

func isGroups(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct
}

func paths(all []field) []string {
	names := make([]string, len(all))
	for i, f := range all {
		names[i] = f.path
	}
	return names
}
