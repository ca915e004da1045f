// Command arm serves the scenarios of one build of the library to the gate. It
// is linked dozens of times for each run of the gate, so it is small: no test
// framework, no servers, no load scenarios.
//
//	arm                    speak the arms' protocol over standard input and output
//	arm describe           print what it serves, as JSON
//	arm count SCENARIO N   run N operations of the scenario's subject and print nothing
//
// The third is for tools that count what a process does: the difference of two
// counts with different N is that of the operations alone. It ends with status 0;
// 1 where the scenario failed, 2 for misuse.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/logperf/logperf/suites/internal/experiment"
	"github.com/logperf/logperf/suites/internal/lockstep"
	"github.com/logperf/logperf/suites/internal/scenario"
)

func main() {
	os.Exit(run(context.Background(), scenario.All(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

var errMisuse = errors.New("want no argument, describe, or count SCENARIO N with N from 1")

// run is main without the process.
func run(ctx context.Context, scenarios []experiment.Scenario, args []string, in io.Reader, out, errs io.Writer) int {
	if len(args) == 0 {
		return lockstep.Main(scenarios, in, out, errs)
	}
	err := errMisuse
	switch {
	case args[0] == "describe" && len(args) == 1:
		err = lockstep.Describe(out, scenarios)
	case args[0] == "count" && len(args) == 3:
		var n int
		if n, err = strconv.Atoi(args[2]); err != nil || n < 1 {
			err = errMisuse
			break
		}
		err = count(ctx, scenarios, args[1], n)
	}
	if err == nil {
		return 0
	}
	_, _ = fmt.Fprintf(errs, "arm: %v\n", err)
	if errors.Is(err, errMisuse) {
		return 2
	}
	return 1
}
