package experiment

import (
	"bufio"
	"bytes"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

// CPUClock is the processor time that all threads of the process have used, on
// the process's own clock in nanoseconds; rusage counts in ticks on some kernels.
func CPUClock() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t); err != nil {
		return 0
	}
	return time.Duration(t.Nano())
}

// usage sums what the kernel counts over the slices alone: the waits between
// slices are context switches too, and not the subject's.
type usage struct {
	before, after unix.Rusage
	user, system  time.Duration
	switches      int64
}

// The fields are read again for each slice; passing locals would let them
// escape into the heap.
func (u *usage) start() { _ = unix.Getrusage(unix.RUSAGE_SELF, &u.before) }

func (u *usage) stop() {
	_ = unix.Getrusage(unix.RUSAGE_SELF, &u.after)
	u.user += time.Duration(u.after.Utime.Nano() - u.before.Utime.Nano())
	u.system += time.Duration(u.after.Stime.Nano() - u.before.Stime.Nano())
	u.switches += int64(u.after.Nvcsw-u.before.Nvcsw) + int64(u.after.Nivcsw-u.before.Nivcsw)
}

// resetPeakRSS makes the peak begin at the present size. Where the kernel does
// not allow it, the peak is that of the process's whole life.
func resetPeakRSS() {
	f, err := os.OpenFile("/proc/self/clear_refs", os.O_WRONLY, 0)
	if err != nil {
		return
	}
	_, _ = f.WriteString("5")
	_ = f.Close()
}

// PeakRSS is the largest resident size in bytes. It is VmHWM and not ru_maxrss:
// that one carries the parent's peak through exec, which for an arm is the size
// of the whole suite. Only where there is no /proc is ru_maxrss taken.
func PeakRSS() int64 {
	if status, err := os.ReadFile("/proc/self/status"); err == nil {
		lines := bufio.NewScanner(bytes.NewReader(status))
		for lines.Scan() {
			rest, found := strings.CutPrefix(lines.Text(), "VmHWM:")
			if !found {
				continue
			}
			kib, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(rest, "kB")), 10, 64)
			if err == nil {
				return kib << 10
			}
		}
	}
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	if runtime.GOOS == "darwin" { // bytes there, KiB elsewhere
		return int64(u.Maxrss)
	}
	return int64(u.Maxrss) << 10
}

// RSS is the resident size of the process in bytes, from the second field of
// statm, in pages; 0 where there is no /proc.
func RSS() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}

var leakedGoroutine = regexp.MustCompile(`(?m)^\s*\[?Goroutine \d+ in state`)

// findLeaks returns how many goroutines run that did not when known was taken,
// and their stacks. Those that are about to end are waited for, a second at most.
func findLeaks(known goleak.Option) (int, string) {
	err := goleak.Find(known)
	if err == nil {
		return 0, ""
	}
	return max(1, len(leakedGoroutine.FindAllString(err.Error(), -1))), err.Error()
}
