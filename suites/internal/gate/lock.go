package gate

import "fmt"

// lockName names what the one gate of a machine holds: two of them would measure
// each other.
const lockName = "@logperf-gate"

// errLocked is the error of a second gate. The process that holds the lock is 0
// where that cannot be told.
func errLocked(holder int32) error {
	who := ""
	if holder > 0 {
		who = fmt.Sprintf(" (process %d)", holder)
	}
	return fmt.Errorf("another gate runs on this machine%s: wait for its end, two of them would measure each other", who)
}
