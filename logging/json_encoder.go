package logging

import (
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"runtime"
	"strconv"
	"time"
)

// A JSONEncoder writes each record as one line of JSON in the layout of
// slog.JSONHandler:
//
//	{"time":RFC 3339 with nanoseconds,"level":"INFO","msg":"...",attributes}
//
// Durations are nanoseconds, values that JSON has no number for are strings,
// byte slices are base64. The line is one valid JSON object for any input.
//
// The zero value is ready for use. It remembers the second that it wrote last,
// so one goroutine at a time may use it.
type JSONEncoder struct {
	constant []byte // attributes of each record, encoded, after msg; starts with a comma

	// The date, time and zone of second in loc: formatting them anew is a third
	// of the time that a record takes.
	second int64
	loc    *time.Location
	prefix []byte // "2006-01-02T15:04:05
	suffix []byte // Z" or +02:00"; empty while nothing is remembered
}

// Append implements Encoder.
func (j *JSONEncoder) Append(dst []byte, e *Entry) []byte {
	if e.Time.IsZero() {
		dst = append(dst, `{"level":`...)
	} else {
		dst = append(dst, `{"time":`...)
		dst = j.appendTime(dst, e.Time)
		dst = append(dst, `,"level":`...)
	}
	dst = appendLevel(dst, e.Level)
	if e.PC != 0 {
		dst = appendSource(dst, e.PC)
	}
	dst = append(dst, `,"msg":`...)
	dst = appendString(dst, e.Message)
	dst = append(dst, j.constant...)
	dst = appendAttrs(dst, e.Extra, 0)
	if e.Bound == nil {
		dst = appendAttrs(dst, e.Attrs, 0)
		return append(dst, '}', '\n')
	}
	dst = append(dst, e.Bound.encoded...)
	dst, opened := appendInGroups(dst, e.Bound.groups[e.Bound.opened:], e.Attrs)
	for range e.Bound.opened + opened {
		dst = append(dst, '}')
	}
	return append(dst, '}', '\n')
}

// appendInGroups opens groups, appends attrs and returns how many groups it left
// open: none if nothing was to be appended, because empty groups are left out.
func appendInGroups(dst []byte, groups []string, attrs []slog.Attr) (_ []byte, opened int) {
	start := len(dst)
	for _, g := range groups {
		dst = appendKey(dst, g)
		dst = append(dst, '{')
	}
	empty := len(dst)
	dst = appendAttrs(dst, attrs, 0)
	if len(dst) == empty {
		return dst[:start], 0
	}
	return dst, len(groups)
}

// appendTime appends t as a JSON string, from the remembered second where it can.
func (j *JSONEncoder) appendTime(dst []byte, t time.Time) []byte {
	sec, loc := t.Unix(), t.Location()
	if sec != j.second || loc != j.loc || len(j.suffix) == 0 {
		if year := t.Year(); year < 0 || year > 9999 {
			return appendTime(dst, t)
		}
		j.second, j.loc = sec, loc
		j.prefix = t.AppendFormat(j.prefix[:0], `"2006-01-02T15:04:05`)
		j.suffix = t.AppendFormat(j.suffix[:0], `Z07:00"`)
	}
	dst = append(dst, j.prefix...)
	if ns := t.Nanosecond(); ns != 0 {
		dst = appendFraction(dst, uint32(ns))
	}
	return append(dst, j.suffix...)
}

// appendFraction appends ns as the decimals of a second, without trailing zeros.
func appendFraction(dst []byte, ns uint32) []byte {
	var d [10]byte
	for i := 9; i > 0; i-- {
		d[i] = byte('0' + ns%10)
		ns /= 10
	}
	d[0] = '.'
	n := len(d)
	for d[n-1] == '0' {
		n--
	}
	return append(dst, d[:n]...)
}

// appendTime appends a time that is not the record's own.
func appendTime(dst []byte, t time.Time) []byte {
	if year := t.Year(); year < 0 || year > 9999 { // RFC 3339 has four digits
		return appendString(dst, "!ERROR:time.Time year outside of range [0,9999]")
	}
	dst = append(dst, '"')
	dst = t.AppendFormat(dst, time.RFC3339Nano)
	return append(dst, '"')
}

func appendLevel(dst []byte, l slog.Level) []byte {
	switch l {
	case slog.LevelDebug:
		return append(dst, `"DEBUG"`...)
	case slog.LevelInfo:
		return append(dst, `"INFO"`...)
	case slog.LevelWarn:
		return append(dst, `"WARN"`...)
	case slog.LevelError:
		return append(dst, `"ERROR"`...)
	}
	return appendString(dst, l.String())
}

func appendSource(dst []byte, pc uintptr) []byte {
	f, _ := runtime.CallersFrames([]uintptr{pc}).Next()
	a := slog.Attr{Key: slog.SourceKey, Value: sourceValue(&slog.Source{Function: f.Function, File: f.File, Line: f.Line})}
	return appendAttr(dst, &a, 0)
}

func appendAttrs(dst []byte, attrs []slog.Attr, depth int) []byte {
	for i := range attrs {
		dst = appendAttr(dst, &attrs[i], depth)
	}
	return dst
}

// appendKey appends the key and, unless it is the first in its object, a comma.
func appendKey(dst []byte, key string) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	dst = appendString(dst, key)
	return append(dst, ':')
}

// appendAttr appends key and value. The values of a captured record are plain;
// the other kinds come from stages and from entries filled by hand.
func appendAttr(dst []byte, a *slog.Attr, depth int) []byte {
	kind := a.Value.Kind()
	switch kind {
	case slog.KindGroup:
		return appendGroup(dst, a.Key, a.Value.Group(), depth)
	case slog.KindLogValuer:
		r := slog.Attr{Key: a.Key, Value: resolve(a.Value, depth)}
		return appendAttr(dst, &r, depth)
	case slog.KindAny:
		return appendAny(dst, a, depth)
	}
	dst = appendKey(dst, a.Key)
	switch kind {
	case slog.KindString:
		return appendString(dst, a.Value.String())
	case slog.KindInt64:
		return strconv.AppendInt(dst, a.Value.Int64(), 10)
	case slog.KindUint64:
		return strconv.AppendUint(dst, a.Value.Uint64(), 10)
	case slog.KindFloat64:
		return appendFloat(dst, a.Value.Float64())
	case slog.KindBool:
		return strconv.AppendBool(dst, a.Value.Bool())
	case slog.KindDuration:
		return strconv.AppendInt(dst, int64(a.Value.Duration()), 10)
	case slog.KindTime:
		return appendTime(dst, a.Value.Time())
	}
	return append(dst, "null"...)
}

// appendGroup appends a group: nothing if it is empty, its attributes alone if it
// has no name.
func appendGroup(dst []byte, key string, attrs []slog.Attr, depth int) []byte {
	if depth >= maxDepth {
		a := slog.String(key, "!ERROR: groups nest too deep")
		return appendAttr(dst, &a, 0)
	}
	if key == "" {
		return appendAttrs(dst, attrs, depth+1)
	}
	start := len(dst)
	dst = appendKey(dst, key)
	dst = append(dst, '{')
	empty := len(dst)
	dst = appendAttrs(dst, attrs, depth+1)
	if len(dst) == empty {
		return dst[:start]
	}
	return append(dst, '}')
}

func appendAny(dst []byte, a *slog.Attr, depth int) []byte {
	switch v := a.Value.Any().(type) {
	case nil:
		if a.Key == "" { // slog leaves out the empty attribute
			return dst
		}
		return append(appendKey(dst, a.Key), "null"...)
	case jsonText:
		return append(appendKey(dst, a.Key), v...)
	case []byte:
		if v == nil {
			return append(appendKey(dst, a.Key), "null"...)
		}
		dst = append(appendKey(dst, a.Key), '"')
		dst = base64.StdEncoding.AppendEncode(dst, v)
		return append(dst, '"')
	case error:
		if _, ok := v.(json.Marshaler); !ok {
			return appendString(appendKey(dst, a.Key), errorText(v))
		}
	}
	r := slog.Attr{Key: a.Key, Value: resolveAny(a.Value)} // no longer of this kind, or jsonText
	return appendAttr(dst, &r, depth)
}
