//go:build race

package queue

// raceEnabled: the race detector allocates on its own.
const raceEnabled = true
