package count

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
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

// fake counts 100 for the process and 7 for each operation, and what the runtime
// did of its own accord in a run of so many.
type fake struct {
	own func(n int) float64
	err error

	mu   sync.Mutex // guards seen: two runs go on side by side
	seen []Command
}

func (f *fake) String() string { return "fake" }

func (f *fake) Count(_ context.Context, c Command) (float64, error) {
	f.mu.Lock()
	f.seen = append(f.seen, c)
	f.mu.Unlock()
	n, err := strconv.Atoi(c.Args[0])
	counted := 100 + 7*float64(n)
	if f.own != nil {
		counted += f.own(n)
	}
	return counted, errors.Join(err, f.err)
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
		5000: {4_000, 24_000}, 25_000: {500, 4_500}, 500_000: {500, 2_500}, 500: {40_000, 240_000}, 50: {400_000, 2_400_000},
	} {
		if got := sizeOf(each); got != want {
			t.Errorf("for operations of %v instructions: %+v, want %+v", each, got, want)
		}
	}
}

// noisy are runs of which the shorter ones took so many instructions more by
// chance: some 200,000, as measured, and far more than cheap operations take.
func noisy(instructions float64) *fake {
	return &fake{own: func(n int) float64 {
		if n%3 == 0 { // the longer run of each size
			return 0
		}
		return instructions
	}}
}

// TestChanceMakesNoSize: of a thousand operations of 700 instructions the
// difference is drowned or doubled by what the runtime does of its own accord.
func TestChanceMakesNoSize(t *testing.T) {
	for _, by := range []float64{0, 200_000, 1_000_000, -200_000} {
		f := noisy(by)
		size, err := SizeFor(t.Context(), f, func(n int) Command { return arm(n * 100) })
		if err != nil || size.Many-size.Few < 136_000 || size.Many-size.Few > 168_000 {
			t.Errorf("with %v by chance operations of 700 instructions get %+v (%v), want some 143,000", by, size, err)
		}
		if len(f.seen) != 4 {
			t.Errorf("%d runs, want 4: a thousand operations, then ten thousand", len(f.seen))
		}
	}
}

func TestOperationsThatTakeNextToNothingAreTooCheap(t *testing.T) {
	for _, by := range []float64{0, 200_000, -200_000} {
		f := noisy(by)
		size, err := SizeFor(t.Context(), f, arm)
		if !errors.Is(err, ErrTooCheap) || !strings.Contains(err.Error(), "want 50 each") {
			t.Errorf("operations of 7 instructions get %+v (%v)", size, err)
		}
		if len(f.seen) != 6 {
			t.Errorf("%d runs, want 6", len(f.seen))
		}
	}
	if _, err := SizeFor(t.Context(), &fake{err: errors.New("crashed")}, arm); errors.Is(err, ErrTooCheap) || err == nil || !strings.Contains(err.Error(), "500 operations cannot be counted by fake: crashed") {
		t.Errorf("the error is %v", err)
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
	if c, err := Find(); err != nil || c != Cachegrind(path) {
		t.Errorf("found %v (%v), want cachegrind", c, err)
	}
}

// cachegrind is skipped under the race detector, whose runtime valgrind cannot
// run.
func cachegrind(t *testing.T) Cachegrind {
	t.Helper()
	path, err := exec.LookPath("valgrind")
	if err != nil {
		t.Skip("valgrind is not installed")
	}
	if raceEnabled {
		t.Skip("valgrind does not run what the race detector makes")
	}
	return Cachegrind(path)
}

func TestCachegrindCountsWhatAGoProgramDoes(t *testing.T) {
	got, err := PerOperation(t.Context(), cachegrind(t), func(n int) Command { return program(t, 100*n) }, Size{})
	if err != nil {
		t.Fatal(err)
	}
	// A hundred steps of some 6 instructions each.
	if got < 300 || got > 1200 {
		t.Errorf("an operation takes %.0f instructions, want about 600", got)
	}
}

// TestCachegrindKeepsToItsFolder: what it leaves in the temporary folder where it
// is killed, nobody removes.
func TestCachegrindKeepsToItsFolder(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	dir := t.TempDir()
	valgrind := filepath.Join(dir, "valgrind")
	script := "#!/bin/sh\necho \"$@\" > " + filepath.Join(dir, "args") + "\nprintf 'events: Ir\\nsummary: 17\\n' > \"${2#--cachegrind-out-file=}\"\n"
	if err := os.WriteFile(valgrind, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	c := arm(1)
	c.Dir = filepath.Join(dir, "scratch")
	if err := os.Mkdir(c.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if n, err := Cachegrind(valgrind).Count(t.Context(), c); err != nil || n != 17 {
		t.Fatalf("it counts %v (%v), want 17", n, err)
	}
	args, err := os.ReadFile(filepath.Join(dir, "args"))
	if err != nil || !strings.Contains(string(args), " --vgdb=no ") || !strings.Contains(string(args), "--cachegrind-out-file="+c.Dir+"/") {
		t.Errorf("it is called with %s (%v), want --vgdb=no and its output below %s", args, err, c.Dir)
	}
	for _, folder := range []string{c.Dir, os.TempDir()} {
		if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
			t.Errorf("%s holds %v (%v), want nothing", folder, left, err)
		}
	}
}

func TestTheErrorOfAProgramIsShown(t *testing.T) {
	_, err := cachegrind(t).Count(t.Context(), program(t, -1))
	if err == nil || !strings.Contains(err.Error(), "exit status 7") || !strings.Contains(err.Error(), "no work") {
		t.Errorf("the error is %v", err)
	}
}

func TestACountEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := cachegrind(t).Count(ctx, program(t, 1<<40)); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}

func TestCachegrindsOutputIsRead(t *testing.T) {
	const text = "desc: I1 cache:\ncmd: ./arm\nevents: Ir\nfl=???\nfn=main.main\n0 12\nsummary: 5475123\n"
	if n, err := parseTotals([]byte(text)); err != nil || n != 5475123 {
		t.Errorf("%v (%v), want 5475123", n, err)
	}
	for text, want := range map[string]string{
		"":                                      "has no line summary",
		"events: Ir\n":                          "has no line summary",
		"events: Ir Dr\nsummary: 1 2\n":         `the events "Ir Dr": want Ir`,
		"events: Ir\nsummary: many\n":           "holds no count",
		"events: Ir\nsummary: -3\n":             "holds no count",
		"summary: 3\n":                          `the events "": want Ir`,
		"events: Ir\nsummary 3\nsummary: 1e3\n": "holds no count",
	} {
		if n, err := parseTotals([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q gives %v (%v), want %s", text, n, err, want)
		}
	}
}

func FuzzCachegrindsOutput(f *testing.F) {
	f.Add([]byte("events: Ir\nsummary: 17\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if n, err := parseTotals(text); err == nil && n < 0 {
			t.Errorf("%q gives %v", text, n)
		}
	})
}
