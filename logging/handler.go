package logging

import (
	"context"
	"log/slog"
)

// Handler returns the slog view of the logger: the same queue, worker, level and
// bound attributes. Its Handle copies the record as Log does and returns nil;
// Stats tells what became of the records.
func (l *Logger) Handler() slog.Handler { return handler{l} }

type handler struct{ l *Logger }

func (h handler) Enabled(_ context.Context, level slog.Level) bool { return h.l.Enabled(level) }

func (h handler) Handle(_ context.Context, r slog.Record) error {
	var room [slotAttrs]slog.Attr
	attrs := room[:0]
	r.Attrs(func(a slog.Attr) bool {
		attrs = append(attrs, a)
		return true
	})
	pc := r.PC
	if !h.l.core.addSource {
		pc = 0
	}
	h.l.capture(r.Time, r.Level, r.Message, pc, attrs)
	return nil
}

func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler { return handler{h.l.With(attrs...)} }

func (h handler) WithGroup(name string) slog.Handler { return handler{h.l.WithGroup(name)} }
