package lockstep

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/logperf/logperf/suites/internal/experiment"
)

// table is what a binary serves, as it says without being opened.
type table struct {
	// Magic comes first, so that another program's output is not taken for it.
	Magic     string
	Version   int
	Scenarios []served
}

// served is a scenario without the functions that open it.
type served struct {
	Name, Subject, Tier, Measure, Title string
	Metrics                             []string
	Laps                                []string `json:",omitempty"`
	Arm                                 string
	Slice, Paired                       time.Duration `json:",omitempty"`
	MaxOps, Ops, Slices                 int           `json:",omitempty"`
	Sized, Proxied, Input               bool          `json:",omitempty"`
	Knee                                string        `json:",omitempty"`
	Memory                              int64         `json:",omitempty"`
	Source                              string
}

// Describe writes what a binary serves, for ParseDescription.
func Describe(w io.Writer, scenarios []experiment.Scenario) error {
	t := table{Magic: magic, Version: version}
	for _, s := range scenarios {
		// Spread compares the subject with a reference, which a description leaves out.
		metrics := slices.DeleteFunc(slices.Clone(s.Metrics), func(name string) bool { return name == spread })
		t.Scenarios = append(t.Scenarios, served{
			Name: s.Name, Subject: s.Subject, Tier: s.Tier, Measure: s.Measure, Title: s.Title,
			Metrics: metrics, Laps: s.Laps, Arm: s.Arms[0].Name, Slice: s.Slice, Paired: s.Paired,
			MaxOps: s.MaxOps, Ops: s.Ops, Slices: s.Slices, Sized: s.Sized, Proxied: s.Proxied, Input: s.Input,
			Knee: s.Knee, Memory: s.Memory, Source: s.Source,
		})
	}
	text := json.NewEncoder(w)
	text.SetIndent("", " ")
	return text.Encode(t)
}

// ParseDescription reads what Describe wrote. Each scenario has one arm, the
// subject's, which cannot be opened here: it is for a Pair. The error tells of a
// binary that is no arm, or speaks another version of the protocol.
func ParseDescription(text []byte) ([]experiment.Scenario, error) {
	var t table
	if err := json.Unmarshal(text, &t); err != nil || t.Magic != magic {
		return nil, errors.New("it does not describe scenarios: it is no arm of logperf")
	}
	if t.Version != version {
		return nil, fmt.Errorf("it speaks version %d of the arms' protocol: want %d", t.Version, version)
	}
	all := make([]experiment.Scenario, len(t.Scenarios))
	for i, s := range t.Scenarios {
		all[i] = experiment.Scenario{
			Name: s.Name, Subject: s.Subject, Tier: s.Tier, Measure: s.Measure, Title: s.Title,
			Metrics: s.Metrics, Laps: s.Laps, Arms: []experiment.Arm{{Name: s.Arm, Open: elsewhere}}, Slice: s.Slice, Paired: s.Paired,
			MaxOps: s.MaxOps, Ops: s.Ops, Slices: s.Slices, Sized: s.Sized, Proxied: s.Proxied, Input: s.Input,
			Knee: s.Knee, Memory: s.Memory, Source: s.Source,
		}
		if err := all[i].Validate(); err != nil {
			return nil, fmt.Errorf("it describes what no scenario is: %w", err)
		}
	}
	return all, nil
}

// elsewhere stands for the function that another binary opens the arm with.
func elsewhere(context.Context, experiment.Options) (experiment.Subject, error) {
	return nil, errors.New("the arm was described by another binary, which alone can open it")
}
