package logging

import (
	"cmp"
	"slices"
	"time"
)

// The kinds of sink that SinkSettings.Kind names.
const (
	SinkStdout  = "stdout"
	SinkDiscard = "discard"
	SinkMemory  = "memory"
	SinkFile    = "file"
	SinkHTTP    = "http"
	SinkRoute   = "route"
)

// What RouteSettings.Overflow names.
const (
	RouteBlock = "block"
	RouteDrop  = "drop"
)

// Defaults and bounds of the file and the route sink, which core does not import.
const (
	defaultBlockSize = 64 << 10
	minBlockSize     = 4 << 10
	maxBlockSize     = 1 << 20

	minRotateSize = 4 << 10
	minRotateAge  = time.Second

	defaultRouteBuffer = 1 << 20
	minRouteBuffer     = 64 << 10
	maxRouteBuffer     = 1 << 30
)

// SinkSettings configure where the records go.
type SinkSettings struct {
	// Kind is stdout, discard, memory, file, http or route. Default: route where
	// Routes are set, else http where HTTP.URL is, else file where Path is, else
	// stdout. What belongs to other kinds is checked and then ignored.
	Kind string `yaml:"kind" env:"KIND"`
	// Path names the file of kind file, which needs one. The file is made if it
	// does not exist; its folder has to.
	Path string `yaml:"path" env:"PATH"`
	// BlockSize is the number of bytes of one write to the file, 4 KiB to 1 MiB.
	// Default 64 KiB.
	BlockSize int `yaml:"block_size" env:"BLOCK_SIZE"`
	// Sync calls fsync after each block written to the file. Default off.
	Sync bool `yaml:"sync" env:"SYNC"`
	// Rotate is when the file is renamed and begun anew.
	Rotate RotateSettings `yaml:"rotate" envPrefix:"ROTATE_"`
	// HTTP is for kind http, which posts batches of records to a URL.
	HTTP HTTPSettings `yaml:"http" envPrefix:"HTTP_"`
	// Routes are for kind route, which needs at least one: each record goes to
	// every route that its level belongs to. They stand in a file alone, because
	// a variable cannot hold them.
	Routes []RouteSettings `yaml:"routes" env:"-"`
}

// RotateSettings configure when a file is renamed and begun anew, and what
// becomes of the renamed ones: app.log.20261124T093000.000000000Z bears the time
// of its rotation in UTC.
type RotateSettings struct {
	// Size is the number of bytes that the file may have, 4 KiB and more: a batch
	// that would go beyond it goes into a new file. Default 0: no bound.
	Size int `yaml:"size" env:"SIZE"`
	// Age is how old the file may get, 1s and more. It is looked at when
	// something is written. Default 0: no bound.
	Age time.Duration `yaml:"age" env:"AGE"`
	// Keep is the number of renamed files that are kept, the newest ones. It
	// needs a Size or an Age. Default 0: all.
	Keep int `yaml:"keep" env:"KEEP"`
	// Compress packs renamed files with gzip. It needs a Size or an Age. Default
	// off.
	Compress bool `yaml:"compress" env:"COMPRESS"`
}

// RouteSettings configure one route: some levels, a buffer and a sink. From Kind
// on its fields are those of SinkSettings; a route has no routes.
type RouteSettings struct {
	// Name stands in errors and counters. Each route needs one of its own.
	Name string `yaml:"name"`
	// MinLevel and MaxLevel are the lowest and the highest level of the route's
	// records, both included, written as Settings.Level. Default: no bound.
	MinLevel string `yaml:"min_level"`
	MaxLevel string `yaml:"max_level"`
	// Buffer is how many bytes of records the route holds for its sink, 64 KiB
	// to 1 GiB. Default 1 MiB.
	Buffer int `yaml:"buffer"`
	// Overflow says what becomes of a record that finds the buffer full: block
	// (default: all routes wait) or drop (this route loses it).
	Overflow string `yaml:"overflow"`

	// Kind is stdout, discard, memory, file or http. Default: http where HTTP.URL
	// is set, else file where Path is, else stdout.
	Kind      string         `yaml:"kind"`
	Path      string         `yaml:"path"` // no two routes write to one file
	BlockSize int            `yaml:"block_size"`
	Sync      bool           `yaml:"sync"`
	Rotate    RotateSettings `yaml:"rotate"`
	HTTP      HTTPSettings   `yaml:"http"`
}

// Sink returns the settings of the route's sink.
func (r RouteSettings) Sink() SinkSettings {
	return SinkSettings{Kind: r.Kind, Path: r.Path, BlockSize: r.BlockSize, Sync: r.Sync, Rotate: r.Rotate, HTTP: r.HTTP}
}

func (s SinkSettings) withDefaults() SinkSettings {
	s.Kind = cmp.Or(s.Kind, s.defaultKind())
	s.BlockSize = cmp.Or(s.BlockSize, defaultBlockSize)
	s.HTTP = s.HTTP.withDefaults()
	s.Routes = slices.Clone(s.Routes) // the caller's stay as they are
	for i, r := range s.Routes {
		s.Routes[i] = r.withDefaults()
	}
	return s
}

func (s SinkSettings) defaultKind() string {
	switch {
	case len(s.Routes) > 0:
		return SinkRoute
	case s.HTTP.URL != "":
		return SinkHTTP
	case s.Path != "":
		return SinkFile
	}
	return SinkStdout
}

func (r RouteSettings) withDefaults() RouteSettings {
	s := r.Sink().withDefaults()
	r.Kind, r.BlockSize, r.HTTP = s.Kind, s.BlockSize, s.HTTP
	r.Buffer = cmp.Or(r.Buffer, defaultRouteBuffer)
	r.Overflow = cmp.Or(r.Overflow, RouteBlock)
	return r
}
