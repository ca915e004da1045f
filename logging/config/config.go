// Package config reads a logger's settings from a YAML file and the
// environment, and opens what they describe.
//
// A settings file holds the fields of logging.Settings by their YAML names:
//
//	level: info
//	queue:
//	  capacity: 8192
//	  overflow: drop-oldest
//	batch:
//	  bytes: 64KiB
//	  delay: 10ms
//	sink:
//	  routes:
//	    - name: everything
//	      path: app.log
//	      rotate: {size: 100MiB, keep: 7, compress: true}
//	    - name: errors
//	      min_level: error
//	      overflow: drop
//	      http:
//	        url: https://logs.example.com/in
//	        headers: {Authorization: Bearer abc}
//
// The variable LOGPERF_SETTINGS names the file. Each setting has a variable of
// its own too, which wins over the file: LOGPERF_QUEUE_CAPACITY is
// queue.capacity. Only sink.routes has none. Values are the same text in both: whole numbers also as sizes
// in B, KiB, MiB or GiB, durations as in 10ms, and in a variable lists as
// "password,token" and names with values as "service:checkout,region:eu-1". An
// empty variable, an empty file and null leave the default, as do zeros.
package config

import (
	"errors"
	"strings"

	"github.com/caarlos0/env/v11"

	"github.com/logperf/logperf/logging"
)

const (
	// Prefix starts the name of each variable that is a setting.
	Prefix = "LOGPERF_"
	// FileVariable names the settings file.
	FileVariable = Prefix + "SETTINGS"
)

// An Error is one fault in the settings and where it stands.
type Error struct {
	// Where is file:line:column, the name of a variable, or empty for a fault
	// that nothing given stands for.
	Where string
	// Err says what is wrong and what would be right; a *logging.Fault for a
	// value out of its range.
	Err error
}

// Error returns Where and Err as one sentence.
func (e *Error) Error() string {
	if e.Where == "" {
		return e.Err.Error()
	}
	return e.Where + ": " + e.Err.Error()
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// Load returns the settings that environ, as of os.Environ, describes: those of
// the file, over them those of the variables, over them the defaults. It returns
// every fault at once, one line and one *Error each, in the order file,
// variables, ranges; then the settings are zero.
//
// A misspelt key in the file is a fault. A misspelt variable is one only where
// its name starts like that of a group of settings (LOGPERF_QUEUE_): other
// variables with the prefix belong to other readers.
func Load(environ []string) (logging.Settings, error) {
	l := loader{sources: map[string]string{}}
	variables := env.ToMap(environ)
	if path := variables[FileVariable]; path != "" {
		l.file(path)
	}
	l.environment(variables)
	l.validate()
	if len(l.errs) > 0 {
		return logging.Settings{}, errors.Join(l.errs...)
	}
	return l.settings.WithDefaults(), nil
}

// A loader gathers settings and faults.
type loader struct {
	settings logging.Settings
	sources  map[string]string // where each path was set
	errs     []error
}

func (l *loader) fault(where string, err error) {
	l.errs = append(l.errs, &Error{Where: where, Err: err})
}

// validate checks the ranges. It does so after other faults as well: what could
// not be read is zero, which is in range.
func (l *loader) validate() {
	e, ok := errors.AsType[*logging.SettingsError](l.settings.Validate())
	if !ok {
		return
	}
	for _, f := range e.Faults {
		l.fault(l.source(f.Path), f)
	}
}

// source returns where path, or what it is a part of, was set.
func (l *loader) source(path string) string {
	for {
		if where, ok := l.sources[path]; ok {
			return where
		}
		cut := strings.LastIndexAny(path, ".[")
		if cut < 0 {
			return ""
		}
		path = path[:cut]
	}
}

// override makes where the source of path and of all its parts.
func (l *loader) override(path, where string) {
	for p := range l.sources {
		if strings.HasPrefix(p, path+".") || strings.HasPrefix(p, path+"[") {
			delete(l.sources, p)
		}
	}
	l.sources[path] = where
}

// An unknownError is a name that no setting has.
type unknownError struct {
	what   string // key or setting
	name   string
	prefix string   // of the known names, added where they are shown
	known  []string // what could stand in its place
	other  []string // paths of settings that stand elsewhere
}

// Error names what is nearest: by its letters, else by its name elsewhere.
func (e *unknownError) Error() string {
	text := "unknown " + e.what + " " + quote(e.name)
	if near := nearest(strings.TrimPrefix(e.name, e.prefix), e.known); len(near) > 0 {
		return text + ": did you mean " + e.prefix + strings.Join(near, " or "+e.prefix) + "?"
	}
	var same []string
	for _, path := range e.other {
		if strings.HasSuffix(path, "."+e.name) {
			same = append(same, path)
		}
	}
	if len(same) > 0 {
		return text + ": did you mean " + strings.Join(same, " or ") + "?"
	}
	return text + ": want one of " + e.prefix + strings.Join(e.known, ", "+e.prefix)
}
