package page

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/logperf/logperf/suites/internal/compare"
	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/stat"
)

var update = flag.Bool("update", false, "write the golden files anew")

func written(t *testing.T, in Input) string {
	t.Helper()
	var b strings.Builder
	if err := Write(&b, in); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// whole is all that a page can be made of.
func whole() Input {
	run := small()
	old := small()
	old.ID, old.Settings["Batch"] = "20261124T093000Z-ba9876543210", map[string]any{"Bytes": 1024.0, "Delay": 10000000.0}
	for i, v := range old.Results[0].Values["ns/op"] {
		old.Results[0].Values["ns/op"][i] = v / 2
		old.Results[0].Ratios[0].Slices[i] /= 2
	}
	past := pastOf(run, 5)
	past.Others = 2
	return Input{
		Run: run, Folder: "results/" + run.ID, Histograms: histogramsOf, Past: past,
		Comparison: compare.Compare(old, run, compare.Options{}),
		Notes:      []string{"results/20261123T000000Z-damaged/run.json is damaged: line 3: unexpected end of JSON input"},
	}
}

var (
	builtIn = regexp.MustCompile(`(?s)<style>.*?</style>|<script>.*?</script>`)
	hashes  = regexp.MustCompile(`sha256-(?:[A-Za-z0-9/=]|&#43;)+`) // the page escapes +
	breaks  = regexp.MustCompile(`<(tr|h2|h3|h4|section|details|li|p|figure|script|table|thead|tbody)\b`)
)

// TestThePageWithoutScripts is what a reader has whose browser runs none: each
// table, and behind them the data that a script would draw.
func TestThePageWithoutScripts(t *testing.T) {
	text := builtIn.ReplaceAllString(written(t, whole()), "")
	text = hashes.ReplaceAllString(text, "sha256-")
	got := []byte(breaks.ReplaceAllString(text, "\n$0"))
	path := filepath.Join("testdata", "page.html")
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want) {
		if err := os.WriteFile(path+".got", got, 0o600); err != nil {
			t.Error(err)
		}
		t.Errorf("the page is that of %s.got, not of %s (%v); look at the difference, and run with -update where it is right", path, path, err)
	}
}

func TestWhatNeedsAttentionComesFirst(t *testing.T) {
	in := whole()
	in.Run.Verdicts = append(in.Run.Verdicts, result.Verdict{
		Scenario: "queue/put", Metric: "ns/op", Unit: "ns", Class: "absolute", LimitText: "max 30 ns", Limit: 30, Outcome: result.Inconclusive, Note: "3 values are too few",
	})
	var words []string
	for _, i := range viewOf(in).Attention {
		words = append(words, i.Word+" "+i.ID)
	}
	want := "FAIL s-queue-put, ERROR s-sink-file, INCONCLUSIVE s-queue-put, AT THE LIMIT s-queue-put, IN DOUBT s-load-mixed"
	if got := strings.Join(words, ", "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestAnInterruptedRunNeedsAttention: it is a FAIL, though each limit that was
// judged holds.
func TestAnInterruptedRunNeedsAttention(t *testing.T) {
	run := small()
	run.Verdicts, run.Errors, run.Interrupted = run.Verdicts[:1], nil, true
	run.Results = run.Results[:1]
	if items := viewOf(Input{Run: run}).Attention; len(items) != 1 || items[0].Word != "INTERRUPTED" || items[0].Class != "fail" {
		t.Errorf("what needs attention is %+v", items)
	}
	if text := written(t, Input{Run: run}); strings.Contains(text, "<p>Nothing.") || !strings.Contains(text, "not all selected scenarios have run") {
		t.Error("the page says that nothing needs attention")
	}
}

// TestTextsOfTheRunAreShownAndNotObeyed: a scenario's name, an error, a commit,
// a setting may hold anything.
func TestTextsOfTheRunAreShownAndNotObeyed(t *testing.T) {
	const evil = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'`${x}&amp;\x1b[31m\x00\u202e\u2028\xff"
	run := small()
	run.ID, run.Filter, run.Environment.Commit, run.Environment.CPU = evil, evil, evil, evil
	run.Settings[evil] = evil
	run.Corpus = &result.Corpus{Path: evil, SHA256: evil}
	run.Errors = []result.Fault{{Scenario: evil, Text: evil + "\n" + evil}}
	r := &run.Results[0]
	r.Scenario, r.Labels, r.Limiter, r.Doubt = evil, []string{"subject:" + evil}, evil, evil
	r.Doubts, r.Counts, r.Profiles = map[string]string{evil: evil}, map[string]int64{evil: 1}, map[string]string{evil: evil}
	r.Values[evil] = []float64{1, 2}
	r.Ratios[0].Against = evil
	run.Results[1].Scenario, run.Results[1].Reference = evil, evil
	run.Results[2].Timelines[0][0].Values[evil] = 3
	for i := range run.Verdicts {
		v := &run.Verdicts[i]
		v.Scenario, v.Against, v.LimitText, v.Note, v.Why, v.File = evil, evil, evil, evil, evil, evil
	}
	past := pastOf(run, 3)
	past.Runs[0].ID, past.Runs[0].Commit, past.Runs[0].Settings = evil, evil, []string{evil}
	text := written(t, Input{
		Run: run, Folder: evil, Past: past, Notes: []string{evil}, Comparison: compare.Compare(small(), run, compare.Options{}),
		Histograms: func(result.Result) (map[string]*stat.Histogram, error) { return nil, errors.New(evil) },
	})
	if !strings.Contains(text, "&lt;img src=x") {
		t.Error("the texts are not shown")
	}
	if n, want := strings.Count(text, "<script"), strings.Count(text, "</script>"); n != want {
		t.Errorf("%d scripts begin and %d end", n, want)
	}
	for _, bad := range []string{"<script>alert", "<img", "\x1b", "\x00", "\u202e", "\u2028", "\xff", "javascript:"} {
		shown := builtIn.ReplaceAllString(text, "")
		if i := strings.Index(shown, bad); i >= 0 {
			t.Errorf("the page has %q: ...%q...", bad, shown[max(0, i-100):min(len(shown), i+50)])
		}
	}
}

func TestWhatIsMissingIsSaidInPlaceAndTheRestIsShown(t *testing.T) {
	run := small()
	run.Results[0].Values["ns/op"] = []float64{math.NaN(), 20, 21, math.Inf(1), 22, 23}
	run.Results[0].Values["old-name/op"] = []float64{1, 2, 3}
	run.Results[0].Values["empty"] = nil
	run.Results[2].Curves[0][0].ResponseP99 = math.NaN()
	run.Results[2].Timelines[0][2].Values["depth"] = math.NaN()
	run.Verdicts[1].Interval.Center, run.Verdicts[1].Headroom = math.NaN(), math.NaN()
	text := written(t, Input{Run: run, Histograms: func(r result.Result) (map[string]*stat.Histogram, error) {
		found, _ := histogramsOf(r)
		delete(found, result.Response)
		return found, errors.New("histograms/queue/put.hlog is damaged: line 4")
	}})
	for _, want := range []string{
		"ns/op of subject: 2 of 6 repetitions have no number.", "old-name/op is a metric that this program does not know",
		"histograms/queue/put.hlog is damaged: line 4", "subject, service", "load/mixed", "The scenario left no figures.",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	for _, bad := range []string{"NaN", "json: ", "+Inf"} {
		if strings.Contains(builtIn.ReplaceAllString(text, ""), bad) {
			t.Errorf("the page has %q", bad)
		}
	}
}

func TestAnEmptyRunHasAPage(t *testing.T) {
	text := written(t, Input{Run: &result.Run{Outcome: result.Pass}})
	if !strings.Contains(text, "Nothing") || !strings.Contains(text, "0 scenarios, 0 limits") {
		t.Error("the page says nothing of an empty run")
	}
	if err := Write(io.Discard, Input{}); err == nil {
		t.Error("a page of no run is written")
	}
}

// TestThePageAsksForNothing: whatever could load something has no address.
func TestThePageAsksForNothing(t *testing.T) {
	text := written(t, whole())
	if found := regexp.MustCompile(`(?i)(src|srcset|action|poster|data)=["']?(https?:|//)|@import|url\(|<link|<base|<iframe|<object`).FindString(builtIn.ReplaceAllString(text, "") + style); found != "" {
		t.Errorf("the page has %q", found)
	}
	for _, want := range []string{"default-src &#39;none&#39;", "script-src &#39;sha256-"} {
		if !strings.Contains(text, want) {
			t.Errorf("the policy does not have %q", want)
		}
	}
}

func TestSixtyScenariosFitIntoTwoMegabytes(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b, largest()); err != nil {
		t.Fatal(err)
	}
	if b.Len() > 2_000_000 {
		t.Errorf("the page has %d bytes: want at most 2,000,000", b.Len())
	}
}

func TestAnAnchorBelongsToOneScenario(t *testing.T) {
	a := anchors{}
	for _, c := range [][2]string{
		{"queue/put-take", "s-queue-put-take"}, {"queue/put/take", "s-queue-put-take--2"}, {"QUEUE put take", "s-queue-put-take--3"}, {"<>", "s-"}, {"é", "s---2"},
	} {
		if got := a.of(c[0]); got != c[1] {
			t.Errorf("%s: %s, want %s", c[0], got, c[1])
		}
	}
}

func TestThinningKeepsTheExtremes(t *testing.T) {
	n := 1000
	depth, flat := make([]float64, n), make([]float64, n)
	for i := range depth {
		depth[i] = 5
	}
	depth[501], depth[777], depth[10] = 99, -3, math.NaN()
	kept := extremes([][]float64{depth, flat}, n, 50)
	has := map[int]bool{}
	for _, k := range kept {
		has[k] = true
	}
	if !has[0] || !has[999] || !has[501] || !has[777] || len(kept) > 54 || len(kept) < 40 {
		t.Errorf("of 1000 moments these are kept: %v", kept)
	}
	if all := extremes(nil, 3, 50); len(all) != 3 {
		t.Errorf("of 3 moments these are kept: %v", all)
	}
}

func TestTheBarOfALeastValueReadsAsThatOfAGreatest(t *testing.T) {
	for _, c := range []struct {
		text   string
		limit  float64
		center float64
		want   string
	}{
		{"max 100 ns", 100, 50, "48.0"},
		{"max 100 ns", 100, 100, "96.0"},
		{"max 100 ns", 100, 900, "120.0"},
		{"min 100 k", 100, 100, "96.0"},
		{"min 100 k", 100, 150, "48.0"},
		{"min 100 k", 100, 300, "0.0"},
		{">= 2 x zap", 2, 1, "120.0"},
	} {
		v := result.Verdict{LimitText: c.text, Limit: c.limit, Interval: stat.Interval{Center: c.center, N: 6}}
		if got := barOf(v).Used; got != c.want {
			t.Errorf("%s at %v: %s, want %s", c.text, c.center, got, c.want)
		}
	}
	if barOf(result.Verdict{}) != nil {
		t.Error("a limit of 0 has a bar")
	}
}

func BenchmarkPageOfSixtyScenarios(b *testing.B) {
	in := largest()
	var size bytes.Buffer
	for b.Loop() {
		size.Reset()
		if err := Write(&size, in); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(size.Len()), "B/page")
}
