package logging

// The stages of a pipeline run in this order: filters, enrichers, redactors,
// processors, encoder. The logger's worker is the only caller, with one record
// at a time; attributes bound by With pass the redactors on the goroutine that
// calls With, so a Redactor must be safe for concurrent use.
//
// A stage that panics loses the record at hand alone; it counts as failed. A
// stage must not log to the logger that it is part of: the worker would wait
// for itself.

// A Filter decides which records go on.
type Filter interface {
	// Keep reports whether e goes on. A record that does not is counted as
	// filtered. Keep does not change e.
	Keep(e *Entry) bool
}

// FilterFunc is a Filter made from a function.
type FilterFunc func(e *Entry) bool

// Keep implements Filter.
func (f FilterFunc) Keep(e *Entry) bool { return f(e) }

// An Enricher adds attributes to a record, usually to e.Extra.
type Enricher interface {
	// Enrich changes e in place.
	Enrich(e *Entry)
}

// EnricherFunc is an Enricher made from a function.
type EnricherFunc func(e *Entry)

// Enrich implements Enricher.
func (f EnricherFunc) Enrich(e *Entry) { f(e) }

// A Redactor removes what must not be written. It is called with the attributes
// of each record, and once with those bound by With: then e has no message.
type Redactor interface {
	// Redact changes e in place. An error drops the record, which counts as
	// failed: better no record than a secret in it. The error for attributes
	// bound by With drops all records of that logger.
	Redact(e *Entry) error
}

// RedactorFunc is a Redactor made from a function.
type RedactorFunc func(e *Entry) error

// Redact implements Redactor.
func (f RedactorFunc) Redact(e *Entry) error { return f(e) }

// A Processor changes a record in any other way, last before the encoder.
type Processor interface {
	// Process changes e in place. An error drops the record, which counts as
	// failed.
	Process(e *Entry) error
}

// ProcessorFunc is a Processor made from a function.
type ProcessorFunc func(e *Entry) error

// Process implements Processor.
func (f ProcessorFunc) Process(e *Entry) error { return f(e) }

// An Encoder turns a record into bytes.
type Encoder interface {
	// Append appends e to dst as one line, ended by a newline and with none in
	// it, and returns the extended slice. The logger's worker is the only
	// caller.
	Append(dst []byte, e *Entry) []byte
}

// EncoderFunc is an Encoder made from a function.
type EncoderFunc func(dst []byte, e *Entry) []byte

// Append implements Encoder.
func (f EncoderFunc) Append(dst []byte, e *Entry) []byte { return f(dst, e) }
