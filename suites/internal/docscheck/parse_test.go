package docscheck

import (
	"slices"
	"strings"
	"testing"
)

func TestBlocksSpansLinksAndAnchorsAreFound(t *testing.T) {
	d := parse("docs/x.md", strings.ReplaceAll(`# A guide

See 'go doc
./logging' and [the '[table](none)' below](y.md#a-b).

<!-- docs-check: short A=1 -->
<!-- docs-check: exit 2 -->

'''sh
make perf # [no](link) and 'no' span
'''

## Twice: yes!
## Twice: yes!
`, "'", "`"))
	if len(d.faults) > 0 {
		t.Fatal(d.faults)
	}
	if len(d.blocks) != 1 || d.blocks[0].line != 9 || d.blocks[0].language != "sh" || !strings.HasPrefix(d.blocks[0].text, "make perf") {
		t.Errorf("the blocks are %+v", d.blocks)
	}
	if want := []piece{{6, "short A=1"}, {7, "exit 2"}}; len(d.blocks) != 1 || !slices.Equal(d.blocks[0].marks, want) {
		t.Errorf("the block has the marks %v, want %v", d.blocks[0].marks, want)
	}
	if want := []piece{{3, "go doc ./logging"}, {4, "[table](none)"}}; !slices.Equal(d.spans, want) {
		t.Errorf("the spans are %v, want %v", d.spans, want)
	}
	if want := []piece{{4, "y.md#a-b"}}; !slices.Equal(d.links, want) {
		t.Errorf("the links are %v, want %v", d.links, want)
	}
	if want := []string{"a-guide", "twice-yes", "twice-yes-1"}; !slices.Equal(d.anchors, want) {
		t.Errorf("the anchors are %v, want %v", d.anchors, want)
	}
}

func TestWhatCannotBeReadIsAFault(t *testing.T) {
	for text, want := range map[string]string{
		"```sh\nmake":                                 "x.md:1: the block has no end",
		"  ```sh\nmake\n":                             "x.md:1: a fence is written as",
		"<!-- docs-check: exit 1 -->\n\ntext":         "x.md:1: the comment for docs-check stands above no block",
		"<!-- docs-check: exit 1 -->\n":               "x.md:1: the comment for docs-check stands above no block",
		"<!--docs-check: exit 1-->\n```sh\ntrue\n```": "x.md:1: a comment for docs-check is written",
	} {
		if d := parse("x.md", text); len(d.faults) == 0 || !strings.HasPrefix(d.faults[0], want) {
			t.Errorf("%q has the faults %q, want %q", text, d.faults, want)
		}
	}
}

func TestAStepSaysHowItsBlockIsRun(t *testing.T) {
	b := block{language: "sh", marks: []piece{{1, "short A=1 B=x/y=2"}, {2, "exit 0 3"}}}
	if s, err := stepOf(b); err != nil || s.do != run || !slices.Equal(s.exits, []int{0, 3}) || !slices.Equal(s.env, []string{"A=1", "B=x/y=2"}) {
		t.Errorf("the step is %+v, %v", s, err)
	}
	if s, err := stepOf(block{language: "text", marks: []piece{{1, "figures"}}}); err != nil || s.do != compare || !s.figures {
		t.Errorf("the step is %+v, %v", s, err)
	}
	if s, err := stepOf(block{language: "yaml", marks: []piece{{1, "append thresholds.yaml"}}}); err != nil || s.do != add || s.path != "thresholds.yaml" {
		t.Errorf("the step is %+v, %v", s, err)
	}
	for _, text := range []string{"makefile", "queue/put  make gate\n", "go\n"} {
		if s, err := stepOf(block{text: text}); err != nil || s.do != nothing {
			t.Errorf("%q is the step %+v, %v", text, s, err)
		}
	}
	for _, text := range []string{"make gate  # slow\n", "go test ./...\n"} {
		if _, err := stepOf(block{text: text}); err == nil || !strings.Contains(err.Error(), "the language is sh") {
			t.Errorf("%q without a language gives %v", text, err)
		}
	}
	if s, err := stepOf(block{language: "go"}); err != nil || s.do != nothing {
		t.Errorf("the step is %+v, %v", s, err)
	}
	for _, c := range []struct{ language, mark, want string }{
		{"sh", "skip", "skip needs a reason"},
		{"sh", "exit no", `exit is "no": want numbers`},
		{"sh", "short", "short needs variables"},
		{"sh", "short LABELS", `short has "LABELS": want NAME=VALUE`},
		{"sh", "quick", `"quick" is unknown: want`},
		{"sh", "output", "is for a block that is not sh"},
		{"text", "exit 1", "is for an sh block"},
		{"go", "file ../x.go", "want a path within the repository"},
		{"bash", "", "the language is sh"},
	} {
		var marks []piece
		if c.mark != "" {
			marks = []piece{{1, c.mark}}
		}
		if _, err := stepOf(block{language: c.language, marks: marks}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s block with %q gives %v, want %s", c.language, c.mark, err, c.want)
		}
	}
}
