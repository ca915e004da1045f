//go:build race

package config

// raceEnabled: the race detector adds memory of its own, so none is judged there.
const raceEnabled = true
