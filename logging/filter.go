package logging

import "log/slog"

// LevelFilter stops records below its level. The logger's own level does the
// same on the caller, for less; a filter is for a pipeline that has another
// threshold than its callers. The zero value lets INFO and above pass.
type LevelFilter slog.Level

// Keep implements Filter.
func (f LevelFilter) Keep(e *Entry) bool { return e.Level >= slog.Level(f) }
