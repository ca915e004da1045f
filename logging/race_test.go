//go:build race

package logging

// raceEnabled: sync.Pool drops items under the race detector, so allocations
// are not judged there.
const raceEnabled = true
