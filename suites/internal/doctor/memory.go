package doctor

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/logperf/logperf/suites/internal/metric"
)

const (
	// memoryWarn and memoryBad are what has to be free: arms of two loggers under
	// load, a collector, and the linker between them.
	memoryWarn, memoryBad = 2 << 30, 1 << 30
	// swapWarn is how much may lie on the disk: some pages always do.
	swapWarn = 64 << 20
	// freeWarn and freeBad are what the files of one load may come to.
	freeWarn, freeBad = 4 << 30, 512 << 20
	// fewFiles is the usual limit on open files.
	fewFiles = 1024
)

// kibibytes is a line of /proc/meminfo in bytes; false where it is missing.
func (m Machine) kibibytes(name string) (int64, bool) {
	for line := range strings.Lines(m.text("proc/meminfo")) {
		rest, found := strings.CutPrefix(line, name+":")
		if !found {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
		return n << 10, err == nil
	}
	return 0, false
}

func size(bytes int64) string { return metric.Bytes.Format(float64(bytes)) }

func (m Machine) memory() Finding {
	n, ok := m.kibibytes("MemAvailable")
	if !ok {
		return Finding{About: "memory", Rating: OK, Value: hidden}
	}
	rating := OK
	switch {
	case n < memoryBad:
		rating = Bad
	case n < memoryWarn:
		rating = Warn
	}
	return advised("memory", rating, size(n)+" available", "the kernel would reclaim pages while arms run: end what takes the memory")
}

func (m Machine) swap() Finding {
	total, okTotal := m.kibibytes("SwapTotal")
	free, okFree := m.kibibytes("SwapFree")
	if !okTotal || !okFree {
		return Finding{About: "swap", Rating: OK, Value: hidden}
	}
	if total == 0 {
		return Finding{About: "swap", Rating: OK, Value: "none"}
	}
	rating := OK
	if total-free > swapWarn {
		rating = Warn
	}
	return advised("swap", rating, size(total-free)+" of "+size(total)+" in use", "pages of an arm may lie on the disk: swapoff -a, or free memory")
}

func (m Machine) hugePages() Finding {
	_, mode, _ := strings.Cut(m.text("sys/kernel/mm/transparent_hugepage/enabled"), "[")
	mode, _, _ = strings.Cut(mode, "]")
	if mode == "" {
		return Finding{About: "huge pages", Rating: OK, Value: hidden}
	}
	rating := OK
	if mode == "always" {
		rating = Warn
	}
	return advised("huge pages", rating, mode,
		"resident sizes move in steps of 2 MiB and times with them: echo madvise > /sys/kernel/mm/transparent_hugepage/enabled")
}

// scratch is where arms write their logs.
func (m Machine) scratch() Finding {
	kind := fileSystem(m.text("proc/self/mountinfo"), m.Temp)
	f := m.space("scratch files", m.Temp, kind)
	if f.Rating == Bad {
		return f
	}
	switch {
	case kind == "tmpfs" || kind == "ramfs":
		return Finding{f.About, Warn, f.Value, "files are memory there: figures of file sinks are none of a disk, and count as memory of their arm; set TMPDIR to a folder on a disk"}
	case remote(kind):
		return Finding{f.About, Warn, f.Value, "file sinks measure a network there: set TMPDIR to a folder on a disk of this machine"}
	}
	return f
}

// results is where runs are stored, which is never timed.
func (m Machine) results() Finding {
	return m.space("results", m.Results, fileSystem(m.text("proc/self/mountinfo"), m.Results))
}

func (m Machine) space(about, path, kind string) Finding {
	value := path
	if kind != "" {
		value += " (" + kind + ")"
	}
	free, err := m.Free(path)
	if err != nil {
		return Finding{about, Bad, value, fmt.Sprintf("the folder cannot be looked at: %v", err)}
	}
	rating := OK
	switch {
	case free < freeBad:
		rating = Bad
	case free < freeWarn:
		rating = Warn
	}
	return advised(about, rating, value+", "+size(int64(min(free, 1<<62)))+" free", "loads on file sinks write gigabytes: make room, or name another folder by TMPDIR or the setting benchmark.results")
}

// remote reports whether a file system is another machine's.
func remote(kind string) bool {
	for _, one := range []string{"nfs", "cifs", "smb", "9p", "fuse", "virtiofs", "ceph", "afs"} {
		if strings.HasPrefix(kind, one) {
			return true
		}
	}
	return false
}

// fileSystem is the kind of file system that holds an absolute path, by
// /proc/self/mountinfo: the mount with the longest path above it, of several at
// the same place the last. Empty where it does not say.
func fileSystem(mounts, path string) string {
	kind, longest := "", -1
	for line := range strings.Lines(mounts) {
		// number, parent, device, root, mount point, options, tags ..., "-", kind
		before, after, found := strings.Cut(line, " - ")
		fields, behind := strings.Fields(before), strings.Fields(after)
		if !found || len(fields) < 5 || len(behind) < 1 {
			continue
		}
		at := strings.TrimSuffix(spaces.Replace(fields[4]), "/")
		if path == at || strings.HasPrefix(path, at+"/") {
			if len(at) >= longest {
				kind, longest = behind[0], len(at)
			}
		}
	}
	return kind
}

// spaces are how the kernel writes what would part its fields.
var spaces = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)

func (m Machine) descriptors() Finding {
	for line := range strings.Lines(m.text("proc/self/limits")) {
		rest, found := strings.CutPrefix(line, "Max open files")
		if !found {
			continue
		}
		fields := strings.Fields(rest)
		if len(fields) == 0 {
			break
		}
		n, err := strconv.Atoi(fields[0])
		rating := OK
		if err == nil && n < fewFiles { // else it is unlimited
			rating = Warn
		}
		return advised("open files", rating, fields[0], "collectors have a connection for each sender: ulimit -n "+strconv.Itoa(fewFiles))
	}
	return Finding{About: "open files", Rating: OK, Value: hidden}
}
