package load

import (
	"encoding/json"
	"log/slog"

	phuslu "github.com/phuslu/log"
	"github.com/rs/zerolog"

	"github.com/logperf/logperf/fixtures/numbered"
	"github.com/logperf/logperf/fixtures/workload"
)

// peerBuffer is the buffer in front of the file of a logger without one of its
// own: without it, each record would cost a write(2).
const peerBuffer = 256 << 10

// numberKeys returns the keys of the two numbers of a record.
func numberKeys() (producer, number string) {
	attrs := numbered.Append(nil, 0, 0)
	return attrs[0].Key, attrs[1].Key
}

// prepared returns the records as a peer with typed calls takes them: values are
// resolved, groups are as slog writes them, and each is boxed once, so that a
// call does none of it. A key passes through key, if there is one.
func prepared(records []workload.Record, key func(string) string) []workload.Record {
	if key == nil {
		key = func(k string) string { return k }
	}
	out := make([]workload.Record, len(records))
	for i, r := range records {
		r.Attrs = preparedAttrs(r.Attrs, key)
		out[i] = r
	}
	return out
}

func preparedAttrs(attrs []slog.Attr, key func(string) string) []slog.Attr {
	out := make([]slog.Attr, 0, len(attrs))
	for _, a := range attrs {
		v := a.Value.Resolve()
		if v.Kind() != slog.KindGroup {
			if a.Key != "" || !v.Equal(slog.Value{}) {
				out = append(out, slog.Attr{Key: key(a.Key), Value: v})
			}
			continue
		}
		within := preparedAttrs(v.Group(), key)
		switch {
		case len(within) == 0: // slog leaves it out
		case a.Key == "":
			out = append(out, within...)
		default:
			out = append(out, slog.Any(key(a.Key), &peerGroup{within}))
		}
	}
	return out
}

// peerGroup is a nested object, as the peers marshal one.
type peerGroup struct{ attrs []slog.Attr }

func (g *peerGroup) MarshalZerologObject(e *zerolog.Event) { appendZerolog(e, g.attrs) }
func (g *peerGroup) MarshalObject(e *phuslu.Entry)         { appendPhuslu(e, g.attrs) }

// escaped is a key as it stands in JSON, for a logger that writes keys as they
// are: those of a user's log may have anything in them.
func escaped(key string) string {
	text, err := json.Marshal(key)
	if err != nil {
		return key // no string fails
	}
	return string(text[1 : len(text)-1])
}
