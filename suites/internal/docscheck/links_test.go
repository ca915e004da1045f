package docscheck

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const index = "docs/README.md"

func TestEachLinkLeadsSomewhere(t *testing.T) {
	all := guides(t)
	for _, d := range all {
		for _, l := range d.links {
			if err := follow(d.path, l.text, all); err != nil {
				t.Errorf("%s:%d: the link to %s: %v", d.path, l.line, l.text, err)
			}
		}
	}
}

// follow looks for the target of a link that stands in the document at from. Other
// hosts are not asked: the tests need no network.
func follow(from, target string, all []document) error {
	if strings.HasPrefix(target, "https://") {
		return nil
	}
	file, anchor, _ := strings.Cut(target, "#")
	name := from
	if file != "" {
		name = path.Join(path.Dir(from), file)
	}
	if _, err := os.Stat(filepath.Join(root, name)); err != nil {
		return fmt.Errorf("there is no %s", name)
	}
	if anchor == "" {
		return nil
	}
	i := slices.IndexFunc(all, func(d document) bool { return d.path == name })
	switch {
	case i < 0:
		return fmt.Errorf("%s is no guide, whose headings could be linked to", name)
	case !slices.Contains(all[i].anchors, anchor):
		return fmt.Errorf("%s has no heading #%s: it has %s", name, anchor, strings.Join(all[i].anchors, ", "))
	}
	return nil
}

func TestTheIndexHasEachGuide(t *testing.T) {
	all := guides(t)
	i := slices.IndexFunc(all, func(d document) bool { return d.path == index })
	if i < 0 {
		t.Fatalf("there is no %s", index)
	}
	for _, d := range all {
		name := path.Base(d.path)
		if d.path != "README.md" && d.path != index && !slices.ContainsFunc(all[i].links, func(l piece) bool { return l.text == name }) {
			t.Errorf("%s does not link to %s", index, name)
		}
	}
	if !slices.ContainsFunc(all[0].links, func(l piece) bool { return l.text == index }) {
		t.Errorf("README.md does not link to %s", index)
	}
}

func TestALinkThatLeadsNowhereIsAFault(t *testing.T) {
	all := []document{{path: "docs/setup.md", anchors: []string{"settings"}}}
	for target, want := range map[string]string{
		"none.md":            "there is no docs/none.md",
		"setup.md#setting":   "docs/setup.md has no heading #setting: it has settings",
		"#setting":           "docs/setup.md has no heading #setting",
		"../go.mod#x":        "go.mod is no guide",
		"setup.md#settings":  "",
		"#settings":          "",
		"../README.md":       "",
		"https://go.dev/#no": "",
	} {
		got := ""
		if err := follow("docs/setup.md", target, all); err != nil {
			got = err.Error()
		}
		if got == want || want != "" && strings.HasPrefix(got, want) {
			continue
		}
		t.Errorf("the link to %s gives %q, want %q", target, got, want)
	}
}
