package count

import (
	"context"
	"errors"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// pageFaults are counted by the kernel in software, so that the way from the
// counter to the process can be tested where the processor's own is hidden.
var pageFaults = event{unix.PERF_TYPE_SOFTWARE, unix.PERF_COUNT_SW_PAGE_FAULTS, "page faults"}

func software(t *testing.T) hardware {
	t.Helper()
	fd, err := pageFaults.open()
	if err != nil {
		t.Skipf("the kernel forbids counters: %v", err)
	}
	if err := unix.Close(fd); err != nil {
		t.Fatal(err)
	}
	return hardware{pageFaults}
}

// TestACounterIsThatOfTheStartedProcess: a Go program that starts touches some
// hundred pages; the test itself, which is not counted, allocates meanwhile.
func TestACounterIsThatOfTheStartedProcess(t *testing.T) {
	counter := software(t)
	n, err := counter.Count(t.Context(), program(t, 1))
	if err != nil {
		t.Fatal(err)
	}
	if n < 20 || n > 100_000 {
		t.Errorf("the process made %v page faults, want some hundred", n)
	}
	if _, err := counter.Count(t.Context(), program(t, -1)); err == nil || !strings.Contains(err.Error(), "no work") {
		t.Errorf("the error of the program is not shown: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := counter.Count(ctx, program(t, 1<<40)); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v, want that of the context", err)
	}
}

func TestTheProcessorsCounterSaysWhyItIsNotThere(t *testing.T) {
	c, err := openHardware()
	if err == nil {
		got, err := PerOperation(t.Context(), c, func(n int) Command { return program(t, 100*n) }, Size{})
		if err != nil || got < 300 || got > 1200 {
			t.Errorf("an operation takes %v instructions (%v), want about 600", got, err)
		}
		return
	}
	if !strings.HasPrefix(err.Error(), "perf_event_open: ") {
		t.Errorf("the error is %v", err)
	}
}
