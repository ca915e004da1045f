package page

import (
	"math"
	"strconv"

	"github.com/logperf/logperf/suites/internal/metric"
	"github.com/logperf/logperf/suites/internal/stat"
)

// numbers are values for a plot: four significant digits, which no plot tells
// apart, and null for what is no number, where the plot has a gap.
type numbers []float64

// MarshalJSON writes the values; it never fails. encoding/json would refuse the
// whole page for one NaN.
func (n numbers) MarshalJSON() ([]byte, error) {
	b := make([]byte, 0, 8*len(n)+2)
	b = append(b, '[')
	for i, v := range n {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendNumber(b, v)
	}
	return append(b, ']'), nil
}

func appendNumber(b []byte, v float64) []byte {
	switch {
	case !finite(v):
		return append(b, "null"...)
	case v == math.Trunc(v) && math.Abs(v) < 1e6:
		return strconv.AppendInt(b, int64(v), 10)
	case math.Abs(v) >= 1e3 && math.Abs(v) < 1e9: // 12350 is shorter than 1.235e+04
		step := math.Pow(10, math.Floor(math.Log10(math.Abs(v)))-3)
		return strconv.AppendInt(b, int64(math.Round(v/step)*step), 10)
	}
	return strconv.AppendFloat(b, v, 'g', 4, 64)
}

// number is one of numbers.
type number float64

// MarshalJSON writes the value, null where it is none.
func (n number) MarshalJSON() ([]byte, error) { return appendNumber(nil, float64(n)), nil }

// nan is what a plot has where a row has no value.
var nan = math.NaN()

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// finiteOf are the values that are numbers, and how many are not.
func finiteOf(values []float64) (good []float64, missing int) {
	for _, v := range values {
		if finite(v) {
			good = append(good, v)
		}
	}
	return good, len(values) - len(good)
}

// unitOf is the unit of a metric, plain numbers for one that this program does
// not know: a run of a newer or older version is still shown.
func unitOf(name string) metric.Unit {
	if m, ok := metric.Lookup(name); ok {
		return m.Unit
	}
	return metric.Count
}

// constant reports whether a plot of the values would be one point.
func constant(values []float64) bool {
	for _, v := range values {
		if v != values[0] {
			return false
		}
	}
	return true
}

// span is the interval in its unit; empty where it has no bounds, or where these
// are written alike.
func span(u metric.Unit, i stat.Interval) string {
	lo, hi := u.Format(i.Lo), u.Format(i.Hi)
	if !i.Bounded() || lo == hi {
		return ""
	}
	return lo + " .. " + hi
}
