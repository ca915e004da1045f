// Package count counts the instructions that an operation takes: by the
// processor's own counter where the kernel gives one, else by callgrind.
//
// A count knows nothing of other programs, caches and the layout of the code, so
// it shows 1 or 2 % more work where times cannot; and it knows nothing of
// waiting, so it is for operations that run on one goroutine alone. It is not
// without noise: the runtime's own work makes single counts differ by some 0.4 %.
package count

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

const (
	// Few and Many are the operations of the two runs whose difference is
	// counted: what starts and ends the process is in both.
	Few  = 2_000
	Many = 12_000
)

// A Counter counts what a whole process does.
type Counter interface {
	// Count runs the command to its end and returns how many instructions it took
	// in user mode, with all its threads. It may be called by several goroutines at
	// a time. The end of ctx kills the process.
	Count(ctx context.Context, c Command) (float64, error)
	// String names the counter, as in "callgrind".
	String() string
}

// Command is how a process is started.
type Command struct {
	// Path of the binary, and Args behind its name.
	Path string
	Args []string
	// Env is the whole environment.
	Env []string
}

// Find returns the best counter of this machine. The error says that there is
// none, and how to get one.
func Find() (Counter, error) {
	hardware, refused := openHardware()
	if refused == nil {
		return hardware, nil
	}
	path, err := exec.LookPath("valgrind")
	if err == nil {
		return Callgrind(path), nil
	}
	return nil, fmt.Errorf("no instructions are counted: the processor's counter cannot be used (%w), and valgrind is not installed: "+
		"apt-get install valgrind, or the package of that name of your system, adds it", refused)
}

// PerOperation returns the instructions of one operation: the difference of a
// run of Many and one of Few. run gives the command that does n operations. The
// environment is completed by what keeps two runs alike: one processor, no
// collections, no preemption by signals.
func PerOperation(ctx context.Context, counter Counter, run func(n int) Command) (float64, error) {
	var counts [2]float64
	for i, n := range []int{Few, Many} {
		c := run(n)
		c.Env = append(c.Env[:len(c.Env):len(c.Env)], "GOMAXPROCS=1", "GOGC=off", "GODEBUG=asyncpreemptoff=1")
		var err error
		if counts[i], err = counter.Count(ctx, c); err != nil {
			return 0, fmt.Errorf("%d operations cannot be counted by %v: %w", n, counter, err)
		}
	}
	if counts[1] <= counts[0] {
		return 0, fmt.Errorf("%v counts %.0f instructions for %d operations and %.0f for %d: want more for more",
			counter, counts[0], Few, counts[1], Many)
	}
	return (counts[1] - counts[0]) / (Many - Few), nil
}

// explained adds what a process wrote to standard error to why it failed.
func explained(err error, text string) error {
	if text = strings.TrimSpace(text); text == "" {
		return err
	}
	return errors.Join(err, errors.New(text))
}
