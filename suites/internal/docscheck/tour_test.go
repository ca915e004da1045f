package docscheck

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/logperf/logperf/suites/internal/stat"
)

const toured = "load/settings/throughput"

// tour does what somebody does who has read the README: measure, look, change the
// size of a batch, measure again, see the difference in words and as a page, read
// what to do next, and do it. What it demands rests on counts of writes, which a
// busy machine leaves as they are; the advice alone goes by a ratio of times in
// lockstep.
func tour(t *testing.T, c *tree) {
	t.Helper()
	first := undisturbed(t, c)
	page := strings.TrimSpace(script(t, c, "go tool logperf report"))
	if text := read(t, c, page); !strings.Contains(text, toured) || !strings.Contains(text, first) {
		t.Errorf("the page %s tells of neither the scenario nor the run", page)
	}

	script(t, c, `printf 'batch:\n  bytes: 512\n' > small.yaml`)
	script(t, c, "LOGPERF_SETTINGS=small.yaml make perf ONLY="+toured)
	difference(t, c, first)
	script(t, c, "go tool logperf report --compare -o changes.html")
	text := read(t, c, "changes.html")
	if !strings.Contains(text, first) || !strings.Contains(text, "Batch.Bytes") {
		t.Error("the page of the comparison does not tell of the older run and the setting")
	}
	if !slices.ContainsFunc(strings.Split(text, "<tr>"), func(row string) bool {
		return strings.Contains(row, ">"+toured+"</a><td class=t>writes/1k-op<td>") && strings.Contains(row, ">worse<")
	}) {
		t.Error("the page of the comparison has no row of the writes that says worse")
	}
	proof := advice(t, c, newest(t, c))

	// The proof begins with the variable that wins over the file.
	proved := script(t, c, proof)
	if !regexp.MustCompile(`(?m)^` + toured + ` +writes/1k-op .* better`).MatchString(proved) {
		t.Errorf("the command that proves the advice, %s, prints\n%s", proof, proved)
	}
}

// undisturbed is a run with the defaults, which passes and gets no advice. One whose
// times say nothing, by its own word, is made again: a reader would do so too.
func undisturbed(t *testing.T, c *tree) string {
	t.Helper()
	const most = 3
	for try := 1; ; try++ {
		printed := script(t, c, "make perf ONLY="+toured)
		run := newest(t, c)
		said := script(t, c, "go tool logperf advise")
		doubted := strings.Contains(printed, "INCONCLUSIVE: 1 scenarios") || strings.Contains(said, "the times of "+toured+" say nothing")
		if doubted && try < most {
			t.Logf("run %s is in doubt, once more", run)
			continue
		}
		if !strings.Contains(printed, "PASS: 1 scenarios") {
			t.Errorf("with the defaults the run says\n%s", printed)
		}
		if !strings.HasPrefix(said, "no advice on run "+run) {
			t.Errorf("on the defaults the advice is\n%s", said)
		}
		return run
	}
}

// difference reads what compare says of the two runs.
func difference(t *testing.T, c *tree, first string) {
	t.Helper()
	words := script(t, c, "go tool logperf compare")
	for _, want := range []string{
		`(?m)^old  ` + first,
		`(?m)^  Batch\.Bytes: 65536 -> 512$`,
		`(?m)^` + toured + ` +writes/1k-op .* worse`,
	} {
		if !regexp.MustCompile(want).MatchString(words) {
			t.Errorf("compare does not say %s:\n%s", want, words)
		}
	}
	var all struct {
		Rows []struct {
			Scenario, Reference, Against, Metric, Verdict string
			Ratio                                         stat.Interval
		}
	}
	if err := json.Unmarshal([]byte(script(t, c, "go tool logperf compare --format json")), &all); err != nil {
		t.Fatal(err)
	}
	for _, r := range all.Rows {
		if r.Scenario == toured && r.Reference == "" && r.Metric == "writes/1k-op" {
			if r.Verdict != "worse" || r.Ratio.Lo < 10 {
				t.Errorf("the writes are %v times as many, %s: want at least 10 times, worse", r.Ratio, r.Verdict)
			}
			return
		}
	}
	t.Error("compare has no row of the writes")
}

// advice reads what to do about the small batches, and returns the command that
// proves it.
func advice(t *testing.T, c *tree, run string) string {
	t.Helper()
	said := script(t, c, "LOGPERF_SETTINGS=small.yaml go tool logperf advise")
	for _, want := range []string{
		`(?m)^1\. set batch\.bytes: 64KiB$`,
		`(?m)^   cause     batches are small`,
		`(?m)^   evidence  .* records a write, with the defaults .* \(` + toured + `, run ` + run + `\)$`,
		`(?m)^   gain      .* times as good`,
		`(?m)^   proof     LOGPERF_SETTINGS=small\.yaml LOGPERF_BATCH_BYTES=64KiB make perf ONLY=`,
	} {
		if !regexp.MustCompile(want).MatchString(said) {
			t.Errorf("the advice does not say %s:\n%s", want, said)
		}
	}
	proof := regexp.MustCompile(`(?m)^   proof     (.+)$`).FindStringSubmatch(said)
	if proof == nil {
		t.Fatalf("the advice has no proof:\n%s", said)
	}
	return proof[1]
}

// script runs the words in the copy and returns what they print. They may end with
// one of the statuses; 0 where none is given.
func script(t *testing.T, c *tree, words string, statuses ...int) string {
	t.Helper()
	if err := c.run(t.Context(), step{exits: statuses}, words); err != nil {
		t.Fatalf("%s: %v", words, err)
	}
	return c.printed
}

// newest is the name of the newest run.
func newest(t *testing.T, c *tree) string {
	t.Helper()
	name, err := os.Readlink(filepath.Join(c.dir, "results", "latest"))
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// read is a file of the copy; path may be whole.
func read(t *testing.T, c *tree, path string) string {
	t.Helper()
	if !filepath.IsAbs(path) {
		path = filepath.Join(c.dir, path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
