package logging

import (
	"log/slog"
	"os"
	"runtime"
)

// A ConstantEnricher adds the same attributes to each record. With a JSONEncoder
// the pipeline asks for them once, when it is built, redacts and encodes them
// then, and does not call Enrich. So the filters, redactors and processors of
// the records do not see them, and they stand before what other enrichers add,
// whatever the order of the enrichers. With any other encoder it is an Enricher
// like the rest.
type ConstantEnricher interface {
	Enricher
	// Constant returns the attributes. The caller does not change them.
	Constant() []slog.Attr
}

// StaticEnricher adds its attributes to each record at the top level.
type StaticEnricher []slog.Attr

// Enrich implements Enricher.
func (s StaticEnricher) Enrich(e *Entry) { e.Extra = append(e.Extra, s...) }

// Constant implements ConstantEnricher.
func (s StaticEnricher) Constant() []slog.Attr { return s }

// RuntimeEnricher returns an enricher that adds the host's name, the process id
// and the Go version, read now: host, pid, go. A host without a name leaves host
// out.
func RuntimeEnricher() StaticEnricher {
	var s StaticEnricher
	if host, err := os.Hostname(); err == nil {
		s = append(s, slog.String("host", host))
	}
	return append(s, slog.Int("pid", os.Getpid()), slog.String("go", runtime.Version()))
}
