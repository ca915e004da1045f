package gate

import (
	"bufio"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// tick is the unit of /proc/stat, USER_HZ, which is 100 on every Linux.
	tick = 10 * time.Millisecond
	// procs is what a pair may use at a time.
	procs = 2
	// spareCores is how many of these another job may take before a pair counts as
	// disturbed.
	spareCores = 0.5
	// disturbedShare is the share of disturbed pairs from which the machine is not
	// fit: a job that comes and goes must not go unseen.
	disturbedShare = 0.2
)

// disturbance tells how much processor time others take: what the machine was
// busy, its steal included, without what this process and its ended children
// used.
type disturbance struct {
	busy func() (time.Duration, bool)
	own  func() time.Duration
	now  func() time.Time

	lastBusy, lastOwn time.Duration
	last              time.Time
	known             bool
}

func watchMachine() *disturbance {
	d := &disturbance{busy: func() (time.Duration, bool) { return busyOf("/proc/stat") }, own: ownTime, now: time.Now}
	d.begin()
	return d
}

// begin starts an interval.
func (d *disturbance) begin() {
	d.lastBusy, d.known = d.busy()
	d.lastOwn, d.last = d.own(), d.now()
}

// end returns how many processors others kept busy since begin; false where the
// system does not say.
func (d *disturbance) end() (float64, bool) {
	busy, ok := d.busy()
	wall := d.now().Sub(d.last)
	if !ok || !d.known || wall <= 0 {
		return 0, false
	}
	others := (busy - d.lastBusy) - (d.own() - d.lastOwn)
	return max(0, float64(others)/float64(wall)), true
}

// tooBusy reports whether others left too little of a machine with that many
// processors, all of which the kernel's figures are about.
func tooBusy(others float64, processors int) bool {
	return others > float64(max(0, processors-procs))+spareCores
}

// busyOf reads the first line of /proc/stat: user, nice, system, idle, iowait,
// irq, softirq, steal.
func busyOf(path string) (time.Duration, bool) {
	f, err := os.Open(path)
	if err != nil {
		return 0, false
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f)
	if !lines.Scan() {
		return 0, false
	}
	fields := strings.Fields(lines.Text())
	if len(fields) < 9 || fields[0] != "cpu" {
		return 0, false
	}
	ticks := int64(0)
	for i, field := range fields[1:9] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, false
		}
		if i != 3 && i != 4 { // idle, and waiting for a disk while idle
			ticks += n
		}
	}
	return time.Duration(ticks) * tick, true
}

// ownTime is the processor time of this process and of its children that have
// ended.
func ownTime() time.Duration {
	sum := time.Duration(0)
	for _, who := range []int{unix.RUSAGE_SELF, unix.RUSAGE_CHILDREN} {
		var u unix.Rusage
		if unix.Getrusage(who, &u) == nil {
			sum += time.Duration(u.Utime.Nano() + u.Stime.Nano())
		}
	}
	return sum
}
