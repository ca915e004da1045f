package config

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"github.com/logperf/logperf/logging"
)

// parsers turn the text of a value into each type that a setting has, other
// than those that parse themselves. File and environment share them, so that a
// value means the same in both.
func parsers() map[reflect.Type]env.ParserFunc {
	return map[reflect.Type]env.ParserFunc{
		reflect.TypeFor[string]():            func(text string) (any, error) { return text, nil },
		reflect.TypeFor[bool]():              parseBool,
		reflect.TypeFor[int]():               parseInt,
		reflect.TypeFor[uint64]():            parseUint,
		reflect.TypeFor[float64]():           parseFloat,
		reflect.TypeFor[time.Duration]():     parseDuration,
		reflect.TypeFor[[]string]():          parseList,
		reflect.TypeFor[map[string]string](): parsePairs,
		reflect.TypeFor[logging.Headers]():   parseHeaders,
	}
}

// set parses text into v.
func set(v reflect.Value, text string) error {
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return u.UnmarshalText([]byte(text))
	}
	parse, ok := parsers()[v.Type()]
	if !ok {
		return fmt.Errorf("a setting of type %s cannot be read", v.Type())
	}
	value, err := parse(text)
	if err != nil {
		return err
	}
	v.Set(reflect.ValueOf(value))
	return nil
}

func parseBool(text string) (any, error) {
	b, err := strconv.ParseBool(text)
	if err != nil {
		return nil, fmt.Errorf("%s is neither yes nor no: want true or false", quote(text))
	}
	return b, nil
}

var sizeUnits = []struct {
	name   string
	factor int
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"B", 1}}

// parseInt reads a whole number, with a unit of size or without.
func parseInt(text string) (any, error) {
	digits, factor := text, 1
	for _, unit := range sizeUnits {
		if number, ok := strings.CutSuffix(text, unit.name); ok {
			digits, factor = strings.TrimSpace(number), unit.factor
			break
		}
	}
	n, err := strconv.Atoi(digits)
	if err != nil || n > math.MaxInt/factor || n < math.MinInt/factor {
		return nil, fmt.Errorf("%s is no whole number: want one as in 8192, or a size as in 64KiB", quote(text))
	}
	return n * factor, nil
}

func parseUint(text string) (any, error) {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("%s is no whole number: want 0 to %d", quote(text), uint64(math.MaxUint64))
	}
	return n, nil
}

func parseFloat(text string) (any, error) {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil, fmt.Errorf("%s is no number: want one as in 0.95", quote(text))
	}
	return f, nil
}

func parseDuration(text string) (any, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		return nil, fmt.Errorf("%s is no duration: want a number with a unit, as in 10ms", quote(text))
	}
	return d, nil
}

func parseList(text string) (any, error) {
	list := strings.Split(text, ",")
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
	}
	return list, nil
}

func parsePairs(text string) (any, error) {
	pairs := map[string]string{}
	for pair := range strings.SplitSeq(text, ",") {
		name, value, ok := strings.Cut(pair, ":")
		name = strings.TrimSpace(name)
		if !ok {
			return nil, fmt.Errorf("%s has no value: want name:value,name:value", quote(pair))
		}
		if _, twice := pairs[name]; twice {
			return nil, fmt.Errorf("the name %s stands twice: want each name once", quote(name))
		}
		pairs[name] = strings.TrimSpace(value)
	}
	return pairs, nil
}

// parseHeaders is parsePairs that quotes nothing: any part may belong to a
// secret that has a comma in it.
func parseHeaders(text string) (any, error) {
	pairs, err := parsePairs(text)
	if err != nil {
		return nil, errors.New("the text is no list of headers: want name:value,name:value with each name once; values with a comma stand in the file")
	}
	return logging.Headers(pairs.(map[string]string)), nil
}

// quote quotes text for a message and cuts it where it is long.
func quote(text string) string {
	const most = 64
	if len(text) > most {
		return strconv.Quote(strings.ToValidUTF8(text[:most], "")) + "..."
	}
	return strconv.Quote(text)
}
