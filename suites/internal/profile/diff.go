package profile

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Change is how the cost of one function differs between two profiles.
type Change struct {
	// Name of the function, with the import path of its package.
	Name string
	// File that defines it.
	File string
	// Base and Head are what it costs by itself for one operation, in the
	// profiles' unit; where the operations of either are not known, its share of
	// the profile. 0 where it does not occur.
	Base, Head float64
	// Share is Head - Base over all that one operation costs in the base: by how
	// much this function alone makes the whole slower (above 0) or faster. Where
	// operations are not known it is Head - Base.
	Share float64
}

// Short is the name without the path to its package.
func (c Change) Short() string { return short(c.Name) }

// Diff returns the n functions whose own cost for one operation differs most
// between two profiles of the same kind, the largest difference first, be it
// more or less; all that differ where n is 0. Operations of both have to be
// set; otherwise shares are compared, which cannot tell a function that became
// slower from others that became faster.
//
// A profile of processor time has about 100 samples for each second of it, and
// a difference of a few samples is chance: the base's 200 samples of 2 s know a
// function of 10 % to within about 2 %.
func Diff(base, head *Profile, n int) ([]Change, error) {
	if base.Kind != head.Kind {
		return nil, fmt.Errorf("%s is a profile of %s and %s one of %s: want two of a kind", base.Path, base.Kind, head.Path, head.Kind)
	}
	perBase, perHead := float64(base.Operations), float64(head.Operations)
	if base.Operations <= 0 || head.Operations <= 0 {
		perBase, perHead = float64(base.Total), float64(head.Total)
	}
	byName := map[string]*Change{}
	at := func(f Function) *Change {
		c, known := byName[f.Name]
		if !known {
			c = &Change{Name: f.Name, File: f.File}
			byName[f.Name] = c
		}
		return c
	}
	for f := range values(base) {
		at(f).Base = float64(f.Flat) / perBase
	}
	for f := range values(head) {
		at(f).Head = float64(f.Flat) / perHead
	}
	whole := float64(base.Total) / perBase
	var all []Change
	for _, c := range byName {
		if c.Base != c.Head {
			c.Share = (c.Head - c.Base) / whole
			all = append(all, *c)
		}
	}
	slices.SortFunc(all, func(a, b Change) int {
		return cmp.Or(cmp.Compare(math.Abs(b.Share), math.Abs(a.Share)), cmp.Compare(a.Name, b.Name))
	})
	if n > 0 && len(all) > n {
		all = all[:n]
	}
	return all, nil
}
