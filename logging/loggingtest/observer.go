// Package loggingtest holds sinks for tests: one that keeps what it is handed
// as entries, and some that fail, are slow, fall short or block.
package loggingtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/logperf/logperf/logging"
)

// An Entry is a record as it was written.
type Entry struct {
	// Time is the zero time where the record has none.
	Time time.Time
	// Level is the record's level.
	Level slog.Level
	// Message is the record's message.
	Message string
	// Attrs are all other members of the line. Whole numbers are int64, or
	// uint64 beyond its range; other numbers are float64, groups
	// map[string]any, lists []any. Of members that share a name the last is kept.
	Attrs map[string]any
	// Line is the line without its newline.
	Line string
}

// An Observer is a sink that decodes the lines of logging.JSONEncoder and keeps
// their entries, without a bound. A line that it cannot decode is not confirmed,
// nor are those behind it in the batch; Write says which.
//
// The zero value is ready for use, and may be used by any number of goroutines,
// also while a logger writes to it. A logger's records are there after its Flush
// or Close. An entry belongs to the caller, its Attrs are shared: read only.
type Observer struct {
	mu      sync.Mutex // guards what follows
	entries []Entry
}

// Write decodes and keeps the records of b.
func (o *Observer) Write(_ context.Context, b logging.Batch) (int, error) {
	n := 0
	for line := range bytes.Lines(b.Lines) {
		e, err := decode(line)
		if err != nil {
			return n, fmt.Errorf("record %d of the batch, %q: %w", n+1, line, err)
		}
		o.mu.Lock()
		o.entries = append(o.entries, e)
		o.mu.Unlock()
		n++
	}
	if n != b.Records {
		return min(n, b.Records), fmt.Errorf("the batch holds %d lines: want its %d records", n, b.Records)
	}
	return n, nil
}

// Flush does nothing.
func (o *Observer) Flush(context.Context) error { return nil }

// Close does nothing; the entries stay.
func (o *Observer) Close(context.Context) error { return nil }

// Entries returns the entries so far, oldest first.
func (o *Observer) Entries() []Entry {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.entries)
}

// Len returns the number of entries.
func (o *Observer) Len() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.entries)
}

// FilterMessage returns the entries with that message.
func (o *Observer) FilterMessage(msg string) []Entry {
	return slices.DeleteFunc(o.Entries(), func(e Entry) bool { return e.Message != msg })
}

// TakeAll returns the entries and forgets them.
func (o *Observer) TakeAll() []Entry {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := o.entries
	o.entries = nil
	return all
}

func decode(line []byte) (Entry, error) {
	text, ended := bytes.CutSuffix(line, []byte("\n"))
	if !ended {
		return Entry{}, errors.New("the line has no end")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var members map[string]any
	if err := d.Decode(&members); err != nil {
		return Entry{}, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Entry{}, errors.New("the line goes on behind its object")
	}
	e := Entry{Line: string(text), Attrs: members}
	if err := e.takeBuiltins(); err != nil {
		return Entry{}, err
	}
	for key, value := range members {
		members[key] = plain(value)
	}
	return e, nil
}

// takeBuiltins moves time, level and msg out of the attributes.
func (e *Entry) takeBuiltins() error {
	if value, ok := e.Attrs[slog.TimeKey]; ok {
		text, _ := value.(string)
		t, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return fmt.Errorf("time: %w", err)
		}
		e.Time = t
	}
	text, _ := e.Attrs[slog.LevelKey].(string)
	if err := e.Level.UnmarshalText([]byte(text)); err != nil {
		return fmt.Errorf("level: %w", err)
	}
	msg, ok := e.Attrs[slog.MessageKey].(string)
	if !ok {
		return errors.New("msg is missing or no text")
	}
	e.Message = msg
	maps.DeleteFunc(e.Attrs, func(key string, _ any) bool {
		return key == slog.TimeKey || key == slog.LevelKey || key == slog.MessageKey
	})
	return nil
}

// plain replaces the numbers in v by Go's own, whole ones exactly: a float64
// would round an identifier beyond 2^53.
func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			v[key] = plain(value)
		}
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	case json.Number:
		return number(v)
	}
	return v
}

func number(n json.Number) any {
	var u uint64
	if i, err := n.Int64(); err == nil {
		return i
	} else if err := json.Unmarshal([]byte(n), &u); err == nil {
		return u
	}
	f, _ := n.Float64() // a number of JSON is one of Go; beyond the range it is infinite
	return f
}
