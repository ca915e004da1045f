package advise

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/queue"
	"github.com/logperf/logperf/suites/internal/result"
)

func six(v float64) []float64 { return slices.Repeat([]float64{v}, 6) }

// rowWith is a row of a run with six times the same value.
func rowWith(name, metric string, v float64) result.Result {
	return result.Result{Scenario: rowPrefix + name, Values: map[string][]float64{metric: six(v)}, Counts: map[string]int64{}}
}

// slowRow takes so many times as long for a record as with the defaults.
func slowRow(factor float64) result.Result {
	r := rowWith(throughput, "ns/op", 1000*factor)
	r.Ratios = []result.Ratio{{Metric: "ns/op", Against: reference, Slices: six(factor)}}
	return r
}

// looksAt is a timeline of twenty looks at a value, of which the first n saw it, and
// the one behind the flush.
func looksAt(name string, v float64, n int) [][]result.Point {
	line := make([]result.Point, 21)
	for i := range line {
		line[i] = result.Point{At: time.Duration(i) * time.Millisecond, Values: map[string]float64{name: 0}}
		if i < n {
			line[i].Values[name] = v
		}
	}
	return [][]result.Point{line}
}

func runOf(rows ...result.Result) *result.Run { return &result.Run{ID: "one", Results: rows} }

func httpSettings(h logging.HTTPSettings) logging.Settings {
	return logging.Settings{Sink: logging.SinkSettings{Kind: logging.SinkHTTP, HTTP: h}}
}

// waiting is a row whose callers spend that share in long calls, and whose queue was
// full in so many of twenty looks.
func waiting(blocked float64, places, full int) result.Result {
	r := rowWith(burst, "blocked-share", blocked)
	r.Timelines = looksAt("depth", float64(places), full)
	return r
}

func repeated(times float64) result.Result {
	r := rowWith(steady, "blocked-share", 0)
	r.Timelines = looksAt("depth", 0, 0)
	r.Timelines[0][20].Values["retries"] = times
	return r
}

func rejected(n int64) result.Result {
	r := rowWith(burst, "blocked-share", 0)
	r.Counts["offered"], r.Counts["rejected"] = 1000, n
	return r
}

// TestEachRuleSpeaksBeyondItsBoundAlone has for each rule a run at its bound, which
// gets no advice, and one beyond it.
func TestEachRuleSpeaksBeyondItsBoundAlone(t *testing.T) {
	d := defaults()
	places := d.Queue.Capacity
	timeout := logging.Settings{Queue: logging.QueueSettings{BlockTimeout: time.Millisecond}}
	for name, c := range map[string]struct {
		settings   logging.Settings
		at, beyond []result.Result
		set        string // what the advice sets; empty: it says what to do
		cause      string
		do         string
	}{
		"a loss under block_timeout": {
			settings: timeout, at: []result.Result{rejected(0)}, beyond: []result.Result{rejected(1)},
			set: "queue.block_timeout: 0s", cause: "and its policy is block with block_timeout 1ms",
		},
		"callers wait for a large queue that is full": {
			at: []result.Result{waiting(0.01, places, 2)}, beyond: []result.Result{waiting(0.011, places, 2)},
			cause: "the queue is large and full all the same", do: "measure the knee",
		},
		"a large queue is full while callers wait": {
			at: []result.Result{waiting(0.5, places, 1)}, beyond: []result.Result{waiting(0.5, places, 2)},
			cause: "the queue is large and full all the same", do: "measure the knee",
		},
		"callers wait for a small queue": {
			settings: logging.Settings{Queue: logging.QueueSettings{Capacity: 16}},
			at:       []result.Result{waiting(0.01, 16, 1)}, beyond: []result.Result{waiting(0.011, 16, 1)},
			set: "queue.capacity: 8192", cause: "the queue of 16 places is too small for what comes at once, so that callers wait",
		},
		"a request fails, with a short timeout": {
			settings: httpSettings(logging.HTTPSettings{Timeout: d.Sink.HTTP.Timeout - 1}),
			at:       []result.Result{repeated(0)}, beyond: []result.Result{repeated(1)},
			set: httpTimeout(d.Sink.HTTP.Timeout).String(), cause: "requests fail though the collector is well",
		},
		"a request fails, with a long timeout": {
			settings: httpSettings(logging.HTTPSettings{Timeout: d.Sink.HTTP.Timeout}),
			at:       []result.Result{repeated(0)}, beyond: []result.Result{repeated(1)},
			cause: "requests fail though the collector is well", do: "look at what the collector answers",
		},
		"the collector takes much": {
			at: []result.Result{rowWith(steady, "gc-cpu-share", 0.25)}, beyond: []result.Result{rowWith(steady, "gc-cpu-share", 0.26)},
			cause: "the garbage collector has too little room", do: "raise GOMEMLIMIT or GOGC",
		},
		"the load is near the knee": {
			at:     []result.Result{rowWith(steady, "offered-records/s", 79_900), rowWith(knee, "knee-records/s", 100_000)},
			beyond: []result.Result{rowWith(steady, "offered-records/s", 80_000), rowWith(knee, "knee-records/s", 100_000)},
			cause:  "the load is near the knee, or beyond", do: "offer less",
		},
		"few records in a request": {
			settings: httpSettings(logging.HTTPSettings{BatchRecords: 1}), at: []result.Result{slowRow(1.099)}, beyond: []result.Result{slowRow(1.1)},
			set: "sink.http.batch_records: 0", cause: "a request holds few records",
		},
		"few bytes in a request": {
			settings: httpSettings(logging.HTTPSettings{BatchBytes: d.Sink.HTTP.BatchBytes/fewRecords - 1}),
			at:       []result.Result{slowRow(1.099)}, beyond: []result.Result{slowRow(1.1)},
			set: httpBatch(d.Sink.HTTP.BatchBytes).String(), cause: "a request holds few bytes",
		},
	} {
		if r := FromRun(runOf(c.at...), c.settings, ""); len(r.Advice) > 0 {
			t.Errorf("%s, at the bound: the advice is %+v", name, r.Advice)
		}
		r := FromRun(runOf(c.beyond...), c.settings, "")
		if len(r.Advice) != 1 {
			t.Errorf("%s: there are %d advices, looked at %q", name, len(r.Advice), r.Looked)
			continue
		}
		a := r.Advice[0]
		if sets(r)[0] != c.set || !strings.Contains(a.Cause, c.cause) || !strings.HasPrefix(a.Do, c.do) || (a.Do == "") != (c.do == "") || len(a.Evidence) == 0 {
			t.Errorf("%s: the advice is %+v", name, a)
		}
	}
}

func TestRequestsOfAQuarterOfTheDefaultAreNotFewBytes(t *testing.T) {
	r := FromRun(runOf(slowRow(2)), httpSettings(logging.HTTPSettings{BatchBytes: defaults().Sink.HTTP.BatchBytes / fewRecords}), "")
	if len(r.Advice) > 0 {
		t.Errorf("the advice is %q", sets(r))
	}
}

// What makes the way slow makes the knee low: one advice is enough.
func TestALowKneeIsEvidenceForWhatIsSlow(t *testing.T) {
	rows := []result.Result{slowRow(2), rowWith(steady, "offered-records/s", 50_000), rowWith(knee, "knee-records/s", 55_000)}
	r := FromRun(runOf(rows...), logging.Settings{AddSource: true}, "")
	if len(r.Advice) != 1 || sets(r)[0] != "add_source: false" {
		t.Fatalf("the advice is %q", sets(r))
	}
	e := r.Advice[0].Evidence
	if last := e[len(e)-1]; last.Scenario != rowPrefix+knee || !strings.Contains(last.Text, "the knee is at 55 k/s; steady offers 50 k/s, which is 90.9 % of it") {
		t.Errorf("the evidence is %+v", e)
	}
	rows[2].Values["knee-records/s"] = six(63_000)
	if r := FromRun(runOf(rows...), logging.Settings{AddSource: true}, ""); len(r.Advice) != 1 || len(r.Advice[0].Evidence) != len(e)-1 {
		t.Errorf("the knee is far, and the advice is %+v", r.Advice)
	}
	rows[2] = rowWith(knee, "knee-records/s", 1000)
	rows[2].Curves = [][]result.CurvePoint{{{Offered: 1000, Held: true}, {Offered: 1100, Missed: 0.02}}}
	if r := FromRun(runOf(rows...), logging.Settings{}, ""); len(r.Advice) > 0 || !strings.Contains(strings.Join(r.Notes, "\n"), "the knee of load/settings/knee says nothing") {
		t.Errorf("the pacer was late, and the advice is %q, the notes %q", sets(r), r.Notes)
	}
}

// A gain is that of one setting where nothing else differs that could slow the way.
func TestAGainIsSharedWithWhatElseDiffers(t *testing.T) {
	with := func(change func(*logging.Settings)) logging.Settings {
		s := logging.Settings{AddSource: true}
		change(&s)
		return s
	}
	for name, c := range map[string]struct {
		settings logging.Settings
		together bool
	}{
		"nothing":                      {with(func(*logging.Settings) {}), false},
		"what happens to a full queue": {with(func(s *logging.Settings) { s.Queue.Overflow, s.Queue.BlockTimeout = queue.DropNewest, 0 }), false},
		"redactors":                    {with(func(s *logging.Settings) { s.Redact.Fields = []string{"password"} }), true},
		"enrichers":                    {with(func(s *logging.Settings) { s.Enrich.Static = map[string]string{"a": "b"} }), true},
		"another that is known":        {with(func(s *logging.Settings) { s.Sink.Sync = true }), true},
	} {
		r := FromRun(runOf(slowRow(1.2)), c.settings, "")
		if len(r.Advice) == 0 || r.Advice[0].Gain == nil || r.Advice[0].Gain.Together != c.together {
			t.Errorf("%s differs too: the advice is %+v, want one whose gain is shared: %v", name, r.Advice, c.together)
		}
	}
}

func TestASlowWayWithoutAKnownCauseIsANote(t *testing.T) {
	for want, s := range map[string]logging.Settings{
		"load/settings/throughput takes 1.20 times as long as with the defaults, and its settings are the defaults: the machine was restless":            {},
		"load/settings/throughput takes 1.20 times as long as with the defaults; redact differs: --sweep or --profile tells whether that is why":         {Redact: logging.RedactSettings{Fields: []string{"password"}}},
		"load/settings/throughput takes 1.20 times as long as with the defaults; queue.capacity differs: --sweep or --profile tells whether that is why": {Queue: logging.QueueSettings{Capacity: 16}},
	} {
		if r := FromRun(runOf(slowRow(1.2)), s, ""); len(r.Advice) > 0 || !slices.Contains(r.Notes, want) {
			t.Errorf("the advice is %q, the notes %q, want %q", sets(r), r.Notes, want)
		}
	}
}

// A full queue alone does not say that anybody waits.
func TestAFullQueueIsNotAWaitOfItsCallers(t *testing.T) {
	s := logging.Settings{Queue: logging.QueueSettings{Capacity: 16}}
	r := FromRun(runOf(waiting(0.01, 16, 2)), s, "")
	if len(r.Advice) != 1 || r.Advice[0].Cause != "the queue of 16 places is too small for what comes at once" {
		t.Errorf("the advice is %+v", r.Advice)
	}
	// Calls that outlast the load count with all of their time.
	r = FromRun(runOf(waiting(1.5, 16, 2)), s, "")
	if len(r.Advice) != 1 || !strings.Contains(r.Advice[0].Evidence[0].Text, "in calls longer than 1 ms callers spent 150 % of the load's length") {
		t.Errorf("the advice is %+v", r.Advice)
	}
}

func TestARowThatBrokeOffIsNamedWithItsReason(t *testing.T) {
	run := runOf(slowRow(1))
	run.Errors = []result.Fault{
		{Scenario: rowPrefix + burst, Text: "the arm was killed\ngoroutine 1"}, {Scenario: rowPrefix + burst, Text: "another"}, {Scenario: "queue/put", Text: "it hung"},
	}
	notes := FromRun(run, logging.Settings{}, "").Notes
	if !slices.Contains(notes, "load/settings/burst broke off in run one: the arm was killed") || !slices.Contains(notes, "load/settings/steady was not measured in run one") {
		t.Errorf("the notes are %q", notes)
	}
	run.Results = nil
	if notes := FromRun(run, logging.Settings{}, "").Notes; len(notes) != 5 || notes[2] != "load/settings/burst broke off in run one: the arm was killed" {
		t.Errorf("all broke off or were not measured, and the notes are %q", notes)
	}
}

func TestWhatNoLoadMeasuresIsTold(t *testing.T) {
	for want, s := range map[string]logging.SinkSettings{
		"":                         {Path: "app.log", Sync: true},
		"sink.rotate had no part ": {Rotate: logging.RotateSettings{Size: 1 << 20}},
		"sink.rotate and sink.routes had no part ": {
			Rotate: logging.RotateSettings{Age: time.Hour}, Routes: []logging.RouteSettings{{Name: "errors"}},
		},
	} {
		if got := Unseen(logging.Settings{Sink: s}); !strings.HasPrefix(got, want) || (got == "") != (want == "") {
			t.Errorf("%+v: %q, want %q", s, got, want)
		}
	}
}
