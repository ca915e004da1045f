package experiment

import (
	"context"
	"errors"
	"math"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/logperf/logperf/suites/internal/stat"
)

// timed is a subject whose operations take a known time on the bubble's clock.
type timed struct {
	op, barrier time.Duration
	ran         []int
	laps        []time.Duration
	resets      int
}

func (s *timed) Run(_ context.Context, n int) error {
	s.ran = append(s.ran, n)
	time.Sleep(time.Duration(n)*s.op + s.barrier)
	return nil
}
func (s *timed) Close(context.Context) error { return nil }
func (s *timed) Laps(dst []time.Duration)    { copy(dst, s.laps) }
func (s *timed) Reset() error                { s.resets++; time.Sleep(time.Hour); return nil }

func start(t *testing.T, s Scenario, o Options) *Runner {
	t.Helper()
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	r, err := Open(t.Context(), s, s.Arms[0].Name, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestCalibrationReachesTheAim(t *testing.T) {
	for _, tc := range []struct {
		name        string
		op, barrier time.Duration
		aim         time.Duration
		most, want  int
	}{
		{"operations of 10 us", 10 * time.Microsecond, 0, time.Millisecond, 0, 100},
		{"the default aim", 10 * time.Microsecond, 0, 0, 0, 100},
		{"one long operation", time.Second, 0, time.Millisecond, 0, 1},
		{"twenty barriers", 10 * time.Microsecond, 100 * time.Microsecond, time.Millisecond, 0, 193},
		{"the free capacity", 10 * time.Microsecond, 0, time.Millisecond, 48, 48},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := plain(&timed{op: tc.op, barrier: tc.barrier})
				s.Slice, s.MaxOps = tc.aim, tc.most
				c, err := start(t, s, Options{}).Calibrate(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if c.N != tc.want || c.Barrier != tc.barrier {
					t.Errorf("Calibrate() = %+v, want %d operations and a barrier of %v", c, tc.want, tc.barrier)
				}
			})
		})
	}
}

// disturbed is slow in a few of its first slices, for no reason of its own.
type disturbed struct{ timed }

func (s *disturbed) Run(ctx context.Context, n int) error {
	if len(s.ran) == barrierReadings+3 || len(s.ran) == barrierReadings+4 {
		time.Sleep(time.Second)
	}
	return s.timed.Run(ctx, n)
}

func TestCalibrationIsNotEndedByADisturbance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := start(t, plain(&disturbed{timed{op: 10 * time.Microsecond}}), Options{}).Calibrate(t.Context())
		if err != nil || c.N != 100 {
			t.Errorf("Calibrate() = %+v, %v; want 100 operations", c, err)
		}
	})
}

func TestFixedOperationsAreNotCalibrated(t *testing.T) {
	subject := &timed{}
	s := plain(subject)
	s.Ops, s.Slices = 200_000, 1
	c, err := start(t, s, Options{}).Calibrate(t.Context())
	if err != nil || c.N != 200_000 || len(subject.ran) != 0 {
		t.Errorf("Calibrate() = %+v, %v after slices of %v; want 200000 and no slice", c, err, subject.ran)
	}
}

func TestBarrierIsMeasuredWhereItIsDeclared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := plain(&timed{barrier: 5 * time.Microsecond})
		s.Ops, s.Metrics = 7, []string{"barrier-ns"}
		c, err := start(t, s, Options{}).Calibrate(t.Context())
		if err != nil || c.N != 7 || c.Barrier != 5*time.Microsecond {
			t.Errorf("Calibrate() = %+v, %v; want 7 operations and a barrier of 5us", c, err)
		}
	})
}

func TestSliceTimesRunAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		subject := &timed{op: time.Microsecond, laps: []time.Duration{3, 4}}
		s := plain(subject)
		s.Metrics = []string{"caller-ns/op", "drain-ns/op"}
		s.Laps = s.Metrics
		got, err := start(t, s, Options{}).Slice(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		if got.N != 10 || got.Wall != 10*time.Microsecond || !slices.Equal(got.Laps, subject.laps) || subject.resets != 1 {
			t.Errorf("Slice(10) = %+v after %d resets, want 10us, laps 3ns and 4ns, 1 reset", got, subject.resets)
		}
	})
}

// nothing does nothing, so that what is seen is the runner's own.
type nothing struct{}

func (nothing) Run(context.Context, int) error { return nil }
func (nothing) Close(context.Context) error    { return nil }

func TestSliceAllocatesNothing(t *testing.T) {
	r := start(t, plain(nothing{}), Options{})
	if err := r.Begin(); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	if got := testing.AllocsPerRun(100, func() { _, _ = r.Slice(ctx, 1) }); got != 0 {
		t.Errorf("a slice allocates %v times, want 0", got)
	}
}

func TestSubjectWithoutLapsIsRefusedAndReferenceIsNot(t *testing.T) {
	s := plain(nothing{})
	s.Metrics, s.Laps = []string{"caller-ns/op"}, []string{"caller-ns/op"}
	s.Arms = append(s.Arms, Arm{Name: "other", Open: open(nothing{})})
	if _, err := Open(t.Context(), s, "logperf", Options{}); err == nil || !strings.Contains(err.Error(), "no method Laps") {
		t.Errorf("Open(subject) = %v, want an error about Laps", err)
	}
	r, err := Open(t.Context(), s, "other", Options{})
	if err != nil || r.Laps() != 0 {
		t.Errorf("Open(reference) = %v, want no error and no laps", err)
	}
}

func TestUnknownArmIsNamed(t *testing.T) {
	if _, err := Open(t.Context(), plain(nothing{}), "logpref", Options{}); err == nil || !strings.Contains(err.Error(), "its arms are logperf") {
		t.Errorf("Open() = %v, want an error with the arms", err)
	}
}

// talker has all that a subject may have.
type talker struct {
	nothing
	latency *stat.Histogram
	next    int64
	values  map[string]float64
	fault   error
	garbage [][]byte
	size    int
	hold    chan struct{}
}

func (s *talker) Run(_ context.Context, n int) error {
	for range n {
		if s.latency != nil {
			s.latency.Record(s.next)
		}
		if s.size > 0 {
			s.garbage = append(s.garbage, make([]byte, s.size))
		}
	}
	if s.hold != nil {
		go func() { <-s.hold }()
	}
	return nil
}
func (s *talker) Latency() *stat.Histogram { return s.latency }
func (s *talker) Counts() map[string]int64 { return map[string]int64{"offered": 3} }
func (s *talker) Check() error             { return s.fault }
func (s *talker) Curve() []CurvePoint      { return []CurvePoint{{Offered: 5}} }
func (s *talker) Report(values map[string]float64) error {
	for name, v := range s.values {
		values[name] = v
	}
	return nil
}

// repetition runs one slice of warm-up and one that counts.
func repetition(t *testing.T, subject Subject, n int, between func()) (Report, error) {
	t.Helper()
	r := start(t, plain(subject), Options{})
	if _, err := r.Slice(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	if between != nil {
		between()
	}
	if err := r.Begin(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Slice(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	return r.Finish(t.Context())
}

func TestLatencyOfWarmUpDoesNotCount(t *testing.T) {
	subject := &talker{latency: stat.NewHistogram(), next: 1e9}
	p, err := repetition(t, subject, 1000, func() { subject.next = 100 })
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	if err := latencyValues(p.Latency, values); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"p50-ns", "p99-ns", "p99.9-ns", "max-ns"} {
		if values[name] != 100 {
			t.Errorf("%s is %v, want 100: the warm-up took 1e9", name, values[name])
		}
	}
}

func TestHistogramThatForgetsIsRefused(t *testing.T) {
	subject := &talker{latency: stat.NewHistogram(), next: 1e9}
	_, err := repetition(t, subject, 10, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, plain(subject), Options{})
	if err := r.Begin(); err != nil {
		t.Fatal(err)
	}
	subject.latency = stat.NewHistogram()
	subject.next = 5
	if _, err := r.Slice(t.Context(), 10); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Finish(t.Context()); err == nil || !strings.Contains(err.Error(), "forgets") {
		t.Errorf("Finish() = %v, want an error about forgotten latencies", err)
	}
}

func TestAllocationsOfTheSlicesAreCounted(t *testing.T) {
	p, err := repetition(t, &talker{size: 1 << 10, garbage: make([][]byte, 0, 1000)}, 500, nil)
	if err != nil {
		t.Fatal(err)
	}
	// A few more may come from the runtime; the warm-up would add 500.
	if p.Mallocs < 500 || p.Mallocs > 600 || p.Bytes < 500<<10 || p.Bytes > 600<<10 || p.N != 500 {
		t.Errorf("the report has %d allocations of %d bytes in %d operations, want about 500 of 512000 in 500", p.Mallocs, p.Bytes, p.N)
	}
}

// touched returns memory that is resident: what is only allocated need not be.
func touched(size int) []byte {
	memory := make([]byte, size)
	for i := 0; i < size; i += 4096 {
		memory[i] = 1
	}
	return memory
}

// burst needs memory in its measured slice alone.
type burst struct {
	nothing
	size int
	keep []byte
}

func (s *burst) Run(context.Context, int) error {
	s.keep = touched(s.size)
	return nil
}

func TestPeakRSSIsThatOfTheMeasuredSlices(t *testing.T) {
	if f, err := os.OpenFile("/proc/self/clear_refs", os.O_WRONLY, 0); err != nil {
		t.Skip("the kernel does not let the peak be reset: ", err)
	} else if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	const big = 128 << 20
	subject := &burst{size: big}
	var before int64
	quiet, err := repetition(t, subject, 1, func() {
		before = PeakRSS()
		subject.size, subject.keep = 1, nil
		debug.FreeOSMemory()
	})
	if err != nil {
		t.Fatal(err)
	}
	if quiet.PeakRSS <= 0 || quiet.PeakRSS > before-big/2 {
		t.Errorf("the peak is %d bytes behind a warm-up that peaked at %d and released %d", quiet.PeakRSS, before, big)
	}
	subject.size, subject.keep = 1, nil
	debug.FreeOSMemory()
	loud, err := repetition(t, subject, 1, func() { subject.size = big })
	if err != nil {
		t.Fatal(err)
	}
	if loud.PeakRSS < quiet.PeakRSS+big/2 {
		t.Errorf("the peak is %d bytes with a burst of %d and %d without", loud.PeakRSS, big, quiet.PeakRSS)
	}
}

func TestLeakedGoroutinesAreCounted(t *testing.T) {
	subject := &talker{hold: make(chan struct{})}
	defer close(subject.hold)
	p, err := repetition(t, subject, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if p.Leaked != 2 || !strings.Contains(p.Stacks, "talker") {
		t.Errorf("the report has %d leaked goroutines: %s; want 2 with their stacks", p.Leaked, p.Stacks)
	}
}

func TestSubjectIsAskedAfterClose(t *testing.T) {
	p, err := repetition(t, &talker{values: map[string]float64{"line-B/op": 90}, fault: errors.New("one record is missing")}, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if p.Fault != "one record is missing" || p.Counts["offered"] != 3 || len(p.Curve) != 1 || p.Values["line-B/op"] != 90 {
		t.Errorf("the report is %+v, want fault, counts, curve and values of the subject", p)
	}
}

func TestAReferenceThatLosesRecordsIsAFault(t *testing.T) {
	losing := func() *talker { return &talker{values: map[string]float64{"lost-records": 2}} }
	if p, err := repetition(t, losing(), 1, nil); err != nil || p.Fault != "" {
		t.Errorf("the subject's loss is a matter of its limit, not a fault: %v %q", err, p.Fault)
	}
	s := plain(&talker{})
	s.Arms = append(s.Arms, Arm{Name: "other", Open: func(context.Context, Options) (Subject, error) { return losing(), nil }})
	if p := finished(t, s, "other"); !strings.Contains(p.Fault, "the reference has lost 2 records") {
		t.Errorf("the fault of a reference that lost 2 records is %q", p.Fault)
	}
	if got := s.References(); !slices.Equal(got, []string{"other"}) {
		t.Errorf("limits may compare with %q, want the reference", got)
	}
	s.Lossy = true
	if p := finished(t, s, "other"); p.Fault != "" || p.Values["lost-records"] != 2 {
		t.Errorf("where references may lose records the fault is %q and %v are lost: want none and 2", p.Fault, p.Values["lost-records"])
	}
	if got := s.References(); len(got) != 0 {
		t.Errorf("limits may compare with %q, which may lose records", got)
	}
}

// finished is the report of an arm that did nothing.
func finished(t *testing.T, s Scenario, arm string) Report {
	t.Helper()
	r, err := Open(t.Context(), s, arm, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Begin(); err != nil {
		t.Fatal(err)
	}
	p, err := r.Finish(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestReportedValuesMustBeJudgeable(t *testing.T) {
	for _, tc := range []struct {
		name, want string
		value      float64
	}{
		{"ns/op", "finite", math.NaN()}, {"ns/op", "finite", math.Inf(1)}, {"lines-B/op", "nearest are line-B/op", 1},
	} {
		_, err := repetition(t, &talker{values: map[string]float64{tc.name: tc.value}}, 1, nil)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("a subject that reports %v for %s gives %v, want an error with %q", tc.value, tc.name, err, tc.want)
		}
	}
}

func TestATimeThatTheHistogramCannotHoldIsAFault(t *testing.T) {
	subject := &talker{latency: stat.NewHistogram(), next: int64(2 * stat.LongestTime), fault: errors.New("1 record is missing")}
	p, err := repetition(t, subject, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := "2 calls took longer than 1m0s, the most that a latency can be; 1 record is missing"
	if p.Fault != want {
		t.Errorf("the fault is %q, want %q", p.Fault, want)
	}
}

// clocked has timed the calls of a load, and has no answer of another kind.
type clocked struct {
	nothing
	times map[string]*stat.Histogram
}

func (s *clocked) Times() map[string]*stat.Histogram { return s.times }

func TestTimesOfALoadAreReportedWhereThereAreAny(t *testing.T) {
	some := stat.NewHistogram()
	some.Record(100)
	p, err := repetition(t, &clocked{times: map[string]*stat.Histogram{"service": some, "response": stat.NewHistogram(), "none": nil}}, 1, nil)
	if err != nil || len(p.Histograms) != 1 {
		t.Fatalf("%v, %v", p.Histograms, err)
	}
	if h, err := stat.DecodeHistogram(p.Histograms["service"]); err != nil || h.Count() != 1 || h.Max() != 100 {
		t.Errorf("%v, %v", h, err)
	}
}
