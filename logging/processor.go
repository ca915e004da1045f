package logging

import (
	"log/slog"
	"unicode/utf8"
)

// TruncateProcessor cuts the message and the string attributes of a record, not
// those inside groups or bound by With, to at most Max bytes, at a rune's
// boundary, and marks the cut with "…", which comes on top. Max of 0 or less
// leaves all as it is.
type TruncateProcessor struct {
	Max int
}

// Process implements Processor. It never fails.
func (p TruncateProcessor) Process(e *Entry) error {
	if p.Max <= 0 {
		return nil
	}
	if len(e.Message) > p.Max {
		e.Message = p.cut(e.Message)
	}
	for i := range e.Attrs {
		if v := &e.Attrs[i].Value; v.Kind() == slog.KindString && len(v.String()) > p.Max {
			*v = slog.StringValue(p.cut(v.String()))
		}
	}
	return nil
}

func (p TruncateProcessor) cut(s string) string {
	n := p.Max
	for n > 0 && n > p.Max-utf8.UTFMax && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
