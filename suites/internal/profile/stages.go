package profile

import (
	"slices"
	"strings"
)

// Stage is a part of the work, told by the functions that do it.
type Stage struct {
	// Name is what the stage is called.
	Name string
	// Functions are the beginnings of the names of its functions, with the import
	// path: "runtime.gcBgMarkWorker", or "example.com/logging.(*jsonEncoder)." for
	// all methods of a type.
	Functions []string
}

// Other is the stage of what belongs to none.
const Other = "other"

// StageShare is what a stage costs.
type StageShare struct {
	Name string
	// Value in the profile's unit.
	Value int64
	// Share of the profile's total, 0 to 1. The shares of all stages and of Other
	// come to 1.
	Share float64
}

// Stages tells how a profile divides among the stages. A sample belongs to the
// first stage, in the order given, of which any function stands in its stack,
// callers included: what encoding calls in the runtime is encoding. So the
// inner stages stand before those that call them (a write before the worker
// that writes), the collector's assists before all, and the bare runtime last.
//
// The answer has the stages in the order given, those without a sample too,
// and Other behind them.
func Stages(p *Profile, stages []Stage) []StageShare {
	all := make([]StageShare, len(stages)+1)
	for i, s := range stages {
		all[i].Name = s.Name
	}
	all[len(stages)].Name = Other
	for _, s := range p.stacks {
		all[stageOf(s, stages)].Value += s.value
	}
	for i := range all {
		all[i].Share = float64(all[i].Value) / float64(p.Total)
	}
	return all
}

// stageOf is the index of the stage that a sample belongs to; that behind the
// last for none.
func stageOf(s stack, stages []Stage) int {
	for i, stage := range stages {
		for _, f := range s.functions {
			for _, prefix := range stage.Functions {
				if strings.HasPrefix(f.Name, prefix) {
					return i
				}
			}
		}
	}
	return len(stages)
}

// Below is the part of a profile that is the stage of that name, by the rule of
// Stages, without what called it: the outermost function of each stack is one of the
// stage's own. It is empty where the stage has no sample, or Other is asked for.
func Below(p *Profile, stages []Stage, name string) *Profile {
	part := &Profile{Path: p.Path, Kind: p.Kind, Unit: p.Unit, Operations: p.Operations}
	for _, s := range p.stacks {
		i := stageOf(s, stages)
		if i == len(stages) || stages[i].Name != name {
			continue
		}
		outermost := 0
		for at, f := range s.functions {
			if slices.ContainsFunc(stages[i].Functions, func(prefix string) bool { return strings.HasPrefix(f.Name, prefix) }) {
				outermost = at
			}
		}
		part.stacks = append(part.stacks, stack{functions: s.functions[:outermost+1], value: s.value})
		part.Total += s.value
	}
	return part
}
