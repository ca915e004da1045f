package lockstep

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/logperf/logperf/suites/internal/experiment"
)

// pairOf runs a pair of a scenario of the tests; the modes say what the two arms
// are.
func pairOf(t *testing.T, s experiment.Scenario, base, head string, number int, change func(*Options)) (*PairResult, error) {
	t.Helper()
	o := options(t, "unused")
	if change != nil {
		change(&o)
	}
	path := o.Command.Path
	command := func(mode string) Command {
		return Command{Path: path, Env: append(os.Environ(), armVariable+"="+mode)}
	}
	o.Command = Command{}
	return Pair(t.Context(), s, command(base), command(head), number, o)
}

func TestAPairOfOneBuildIsAboutEqual(t *testing.T) {
	p, err := pairOf(t, scenario(t, "same"), "serve", "serve", 3, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ns/op", "total-ns/op", "cpu-ns/op"} {
		if _, ok := p.Logs[name]; !ok {
			t.Errorf("there is no ratio of %s: %v", name, p.Logs)
		}
	}
	within(t, "ns/op", []float64{math.Exp(p.Logs["ns/op"])}, 0.5, 2)
	if p.Number != 3 || p.N < 1 || p.Base.N != p.N || p.Head.N != p.N || len(p.Base.Slices) != len(p.Head.Slices) {
		t.Errorf("pair %d of %d operations; the arms have %d and %d operations, %d and %d slices",
			p.Number, p.N, p.Base.N, p.Head.N, len(p.Base.Slices), len(p.Head.Slices))
	}
	if p.Sliced <= 0 || p.Turns <= 0 || p.Overhead() <= 0 {
		t.Errorf("taking turns with slices of %v cost %v, overhead %v", p.Sliced, p.Turns, p.Overhead())
	}
	for _, a := range []Arm{p.Base, p.Head} {
		if v, ok := a.Values["allocs/op"]; !ok || v != 0 {
			t.Errorf("allocs/op is %v, want 0", v)
		}
	}
}

// TestAPairTellsHeadFromBase: the head does three times the work of the base.
func TestAPairTellsHeadFromBase(t *testing.T) {
	p, err := pairOf(t, scenario(t, "weight"), "serve", "heavy", 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	within(t, "three times the work", []float64{math.Exp(p.Logs["ns/op"])}, 1.5, 6)
}

// TestAPairStretchesItsSlices: beyond what the scenario allows no slice goes.
func TestAPairStretchesItsSlices(t *testing.T) {
	sizes := func(stretch, most int) int {
		s := scenario(t, "same")
		s.MaxOps = most
		p, err := pairOf(t, s, "serve", "serve", 0, func(o *Options) { o.Stretch, o.Check = stretch, false })
		if err != nil {
			t.Fatal(err)
		}
		return p.N
	}
	one, many := sizes(1, 0), sizes(64, 0)
	if many < 4*one {
		t.Errorf("slices stretched 64 times have %d operations, the others %d", many, one)
	}
	if most := 8 * one; sizes(64, most) != most {
		t.Errorf("slices stretched 64 times do not have the %d operations that the scenario allows", most)
	}
}

func TestAPairHasTheLapsOfTheScenario(t *testing.T) {
	p, err := pairOf(t, scenario(t, "laps"), "serve", "serve", 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := p.Logs["caller-ns/op"]; !ok {
		t.Errorf("the lap caller-ns/op has no ratio: %v", p.Logs)
	}
	if _, ok := p.Logs["drain-ns/op"]; ok {
		t.Errorf("a lap that takes no time has a ratio: %v", p.Logs)
	}
}

func TestAPairOfASingleSlice(t *testing.T) {
	p, err := pairOf(t, scenario(t, "once"), "serve", "serve", 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Head.Slices) != 1 || p.N != 5000 {
		t.Errorf("%d slices of %d operations, want 1 of 5000", len(p.Head.Slices), p.N)
	}
}

func TestAPairLeavesProfilesOfBothSides(t *testing.T) {
	dir := t.TempDir()
	s := scenario(t, "weight")
	s.Slices = 3 // and not as many as the samples of a real profile need
	p, err := pairOf(t, s, "serve", "heavy", 0, func(o *Options) { o.Profile = dir })
	if err != nil {
		t.Fatal(err)
	}
	for side, a := range map[string]Arm{"base": p.Base, "head": p.Head} {
		for _, kind := range profileKinds {
			path := a.Profiles[kind]
			if _, err := os.Stat(path); err != nil || filepath.Dir(path) != filepath.Join(dir, side) {
				t.Errorf("the profile %s of %s is %q (%v)", kind, side, path, err)
			}
		}
	}
}

func TestASideThatFailsIsNamed(t *testing.T) {
	s := scenario(t, "idle")
	s.MaxOps, s.Slices = 1000, 3
	for which, want := range lies {
		t.Run(which, func(t *testing.T) {
			_, err := pairOf(t, s, "honest", which, 4, func(o *Options) {
				if which == "stays" || strings.HasPrefix(which, "silent") {
					o.Timeout = 300 * time.Millisecond
				}
			})
			if err == nil {
				t.Fatal("the coordinator believes it")
			}
			if got := err.Error(); !strings.HasPrefix(got, "scenario harness/idle, head, pair 5: ") || !strings.Contains(got, want) {
				t.Errorf("the error is %q, want scenario, side, pair and %q", got, want)
			}
		})
	}
}

func TestAPairShowsTheStandardErrorOfAnArm(t *testing.T) {
	s := scenario(t, "hang")
	_, err := pairOf(t, s, "serve", "serve", 0, func(o *Options) { o.Timeout = 300 * time.Millisecond })
	if err == nil || !strings.Contains(err.Error(), "its standard error ends with:\nhanging") {
		t.Errorf("the error is %v", err)
	}
}

func TestABinaryThatIsMissingIsAnError(t *testing.T) {
	o := options(t, "serve")
	_, err := Pair(t.Context(), scenario(t, "same"), o.Command, Command{Path: t.TempDir() + "/none"}, 0, o)
	if err == nil || !strings.Contains(err.Error(), "head, pair 1: the arm cannot be started") {
		t.Errorf("the error is %v", err)
	}
}

func TestAPairEndsWithItsContext(t *testing.T) {
	o := options(t, "serve")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 200*time.Millisecond, errors.New("^C"))
	defer cancel()
	_, err := Pair(ctx, scenario(t, "hang"), o.Command, o.Command, 0, o)
	if err == nil || !strings.Contains(err.Error(), "the arms were killed: ^C") {
		t.Errorf("the error is %v", err)
	}
}

func TestADescriptionIsReadAsItWasWritten(t *testing.T) {
	var b bytes.Buffer
	if err := Describe(&b, scenarios()); err != nil {
		t.Fatal(err)
	}
	got, err := ParseDescription(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range scenarios() {
		want.Arms = want.Arms[:1]
		got[i].Arms[0].Open, want.Arms[0].Open = nil, nil
		if a, b := got[i], want; a.Name != b.Name || a.Source != b.Source || a.Aim() != b.Aim() || a.Paired != b.Paired || a.MaxOps != b.MaxOps ||
			a.Ops != b.Ops || a.Slices != b.Slices || a.Sized != b.Sized || a.Arms[0].Name != b.Arms[0].Name {
			t.Errorf("described as %+v, want %+v", a, b)
		}
	}
}

func TestWhatIsNoDescriptionIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                                  "is no arm of logperf",
		"usage: arm":                        "is no arm of logperf",
		"{}":                                "is no arm of logperf",
		`{"Magic":"logperf\n","Version":1}`: "speaks version 1 of the arms' protocol: want 2",
		`{"Magic":"logperf\n","Version":2,"Scenarios":[{"Name":"x y"}]}`: "what no scenario is",
	} {
		if _, err := ParseDescription([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
