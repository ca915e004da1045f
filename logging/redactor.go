package logging

import (
	"log/slog"
	"slices"
	"strings"
)

// DefaultMask is what a FieldRedactor writes in place of a value.
const DefaultMask = "[REDACTED]"

// A FieldRedactor masks the values of attributes by their name, upper and lower
// case alike, wherever they stand: in a record, bound by With, added by an
// enricher, inside groups. A group of that name is masked as a whole, one opened
// by WithGroup attribute by attribute. It does not look into the message, nor
// into values that are encoded as JSON (structs, maps).
//
// It may be used by any number of goroutines.
type FieldRedactor struct {
	mask    slog.Value
	fields  []string
	lengths uint64 // bit n: a field has n bytes; bit 63: 63 or more
}

// NewFieldRedactor returns a redactor for the attributes named fields. An empty
// mask means DefaultMask; empty names are ignored.
func NewFieldRedactor(mask string, fields ...string) *FieldRedactor {
	if mask == "" {
		mask = DefaultMask
	}
	r := &FieldRedactor{mask: slog.StringValue(mask)}
	for _, f := range fields {
		if f != "" {
			r.fields = append(r.fields, f)
			r.lengths |= lengthBit(f)
		}
	}
	return r
}

// Redact implements Redactor. It never fails.
func (r *FieldRedactor) Redact(e *Entry) error {
	for i := range e.Extra {
		r.redactAttr(&e.Extra[i])
	}
	if slices.ContainsFunc(e.Groups(), r.matches) {
		r.maskAll(e.Attrs)
		return nil
	}
	for i := range e.Attrs {
		r.redactAttr(&e.Attrs[i])
	}
	return nil
}

func (r *FieldRedactor) redactAttr(a *slog.Attr) {
	switch {
	case r.matches(a.Key):
		a.Value = r.mask
	case a.Value.Kind() == slog.KindGroup:
		if group := a.Value.Group(); r.finds(group) {
			// A copy: the array may be shared with the attributes of others.
			group = slices.Clone(group)
			for i := range group {
				r.redactAttr(&group[i])
			}
			a.Value = slog.GroupValue(group...)
		}
	case a.Value.Kind() == slog.KindLogValuer: // from a stage; else it is resolved
		a.Value = resolve(a.Value, 0)
		r.redactAttr(a)
	}
}

// finds reports whether there may be something to mask in group.
func (r *FieldRedactor) finds(group []slog.Attr) bool {
	for i := range group {
		a := &group[i]
		switch {
		case r.matches(a.Key), a.Value.Kind() == slog.KindLogValuer:
			return true
		case a.Value.Kind() == slog.KindGroup && r.finds(a.Value.Group()):
			return true
		}
	}
	return false
}

func (r *FieldRedactor) maskAll(attrs []slog.Attr) {
	for i := range attrs {
		if !attrs[i].Equal(slog.Attr{}) {
			attrs[i].Value = r.mask
		}
	}
}

func (r *FieldRedactor) matches(key string) bool {
	if r.lengths&lengthBit(key) == 0 {
		return false
	}
	for _, f := range r.fields {
		if len(f) == len(key) && strings.EqualFold(f, key) {
			return true
		}
	}
	return false
}

func lengthBit(s string) uint64 { return 1 << min(len(s), 63) }
