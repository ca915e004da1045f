// Package drill proves that a regression is caught: it plants known ones into
// the code, builds with them, and sees that the limit or the gate that is named
// for each says FAIL. Code that only looks different has to pass.
//
// A plant is a replacement at a unique place of a file, applied with Go's build
// overlay, so that the tree is never touched.
package drill

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// By says what has to catch a plant.
type By string

// What catches plants.
const (
	// Threshold is a limit of thresholds.yaml, in a run of the suite.
	Threshold By = "threshold"
	// Gate is the comparison of two builds.
	Gate By = "gate"
)

// A Plant is one change to the code: a known regression, or code that is never
// called. It is a file of its own, NAME.yaml.
type Plant struct {
	// Name is that of its file, without the ending.
	Name string `yaml:"-"`
	// Title says what the plant does, as the rest of a sentence that begins with
	// "the planted code": "allocates for each record".
	Title string `yaml:"title"`
	// File is where it is planted, from the root of the repository.
	File string `yaml:"file"`
	// Anchor is a text that occurs once in File; Fault takes its place.
	Anchor string `yaml:"anchor"`
	Fault  string `yaml:"fault"`
	// Unchanged marks a plant that changes nothing but the layout of the code:
	// each of its catches must not say FAIL.
	Unchanged bool `yaml:"unchanged"`
	// Short marks what a short drill plants.
	Short bool `yaml:"short"`
	// Power marks a plant whose catches by the gate are measured many times over.
	Power bool `yaml:"power"`
	// Runs is the most runs of a measured power, for a plant whose runs take long; 0
	// means as many as are asked for.
	Runs int `yaml:"runs"`
	// Catch is what has to catch it. All of them have to.
	Catch []Catch `yaml:"catch"`
	// Effect is what was measured of it, in words; empty until it was. The README of
	// the plants says when and where.
	Effect string `yaml:"effect"`
}

// A Catch is what has to notice a plant, and where.
type Catch struct {
	By       By     `yaml:"by"`
	Scenario string `yaml:"scenario"`
	// Metric is what the verdict stands on, as result.Verdict.Of writes it:
	// "allocs/op", or "ns/op / zerolog" for the ratio to a reference.
	Metric string `yaml:"metric"`
	// Error is a part of what the scenario breaks off with, where it leaves no
	// verdict; then Metric is empty.
	Error string `yaml:"error"`
	// Profile forces a profile of thresholds.yaml, whose limits would otherwise
	// be judged on its machines alone.
	Profile string `yaml:"profile"`
	// NoCounts withholds the counted instructions from the gate, so that time has
	// to show the plant.
	NoCounts bool `yaml:"no_counts"`
}

// What is the metric or the error.
func (c Catch) What() string {
	if c.Error != "" {
		return fmt.Sprintf("ERROR %q", c.Error)
	}
	return c.Metric
}

// Read reads all plants of a folder, sorted by name. The error names each file
// that is at fault.
func Read(folder fs.FS) ([]Plant, error) {
	names, err := fs.Glob(folder, "*.yaml")
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, errors.New("the folder holds no plant: want files NAME.yaml")
	}
	slices.Sort(names)
	var plants []Plant
	var faults []error
	for _, name := range names {
		p, err := read(folder, name)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", name, err))
		}
		plants = append(plants, p)
	}
	return plants, errors.Join(faults...)
}

func read(folder fs.FS, name string) (Plant, error) {
	f, err := folder.Open(name)
	if err != nil {
		return Plant{}, err
	}
	defer func() { _ = f.Close() }()
	p := Plant{Name: strings.TrimSuffix(name, path.Ext(name))}
	if err := yaml.NewDecoder(f, yaml.Strict()).Decode(&p); err != nil {
		return p, fmt.Errorf("no plant: %w", err)
	}
	return p, p.check()
}

var nameGrammar = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// check reports all faults of a plant at once.
func (p Plant) check() error {
	var faults []error
	want := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	want(nameGrammar.MatchString(p.Name), "the name is %q: want words of a-z and 0-9 with - between them", p.Name)
	want(p.Title != "", "it has no title")
	want(fs.ValidPath(p.File) && strings.HasSuffix(p.File, ".go") && !strings.HasSuffix(p.File, "_test.go"),
		"the file is %q: want the path of a Go file, no test, from the root of the repository", p.File)
	want(strings.TrimSpace(p.Anchor) != "", "the anchor is empty")
	want(p.Fault != p.Anchor, "the fault is the anchor: it would change nothing")
	want(len(p.Catch) > 0, "nothing is named that has to catch it: want one catch or more")
	want(!p.Power || !slices.ContainsFunc(p.Catch, func(c Catch) bool { return c.By != Gate }),
		"it is marked power, which is the gate's: want no catch by another")
	want(p.Runs >= 0, "runs is %d: want 1 or more, or none for as many as are asked for", p.Runs)
	want(p.Runs == 0 || p.Power, "runs is for a plant marked power")
	for i, c := range p.Catch {
		if err := c.check(p.Unchanged); err != nil {
			faults = append(faults, fmt.Errorf("catch %d: %w", i+1, err))
		}
	}
	return errors.Join(faults...)
}

func (c Catch) check(unchanged bool) error {
	switch {
	case c.By != Threshold && c.By != Gate:
		return fmt.Errorf("by is %q: want %s or %s", c.By, Threshold, Gate)
	case c.Scenario == "":
		return errors.New("it names no scenario")
	case unchanged && c.What() != "":
		return errors.New("it names what notices a change, of a plant that changes nothing: leave out metric and error")
	case !unchanged && (c.Metric == "") == (c.Error == ""):
		return errors.New("it names both or none of metric and error: want one of them")
	case c.By == Gate && (c.Error != "" || c.Profile != ""):
		return errors.New("error and profile are for thresholds: the gate has a verdict on a metric")
	case c.By == Threshold && c.NoCounts:
		return errors.New("no_counts is for the gate: thresholds count nothing")
	}
	return nil
}
