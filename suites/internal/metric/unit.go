package metric

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Unit is what the values of a metric count.
type Unit string

// The units.
const (
	Nanoseconds        Unit = "ns"
	Bytes              Unit = "B"
	Count              Unit = "count"
	Ratio              Unit = "ratio"
	PerSecond          Unit = "rec/s"
	MegabytesPerSecond Unit = "MB/s"
)

// step is a suffix and what it multiplies by, largest first.
type step struct {
	suffix string
	factor float64
}

// steps returns the suffixes that a unit is written with.
func (u Unit) steps() []step {
	switch u {
	case Nanoseconds:
		return []step{{"s", 1e9}, {"ms", 1e6}, {"us", 1e3}, {"ns", 1}}
	case Bytes:
		return []step{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}}
	case Ratio:
		return []step{{"%", 0.01}, {"", 1}}
	case PerSecond:
		return []step{{"G", 1e9}, {"M", 1e6}, {"k", 1e3}, {"", 1}}
	case MegabytesPerSecond:
		return []step{{"", 1}}
	default:
		return []step{{"M", 1e6}, {"k", 1e3}, {"", 1}}
	}
}

// Parse reads a value as thresholds.yaml writes it: "20us", "64KiB", "3%",
// "200k", or a plain number in the unit itself; what Format writes, too. It
// refuses a suffix that the unit does not have, and what is not a finite number.
func (u Unit) Parse(text string) (float64, error) {
	value := u.withoutRate(text)
	number := strings.TrimRight(value, "GMKikBnums%")
	suffix := strings.TrimSpace(value[len(number):])
	number = strings.TrimSpace(number)
	v, err := strconv.ParseFloat(number, 64)
	noNumber := fmt.Errorf("%q is not a number with a unit: want for example %s", text, u.Example())
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, noNumber
	}
	if suffix == "" {
		return v, nil
	}
	var legal []string
	for _, s := range u.steps() {
		if s.suffix == suffix {
			if v *= s.factor; math.IsInf(v, 0) {
				return 0, noNumber
			}
			return v, nil
		}
		if s.suffix != "" {
			legal = append(legal, s.suffix)
		}
	}
	if len(legal) == 0 {
		return 0, fmt.Errorf("%q has the unit %q: a value in %s is a plain number", text, suffix, u)
	}
	return 0, fmt.Errorf("%q has the unit %q: want %s", text, suffix, strings.Join(legal, ", "))
}

// withoutRate cuts what Format puts behind a rate.
func (u Unit) withoutRate(text string) string {
	switch u {
	case PerSecond:
		return strings.TrimSuffix(text, "/s")
	case MegabytesPerSecond:
		return strings.TrimSuffix(text, "MB/s")
	default:
		return text
	}
}

// Example is how a value of the unit may be written in a file of limits.
func (u Unit) Example() string {
	switch u {
	case Nanoseconds:
		return "412ns or 20us"
	case Bytes:
		return "512 or 64KiB"
	case Ratio:
		return "1.2 or 3%"
	case PerSecond:
		return "200k"
	default:
		return "12"
	}
}

// Format writes a value with its unit in three significant digits: "412 ns",
// "1.24 ms", "64 KiB", "2.05 M/s". Ratios keep three decimals, so that they stand
// in a column, and small ones their three digits: a share of 0.0004 is not none.
func (u Unit) Format(v float64) string {
	switch {
	case math.IsNaN(v):
		return "-"
	case math.IsInf(v, 1):
		return "inf"
	case math.IsInf(v, -1):
		return "-inf"
	}
	switch u {
	case Ratio:
		if v != 0 && math.Abs(v) < 0.0995 {
			return digits(v)
		}
		return strconv.FormatFloat(v, 'f', 3, 64)
	case MegabytesPerSecond:
		return digits(v) + " MB/s"
	}
	for _, s := range u.steps() {
		if math.Abs(v) >= s.factor*0.9995 || s.factor == 1 {
			text := digits(v / s.factor)
			switch u {
			case PerSecond:
				return text + " " + s.suffix + "/s"
			case Count:
				return text + s.suffix
			}
			return text + " " + s.suffix
		}
	}
	return digits(v)
}

// digits writes three significant digits, whole numbers below 1000 as they are.
func digits(v float64) string {
	a := math.Abs(v)
	switch {
	case v == math.Trunc(v) && a < 1e6:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case a >= 99.95:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case a >= 9.995:
		return strconv.FormatFloat(v, 'f', 1, 64)
	case a >= 0.9995:
		return strconv.FormatFloat(v, 'f', 2, 64)
	default:
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
}
