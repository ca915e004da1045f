//go:build !race

package logging

// raceEnabled: see race_test.go.
const raceEnabled = false
