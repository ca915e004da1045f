package logging

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
)

// Outcome says what became of a record in a Pipeline.
type Outcome uint8

const (
	// Encoded: the record's line was appended.
	Encoded Outcome = iota
	// Filtered: a filter stopped the record.
	Filtered
	// Failed: a stage failed or panicked.
	Failed
)

// String returns encoded, filtered or failed.
func (o Outcome) String() string {
	switch o {
	case Encoded:
		return "encoded"
	case Filtered:
		return "filtered"
	case Failed:
		return "failed"
	}
	return fmt.Sprintf("outcome(%d)", uint8(o))
}

// A Pipeline is the stages of a logger with its encoder, without queue and
// worker: what happens to a record between the two. Process may be called by
// one goroutine at a time, Bind and BindGroup by any number.
type Pipeline struct {
	filters    []Filter
	enrichers  []Enricher // those that have to see each record
	redactors  []Redactor
	processors []Processor
	encoder    Encoder
	json       *JSONEncoder // encoder, if it is one: constant attributes are then encoded once
	foreign    bool         // there is a stage that may append to an entry's Attrs
	extra      []slog.Attr  // lent to the entry at hand for its Extra; empty otherwise
}

// NewPipeline builds the pipeline that New gives to a logger: what Settings.Enrich
// and Settings.Redact ask for comes before the Options' own stages. Sink, queue,
// level and batch do not matter here. It fails where a stage is nil, or a
// redactor fails on the attributes of a constant enricher.
func NewPipeline(o Options) (*Pipeline, error) {
	p := &Pipeline{
		filters:    slices.Clone(o.Filters),
		enrichers:  slices.Concat(enrichersOf(o.Settings.Enrich), o.Enrichers),
		redactors:  slices.Concat(redactorsOf(o.Settings.Redact), o.Redactors),
		processors: slices.Clone(o.Processors),
	}
	if err := p.checkStages(); err != nil {
		return nil, err
	}
	if o.Encoder == nil {
		o.Encoder = &JSONEncoder{}
	}
	if _, ok := o.Encoder.(*JSONEncoder); ok {
		p.json = &JSONEncoder{} // not the caller's: it remembers things
		o.Encoder = p.json
		if err := p.encodeConstants(); err != nil {
			return nil, err
		}
	}
	p.encoder = o.Encoder
	p.foreign = p.hasForeign()
	return p, nil
}

// hasForeign reports whether there is a stage that may append to an entry's
// Attrs. The library's own do not, and filters change nothing.
func (p *Pipeline) hasForeign() bool {
	if p.json == nil {
		return true
	}
	for _, e := range p.enrichers {
		if _, ok := e.(StaticEnricher); !ok {
			return true
		}
	}
	for _, r := range p.redactors {
		if _, ok := r.(*FieldRedactor); !ok {
			return true
		}
	}
	for _, s := range p.processors {
		if _, ok := s.(TruncateProcessor); !ok {
			return true
		}
	}
	return false
}

func enrichersOf(s EnrichSettings) []Enricher {
	var all []Enricher
	if s.Runtime {
		all = append(all, RuntimeEnricher())
	}
	if len(s.Static) > 0 {
		var static StaticEnricher
		for _, k := range slices.Sorted(maps.Keys(s.Static)) {
			static = append(static, slog.String(k, s.Static[k]))
		}
		all = append(all, static)
	}
	return all
}

func redactorsOf(s RedactSettings) []Redactor {
	if len(s.Fields) == 0 {
		return nil
	}
	return []Redactor{NewFieldRedactor(s.Mask, s.Fields...)}
}

func (p *Pipeline) checkStages() error {
	for i, f := range p.filters {
		if f == nil {
			return fmt.Errorf("logging: Options.Filters[%d] is nil", i)
		}
	}
	for _, e := range p.enrichers {
		if e == nil {
			return fmt.Errorf("logging: Options.Enrichers has a nil element")
		}
	}
	for _, r := range p.redactors {
		if r == nil {
			return fmt.Errorf("logging: Options.Redactors has a nil element")
		}
	}
	for i, s := range p.processors {
		if s == nil {
			return fmt.Errorf("logging: Options.Processors[%d] is nil", i)
		}
	}
	return nil
}

// encodeConstants takes the constant enrichers out of the per-record stages.
func (p *Pipeline) encodeConstants() error {
	var e Entry
	var rest []Enricher
	for _, enricher := range p.enrichers {
		c, ok := enricher.(ConstantEnricher)
		if !ok {
			rest = append(rest, enricher)
			continue
		}
		e.Extra = resolveAttrs(e.Extra, c.Constant())
	}
	p.enrichers = rest
	if len(e.Extra) == 0 {
		return nil
	}
	if err := p.redact(&e); err != nil {
		return err
	}
	p.json.constant, _ = encodeBound(p.json.constant, nil, e.Extra)
	return nil
}

// Process runs e through the stages and appends its line to dst. Unless the
// outcome is Encoded, dst comes back as it was.
func (p *Pipeline) Process(dst []byte, e *Entry) ([]byte, Outcome) {
	dst, outcome, _ := p.run(dst, e)
	return dst, outcome
}

// run is Process with the reason of a failure, a *StageError.
//
// Enrichers append to a slice that the pipeline lends, so that not each slot of
// the queue grows one, and so that e can be processed again. What comes back may
// be a slice of theirs, so the pipeline's own grows by itself.
func (p *Pipeline) run(dst []byte, e *Entry) ([]byte, Outcome, error) {
	if len(p.enrichers) == 0 {
		return p.stages(dst, e)
	}
	given := e.Extra
	e.Extra = append(p.extra, given...)
	line, outcome, err := p.stages(dst, e)
	if n := len(e.Extra); n > cap(p.extra) && n <= slotAttrsKept {
		p.extra = make([]slog.Attr, 0, n)
	} else {
		clear(p.extra[:cap(p.extra)])
	}
	e.Extra = given
	return line, outcome, err
}

func (p *Pipeline) stages(dst []byte, e *Entry) (line []byte, o Outcome, err error) {
	stage := "filter"
	defer func() {
		if r := recover(); r != nil {
			line, o, err = dst, Failed, &StageError{Stage: stage, Err: &PanicError{Value: r}}
		}
	}()
	for _, f := range p.filters {
		if !f.Keep(e) {
			return dst, Filtered, nil
		}
	}
	if e.Bound != nil && e.Bound.err != nil {
		return dst, Failed, e.Bound.err
	}
	stage = "enricher"
	for _, enricher := range p.enrichers {
		enricher.Enrich(e)
	}
	stage = "redactor"
	for _, r := range p.redactors {
		if err := r.Redact(e); err != nil {
			return dst, Failed, &StageError{Stage: stage, Err: err}
		}
	}
	stage = "processor"
	for _, s := range p.processors {
		if err := s.Process(e); err != nil {
			return dst, Failed, &StageError{Stage: stage, Err: err}
		}
	}
	stage = "encoder"
	if p.json != nil {
		return p.json.Append(dst, e), Encoded, nil
	}
	return p.encoder.Append(dst, e), Encoded, nil
}

// redact runs the redactors alone, for attributes that are encoded once.
func (p *Pipeline) redact(e *Entry) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &StageError{Stage: "redactor", Err: &PanicError{Value: r}}
		}
	}()
	for _, r := range p.redactors {
		if err := r.Redact(e); err != nil {
			return &StageError{Stage: "redactor", Err: err}
		}
	}
	return nil
}
