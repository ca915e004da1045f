package page

import (
	"fmt"
	"math"
	"strconv"

	"github.com/logperf/logperf/suites/internal/compare"
	"github.com/logperf/logperf/suites/internal/metric"
	"github.com/logperf/logperf/suites/internal/stat"
)

// comparison is what the page says of an older run beside the one that it shows.
type comparison struct {
	Old, New     string
	Counts       string
	All          string // the command that shows all
	Machine      string // what the references tell of it
	Differences  []string
	Settings     []string
	Changed      changes
	Unchanged    changes
	Incomparable changes
	OnlyOld      list
	OnlyNew      list
}

// changes is a table of figures, the first of them where there are many.
type changes struct {
	Caption string
	Rows    []change
	More    int // beyond Rows
	most    int
}

// change is one figure in both runs.
type change struct {
	ID, Name, Of   string
	Old, New       string
	Ratio, Between string
	Word, Class    string
	Note           string
	Whisker        *whisker
}

// whisker draws a ratio with its interval on a logarithmic axis from 1/2 to 2.
type whisker struct{ At, Lo, Across string }

// How many figures and names the page lists, so that it stays below two megabytes
// whatever the two runs have. The first of the figures are those that changed most.
const (
	mostChanges      = 200
	mostUnchanged    = 100
	mostIncomparable = 30 // they say nothing
	mostNames        = 100
)

func (c *changes) add(one change) {
	if len(c.Rows) == c.most {
		c.More++
		return
	}
	c.Rows = append(c.Rows, one)
}

// Total is how many there are, shown or not.
func (c changes) Total() int { return len(c.Rows) + c.More }

// list is names, the first of them where there are many.
type list struct {
	Names []string
	More  int // beyond Names
}

// Total is how many there are, shown or not.
func (l list) Total() int { return len(l.Names) + l.More }

func listOf(all []string) list {
	shown := min(len(all), mostNames)
	return list{Names: visibles(all[:shown]), More: len(all) - shown}
}

func comparisonOf(c *compare.Comparison, links map[string]string) *comparison {
	v := &comparison{
		Differences: visibles(c.Differences), Settings: visibles(c.Settings), OnlyOld: listOf(c.OnlyOld), OnlyNew: listOf(c.OnlyNew),
		Changed:      changes{Caption: "Figures that changed", most: mostChanges},
		Unchanged:    changes{Caption: "Figures without a certain difference", most: mostUnchanged},
		Incomparable: changes{Caption: "Figures that are not comparable", most: mostIncomparable},
	}
	if c.Old != nil && c.New != nil {
		v.Old = visible(fmt.Sprintf("%s (%s)", c.Old.ID, commitOf(c.Old.Environment.Commit, c.Old.Environment.Dirty)))
		v.New = visible(fmt.Sprintf("%s (%s)", c.New.ID, commitOf(c.New.Environment.Commit, c.New.Environment.Dirty)))
		v.All = visible(fmt.Sprintf("go tool logperf compare --all %s %s", c.Old.ID, c.New.ID))
	}
	n := map[compare.Verdict]int{}
	for _, r := range c.Rows {
		n[r.Verdict]++
		one := changeOf(r, links[r.Scenario])
		switch r.Verdict {
		case compare.Worse, compare.Better, compare.Changed:
			v.Changed.add(one)
		case compare.NotComparable:
			v.Incomparable.add(one)
		default:
			v.Unchanged.add(one)
		}
	}
	v.Counts = fmt.Sprintf("%d worse, %d better, %d changed, %d without a certain difference, %d not comparable",
		n[compare.Worse], n[compare.Better], n[compare.Changed], n[compare.Same], n[compare.NotComparable])
	if r := c.References; r.N > 0 && finite(r.Center) {
		v.Machine = fmt.Sprintf("The references took %s of their time before", metric.Ratio.Format(r.Center))
		if most := span(metric.Ratio, r); most != "" {
			v.Machine += fmt.Sprintf(", %.0f %% of them %s", 100*r.Confidence, most)
		}
		v.Machine += ". Where their code is the same, so much is the machine's."
	}
	return v
}

func visibles(texts []string) []string {
	shown := make([]string, len(texts))
	for i, t := range texts {
		shown[i] = visible(t)
	}
	return shown
}

func changeOf(r compare.Row, id string) change {
	u := metric.Unit(r.Unit)
	c := change{
		ID: id, Name: visible(r.Name()), Of: visible(r.Of()), Old: withSpan(u, r.Old), New: withSpan(u, r.New),
		Word: visible(r.Word()), Note: visible(r.Why), Class: "none", Ratio: "-",
	}
	switch r.Verdict {
	case compare.Worse:
		c.Class = "fail"
	case compare.Better:
		c.Class = "pass"
	case compare.Changed:
		c.Class = "near"
	}
	if r.Ratio.N > 0 && finite(r.Ratio.Center) {
		c.Ratio, c.Between = metric.Ratio.Format(r.Ratio.Center), span(metric.Ratio, r.Ratio)
		c.Whisker = whiskerOf(r.Ratio)
	}
	if r.Limit != "" && r.OldOutcome != r.NewOutcome {
		c.Note = visible(fmt.Sprintf("limit %s: %s, now %s", r.Limit, r.OldOutcome, r.NewOutcome))
	}
	return c
}

func withSpan(u metric.Unit, i stat.Interval) string {
	if i.N == 0 {
		return "-"
	}
	text := u.Format(i.Center)
	if s := span(u, i); s != "" {
		text += " [" + s + "]"
	}
	return text
}

// whiskerOf places a ratio on the picture, whose ends hold what lies beyond.
func whiskerOf(i stat.Interval) *whisker {
	at := func(ratio float64) float64 {
		if !(ratio > 0) {
			return 0
		}
		return min(max((math.Log2(ratio)+1)/2, 0.02), 0.98) * barWidth
	}
	w := &whisker{At: strconv.FormatFloat(at(i.Center), 'f', 1, 64)}
	if i.Bounded() && i.Lo != i.Hi {
		w.Lo, w.Across = length(at(i.Lo)), length(at(i.Hi)-at(i.Lo))
	}
	return w
}
