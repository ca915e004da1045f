package experiment

import (
	"time"

	"golang.org/x/sys/unix"
)

// Nanosleep sleeps with the precision of the kernel, some 50 us, and holds a
// thread meanwhile.
func Nanosleep(d time.Duration) {
	if d <= 0 {
		return
	}
	t := unix.NsecToTimespec(int64(d))
	_ = unix.Nanosleep(&t, nil) // interrupted: the caller looks at the clock anyway
}
