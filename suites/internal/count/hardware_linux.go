package count

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// event is what the kernel is asked to count.
type event struct {
	kind   uint32
	config uint64
	name   string
}

// instructions are those of the processor's own counter, outside of the kernel.
var instructions = event{unix.PERF_TYPE_HARDWARE, unix.PERF_COUNT_HW_INSTRUCTIONS, "the processor's counter"}

// hardware counts an event by perf_event_open(2).
type hardware struct{ event event }

// openHardware returns a counter by the processor, or why there is none: virtual
// machines mostly hide it, and kernel.perf_event_paranoid may forbid it.
func openHardware() (Counter, error) {
	fd, err := instructions.open()
	if err != nil {
		return nil, fmt.Errorf("perf_event_open: %w", err)
	}
	return hardware{instructions}, unix.Close(fd)
}

// open makes a counter of the calling thread that counts nothing of it: it is
// inherited by the processes that the thread starts, and begins with their exec.
func (e event) open() (int, error) {
	return unix.PerfEventOpen(&unix.PerfEventAttr{
		Type: e.kind, Config: e.config, Size: uint32(unsafe.Sizeof(unix.PerfEventAttr{})),
		Bits: unix.PerfBitDisabled | unix.PerfBitInherit | unix.PerfBitEnableOnExec |
			unix.PerfBitExcludeKernel | unix.PerfBitExcludeHv,
		Read_format: unix.PERF_FORMAT_TOTAL_TIME_ENABLED | unix.PERF_FORMAT_TOTAL_TIME_RUNNING,
	}, 0, -1, -1, unix.PERF_FLAG_FD_CLOEXEC)
}

// String implements Counter.
func (h hardware) String() string { return h.event.name }

// Count implements Counter. The counts of the process and of its threads come to
// ours as each of them ends.
func (h hardware) Count(ctx context.Context, c Command) (float64, error) {
	// The thread that starts the process is the one whose counter it inherits.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	fd, err := h.event.open()
	if err != nil {
		return 0, fmt.Errorf("perf_event_open: %w", err)
	}
	defer func() { _ = unix.Close(fd) }()
	var errs bytes.Buffer
	child := exec.CommandContext(ctx, c.Path, c.Args...)
	child.Env, child.Stderr = steady(c.Env), &errs
	child.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	child.Cancel = func() error { return syscall.Kill(-child.Process.Pid, syscall.SIGKILL) }
	child.WaitDelay = afterKill
	if err := child.Run(); err != nil {
		return 0, explained(errors.Join(err, ctx.Err()), errs.String())
	}
	return read(fd)
}

// read returns the count. One that the kernel could not keep up all the time,
// because others wanted the counter too, would be an estimate: it is refused.
func read(fd int) (float64, error) {
	var text [24]byte
	n, err := unix.Read(fd, text[:])
	if err != nil || n != len(text) {
		return 0, fmt.Errorf("the counter gives %d bytes (%w): want %d", n, err, len(text))
	}
	word := func(i int) uint64 { return binary.NativeEndian.Uint64(text[8*i:]) }
	count, enabled, running := word(0), word(1), word(2)
	switch {
	case enabled == 0:
		return 0, errors.New("the counter was never on: the process has not inherited it")
	case running != enabled:
		return 0, fmt.Errorf("the counter ran for %d of %d ns: another program uses it too", running, enabled)
	}
	return float64(count), nil
}
