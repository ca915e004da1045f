package metric

import (
	"cmp"
	"slices"
)

// Nearest returns up to three of names, the most similar to name first, by
// edit distance (Levenshtein 1966). It serves each "did you mean".
func Nearest(name string, names []string) []string {
	type candidate struct {
		name     string
		distance int
	}
	candidates := make([]candidate, 0, len(names))
	for _, n := range names {
		candidates = append(candidates, candidate{n, distance(name, n)})
	}
	slices.SortStableFunc(candidates, func(a, b candidate) int { return cmp.Compare(a.distance, b.distance) })
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
