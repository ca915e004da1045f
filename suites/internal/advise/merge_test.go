package advise

import (
	"slices"
	"strings"
	"testing"

	"github.com/logperf/logperf/logging/queue"
	"github.com/logperf/logperf/suites/internal/stat"
)

// counted is advice of a run, whose gain nobody knows; measured is that of a sweep.
func counted(set ...Change) Advice {
	return Advice{Set: set, Cause: "the counters say so", Evidence: []Evidence{{"run one", rowPrefix + burst, "12 % full"}}, Proof: "make perf"}
}

func measured(set ...Change) Advice {
	return Advice{
		Set: set, Cause: "another value is better", Evidence: []Evidence{{"sweep", sweepPrefix + burst, "2 times as good"}}, Proof: "make perf",
		Gain: &Gain{What: "calls", Scenario: sweepPrefix + burst, Factor: stat.Interval{Center: 2, Lo: 1.9, Hi: 2.1, Confidence: 0.95, N: 6}},
	}
}

func losing(a Advice) Advice {
	a.Loses = true
	return a
}

func trial(verdict string, confirmed bool, set ...Change) Trial {
	return Trial{Set: set, Confirmed: confirmed, Verdict: verdict, Factors: []Factor{
		{What: "calls", Scenario: sweepPrefix + burst, Factor: stat.Interval{Center: 1.01, Lo: 0.98, Hi: 1.03, Confidence: 0.95, N: 6}},
	}}
}

func TestAfterASweepNoTwoAdvicesSetTheSame(t *testing.T) {
	block, wide, wider := overflow(queue.Block), capacity(8192), capacity(32768)
	for name, c := range map[string]struct {
		run, sweep []Advice
		want       []string
	}{
		"the same value":             {[]Advice{counted(wide)}, []Advice{measured(wide)}, []string{"queue.capacity: 8192"}},
		"another value":              {[]Advice{counted(batchBytes(64 << 10))}, []Advice{measured(batchBytes(256 << 10))}, []string{"batch.bytes: 256KiB"}},
		"one of a pair":              {[]Advice{counted(noSource())}, []Advice{measured(batchBytes(64<<10), noSource())}, []string{"batch.bytes: 64KiB, add_source: false"}},
		"a pair, each by itself":     {[]Advice{counted(block, wide)}, []Advice{measured(wider), measured(block)}, []string{"queue.capacity: 32768", "queue.overflow: block"}},
		"another setting":            {[]Advice{counted(noSync())}, []Advice{measured(wide)}, []string{"queue.capacity: 8192", "sink.sync: false"}},
		"both end the loss":          {[]Advice{losing(counted(block, wide))}, []Advice{losing(measured(block))}, []string{"queue.overflow: block"}},
		"the run's alone ends it":    {[]Advice{losing(counted(block, wide))}, []Advice{measured(wider)}, []string{"queue.overflow: block, queue.capacity: 8192"}},
		"it ends it with that value": {[]Advice{losing(counted(block, wide))}, []Advice{measured(wide)}, []string{"queue.overflow: block, queue.capacity: 8192", "queue.capacity: 8192"}},
		"no setting helps":           {[]Advice{counted()}, []Advice{measured(wide)}, []string{"queue.capacity: 8192", ""}},
		"the sweep has found none":   {[]Advice{counted(wide)}, nil, []string{"queue.capacity: 8192"}},
		"there was no run":           {nil, []Advice{measured(wide)}, []string{"queue.capacity: 8192"}},
	} {
		if got := sets(Merge(Report{Run: "one", Advice: c.run}, Report{Advice: c.sweep})); !slices.Equal(got, c.want) {
			t.Errorf("%s: the advice is %q, want %q", name, got, c.want)
		}
	}
}

func TestTheSweepsAdviceHasWhatTheRunSaysOfTheCause(t *testing.T) {
	run, sweep := Report{Run: "one", Advice: []Advice{counted(capacity(8192))}}, Report{Advice: []Advice{measured(capacity(32768))}}
	a := Merge(run, sweep).Advice[0]
	if a.Cause != "the counters say so" || len(a.Evidence) != 2 || a.Evidence[0].Source != "sweep" || a.Evidence[1].Source != "run one" {
		t.Errorf("%+v", a)
	}
	if b := sweep.Advice[0]; b.Cause != "another value is better" || len(b.Evidence) != 1 {
		t.Errorf("the report of the sweep has changed: %+v", b)
	}
}

func TestWhatTheSweepHasTriedInVainIsNoAdvice(t *testing.T) {
	set := batchBytes(64 << 10)
	for name, c := range map[string]struct {
		tried    []Trial
		loses    bool
		kept     bool
		evidence string // of the sweep; empty: none
		note     bool
	}{
		"no difference":                     {[]Trial{trial("no difference", false, set)}, false, false, "", true},
		"worse":                             {[]Trial{trial("worse", true, set)}, false, false, "", true},
		"better here, worse there":          {[]Trial{trial("mixed", true, set)}, false, true, "mixed: calls 1.01x [0.98 .. 1.03]", false},
		"better, and not at second look":    {[]Trial{trial("better", false, set), trial("no difference", true, set)}, false, false, "", true},
		"not measured":                      {[]Trial{trial("not measured", false, set)}, false, true, "", false},
		"another value":                     {[]Trial{trial("no difference", false, batchBytes(256<<10))}, false, true, "", false},
		"no difference, and it ends a loss": {[]Trial{trial("no difference", false, set)}, true, true, "no difference: calls 1.01x [0.98 .. 1.03]", false},
	} {
		a := counted(set)
		a.Loses = c.loses
		r := Merge(Report{Run: "one", Advice: []Advice{a}}, Report{Tried: c.tried, Notes: []string{"of the sweep"}})
		if (len(r.Advice) == 1) != c.kept {
			t.Errorf("%s: the advice is %q", name, sets(r))
			continue
		}
		const note = "run one speaks for batch.bytes: 64KiB, because the counters say so; the sweep tried it: "
		if got := slices.ContainsFunc(r.Notes, func(n string) bool { return strings.HasPrefix(n, note) }); got != c.note || !slices.Contains(r.Notes, "of the sweep") {
			t.Errorf("%s: the notes are %q", name, r.Notes)
		}
		if !c.kept {
			continue
		}
		got := ""
		for _, e := range r.Advice[0].Evidence {
			if e.Source == "sweep" {
				got = e.Text
			}
		}
		if got != c.evidence {
			t.Errorf("%s: the evidence of the sweep is %q, want %q", name, got, c.evidence)
		}
	}
}

func TestAfterASweepNobodyIsSentToSweep(t *testing.T) {
	together := measured(noSync())
	together.Gain.Together = true
	r := Report{Advice: []Advice{counted(capacity(8192)), together}}
	for swept, want := range map[bool][]string{
		false: {"   gain      unknown, run --sweep\n", "; alone unknown, run --sweep\n"},
		true:  {"   gain      unknown\n", "; alone unknown\n"},
	} {
		r.Tried = nil
		if swept {
			r.Tried = []Trial{trial("mixed", true, noSource())}
		}
		var text strings.Builder
		if err := r.Write(&text); err != nil {
			t.Fatal(err)
		}
		for _, one := range want {
			if !strings.Contains(text.String(), one) {
				t.Errorf("swept %v: want %q in\n%s", swept, one, text.String())
			}
		}
	}
}

func TestTheEvidenceOfAProfileGoesToTheAdviceThatIsThere(t *testing.T) {
	profiled := Report{
		Advice: []Advice{
			{Set: []Change{noSource()}, Cause: "each call looks", Evidence: []Evidence{{"profile cpu", Profiled, "30 %"}}},
			{Do: "make the stage cheaper", Cause: "a stage is slow", Evidence: []Evidence{{"profile cpu", Profiled, "40 %"}}},
		},
		Looked: []string{"profile"}, Notes: []string{"of the profile"}, Stages: []Share{{Stage: stageSource, Share: 0.3}},
	}
	rest := Report{Run: "one", Advice: []Advice{counted(noSource()), counted()}, Looked: []string{"run"}}
	r := Join(rest, profiled)
	if want := []string{"add_source: false", "", ""}; !slices.Equal(sets(r), want) {
		t.Fatalf("the advice is %q, want %q", sets(r), want)
	}
	if e := r.Advice[0].Evidence; len(e) != 2 || e[1].Source != "profile cpu" || len(rest.Advice[0].Evidence) != 1 {
		t.Errorf("the evidence is %+v, that of the run alone %+v", e, rest.Advice[0].Evidence)
	}
	if r.Run != "one" || !slices.Equal(r.Looked, []string{"run", "profile"}) || !slices.Equal(r.Notes, []string{"of the profile"}) || len(r.Stages) != 1 {
		t.Errorf("%+v", r)
	}
}
