package advise

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/logperf/logperf/logging"
)

// Merge puts the report of a sweep behind that of a run. Of two advices on the same
// settings the sweep's stays, whatever the values: it has measured the change alone,
// and two values of one setting cannot both be set. What the run advises and the
// sweep has tried in vain is none; what it found otherwise stands among the evidence.
func Merge(run, sweep Report) Report {
	var kept []Advice
	for _, a := range run.Advice {
		if superseded(a, sweep.Advice) {
			continue
		}
		t, found := triedAs(a.Set, sweep.Tried)
		if found && !a.Loses && (t.Verdict == "no difference" || t.Verdict == "worse") {
			run.Notes = append(run.Notes, fmt.Sprintf("run %s speaks for %s, because %s; the sweep tried it: %s (%s)",
				run.Run, strings.Join(names(a.Set), ", "), a.Cause, t.Verdict, t.figures()))
			continue
		}
		if found {
			a.Evidence = append(slices.Clip(a.Evidence), Evidence{"sweep", t.scenario(), t.Verdict + ": " + t.figures()})
		}
		kept = append(kept, a)
	}
	// One that ends a loss sets several, and goes before what sets one of them otherwise.
	swept := slices.DeleteFunc(slices.Clone(sweep.Advice), func(b Advice) bool { return slices.ContainsFunc(kept, b.contradicts) })
	for i, b := range swept { // with what the run says of the cause
		for _, a := range run.Advice {
			if len(a.Set) == 1 && len(b.Set) == 1 && a.Set[0].Setting == b.Set[0].Setting {
				swept[i].Cause = a.Cause
				swept[i].Evidence = append(slices.Clip(b.Evidence), a.Evidence...)
			}
		}
	}
	run.Advice = sorted(append(kept, swept...))
	run.Looked = append(run.Looked, sweep.Looked...)
	run.Notes = append(run.Notes, sweep.Notes...)
	run.Tried = sweep.Tried
	run.Run = cmp.Or(run.Run, sweep.Run)
	return run
}

// superseded reports whether others say what the advice says: each of its settings is
// set by one of them, or both end the loss of records.
func superseded(a Advice, others []Advice) bool {
	if len(a.Set) == 0 {
		return false
	}
	set := map[string]bool{}
	for _, b := range others {
		if a.Loses && b.Loses {
			return true
		}
		for _, c := range b.Set {
			set[c.Setting] = true
		}
	}
	return !slices.ContainsFunc(a.Set, func(c Change) bool { return !set[c.Setting] })
}

// contradicts reports whether the two give a setting different values.
func (a Advice) contradicts(b Advice) bool {
	for _, one := range a.Set {
		if slices.ContainsFunc(b.Set, func(c Change) bool { return c.Setting == one.Setting && c.Value != one.Value }) {
			return true
		}
	}
	return false
}

// triedAs is the last trial of the same changes, which is that of the second look
// where there was one. It is none where nothing could be measured.
func triedAs(set []Change, all []Trial) (Trial, bool) {
	wanted := slices.Sorted(slices.Values(names(set)))
	for _, t := range slices.Backward(all) {
		if len(set) > 0 && t.Verdict != "not measured" && slices.Equal(slices.Sorted(slices.Values(names(t.Set))), wanted) {
			return t, true
		}
	}
	return Trial{}, false
}

// scenario is the load of the first figure; that of all loads has no name.
func (t Trial) scenario() string {
	if len(t.Factors) == 0 {
		return sweepPrefix + "*"
	}
	return t.Factors[0].Scenario
}

// Join puts the report of a profile behind that of the rest. An advice that sets the
// same as one that is there is more evidence for that one.
func Join(r, profiled Report) Report {
	all := slices.Clone(r.Advice)
	for _, b := range profiled.Advice {
		i := slices.IndexFunc(all, func(a Advice) bool { return len(b.Set) > 0 && slices.Equal(names(a.Set), names(b.Set)) })
		if i < 0 {
			all = append(all, b)
			continue
		}
		all[i].Evidence = append(slices.Clip(all[i].Evidence), b.Evidence...)
	}
	r.Advice = sorted(all)
	r.Looked = append(r.Looked, profiled.Looked...)
	r.Notes = append(r.Notes, profiled.Notes...)
	r.Stages = profiled.Stages
	return r
}

// Same reports whether two settings make the same logger, as far as the loads
// can tell, and names the first that differs. Unseen says what they cannot.
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

// Unseen says what of the settings no load has measured; empty for nothing.
func Unseen(s logging.Settings) string {
	var all []string
	if s.Sink.Rotate != (logging.RotateSettings{}) {
		all = append(all, "sink.rotate")
	}
	if len(s.Sink.Routes) > 0 {
		all = append(all, "sink.routes")
	}
	if len(all) == 0 {
		return ""
	}
	return strings.Join(all, " and ") + " had no part in what was measured: each load has one sink, and its file is never renamed"
}
