package result

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/logperf/logperf/suites/internal/stat"
)

// timed stores a run whose first row has times, and returns it and the file.
func timed(t *testing.T, l *library) (run *Run, row Result, path string) {
	t.Helper()
	run, folder := l.begin(nil)
	times := map[string]*stat.Histogram{Service: stat.NewHistogram(), Response: stat.NewHistogram()}
	for i := range int64(1000) {
		times[Service].Record(i)
		times[Response].Record(1000 * i)
	}
	run.Results[0].Times = times
	if err := folder.KeepTimes(&run.Results[0], l.next, time.Minute); err != nil {
		t.Fatal(err)
	}
	if err := folder.Save(run); err != nil {
		t.Fatal(err)
	}
	if err := folder.Publish(); err != nil {
		t.Fatal(err)
	}
	read, err := l.Load(run.ID)
	if err != nil {
		t.Fatal(err)
	}
	return read, read.Results[0], folder.Path("histograms/queue/put.hlog")
}

func TestTheTimesOfARowAreReadBackByTheirTags(t *testing.T) {
	l := newLibrary(t)
	run, row, path := timed(t, l)
	if row.Histograms != "histograms/queue/put.hlog" || row.Times != nil {
		t.Errorf("the row names %q and holds %v", row.Histograms, row.Times)
	}
	times, err := l.Histograms(run, row)
	if err != nil || len(times) != 2 {
		t.Fatalf("%v, %v", times, err)
	}
	if s, r := times[Service], times[Response]; s.Count() != 1000 || r.Count() != 1000 || s.Quantile(0.5) != 499 || r.Max() < 999_000 || r.Max() > 1_000_000 {
		t.Errorf("service %d, %v; response %d, %v", s.Count(), s.Quantile(0.5), r.Count(), r.Max())
	}
	// Tools for this format read it, too.
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r := hdrhistogram.NewHistogramLogReader(bytes.NewReader(text))
	for _, tag := range []string{Response, Service} {
		h, err := r.NextIntervalHistogram()
		if err != nil || h == nil || h.Tag() != tag || h.TotalCount() != 1000 || h.StartTimeMs() != l.next.UnixMilli() {
			t.Errorf("%s: %v, %v", tag, h, err)
		}
	}
	// A row without any has none.
	if times, err := l.Histograms(run, run.Results[1]); err != nil || len(times) != 0 {
		t.Errorf("%v, %v", times, err)
	}
}

func TestAReferenceHasAFileOfItsOwn(t *testing.T) {
	l := newLibrary(t)
	run, folder := l.begin(nil)
	for i := range run.Results {
		h := stat.NewHistogram()
		h.Record(int64(i + 1))
		run.Results[i].Times = map[string]*stat.Histogram{Service: h}
		if err := folder.KeepTimes(&run.Results[i], l.next, 0); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []string{"histograms/queue/put.hlog", "histograms/queue/put/ref=channel.hlog"} {
		times, err := l.Histograms(run, run.Results[i])
		if err != nil || run.Results[i].Histograms != want || times[Service].Max() != float64(i+1) {
			t.Errorf("%s, %v, %v", run.Results[i].Histograms, times, err)
		}
	}
}

func TestADamagedHistogramIsOneSentenceAndLeavesTheRest(t *testing.T) {
	l := newLibrary(t)
	run, row, path := timed(t, l)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(whole), "\n")
	var at int // of the first histogram, that of the response times
	for !strings.HasPrefix(lines[at], "Tag="+Response) {
		at++
	}
	other := hdrhistogram.New(1, 1000, 2)
	if err := other.RecordValue(7); err != nil {
		t.Fatal(err)
	}
	other.SetTag(Response)
	var foreign bytes.Buffer
	if err := hdrhistogram.NewHistogramLogWriter(&foreign).OutputIntervalHistogram(other); err != nil {
		t.Fatal(err)
	}
	head, tail := strings.Join(lines[:at], ""), strings.Join(lines[at+1:], "")
	for what, text := range map[string]string{
		"line 5: the histogram cannot be read: ":                             head + lines[at][:len(lines[at])-20] + "\n" + tail,
		"line 5: the histogram ranges from 1 to 1000 ns at 2 digits: want 1": head + foreign.String() + tail,
		"line 5: it is no line of a histogram log":                           head + "Tag=response\n" + tail,
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		times, err := l.Histograms(run, row)
		if err == nil || !strings.HasPrefix(err.Error(), path+" is damaged: "+what) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v, want %q", err, what)
		}
		if len(times) != 1 || times[Service].Count() != 1000 {
			t.Errorf("%s: the service times are gone: %v", what, times)
		}
	}
	if err := os.WriteFile(path, whole[:len(whole)-30], 0o600); err != nil {
		t.Fatal(err)
	}
	if times, err := l.Histograms(run, row); err == nil || !strings.HasSuffix(err.Error(), "it is cut off in its last line") || len(times) != 1 || times[Response].Count() != 1000 {
		t.Errorf("cut off: %v, %v", times, err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Histograms(run, row); err == nil || !strings.Contains(err.Error(), "the histograms of queue/put are gone: ") {
		t.Errorf("gone: %v", err)
	}
}

func TestNoHistogramIsOutsideOfItsRun(t *testing.T) {
	l := newLibrary(t)
	run, row, _ := timed(t, l)
	for _, path := range []string{"../" + run.ID + "/run.json", "/etc/passwd"} {
		row.Histograms = path
		if _, err := l.Histograms(run, row); err == nil || !strings.Contains(err.Error(), "want a path within the folder of the run") {
			t.Errorf("%s: %v", path, err)
		}
	}
	folder, err := l.Create(time.Now(), "abc")
	if err != nil {
		t.Fatal(err)
	}
	outside := Result{Scenario: "../../x", Times: map[string]*stat.Histogram{Service: stat.NewHistogram()}}
	if err := folder.KeepTimes(&outside, time.Now(), 0); err == nil || !strings.Contains(err.Error(), `"../../x" cannot name a file`) {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(filepath.Join(folder.Path(""), "histograms")); err == nil {
		t.Error("something was written")
	}
}

// TestARunIsTheFolderThatItIsIn: a folder that was renamed or copied has the name
// of another run in its file, and one from elsewhere may have any.
func TestARunIsTheFolderThatItIsIn(t *testing.T) {
	l := newLibrary(t)
	other, _, path := timed(t, l)
	copied := l.next.Add(time.Hour).Format(stamp) + "-copy"
	if err := os.CopyFS(filepath.Join(l.root, copied), os.DirFS(filepath.Join(l.root, other.ID))); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil { // the copy has its own
		t.Fatal(err)
	}
	run, err := l.Load(copied)
	if err != nil || run.ID != copied {
		t.Fatalf("the copy is %+v, %v", run, err)
	}
	if times, err := l.Histograms(run, run.Results[0]); err != nil || times[Service].Count() != 1000 {
		t.Errorf("the copy has the times %v, %v", times, err)
	}
	if run, err := l.Load(copied + "/"); err != nil || run.ID != copied {
		t.Errorf("with a slash it is %+v, %v", run, err)
	}
	foreign := l.folder(`{"schema": 1, "id": "../../x"}`)
	if run, err := l.Load(foreign); err != nil || run.ID != foreign {
		t.Errorf("one that names a folder outside is %+v, %v", run, err)
	}
	if run, err := l.Load(Latest); err != nil || run.ID != other.ID {
		t.Errorf("the latest is %+v, %v, want %s", run, err, other.ID)
	}
}

func TestNoRunIsOutsideOfTheStore(t *testing.T) {
	l := newLibrary(t)
	outside := At(filepath.Join(l.root, "below"))
	run := l.run(nil)
	for _, id := range []string{"../" + run.ID, "..", ".", "", filepath.Join(l.root, run.ID), "x/../../" + run.ID} {
		if _, err := outside.Load(id); err == nil || !strings.Contains(err.Error(), "is the name of no run: want that of a folder in ") {
			t.Errorf("%q: %v", id, err)
		}
	}
}
