package docscheck

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A deed is what becomes of a block.
type deed int

const (
	nothing deed = iota // it is to be read
	run                 // as a script
	skip
	compare // with what the last script has printed
	write   // as a file
	add     // to a file
)

// commands begin a block that is to be typed.
var commands = regexp.MustCompile(`^(make|go) `)

// A step is a block as its comments say.
type step struct {
	do      deed
	env     []string // of a script
	exits   []int    // the statuses that are right; none: 0
	reason  string   // to skip
	figures bool     // compare without looking at numbers
	path    string   // of a file
}

// stepOf reads the comments of a block. Only sh blocks are run without one.
func stepOf(b block) (step, error) {
	var s step
	switch b.language {
	case "sh":
		s.do = run
	case "bash", "console", "shell", "zsh":
		return s, errors.New("the language is sh: other blocks are not run")
	case "":
		if commands.MatchString(b.text) {
			return s, errors.New("it begins with a command: the language is sh, and it is run, or skipped with a reason")
		}
	}
	for _, m := range b.marks {
		word, rest, _ := strings.Cut(m.text, " ")
		if err := s.read(word, strings.TrimSpace(rest), b.language == "sh"); err != nil {
			return s, fmt.Errorf("docs-check: %w", err)
		}
	}
	return s, nil
}

func (s *step) read(word, rest string, script bool) error {
	forScripts := slices.Contains([]string{"short", "exit", "skip"}, word)
	switch {
	case !forScripts && !slices.Contains([]string{"output", "figures", "file", "append"}, word):
		return fmt.Errorf("%q is unknown: want short, exit, skip, output, figures, file or append", word)
	case forScripts && !script:
		return fmt.Errorf("%s is for an sh block", word)
	case !forScripts && script:
		return fmt.Errorf("%s is for a block that is not sh", word)
	}
	switch word {
	case "short":
		s.env = strings.Fields(rest)
		return variables(s.env)
	case "exit":
		return s.statuses(rest)
	case "skip":
		if s.do, s.reason = skip, rest; rest == "" {
			return errors.New("skip needs a reason")
		}
	case "output", "figures":
		s.do, s.figures = compare, word == "figures"
	case "file", "append":
		if s.do, s.path = write, rest; word == "append" {
			s.do = add
		}
		if !filepath.IsLocal(rest) {
			return fmt.Errorf("%s has the path %q: want a path within the repository", word, rest)
		}
	}
	return nil
}

// statuses reads those that a script may end with.
func (s *step) statuses(rest string) error {
	for _, one := range strings.Fields(rest) {
		n, err := strconv.Atoi(one)
		if err != nil {
			return fmt.Errorf("exit is %q: want numbers", rest)
		}
		s.exits = append(s.exits, n)
	}
	if s.exits == nil {
		return errors.New("exit needs a number")
	}
	return nil
}

func variables(all []string) error {
	if len(all) == 0 {
		return errors.New("short needs variables that make the block short")
	}
	for _, one := range all {
		if name, _, ok := strings.Cut(one, "="); !ok || name == "" {
			return fmt.Errorf("short has %q: want NAME=VALUE", one)
		}
	}
	return nil
}

func TestTheGuidesCanBeRead(t *testing.T) {
	for _, d := range guides(t) {
		for _, fault := range d.faults {
			t.Error(fault)
		}
		scripts := false
		for _, b := range d.blocks {
			s, err := stepOf(b)
			switch {
			case err != nil:
				t.Errorf("%s:%d: %v", d.path, b.line, err)
			case s.do == compare && !scripts:
				t.Errorf("%s:%d: no sh block that is run stands before this output", d.path, b.line)
			}
			scripts = scripts || s.do == run
		}
	}
}
