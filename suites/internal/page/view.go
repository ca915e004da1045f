package page

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"github.com/logperf/logperf/suites/internal/result"
)

// view is what the template shows: all texts are ready, and visible.
type view struct {
	Title       string
	Policy      string
	Style       template.CSS
	Script      template.JS
	Head        head
	Attention   []item
	Nearest     []item
	Comparison  *comparison
	Groups      []group
	Environment table
	Settings    table
	Notes       []string
	Shared      shared
}

// table is what every table of the page is drawn from. The first cell of a row
// names it.
type table struct {
	Caption string
	Columns []string
	Rows    [][]string
	// Class is words for a table whose cells are texts, metrics for one whose
	// second and last columns are; numbers stand to the right.
	Class string
}

// group is the scenarios of one subject.
type group struct {
	Name, ID  string
	Scenarios []*scenario
}

// viewOf lays a run out.
func viewOf(in Input) view {
	run := in.Run
	v := view{
		Title: visible("logperf: " + string(run.Outcome) + ", " + run.ID), Policy: policy,
		Style: template.CSS(style), Script: template.JS(script), // both are built in
		Head: headOf(in), Shared: sharedOf(in), Notes: visibles(in.Notes),
		Environment: environmentOf(run.Environment), Settings: settingsOf(run.Settings),
	}
	b := builder{in: in, confidence: confidenceOf(run), room: roomOf(run.Results, in.Comparison != nil)}
	scenarios := b.scenarios()
	v.Groups = groupsOf(scenarios)
	links := map[string]string{}
	for _, s := range scenarios {
		links[s.raw] = s.ID
	}
	v.Attention, v.Nearest = attention(run, links), nearest(run, links)
	if in.Comparison != nil {
		v.Comparison = comparisonOf(in.Comparison, links)
		v.Title = visible(fmt.Sprintf("logperf: %s against %s", run.ID, in.Comparison.Old.ID))
	}
	return v
}

// groupsOf puts the scenarios of a subject together, in the order of the run.
func groupsOf(scenarios []*scenario) []group {
	var groups []group
	for _, s := range scenarios {
		i := slices.IndexFunc(groups, func(g group) bool { return g.Name == s.Subject })
		if i < 0 {
			i = len(groups)
			groups = append(groups, group{Name: s.Subject, ID: fmt.Sprintf("g-%d", i+1)})
		}
		groups[i].Scenarios = append(groups[i].Scenarios, s)
	}
	return groups
}

// confidenceOf is the confidence that the run was judged with.
func confidenceOf(run *result.Run) float64 {
	benchmark, _ := run.Settings["Benchmark"].(map[string]any)
	if c, ok := benchmark["Confidence"].(float64); ok && c > 0 && c < 1 {
		return c
	}
	return 0.95
}

// head is the verdict, and of what.
type head struct {
	Outcome     string
	Mark        string
	Class       string
	Counts      string
	Run         string
	When        string
	Commit      string
	Environment string
	Remarks     []string
}

func headOf(in Input) head {
	run := in.Run
	e := run.Environment
	h := head{
		Outcome: visible(string(run.Outcome)), Mark: mark(run.Outcome, false), Class: class(result.Verdict{Outcome: run.Outcome}), Counts: counts(run), Run: visible(run.ID),
		When: duration(run.Started, run.Ended), Commit: visible(commitOf(e.Commit, e.Dirty)),
		Environment: visible(fmt.Sprintf("%s, %s, %s %s, %s, GOMAXPROCS %d", e.CPU, count(e.Cores, "core"), e.OS, e.Kernel, e.Go, e.GOMAXPROCS)),
	}
	if run.Interrupted {
		h.Remarks = append(h.Remarks, "Interrupted: not all selected scenarios have run.")
	}
	if run.Check {
		h.Remarks = append(h.Remarks, "A check: a few operations of each scenario, and no time is judged.")
	}
	if selected := cmp.Or(run.Only, run.Filter); selected != "" {
		h.Remarks = append(h.Remarks, visible("Selected: "+selected))
	}
	if c := run.Corpus; c != nil {
		h.Remarks = append(h.Remarks, visible(fmt.Sprintf("With the records of %s (%s, SHA-256 %.12s), which %s consumed.",
			c.Path, count(c.Records, "record"), c.SHA256, count(len(c.Scenarios), "scenario"))))
	}
	return h
}

func commitOf(commit string, dirty bool) string {
	if dirty {
		return commit + " with changes that were not committed"
	}
	return commit
}

func duration(from, to time.Time) string {
	text := from.UTC().Format("2006-01-02 15:04 UTC")
	if to.After(from) {
		text += ", " + to.Sub(from).Round(time.Second).String()
	}
	return text
}

// counts are the limits by what became of them; what is none is left out.
func counts(run *result.Run) string {
	n := map[result.Outcome]int{}
	at := 0
	for _, v := range run.Verdicts {
		n[v.Outcome]++
		if v.AtLimit && v.Outcome == result.Pass {
			at++
		}
	}
	scenarios := map[string]bool{}
	for _, r := range run.Results {
		scenarios[r.Scenario] = true
	}
	parts := []string{count(len(scenarios), "scenario"), count(len(run.Verdicts), "limit")}
	for _, one := range []struct {
		n    int
		word string
	}{
		{n[result.Fail], "FAIL"},
		{len(run.Errors), "ERROR"},
		{n[result.Inconclusive], "INCONCLUSIVE"},
		{n[result.Pass], "PASS"},
		{at, "of them at the limit"},
		{n[result.NotJudged], "not judged"},
	} {
		if one.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", one.n, one.word))
		}
	}
	return strings.Join(parts, ", ")
}

// mark is a sign beside the word of an outcome, for the eye that runs over a
// column. It is no replacement for the word.
func mark(o result.Outcome, atLimit bool) string {
	switch {
	case o == result.Fail:
		return "✗"
	case o == result.Inconclusive:
		return "?"
	case o == result.Pass && atLimit:
		return "≈"
	case o == result.Pass:
		return "✓"
	}
	return "–"
}
