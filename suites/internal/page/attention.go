package page

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/logperf/logperf/suites/internal/metric"
	"github.com/logperf/logperf/suites/internal/result"
)

// item is one line that links to its scenario.
type item struct {
	Word, Mark string
	Class      string // of the line: fail, unsure, near, pass
	ID         string // of the scenario; empty where the page has none
	Scenario   string
	Text       string
	Detail     string // what does not belong into the line: the rest of an error
}

// attention is what a reader should look at, the worst first: INTERRUPTED, FAIL, ERROR,
// INCONCLUSIVE, what is at its limit, and doubts that no verdict tells of.
func attention(run *result.Run, links map[string]string) []item {
	var items []item
	if run.Interrupted { // which fails a run whose limits all hold
		items = append(items, item{Word: "INTERRUPTED", Mark: mark(result.Fail, false), Class: "fail", Text: "not all selected scenarios have run"})
	}
	verdicts := func(want func(result.Verdict) bool) {
		var found []result.Verdict
		for _, v := range run.Verdicts {
			if want(v) {
				found = append(found, v)
			}
		}
		slices.SortStableFunc(found, func(a, b result.Verdict) int { return cmp.Compare(a.Headroom, b.Headroom) })
		for _, v := range found {
			items = append(items, verdictItem(v, links))
		}
	}
	verdicts(func(v result.Verdict) bool { return v.Outcome == result.Fail })
	for _, e := range run.Errors {
		first, rest, _ := strings.Cut(strings.TrimSpace(e.Text), "\n")
		items = append(items, item{
			Word: "ERROR", Mark: mark(result.Fail, false), Class: "fail", ID: links[e.Scenario], Scenario: visible(e.Scenario),
			Text: visible(first), Detail: visible(excerpt(rest)),
		})
	}
	verdicts(func(v result.Verdict) bool { return v.Outcome == result.Inconclusive })
	verdicts(func(v result.Verdict) bool { return v.Outcome == result.Pass && v.AtLimit })
	return append(items, doubts(run, links)...)
}

// excerpt bounds the rest of an error: behind it may stand the stacks of all
// goroutines of an arm.
func excerpt(text string) string {
	const most = 40
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if over := len(lines) - most; over > 0 {
		lines = append(lines[:most:most], fmt.Sprintf("... (%s in run.json)", count(over, "more line")))
	}
	return strings.Join(lines, "\n")
}

func verdictItem(v result.Verdict, links map[string]string) item {
	text := fmt.Sprintf("%s: %s, limit %s", v.Of(), withSpan(unitOfVerdict(v), v.Interval), v.LimitText)
	if v.Outcome == result.Pass && v.Class != "exact" {
		text += ", " + room(v)
	}
	if v.Note != "" {
		text += ": " + v.Note
	}
	if v.File != "" {
		text += fmt.Sprintf(" (%s:%d)", v.File, v.Line)
	}
	word := string(v.Outcome)
	if v.AtLimit && v.Outcome == result.Pass {
		word = "AT THE LIMIT"
	}
	return item{
		Word: visible(word), Mark: mark(v.Outcome, v.AtLimit), Class: class(v), ID: links[v.Scenario],
		Scenario: visible(v.Scenario), Text: visible(text),
	}
}

// unitOfVerdict is that of the measured value.
func unitOfVerdict(v result.Verdict) metric.Unit {
	if v.Against != "" {
		return metric.Ratio
	}
	return metric.Unit(v.Unit)
}

// class is how the line of a verdict is coloured.
func class(v result.Verdict) string {
	switch {
	case v.Outcome == result.Fail:
		return "fail"
	case v.Outcome == result.Inconclusive:
		return "unsure"
	case v.Outcome == result.Pass && v.AtLimit:
		return "near"
	case v.Outcome == result.Pass:
		return "pass"
	}
	return "none"
}

// room is the headroom in words.
func room(v result.Verdict) string {
	if !finite(v.Headroom) {
		return "headroom unknown"
	}
	return fmt.Sprintf("headroom %.0f %%", 100*v.Headroom)
}

// doubts are the rows whose times say nothing, where no limit says so already:
// limits on what no machine slows down pass all the same.
func doubts(run *result.Run, links map[string]string) []item {
	told := map[string]bool{}
	for _, v := range run.Verdicts {
		if v.Outcome == result.Inconclusive {
			told[v.Scenario] = true
		}
	}
	var items []item
	for _, r := range run.Results {
		if r.Doubt == "" || told[r.Scenario] {
			continue
		}
		told[r.Scenario] = true
		items = append(items, item{
			Word: "IN DOUBT", Mark: mark(result.Inconclusive, false), Class: "unsure", ID: links[r.Scenario], Scenario: visible(r.Scenario),
			Text: visible("its times say nothing: " + r.Doubt),
		})
	}
	return items
}

// nearest are the limits that hold with the least room, the next to fail.
func nearest(run *result.Run, links map[string]string) []item {
	const most = 5
	var found []result.Verdict
	for _, v := range run.Verdicts {
		if v.Outcome == result.Pass && !v.AtLimit && v.Class != "exact" && finite(v.Headroom) {
			found = append(found, v)
		}
	}
	slices.SortStableFunc(found, func(a, b result.Verdict) int { return cmp.Compare(a.Headroom, b.Headroom) })
	var items []item
	for _, v := range found[:min(most, len(found))] {
		items = append(items, verdictItem(v, links))
	}
	return items
}
