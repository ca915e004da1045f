package advise

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/logperf/logperf/logging"
)

// Merge puts the report of a sweep behind that of a run. Of two advices that set
// the same, the sweep's stays: it has the gain of the change alone.
func Merge(run, sweep Report) Report {
	all := slices.DeleteFunc(slices.Clone(run.Advice), func(a Advice) bool {
		return len(a.Set) > 0 && slices.ContainsFunc(sweep.Advice, func(b Advice) bool {
			return !slices.ContainsFunc(names(a.Set), func(one string) bool { return !slices.Contains(names(b.Set), one) })
		})
	})
	for i, b := range sweep.Advice { // with what the run says of the cause
		for _, a := range run.Advice {
			if len(a.Set) == 1 && len(b.Set) == 1 && a.Set[0].Setting == b.Set[0].Setting {
				sweep.Advice[i].Cause = a.Cause
				sweep.Advice[i].Evidence = append(b.Evidence, a.Evidence...)
			}
		}
	}
	run.Advice = sorted(append(all, sweep.Advice...))
	run.Looked = append(run.Looked, sweep.Looked...)
	run.Notes = append(run.Notes, sweep.Notes...)
	run.Tried = sweep.Tried
	run.Run = cmp.Or(run.Run, sweep.Run)
	return run
}

// Join puts the report of a profile behind that of the rest.
func Join(r, profiled Report) Report {
	r.Advice = sorted(append(r.Advice, profiled.Advice...))
	r.Looked = append(r.Looked, profiled.Looked...)
	r.Notes = append(r.Notes, profiled.Notes...)
	r.Stages = profiled.Stages
	return r
}

// Same reports whether two settings make the same logger, as far as the loads
// can tell, and names the first that differs.
func Same(a, b logging.Settings) (path string, same bool) {
	a, b = a.WithDefaults(), b.WithDefaults()
	for _, one := range []struct {
		path string
		same bool
	}{
		{"queue.capacity", a.Queue.Capacity == b.Queue.Capacity},
		{"queue.overflow", a.Queue.Overflow == b.Queue.Overflow},
		{"queue.block_timeout", a.Queue.BlockTimeout == b.Queue.BlockTimeout},
		{"batch.bytes", a.Batch.Bytes == b.Batch.Bytes},
		{"batch.delay", a.Batch.Delay == b.Batch.Delay},
		{"add_source", a.AddSource == b.AddSource},
		{"sink.kind", a.Sink.Kind == b.Sink.Kind},
		{"enrich", fmt.Sprint(a.Enrich) == fmt.Sprint(b.Enrich)},
		{"redact", fmt.Sprint(a.Redact) == fmt.Sprint(b.Redact)},
		{"sink.block_size", a.Sink.BlockSize == b.Sink.BlockSize},
		{"sink.sync", a.Sink.Sync == b.Sink.Sync},
		{"sink.http", a.Sink.Kind != logging.SinkHTTP || fmt.Sprint(withoutSecrets(a.Sink.HTTP)) == fmt.Sprint(withoutSecrets(b.Sink.HTTP))},
	} {
		if !one.same {
			return one.path, false
		}
	}
	return "", true
}

// withoutSecrets leaves out what a stored run does not have.
func withoutSecrets(h logging.HTTPSettings) logging.HTTPSettings {
	h.URL, h.Headers, h.FallbackPath = "", nil, ""
	return h
}
