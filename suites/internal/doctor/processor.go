package doctor

import (
	"context"
	"fmt"
	"io/fs"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// between are the two readings of the processors' counters, which tick 100
	// times a second for each.
	between = time.Second
	// othersWarn and othersBad are the share of all processors that others may
	// use: an arm needs one and a half of two.
	othersWarn, othersBad = 0.05, 0.25
	// stealWarn and stealBad are the share of the time that the host gives away.
	stealWarn, stealBad = 0.01, 0.05
	// loadWarn is the load of the last minute for each core.
	loadWarn = 0.25
)

func (m Machine) cores() Finding {
	n := m.Environment.Cores
	value := fmt.Sprintf("%d, %s", n, m.Environment.CPU)
	if n < 2 {
		return Finding{"cores", Bad, value, "producer and worker share one core, and what hands work over measures the scheduler: use a machine with two or more"}
	}
	return Finding{About: "cores", Rating: OK, Value: value}
}

func (m Machine) quota() Finding {
	q := m.Environment.Quota
	if q == 0 {
		return Finding{About: "quota", Rating: OK, Value: "none"}
	}
	rating := OK
	switch {
	case q < 2:
		rating = Bad
	case q < float64(m.Environment.Cores):
		rating = Warn
	}
	return advised("quota", rating, fmt.Sprintf("%.3g processors by cgroup", q),
		"what is over its quota stands still for up to 100 ms: give the container whole processors (a cpuset), or no quota")
}

func (m Machine) governor() Finding {
	paths, _ := fs.Glob(m.Root, "sys/devices/system/cpu/cpu*/cpufreq/scaling_governor") // the pattern is right
	var kinds []string
	for _, path := range paths {
		if g := m.text(path); g != "" && !slices.Contains(kinds, g) {
			kinds = append(kinds, g)
		}
	}
	if len(kinds) == 0 {
		return Finding{About: "governor", Rating: OK, Value: hidden}
	}
	rating := OK
	if len(kinds) > 1 || kinds[0] != "performance" {
		rating = Warn
	}
	return advised("governor", rating, strings.Join(kinds, ", "),
		"the clock follows the load, so that short slices are slower than long ones: cpupower frequency-set -g performance")
}

// turbo is what both drivers of the kernel call it.
func (m Machine) turbo() Finding {
	intel, other := m.text("sys/devices/system/cpu/intel_pstate/no_turbo"), m.text("sys/devices/system/cpu/cpufreq/boost")
	switch {
	case intel == "0":
		return Finding{"turbo", Warn, "on", "the clock rises and falls with the heat: echo 1 > /sys/devices/system/cpu/intel_pstate/no_turbo"}
	case intel == "" && other == "1":
		return Finding{"turbo", Warn, "on", "the clock rises and falls with the heat: echo 0 > /sys/devices/system/cpu/cpufreq/boost"}
	case intel == "" && other == "":
		return Finding{About: "turbo", Rating: OK, Value: hidden}
	}
	return Finding{About: "turbo", Rating: OK, Value: "off"}
}

// load only warns: it is a mean over minutes, in which the build of this program
// may lie. What runs at this moment is what others says.
func (m Machine) load() Finding {
	fields := strings.Fields(m.text("proc/loadavg"))
	if len(fields) < 3 {
		return Finding{About: "load", Rating: OK, Value: hidden}
	}
	last, err := strconv.ParseFloat(fields[0], 64)
	if err != nil {
		return Finding{About: "load", Rating: OK, Value: hidden}
	}
	rating := OK
	if last > loadWarn*float64(max(1, m.Environment.Cores)) {
		rating = Warn
	}
	return advised("load", rating, strings.Join(fields[:3], " "), "something has worked in the last minute: wait, or look with top who it is")
}

// others looks at who uses the processors while this program waits.
func (m Machine) others(ctx context.Context) Finding {
	before, ok := ticksOf(m.text("proc/stat"))
	if !ok {
		return Finding{About: "others", Rating: OK, Value: hidden}
	}
	if err := m.Wait(ctx, between); err != nil {
		return Finding{"others", Warn, "not looked at", "the look at the processors was interrupted: call it again"}
	}
	after, ok := ticksOf(m.text("proc/stat"))
	all := after.all - before.all
	if !ok || all <= 0 {
		return Finding{About: "others", Rating: OK, Value: hidden}
	}
	busy, steal := (after.busy-before.busy)/all, (after.steal-before.steal)/all
	value := fmt.Sprintf("%.1f %% of the processors busy, %.1f %% stolen by the host", 100*busy, 100*steal)
	rates := []Rating{graded(busy, othersWarn, othersBad), graded(steal, stealWarn, stealBad)}
	switch {
	case rates[1] == Bad || rates[1] == Warn && rates[0] != Bad:
		return Finding{"others", rates[1], value, "other guests of the host use its processors: measure at another time, or on a machine of its own"}
	default:
		return advised("others", rates[0], value, "other programs work beside: end them, or measure when they have ended")
	}
}

// ticks are the kernel's counters of processor time, over all processors.
type ticks struct{ all, busy, steal float64 }

// ticksOf reads the first line of /proc/stat: user, nice, system, idle, iowait,
// irq, softirq, steal. What stands behind them is part of user and nice.
func ticksOf(stat string) (ticks, bool) {
	line, _, _ := strings.Cut(stat, "\n")
	fields := strings.Fields(line)
	if len(fields) < 9 || fields[0] != "cpu" {
		return ticks{}, false
	}
	var t ticks
	for i, field := range fields[1:9] {
		counter, err := strconv.ParseUint(field, 10, 64)
		if err != nil {
			return ticks{}, false
		}
		n := float64(counter)
		t.all += n
		switch i {
		case 3, 4:
		case 7:
			t.steal = n
		default:
			t.busy += n
		}
	}
	return t, true
}

func (m Machine) clockSource() Finding {
	source := m.text("sys/devices/system/clocksource/clocksource0/current_clocksource")
	const advice = "each reading of the clock is a call of the kernel: boot with another clock source (clocksource=tsc), if the machine has one"
	switch source {
	case "":
		return Finding{About: "clock source", Rating: OK, Value: hidden}
	case "tsc", "kvm-clock", "arch_sys_counter", "hyperv_clocksource_tsc_page":
		return Finding{About: "clock source", Rating: OK, Value: source}
	case "hpet", "acpi_pm", "jiffies", "refined-jiffies":
		return Finding{"clock source", Bad, source, advice}
	}
	return Finding{"clock source", Warn, source, advice}
}

// clockCost rates what a reading takes: single calls are timed with two of them.
func (m Machine) clockCost() Finding {
	cost := m.Clock()
	return advised("clock", graded(float64(cost), 100, 500), fmt.Sprintf("%d ns a reading", cost.Nanoseconds()),
		"latencies of single calls carry two readings: trust the ratios, and no latency below a microsecond")
}

// ReadClock measures what one reading of the clock takes: the least of several
// rounds, which what disturbs the machine cannot lower.
func ReadClock() time.Duration {
	const rounds, readings = 50, 1000
	least := time.Hour
	for range rounds {
		began := time.Now()
		var last time.Time
		for range readings {
			last = time.Now()
		}
		least = min(least, last.Sub(began)/readings)
		runtime.KeepAlive(last)
	}
	return least
}
