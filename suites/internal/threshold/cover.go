package threshold

import (
	"fmt"
	"slices"
	"strings"
)

// Known is a scenario as the limits are held against it.
type Known struct {
	Name       string
	Metrics    []string // that it emits
	References []string // names of its reference arms
}

// Cover holds limits and scenarios against each other, both ways: each scenario
// needs a limit that applies on every machine, each limit a scenario that emits
// the metric and has the reference. The error lists every fault.
func (f *File) Cover(known []Known) error {
	var all faults
	add := func(at place, format string, args ...any) {
		all = append(all, fault{at, fmt.Sprintf("%s:%d:%d: %s", f.name, at.line, at.col, fmt.Sprintf(format, args...))})
	}
	var names []string
	byName := map[string]Known{}
	for _, k := range known {
		names = append(names, k.Name)
		byName[k.Name] = k
	}
	for name, at := range f.places {
		if _, ok := byName[name]; !ok {
			add(at, "the scenario %q does not exist%s", name, didYouMean(name, names))
		}
	}
	covered := map[string]bool{}
	for _, l := range f.limits {
		k, ok := byName[l.Scenario]
		if !ok {
			continue
		}
		covered[l.Scenario] = covered[l.Scenario] || l.Profile == ""
		at := place{l.Line, l.Col}
		if !slices.Contains(k.Metrics, l.Metric.Name) {
			add(at, "the scenario %s does not emit %s: it emits %s", l.Scenario, l.Metric.Name, strings.Join(k.Metrics, ", "))
		}
		if l.Kind == Vs && !slices.Contains(k.References, l.Against) {
			have := "it has no reference"
			if len(k.References) > 0 {
				have = "it has " + strings.Join(k.References, ", ")
			}
			add(at, "the scenario %s has no reference %q: %s", l.Scenario, l.Against, have)
		}
	}
	for _, r := range f.regressions {
		k, ok := byName[r.Scenario]
		if ok && slices.Contains(emitted, r.Metric.Name) && !slices.Contains(k.Metrics, r.Metric.Name) {
			add(place{r.Line, r.Col}, "the scenario %s does not emit %s: it emits %s", r.Scenario, r.Metric.Name, strings.Join(k.Metrics, ", "))
		}
	}
	for _, name := range names {
		if !covered[name] {
			all = append(all, fault{place{1 << 30, 0}, fmt.Sprintf(
				"%s: the scenario %s has no limit that applies on every machine: add one under scenarios:", f.name, name)})
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all.join()
}
