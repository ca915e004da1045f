//go:build !linux

package experiment

import "time"

// Nanosleep sleeps with the precision of Go's runtime: other systems have no
// nanosleep that can be called here.
func Nanosleep(d time.Duration) { time.Sleep(d) }
