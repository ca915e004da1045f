package route

import (
	"fmt"
	"log/slog"
	"math"
)

// Levels are the levels of the records that belong to a route, both bounds
// included. The zero value is all levels. Levels may be compared with ==.
type Levels struct {
	// Bounds that are not set count as none, because the zero slog.Level is Info.
	least, most       slog.Level
	hasLeast, hasMost bool
}

// AtLeast is all levels from least up.
func AtLeast(least slog.Level) Levels { return Levels{least: least, hasLeast: true} }

// AtMost is all levels up to most, most included.
func AtMost(most slog.Level) Levels { return Levels{most: most, hasMost: true} }

// Between is all levels from least to most, both included. New refuses a least
// that is above most.
func Between(least, most slog.Level) Levels {
	return Levels{least: least, most: most, hasLeast: true, hasMost: true}
}

// Only is the one level: Info takes no INFO+1.
func Only(level slog.Level) Levels { return Between(level, level) }

// Contain reports whether a record of that level belongs to the route.
func (l Levels) Contain(level slog.Level) bool {
	least, most := l.bounds()
	return least <= level && level <= most
}

// String returns the levels in words, as "INFO to WARN".
func (l Levels) String() string {
	switch {
	case l.hasLeast && l.hasMost:
		return fmt.Sprintf("%v to %v", l.least, l.most)
	case l.hasLeast:
		return fmt.Sprintf("%v and above", l.least)
	case l.hasMost:
		return fmt.Sprintf("%v and below", l.most)
	}
	return "all levels"
}

// all reports whether there is no need to look at a record's level.
func (l Levels) all() bool { return !l.hasLeast && !l.hasMost }

func (l Levels) bounds() (least, most slog.Level) {
	least, most = math.MinInt, math.MaxInt
	if l.hasLeast {
		least = l.least
	}
	if l.hasMost {
		most = l.most
	}
	return least, most
}
