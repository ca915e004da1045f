package logging

import (
	"log/slog"
	"slices"

	"github.com/logperf/logperf/logging/internal/buffer"
)

// A Bound is what With and WithGroup bind to a logger: resolved, redacted and
// encoded once, then shared by all its records. It never changes. The nil Bound
// is that of a logger without.
type Bound struct {
	groups  []string    // all open groups, outermost first
	attrs   []slog.Attr // the tree that filters see
	encoded []byte      // JSON of attrs with their groups left open; starts with a comma
	opened  int         // how many of groups are open at the end of encoded
	err     error       // a redactor failed: no record of this logger may be written
}

// Bind returns b with attrs added inside its open groups: resolved, redacted and
// encoded now. b may be nil.
func (p *Pipeline) Bind(b *Bound, attrs ...slog.Attr) *Bound {
	if len(attrs) == 0 {
		return b
	}
	n := b.clone()
	e := Entry{Attrs: resolveAttrs(nil, attrs), Bound: b}
	if err := p.redact(&e); err != nil {
		n.err = err // and none of the attributes is kept
		return n
	}
	n.attrs = bindTree(n.attrs, n.groups, e.Attrs)
	// Also for a foreign encoder: there may be a JSONEncoder inside it.
	var opened int
	n.encoded, opened = encodeBound(n.encoded, n.groups[n.opened:], e.Attrs)
	n.opened += opened
	return n
}

// BindGroup returns b with one more group open; the empty name opens none.
func (p *Pipeline) BindGroup(b *Bound, name string) *Bound {
	if name == "" {
		return b
	}
	n := b.clone()
	n.groups = append(slices.Clip(n.groups), name)
	return n
}

func (b *Bound) clone() *Bound {
	if b == nil {
		return &Bound{}
	}
	n := *b
	return &n
}

// encodeBound returns prefix with attrs added inside groups, in an array of its
// own, and how many groups are open at its end. Each attribute starts with a
// comma.
func encodeBound(prefix []byte, groups []string, attrs []slog.Attr) ([]byte, int) {
	buf := buffer.Get()
	defer buf.Free()
	buf.B = append(buf.B, '"') // stands for what comes before: not the start of an object
	buf.B = append(buf.B, prefix...)
	var opened int
	buf.B, opened = appendInGroups(buf.B, groups, attrs)
	return slices.Clone(buf.B[1:]), opened
}

// bindTree returns tree with attrs added inside groups; tree stays as it is.
func bindTree(tree []slog.Attr, groups []string, attrs []slog.Attr) []slog.Attr {
	if len(groups) == 0 {
		return append(slices.Clip(tree), attrs...)
	}
	if n := len(tree) - 1; n >= 0 && tree[n].Key == groups[0] && tree[n].Value.Kind() == slog.KindGroup {
		tree = slices.Clone(tree)
		tree[n].Value = slog.GroupValue(bindTree(tree[n].Value.Group(), groups[1:], attrs)...)
		return tree
	}
	group := slog.GroupValue(bindTree(nil, groups[1:], attrs)...)
	return append(slices.Clip(tree), slog.Attr{Key: groups[0], Value: group})
}
