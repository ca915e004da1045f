package result

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// Differences are what the other environment has other than e, as sentences such
// as "go: go1.26.8 -> go1.27.0"; nil where times are comparable. The commit is no
// such difference: it is what one compares.
func (e Environment) Differences(other Environment) []string {
	var all []string
	for _, one := range []struct{ name, before, after string }{
		{"cpu", e.CPU, other.CPU},
		{"cores", strconv.Itoa(e.Cores), strconv.Itoa(other.Cores)},
		{"quota", quotaText(e.Quota), quotaText(other.Quota)},
		{"os", e.OS, other.OS},
		{"arch", e.Arch, other.Arch},
		{"kernel", e.Kernel, other.Kernel},
		{"go", e.Go, other.Go},
		{"GOMAXPROCS", strconv.Itoa(e.GOMAXPROCS), strconv.Itoa(other.GOMAXPROCS)},
		{"GOGC", e.GOGC, other.GOGC},
		{"GOMEMLIMIT", e.GOMEMLIMIT, other.GOMEMLIMIT},
		{"governor", e.Governor, other.Governor},
		{"filesystem", e.Filesystem, other.Filesystem},
	} {
		if one.before != one.after {
			all = append(all, difference(one.name, one.before, one.after))
		}
	}
	return all
}

func quotaText(processors float64) string {
	if processors == 0 {
		return ""
	}
	return strconv.FormatFloat(processors, 'g', -1, 64) + " processors"
}

func difference(name, before, after string) string {
	for _, text := range []*string{&before, &after} {
		if *text == "" {
			*text = "unset"
		}
	}
	return fmt.Sprintf("%s: %s -> %s", name, before, after)
}

// SettingsDifferences are the settings that differ, by their paths:
// "Batch.Bytes: 65536 -> 1024". One that a side does not have is "unset" there.
func SettingsDifferences(before, after map[string]any) []string {
	a, b := map[string]string{}, map[string]string{}
	flatten("", plain(before), a)
	flatten("", plain(after), b)
	paths := maps.Clone(a)
	maps.Copy(paths, b)
	var all []string
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		if a[path] != b[path] {
			all = append(all, difference(path, a[path], b[path]))
		}
	}
	return all
}

// plain is what the settings are once stored: those of a run in memory may hold
// other types than those that were read.
func plain(settings map[string]any) map[string]any {
	text, err := json.Marshal(settings)
	if err != nil {
		return settings
	}
	stored := map[string]any{}
	if err := json.Unmarshal(text, &stored); err != nil {
		return settings
	}
	return stored
}

// flatten writes the settings below a path. What is empty is left out: a list
// that is not set may be stored as null or as empty.
func flatten(path string, value any, into map[string]string) {
	switch v := value.(type) {
	case map[string]any:
		for name, below := range v {
			if path != "" {
				name = path + "." + name
			}
			flatten(name, below, into)
		}
	case nil:
	case string:
		if v != "" {
			into[path] = v
		}
	case float64:
		into[path] = strconv.FormatFloat(v, 'f', -1, 64)
	default:
		if text, err := json.Marshal(v); err == nil && string(text) != "[]" {
			into[path] = string(text)
		}
	}
}
