package docscheck

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// A document is what is held to the tree of a Markdown file. Lines count from 1.
type document struct {
	path   string // from the root of the repository
	blocks []block
	spans  []piece // code within text
	links  []piece // targets of links and pictures
	// anchors are what a link behind "#" may name.
	anchors []string
	// faults are sentences on what cannot be read.
	faults []string
}

// A block is fenced code.
type block struct {
	line     int // of the fence
	language string
	text     string
	marks    []piece // what stands behind "docs-check:" in the comments above
}

// A piece is some text and where it stands.
type piece struct {
	line int
	text string
}

var (
	fence   = regexp.MustCompile("^```([a-z]*)$")
	mark    = regexp.MustCompile(`^<!-- docs-check: (.*) -->$`)
	heading = regexp.MustCompile(`^#{1,6} (.+)$`)
	code    = regexp.MustCompile("`(?:[^`\n]|\n[^`\n])+`") // not over an empty line
	link    = regexp.MustCompile(`\]\(([^()\s]+)\)`)
)

// parse reads the Markdown that the guides are written in: fences begin a line,
// code within text has single backticks, links are inline. A whole reader of
// Markdown would know more, and bring a dependency for it.
func parse(path, text string) document {
	d := document{path: path}
	lines := strings.Split(text, "\n")
	var prose []string // the lines outside of fences, the others empty
	var marks []piece
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		prose = append(prose, "")
		switch open := fence.FindStringSubmatch(line); {
		case open != nil:
			n := slices.Index(lines[i+1:], "```")
			if n < 0 {
				d.fault(i+1, "the block has no end")
				return d
			}
			d.blocks = append(d.blocks, block{line: i + 1, language: open[1], text: strings.Join(lines[i+1:i+1+n], "\n") + "\n", marks: marks})
			marks, prose = nil, append(prose, make([]string, n+1)...)
			i += n + 1
		case strings.HasPrefix(strings.TrimSpace(line), "```"):
			d.fault(i+1, "a fence is written as three backticks and a language of a-z at the beginning of a line")
		case mark.MatchString(line):
			marks = append(marks, piece{i + 1, mark.FindStringSubmatch(line)[1]})
		case strings.Contains(line, "docs-check:") && strings.HasPrefix(line, "<!--"):
			d.fault(i+1, "a comment for docs-check is written <!-- docs-check: WORD ... -->")
		case strings.TrimSpace(line) != "":
			if marks != nil {
				d.fault(marks[0].line, "the comment for docs-check stands above no block")
				marks = nil
			}
			prose[i] = line
		}
	}
	if marks != nil {
		d.fault(marks[0].line, "the comment for docs-check stands above no block")
	}
	if first, _, _ := strings.Cut(text, "\n"); !heading.MatchString(first) {
		d.fault(1, "the first line is no heading")
	}
	d.anchors = anchors(prose)
	d.inline(strings.Join(prose, "\n"))
	return d
}

func (d *document) fault(line int, text string) {
	d.faults = append(d.faults, fmt.Sprintf("%s:%d: %s", d.path, line, text))
}

// inline finds code and links. Code may go over the end of a line, and what looks
// like a link in it is none.
func (d *document) inline(prose string) {
	lineOf := func(at int) int { return 1 + strings.Count(prose[:at], "\n") }
	plain := []byte(prose)
	for _, at := range code.FindAllStringIndex(prose, -1) {
		d.spans = append(d.spans, piece{lineOf(at[0]), strings.Join(strings.Fields(prose[at[0]+1:at[1]-1]), " ")})
		for i := at[0]; i < at[1]; i++ {
			plain[i] = 'x'
		}
	}
	for _, at := range link.FindAllSubmatchIndex(plain, -1) {
		d.links = append(d.links, piece{lineOf(at[0]), prose[at[2]:at[3]]})
	}
}

// anchors are those that GitHub gives to headings: lower case, without
// punctuation, with "-" for spaces; the second of the same name ends with -1.
func anchors(prose []string) []string {
	var all []string
	seen := map[string]int{}
	for _, line := range prose {
		title := heading.FindStringSubmatch(line)
		if title == nil {
			continue
		}
		name := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, strings.TrimSpace(title[1]))
		if n := seen[name]; n > 0 {
			all = append(all, fmt.Sprintf("%s-%d", name, n))
		} else {
			all = append(all, name)
		}
		seen[name]++
	}
	return all
}
