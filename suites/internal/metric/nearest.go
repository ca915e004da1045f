package metric

import (
	"cmp"
	"slices"
	"strings"
)

// Nearest returns up to three of names, the likeliest first: those that contain
// name, as who types queue/put means queue/put-take/..., then by edit distance
// (Levenshtein 1966), which alone would prefer any short name. It serves each
// "did you mean".
func Nearest(name string, names []string) []string {
	type candidate struct {
		name     string
		apart    int // 0 where the name contains what was typed
		distance int
	}
	candidates := make([]candidate, 0, len(names))
	for _, n := range names {
		c := candidate{name: n, apart: 1, distance: distance(name, n)}
		if name != "" && strings.Contains(n, name) {
			c.apart = 0
		}
		candidates = append(candidates, c)
	}
	slices.SortStableFunc(candidates, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.apart, b.apart), cmp.Compare(a.distance, b.distance))
	})
	nearest := make([]string, 0, 3)
	for _, c := range candidates[:min(3, len(candidates))] {
		nearest = append(nearest, c.name)
	}
	return nearest
}

// distance is the number of bytes to insert, delete or replace. One row of the
// table is kept: the names are short, the memory is not worth a second.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
