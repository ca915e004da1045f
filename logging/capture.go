package logging

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"slices"

	"github.com/logperf/logperf/logging/internal/buffer"
)

const (
	// slotAttrs is the room for attributes that each slot of the queue has from
	// the start. Most records have fewer: 16 attributes are 640 B a slot.
	slotAttrs = 16
	// slotAttrsKept is the largest room that a slot keeps after a record with
	// more, so that a giant record does not pin memory.
	slotAttrsKept = 64
	// maxDepth bounds how deep groups and log valuers nest. A valuer that
	// contains itself would otherwise end the process with a stack overflow.
	maxDepth = 32
	// maxValues bounds how many values one attribute resolves to. Within maxDepth
	// alone, a valuer whose group contains it three times would make 3^16.
	maxValues = 10_000
)

// jsonText is the JSON of a value that may change after the call. Only
// marshalText makes it, so the encoder copies it unseen.
type jsonText string

// String returns the JSON.
func (j jsonText) String() string { return string(j) }

// patches are the few values of a record that may change later, resolved, with
// their places. Most records have none or an error: copying all attributes to
// resolve one took 2.4 times as long for ten of them (160 ns against 68).
type patches struct {
	n      int
	at     [4]int
	values [4]slog.Value
}

// resolve resolves the values of attrs that may change, up to the first that
// there is no room for, and returns its index; len(attrs) if all are done.
//
// It calls the methods of the values (LogValue, Error, MarshalJSON), which may
// do anything, even log or panic: the caller must hold no place in the queue.
func (p *patches) resolve(attrs []slog.Attr) int {
	for i := range attrs {
		switch attrs[i].Value.Kind() {
		case slog.KindAny, slog.KindLogValuer, slog.KindGroup:
			if p.n == len(p.at) {
				return i
			}
			p.at[p.n], p.values[p.n] = i, resolve(attrs[i].Value, 0)
			p.n++
		}
	}
	return len(attrs)
}

// complete appends attrs to dst with all values resolved: those before rest are
// in p, which is empty then.
func (p *patches) complete(dst, attrs []slog.Attr, rest int) []slog.Attr {
	dst = append(dst, attrs[:rest]...)
	p.apply(dst)
	p.n = 0
	return resolveAttrs(dst, attrs[rest:])
}

// apply replaces the values in a copy of the attributes that resolve has seen.
func (p *patches) apply(attrs []slog.Attr) {
	for i := range p.n {
		attrs[p.at[i]].Value = p.values[i]
	}
}

// resolveAttrs appends attrs to dst, each with a value that no longer changes. It
// stays out of the recursion of resolve, else dst would escape to the heap.
func resolveAttrs(dst, attrs []slog.Attr) []slog.Attr {
	for i := range attrs {
		dst = append(dst, slog.Attr{Key: attrs[i].Key, Value: resolve(attrs[i].Value, 0)})
	}
	return dst
}

// resolve returns what v stands for at this depth: a value that no longer
// changes.
func resolve(v slog.Value, depth int) slog.Value {
	left := maxValues
	return resolveWithin(v, depth, &left)
}

// resolveWithin is resolve with no more than *left values.
func resolveWithin(v slog.Value, depth int, left *int) slog.Value {
	*left--
	switch v.Kind() {
	case slog.KindAny:
		return resolveAny(v)
	case slog.KindGroup:
		if depth >= maxDepth {
			return slog.StringValue("!ERROR: groups nest too deep")
		}
		return resolveGroup(v.Group(), depth+1, left)
	case slog.KindLogValuer:
		if depth >= maxDepth {
			return slog.StringValue("!ERROR: LogValue nests too deep")
		}
		return resolveWithin(logValue(v.LogValuer()), depth+1, left)
	}
	return v
}

// resolveGroup resolves the attributes of a group. Where no more values are
// left, a text ends the group.
func resolveGroup(attrs []slog.Attr, depth int, left *int) slog.Value {
	group := slices.Clone(attrs[:min(len(attrs), max(*left, 0)+1)])
	for i := range group {
		if *left <= 0 {
			group[i].Value = slog.StringValue("!ERROR: too many values")
			return slog.GroupValue(group[:i+1]...)
		}
		group[i].Value = resolveWithin(group[i].Value, depth, left)
	}
	return slog.GroupValue(group...)
}

func resolveAny(v slog.Value) slog.Value {
	switch a := v.Any().(type) {
	case nil, jsonText:
		return v
	case []byte:
		return slog.AnyValue(slices.Clone(a))
	case *slog.Source:
		if a != nil {
			return sourceValue(a)
		}
	case error:
		if _, ok := a.(json.Marshaler); !ok {
			return slog.StringValue(errorText(a))
		}
	}
	return marshalValue(v.Any())
}

// sourceValue is the group that slog makes of a source.
func sourceValue(s *slog.Source) slog.Value {
	var attrs []slog.Attr
	if s.Function != "" {
		attrs = append(attrs, slog.String("function", s.Function))
	}
	if s.File != "" {
		attrs = append(attrs, slog.String("file", s.File))
	}
	if s.Line != 0 {
		attrs = append(attrs, slog.Int("line", s.Line))
	}
	return slog.GroupValue(attrs...)
}

func logValue(v slog.LogValuer) (out slog.Value) {
	defer func() {
		if r := recover(); r != nil {
			out = slog.StringValue(panicText(v, r))
		}
	}()
	return v.LogValue()
}

func errorText(err error) (text string) {
	defer func() {
		if r := recover(); r != nil {
			text = panicText(err, r)
		}
	}()
	return err.Error()
}

// marshalValue turns a into its JSON, or into a text that says why it has none.
func marshalValue(a any) (v slog.Value) {
	defer func() {
		if r := recover(); r != nil {
			v = slog.StringValue(panicText(a, r))
		}
	}()
	buf := buffer.Get()
	defer buf.Free()
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(a); err != nil {
		return slog.StringValue("!ERROR:" + err.Error())
	}
	return slog.AnyValue(jsonText(buf.B[:len(buf.B)-1])) // Encode ends with a newline
}

// panicText is what slog's handlers write for a value whose method panicked.
func panicText(v, recovered any) string {
	if p := reflect.ValueOf(v); p.Kind() == reflect.Pointer && p.IsNil() {
		return "<nil>"
	}
	return fmt.Sprintf("!PANIC: %v", recovered)
}
