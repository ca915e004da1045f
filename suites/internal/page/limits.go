package page

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/logperf/logperf/suites/internal/result"
)

// limit is a row of the table of limits, with the bar of its headroom.
type limit struct {
	Of, Value, Interval, Limit string
	Room                       string // in words
	Bar                        *bar
	Outcome, Mark, Class       string
	Note, Place, Why           string
}

// bar draws how much of a limit is used, on a scale where the limit is at
// barLimit: its lengths are those of the picture.
type bar struct {
	Used       string // length of the bar
	Lo, Across string // where the interval begins, and how long it is; both empty without
}

// The bar is barWidth wide; at barLimit stands the limit, so that what is beyond
// has room.
const (
	barWidth = 120
	barLimit = 96
)

func limitsOf(verdicts []result.Verdict) []limit {
	limits := make([]limit, len(verdicts))
	for i, v := range verdicts {
		l := limit{
			Of: visible(v.Of()), Value: v.Value(), Interval: span(unitOfVerdict(v), v.Interval), Limit: visible(v.LimitText),
			Outcome: visible(string(v.Outcome)), Mark: mark(v.Outcome, v.AtLimit), Class: class(v),
			Note: visible(v.Note), Why: visible(v.Why), Room: "-",
		}
		if v.File != "" {
			l.Place = visible(v.File) + ":" + strconv.Itoa(v.Line)
		}
		if v.AtLimit && v.Outcome == result.Pass {
			l.Outcome = "PASS, at the limit"
		}
		switch {
		case v.Class == "exact" && v.Limit == 0 && v.Outcome == result.Pass:
			l.Room = "exact"
		case v.Interval.N > 0 && finite(v.Headroom):
			l.Room = fmt.Sprintf("%.0f %%", 100*v.Headroom)
			l.Bar = barOf(v)
		}
		limits[i] = l
	}
	return limits
}

// barOf draws the share of the limit that is used. Of a least value that is how
// far the value has come down from twice the limit: bars then read the same way
// for both kinds. A limit of 0 has no share.
func barOf(v result.Verdict) *bar {
	if v.Limit == 0 {
		return nil
	}
	least := strings.HasPrefix(v.LimitText, "min") || strings.HasPrefix(v.LimitText, ">=")
	used := func(value float64) float64 {
		share := value / v.Limit
		if least {
			share = 2 - share
		}
		return min(max(share*barLimit, 0), barWidth)
	}
	b := &bar{Used: length(used(v.Interval.Center))}
	if v.Interval.Bounded() && v.Interval.Lo != v.Interval.Hi {
		one, other := used(v.Interval.Lo), used(v.Interval.Hi)
		b.Lo, b.Across = length(min(one, other)), length(max(one, other)-min(one, other))
	}
	return b
}

func length(v float64) string {
	if !finite(v) {
		return "0"
	}
	return strconv.FormatFloat(v, 'f', 1, 64)
}
