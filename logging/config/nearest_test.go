package config

import (
	"slices"
	"testing"
)

// The pairs are those that texts on the Levenshtein distance use.
func TestEditsIsTheLevenshteinDistance(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"", "abc", 3},
		{"kitten", "sitting", 3},
		{"flaw", "lawn", 2},
		{"saturday", "sunday", 3},
		{"intention", "execution", 5},
		{"same", "same", 0},
	} {
		if ab, ba := edits(tc.a, tc.b), edits(tc.b, tc.a); ab != tc.want || ba != tc.want {
			t.Errorf("%q and %q: %d and %d, want %d", tc.a, tc.b, ab, ba, tc.want)
		}
	}
}

func TestNearestKeepsTheClosestNamesAlone(t *testing.T) {
	names := []string{"delay", "bytes", "belay", "relays"}
	for name, want := range map[string][]string{
		"delay":   {"delay"},
		"dlay":    {"delay"},
		"xelay":   {"belay", "delay"},
		"delays":  {"delay", "relays"},
		"nothing": nil,
	} {
		if got := nearest(name, names); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", name, got, want)
		}
	}
}
