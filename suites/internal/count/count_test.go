package count

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

// workVariable makes this test binary a program that does that much work.
const workVariable = "COUNT_TEST_WORK"

func TestMain(m *testing.M) {
	switch n, err := strconv.Atoi(os.Getenv(workVariable)); {
	case err != nil:
		goleak.VerifyTestMain(m)
	case n < 0:
		_, _ = os.Stderr.WriteString("no work\n")
		os.Exit(7)
	default:
		os.Exit(work(n))
	}
}

// work takes a few instructions for each of n, and ends with status 0 where it
// was done.
func work(n int) int {
	sum := uint64(1)
	for i := range uint64(n) {
		sum = sum*31 + i
	}
	if sum == 0 {
		return 1
	}
	return 0
}

// program is this test binary at work.
func program(t *testing.T, n int) Command {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Command{Path: path, Env: append(os.Environ(), workVariable+"="+strconv.Itoa(n))}
}

// fake counts 100 for the process and 7 for each operation.
type fake struct {
	seen []Command
	err  error
}

func (f *fake) String() string { return "fake" }

func (f *fake) Count(_ context.Context, c Command) (float64, error) {
	f.seen = append(f.seen, c)
	n, err := strconv.Atoi(c.Args[0])
	return 100 + 7*float64(n), errors.Join(err, f.err)
}

func arm(n int) Command {
	return Command{Path: "arm", Args: []string{strconv.Itoa(n)}, Env: []string{"GOGC=50"}}
}

func TestAnOperationIsTheDifferenceOfTwoRuns(t *testing.T) {
	var f fake
	got, err := PerOperation(t.Context(), &f, arm, Size{})
	if err != nil || got != 7 {
		t.Errorf("an operation takes %v (%v), want 7", got, err)
	}
	if len(f.seen) != 2 {
		t.Errorf("%d runs, want 2", len(f.seen))
	}
}

func TestWhatIsCountedIsKeptSteady(t *testing.T) {
	given := append(make([]string, 0, 8), "GOGC=50")
	if got := steady(given); !slices.Equal(got, []string{"GOGC=50", "GOMAXPROCS=1", "GOGC=off", "GODEBUG=asyncpreemptoff=1"}) {
		t.Errorf("the environment is %q", got)
	}
	if given = given[:2]; given[1] != "" {
		t.Error("the caller's environment is written to")
	}
}

func TestACountThatDoesNotGrowIsAnError(t *testing.T) {
	_, err := PerOperation(t.Context(), &fake{}, func(int) Command { return arm(5) }, Size{})
	if err == nil || !strings.Contains(err.Error(), "fake counts 135 instructions for 2000 operations and 135 for 12000: want more") {
		t.Errorf("the error is %v", err)
	}
}

func TestASizeMakesEnoughInstructions(t *testing.T) {
	for each, want := range map[float64]Size{
		5000: {2_000, 12_000}, 25_000: {500, 2_500}, 500_000: {500, 2_500}, 500: {20_000, 120_000}, 3: {1_000_000, 6_000_000},
	} {
		if got := sizeOf(each); got != want {
			t.Errorf("for operations of %v instructions: %+v, want %+v", each, got, want)
		}
	}
	got, err := SizeFor(t.Context(), &fake{}, func(n int) Command { return arm(n * 100) })
	if want := (Size{14_000, 85_500}); err != nil || got != want {
		t.Errorf("for operations of 700 instructions: %+v (%v), want %+v", got, err, want)
	}
}

func TestACounterThatFailsIsNamed(t *testing.T) {
	_, err := PerOperation(t.Context(), &fake{err: errors.New("crashed")}, arm, Size{})
	if err == nil || !strings.Contains(err.Error(), "2000 operations cannot be counted by fake: crashed") {
		t.Errorf("the error is %v", err)
	}
}

// TestWithoutACounterTheErrorTellsHowToGetOne runs where this machine hides the
// processor's own, as virtual machines do.
func TestWithoutACounterTheErrorTellsHowToGetOne(t *testing.T) {
	if _, err := openHardware(); err == nil {
		t.Skip("this machine has a counter of its own")
	}
	t.Setenv("PATH", t.TempDir())
	_, err := Find()
	if err == nil || !strings.Contains(err.Error(), "perf_event_open") || !strings.Contains(err.Error(), "apt-get install valgrind") {
		t.Errorf("the error is %v", err)
	}
}

func TestValgrindIsFoundWhereThereIsNoOtherCounter(t *testing.T) {
	if _, err := openHardware(); err == nil {
		t.Skip("this machine has a counter of its own")
	}
	path, err := exec.LookPath("valgrind")
	if err != nil {
		t.Skip("valgrind is not installed")
	}
	if c, err := Find(); err != nil || c != Callgrind(path) {
		t.Errorf("found %v (%v), want callgrind", c, err)
	}
}

// callgrind is skipped under the race detector, whose runtime valgrind cannot
// run.
func callgrind(t *testing.T) Callgrind {
	t.Helper()
	path, err := exec.LookPath("valgrind")
	if err != nil {
		t.Skip("valgrind is not installed")
	}
	if raceEnabled {
		t.Skip("valgrind does not run what the race detector makes")
	}
	return Callgrind(path)
}

func TestCallgrindCountsWhatAGoProgramDoes(t *testing.T) {
	got, err := PerOperation(t.Context(), callgrind(t), func(n int) Command { return program(t, 100*n) }, Size{})
	if err != nil {
		t.Fatal(err)
	}
	// A hundred steps of some 6 instructions each.
	if got < 300 || got > 1200 {
		t.Errorf("an operation takes %.0f instructions, want about 600", got)
	}
}

func TestTheErrorOfAProgramIsShown(t *testing.T) {
	_, err := callgrind(t).Count(t.Context(), program(t, -1))
	if err == nil || !strings.Contains(err.Error(), "exit status 7") || !strings.Contains(err.Error(), "no work") {
		t.Errorf("the error is %v", err)
	}
}

func TestACountEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := callgrind(t).Count(ctx, program(t, 1<<40)); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}

func TestCallgrindsOutputIsRead(t *testing.T) {
	const text = "# callgrind format\nversion: 1\ncreator: callgrind-3.19.0\ncmd: ./arm\n\npositions: line\nevents: Ir\nsummary: 5475123\n\nfn=(1) main\n0 12\n\ntotals: 5475124\n"
	if n, err := parseTotals([]byte(text)); err != nil || n != 5475123 {
		t.Errorf("%v (%v), want 5475123", n, err)
	}
	for text, want := range map[string]string{
		"":                                     "has no line totals",
		"events: Ir\n":                         "has no line totals",
		"events: Ir Dr\ntotals: 1 2\n":         `the events "Ir Dr": want Ir`,
		"events: Ir\ntotals: many\n":           "holds no count",
		"events: Ir\ntotals: -3\n":             "holds no count",
		"totals: 3\n":                          `the events "": want Ir`,
		"events: Ir\ntotals 3\nsummary: 1e3\n": "holds no count",
	} {
		if n, err := parseTotals([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q gives %v (%v), want %s", text, n, err, want)
		}
	}
}

func FuzzCallgrindsOutput(f *testing.F) {
	f.Add([]byte("events: Ir\ntotals: 17\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if n, err := parseTotals(text); err == nil && n < 0 {
			t.Errorf("%q gives %v", text, n)
		}
	})
}
