package config

import "slices"

// nearest returns the names that name may be a misspelling of: those within two
// edits, or a third of its length, and of them only the closest.
func nearest(name string, names []string) []string {
	least := max(2, len(name)/3)
	var near []string
	for _, n := range names {
		switch d := edits(name, n); {
		case d > least:
		case d < least:
			least = d
			near = []string{n}
		default:
			near = append(near, n)
		}
	}
	slices.Sort(near)
	return near
}

// edits returns the Levenshtein distance of a and b in bytes: the least number
// of insertions, deletions and replacements that make one of the other.
func edits(a, b string) int {
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
			diagonal, row[j+1] = row[j+1], min(diagonal+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
