package logging

import (
	"log/slog"
	"time"
)

// An Entry is one record on its way through the stages.
//
// The logger's worker owns it: a stage or an encoder may read and change it, its
// slices included, until it returns, and keeps nothing of it after. It may set
// Attrs and Extra to slices of its own, whose elements later stages may change.
// The values
// of an entry that the logger captured no longer change: log valuers are
// resolved, errors are their text, byte slices and groups are copies, and any
// other value is its JSON text.
type Entry struct {
	// Time is when the record was logged; the zero time is not encoded.
	Time time.Time
	// Level is the record's level.
	Level slog.Level
	// Message is the record's message.
	Message string
	// PC is the program counter of the caller, 0 without AddSource.
	PC uintptr
	// Attrs are the record's own attributes, inside the groups of Bound.
	Attrs []slog.Attr
	// Extra are attributes at the top level, before those of Bound: the place
	// for what an Enricher adds.
	Extra []slog.Attr
	// Bound is what With and WithGroup gave to the record's logger; nil without.
	Bound *Bound
}

// Groups returns the names of the groups that the attributes of e stand in,
// outermost first. The slice is shared: read only.
func (e *Entry) Groups() []string {
	if e.Bound == nil {
		return nil
	}
	return e.Bound.groups
}

// BoundAttrs returns what With gave to the record's logger, as one tree:
// attributes bound inside a group stand in a group value. The slice is shared:
// read only.
func (e *Entry) BoundAttrs() []slog.Attr {
	if e.Bound == nil {
		return nil
	}
	return e.Bound.attrs
}
