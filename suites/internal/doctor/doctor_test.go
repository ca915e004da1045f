package doctor

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/logperf/logperf/suites/internal/result"
)

var update = flag.Bool("update", false, "write the golden files anew")

// files are a machine's, by their paths.
type files map[string]string

// healthy is a machine of its own without other work.
func healthy() files {
	return files{
		"sys/devices/system/cpu/cpu0/cpufreq/scaling_governor":            "performance\n",
		"sys/devices/system/cpu/cpu1/cpufreq/scaling_governor":            "performance\n",
		"sys/devices/system/cpu/intel_pstate/no_turbo":                    "1\n",
		"sys/devices/system/clocksource/clocksource0/current_clocksource": "tsc\n",
		"sys/kernel/mm/transparent_hugepage/enabled":                      "always [madvise] never\n",
		"proc/loadavg":        "0.10 0.20 0.30 1/140 29162\n",
		"proc/stat":           "cpu  1000 0 500 8000 10 0 5 20 0 0\ncpu0 1 2\n",
		"proc/meminfo":        "MemTotal:       16777216 kB\nMemAvailable:   12582912 kB\nSwapTotal:       2097152 kB\nSwapFree:        2097152 kB\n",
		"proc/self/limits":    "Limit                     Soft Limit           Hard Limit           Units     \nMax open files            20000                20000                files     \n",
		"proc/self/mountinfo": mounts,
	}
}

const mounts = `22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 27 0:25 / /tmp rw,nosuid - tmpfs tmpfs rw,size=1g
31 27 0:26 / /home/with\040space rw - nfs4 server:/home rw
32 27 254:1 / /data rw - ext4 /dev/vdb rw
33 32 0:27 / /data rw - xfs /dev/vdc rw
34 27 0:28 / /var/lib/fuse rw - fuse.sshfs host: rw
`

// machine looks at files; later is what /proc/stat says after the wait.
func machine(f files, later string) Machine {
	root := fstest.MapFS{}
	for path, text := range f {
		root[path] = &fstest.MapFile{Data: []byte(text)}
	}
	return Machine{
		Root: root, Environment: result.Environment{CPU: "AMD EPYC", Cores: 2, Go: "go1.26.8"},
		Temp: "/var/tmp", Results: "/srv/results",
		Free:  func(string) (uint64, error) { return 40 << 30, nil },
		Clock: func() time.Duration { return 38 * time.Nanosecond },
		Wait: func(ctx context.Context, _ time.Duration) error {
			root["proc/stat"] = &fstest.MapFile{Data: []byte(later)}
			return ctx.Err()
		},
	}
}

const idle = "cpu  1002 0 501 8196 10 0 5 20 0 0\n"

// about is the one finding of that name.
func about(t *testing.T, all []Finding, name string) Finding {
	t.Helper()
	for _, f := range all {
		if f.About == name {
			return f
		}
	}
	t.Fatalf("nothing was found about %s", name)
	return Finding{}
}

func TestAHealthyMachineIsFit(t *testing.T) {
	r := Report{Machine: Examine(t.Context(), machine(healthy(), idle))}
	if warnings, bad := r.Judge(); warnings+bad > 0 || !r.Fit {
		t.Errorf("it has %d warnings and %d bad: %+v", warnings, bad, r.Machine)
	}
	for _, f := range r.Machine {
		if f.Advice != "" || f.Value == "" || f.Value == hidden {
			t.Errorf("%+v: want a value and no advice", f)
		}
	}
}

func TestAMachineThatShowsNothingOfItselfIsFit(t *testing.T) {
	r := Report{Machine: Examine(t.Context(), machine(files{}, ""))}
	if _, bad := r.Judge(); bad > 0 {
		t.Errorf("what cannot be seen is bad: %+v", r.Machine)
	}
}

func TestEachTroubleIsFound(t *testing.T) {
	const pstate, boost = "sys/devices/system/cpu/intel_pstate/no_turbo", "sys/devices/system/cpu/cpufreq/boost"
	const source = "sys/devices/system/clocksource/clocksource0/current_clocksource"
	for _, c := range []struct {
		name   string
		about  string
		files  files
		later  string
		change func(*Machine)
		want   Rating
		value  string
	}{
		{name: "one core", about: "cores", change: func(m *Machine) { m.Environment.Cores = 1 }, want: Bad, value: "1, AMD EPYC"},
		{name: "half a quota", about: "quota", change: func(m *Machine) { m.Environment.Quota = 1.5 }, want: Bad, value: "1.5 processors by cgroup"},
		{name: "part of the cores", about: "quota", change: func(m *Machine) { m.Environment.Cores, m.Environment.Quota = 8, 4 }, want: Warn, value: "4 processors by cgroup"},
		{name: "a quota for all", about: "quota", change: func(m *Machine) { m.Environment.Quota = 2 }, want: OK, value: "2 processors by cgroup"},
		{name: "a saving governor", about: "governor", files: files{"sys/devices/system/cpu/cpu1/cpufreq/scaling_governor": "powersave\n"}, want: Warn, value: "performance, powersave"},
		{name: "turbo of Intel", about: "turbo", files: files{pstate: "0\n"}, want: Warn, value: "on"},
		{name: "turbo of others", about: "turbo", files: files{pstate: "", boost: "1\n"}, want: Warn, value: "on"},
		{name: "no turbo of others", about: "turbo", files: files{pstate: "", boost: "0\n"}, want: OK, value: "off"},
		{name: "a loaded minute", about: "load", files: files{"proc/loadavg": "0.51 0.2 0.1 1/140 29162\n"}, want: Warn, value: "0.51 0.2 0.1"},
		{name: "a neighbour", about: "others", later: "cpu  1020 0 500 8180 10 0 5 20 0 0\n", want: Warn, value: "10.0 % of the processors busy, 0.0 % stolen by the host"},
		{name: "a loop beside", about: "others", later: "cpu  1100 0 500 8100 10 0 5 20 0 0\n", want: Bad, value: "50.0 % of the processors busy, 0.0 % stolen by the host"},
		{name: "a disk that is waited for", about: "others", later: "cpu  1000 0 500 8100 110 0 5 20 0 0\n", want: OK, value: "0.0 % of the processors busy, 0.0 % stolen by the host"},
		{name: "a host that shares", about: "others", later: "cpu  1000 0 500 8196 10 0 5 24 0 0\n", want: Warn, value: "0.0 % of the processors busy, 2.0 % stolen by the host"},
		{name: "a crowded host", about: "others", later: "cpu  1030 0 500 8150 10 0 5 40 0 0\n", want: Bad, value: "15.0 % of the processors busy, 10.0 % stolen by the host"},
		{name: "little memory", about: "memory", files: files{"proc/meminfo": "MemAvailable:    1572864 kB\n"}, want: Warn, value: "1.50 GiB available"},
		{name: "no memory", about: "memory", files: files{"proc/meminfo": "MemAvailable:    524288 kB\n"}, want: Bad, value: "512 MiB available"},
		{name: "swapped", about: "swap", files: files{"proc/meminfo": "SwapTotal: 2097152 kB\nSwapFree: 1048576 kB\n"}, want: Warn, value: "1 GiB of 2 GiB in use"},
		{name: "no swap", about: "swap", files: files{"proc/meminfo": "SwapTotal: 0 kB\nSwapFree: 0 kB\n"}, want: OK, value: "none"},
		{name: "huge pages", about: "huge pages", files: files{"sys/kernel/mm/transparent_hugepage/enabled": "[always] madvise never"}, want: Warn, value: "always"},
		{name: "a slow clock", about: "clock source", files: files{source: "hpet\n"}, want: Bad, value: "hpet"},
		{name: "a virtual clock", about: "clock source", files: files{source: "kvm-clock\n"}, want: OK, value: "kvm-clock"},
		{name: "an odd clock", about: "clock source", files: files{source: "xen\n"}, want: Warn, value: "xen"},
		{name: "a dear clock", about: "clock", change: func(m *Machine) { m.Clock = func() time.Duration { return 900 } }, want: Bad, value: "900 ns a reading"},
		{name: "files in memory", about: "scratch files", change: func(m *Machine) { m.Temp = "/tmp/x" }, want: Warn, value: "/tmp/x (tmpfs), 40 GiB free"},
		{name: "files elsewhere", about: "scratch files", change: func(m *Machine) { m.Temp = "/home/with space/tmp" }, want: Warn, value: "/home/with space/tmp (nfs4), 40 GiB free"},
		{name: "a full disk", about: "scratch files", change: func(m *Machine) { m.Free = func(string) (uint64, error) { return 1 << 20, nil } }, want: Bad, value: "/var/tmp (ext4), 1 MiB free"},
		{name: "little room", about: "results", change: func(m *Machine) { m.Free = func(string) (uint64, error) { return 1 << 30, nil } }, want: Warn, value: "/srv/results (ext4), 1 GiB free"},
		{name: "no folder", about: "results", change: func(m *Machine) { m.Free = func(string) (uint64, error) { return 0, errors.New("permission denied") } }, want: Bad, value: "/srv/results (ext4)"},
		{name: "few files", about: "open files", files: files{"proc/self/limits": "Max open files            256                  4096                 files\n"}, want: Warn, value: "256"},
		{name: "any number of files", about: "open files", files: files{"proc/self/limits": "Max open files            unlimited            unlimited            files\n"}, want: OK, value: "unlimited"},
		{name: "the race detector", about: "build", change: func(m *Machine) { m.Flags = "-p=1 -race" }, want: Bad, value: "go1.26.8, GOFLAGS=-p=1 -race"},
		{name: "no race detector", about: "build", change: func(m *Machine) { m.Flags = "-race=false --mod=mod" }, want: OK, value: "go1.26.8, GOFLAGS=-race=false --mod=mod"},
		{name: "other flags", about: "build", change: func(m *Machine) { m.Flags = "-tags=x" }, want: Warn, value: "go1.26.8, GOFLAGS=-tags=x"},
		{name: "Go's variables", about: "runtime", change: func(m *Machine) { m.Environ = []string{"GOGC=50", "A=b", "GOGC=400", "GODEBUG="} }, want: Warn, value: "GOGC=400"},
	} {
		t.Run(c.name, func(t *testing.T) {
			all := healthy()
			maps.Copy(all, c.files)
			later := c.later
			if later == "" {
				later = idle
			}
			m := machine(all, later)
			if c.change != nil {
				c.change(&m)
			}
			f := about(t, Examine(t.Context(), m), c.about)
			if f.Rating != c.want || f.Value != c.value || (f.Advice == "") != (c.want == OK) {
				t.Errorf("the finding is %+v, want %s, %q, with advice unless ok", f, c.want, c.value)
			}
		})
	}
}

func TestAnInterruptedLookIsAWarning(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if f := about(t, Examine(ctx, machine(healthy(), idle)), "others"); f.Rating != Warn || f.Value != "not looked at" {
		t.Errorf("the finding is %+v", f)
	}
}

func TestTheFileSystemIsThatOfTheNearestMount(t *testing.T) {
	for path, want := range map[string]string{
		"/": "ext4", "/var/tmp": "ext4", "/tmp": "tmpfs", "/tmpfiles": "ext4", "/tmp/a/b": "tmpfs",
		"/data/x": "xfs", "/home/with space": "nfs4", "/var/lib/fuse/a": "fuse.sshfs", "/proc/1": "proc",
	} {
		if got := fileSystem(mounts, path); got != want {
			t.Errorf("%s lies on %q, want %q", path, got, want)
		}
	}
	if got := fileSystem("garbage\n - \n1 2 3\n", "/tmp"); got != "" {
		t.Errorf("nothing says where /tmp lies, and it is %q", got)
	}
}

func FuzzTheKernelsFilesMaySayAnything(f *testing.F) {
	for _, text := range healthy() {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		all := files{}
		for path := range healthy() {
			all[path] = text
		}
		for _, one := range Examine(t.Context(), machine(all, text)) {
			if one.Value == "" || one.Rating != OK && one.Advice == "" {
				t.Errorf("%+v of %q", one, text)
			}
		}
	})
}

func TestWhatCanBeRunIsTold(t *testing.T) {
	none := func(string) (string, error) { return "", errors.New("not found") }
	all := func(name string) (string, error) { return "/usr/bin/" + name, nil }
	long := errors.New("the network proxy cannot be built\nexit status 1")
	for _, c := range []struct {
		got  Finding
		want Rating
		says string
	}{
		{Browser(all), OK, "/usr/bin/chromium"},
		{Browser(none), Warn, "no chromium"},
		{Counting(all), OK, "/usr/bin/valgrind"},
		{Counting(none), Warn, "no valgrind"},
		{Memory(true, "64 MiB by a memory cgroup (v1)"), OK, "64 MiB by a memory cgroup (v1)"},
		{Memory(false, "no hard limit: it is read-only"), Warn, "no hard limit: it is read-only"},
		{Proxy(nil), OK, "toxiproxy, built from go.mod"},
		{Proxy(long), Warn, "the network proxy cannot be built"},
		{Profile([]string{"virtual-2"}, nil), OK, "profile virtual-2"},
		{Profile(nil, nil), Warn, "no profile of thresholds.yaml fits"},
		{Profile(nil, errors.New("thresholds.yaml:2:3: no")), Warn, "thresholds.yaml:2:3: no"},
	} {
		if c.got.Rating != c.want || c.got.Value != c.says || (c.got.Advice == "") != (c.want == OK) {
			t.Errorf("%+v, want %s, %q", c.got, c.want, c.says)
		}
	}
}

func TestAReportIsShownToPeople(t *testing.T) {
	sick := healthy()
	sick["proc/loadavg"] = "1.48 1.62 1.68 5/140 29162\n"
	sick["sys/devices/system/clocksource/clocksource0/current_clocksource"] = "hpet\n"
	r := Report{
		Machine: Examine(t.Context(), machine(sick, idle)),
		Noise:   []Finding{{About: "harness/self/encode", Rating: OK, Value: "1.002 [0.995 .. 1.008] in lockstep (n=8), single processes vary by 4.2 %"}},
		Can:     []Finding{Memory(true, "64 MiB by a memory cgroup (v1)"), Browser(func(string) (string, error) { return "", errors.New("none") })},
	}
	var b bytes.Buffer
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	golden(t, "report.txt", b.Bytes())
	for _, want := range []struct {
		findings []Finding
		last     string
	}{
		{nil, "fit to measure\n"},
		{[]Finding{{Rating: OK}, {Rating: Warn}, {Rating: Warn}}, "fit to measure, 2 warn\n"},
		{[]Finding{{Rating: Bad}, {Rating: Warn}}, "not fit to measure: 1 bad, 1 warn\n"},
	} {
		b.Reset()
		r := Report{Machine: want.findings}
		if err := r.Write(&b); err != nil || !strings.HasSuffix(b.String(), want.last) {
			t.Errorf("%v: the end is %q (%v), want %q", want.findings, b.String(), err, want.last)
		}
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s (%v): got\n%s\nwant\n%s", path, err, got, want)
	}
}

func TestAReadingOfTheClockTakesTime(t *testing.T) {
	if cost := ReadClock(); cost <= 0 || cost > time.Millisecond {
		t.Errorf("a reading of the clock takes %v", cost)
	}
}
