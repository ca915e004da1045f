package config

import (
	"reflect"

	"github.com/logperf/logperf/logging"
)

// A field is one setting under its two names.
type field struct {
	path     string // queue.capacity
	variable string // LOGPERF_QUEUE_CAPACITY
}

// fields returns every setting, in the order of the struct, and the prefixes of
// the variables of its groups.
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
			all = append(all, field{path: name, variable: prefix + f.Tag.Get("env")})
		}
	}
	walk(reflect.TypeFor[logging.Settings](), "", Prefix)
	return all, groups
}

func paths(all []field) []string {
	names := make([]string, len(all))
	for i, f := range all {
		names[i] = f.path
	}
	return names
}
