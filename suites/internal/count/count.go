// Package count counts the instructions that an operation takes: by the
// processor's own counter where the kernel gives one, else by cachegrind.
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

// A Counter counts what a whole process does.
type Counter interface {
	// Count runs the command to its end and returns how many instructions it took
	// in user mode, with all its threads. It may be called by several goroutines at
	// a time. The environment is completed by what keeps two runs alike: one
	// processor, no collections, no preemption by signals. The end of ctx kills the
	// process.
	Count(ctx context.Context, c Command) (float64, error)
	// String names the counter, as in "cachegrind".
	String() string
}

// Command is how a process is started.
type Command struct {
	// Path of the binary, and Args behind its name.
	Path string
	Args []string
	// Env is the whole environment.
	Env []string
	// Dir is where a counter makes its own scratch files; empty means the system's
	// folder. They are gone when Count returns.
	Dir string
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
		return Cachegrind(path), nil
	}
	return nil, fmt.Errorf("no instructions are counted: the processor's counter cannot be used (%w), and valgrind is not installed: "+
		"apt-get install valgrind, or the package of that name of your system, adds it", refused)
}

// PerOperation returns the instructions of one operation: the difference of two
// runs over that of their numbers. run gives the command that does n operations.
func PerOperation(ctx context.Context, counter Counter, run func(n int) Command, size Size) (float64, error) {
	size = size.withDefaults()
	few, err := whole(ctx, counter, run, size.Few)
	if err != nil {
		return 0, err
	}
	many, err := whole(ctx, counter, run, size.Many)
	if err != nil {
		return 0, err
	}
	if many <= few {
		return 0, fmt.Errorf("%v counts %.0f instructions for %d operations and %.0f for %d: want more for more",
			counter, few, size.Few, many, size.Many)
	}
	return (many - few) / float64(size.Many-size.Few), nil
}

// whole counts a whole process.
func whole(ctx context.Context, counter Counter, run func(n int) Command, n int) (float64, error) {
	instructions, err := counter.Count(ctx, run(n))
	if err != nil {
		return 0, fmt.Errorf("%d operations cannot be counted by %v: %w", n, counter, err)
	}
	return instructions, nil
}

// steady completes the environment of a Go program that is counted. Its signals
// to itself are not noise alone: cachegrind 3.19 ends with a failed assertion at some
// of them.
func steady(environ []string) []string {
	return append(environ[:len(environ):len(environ)], "GOMAXPROCS=1", "GOGC=off", "GODEBUG=asyncpreemptoff=1")
}

// explained adds what a process wrote to standard error to why it failed.
func explained(err error, text string) error {
	if text = strings.TrimSpace(text); text == "" {
		return err
	}
	return errors.Join(err, errors.New(text))
}
