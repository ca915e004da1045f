package experiment

import (
	"context"
	"math"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"
)

const ms = time.Millisecond

// arrival is a call as a subject saw it.
type arrival struct {
	producer int
	sequence uint64
	at       time.Duration
}

// play runs the load against a subject that takes the given time over each call
// and returns what it saw. It belongs into a synctest bubble.
func play(t *testing.T, l Load, takes func(arrival) time.Duration) (Traffic, []arrival) {
	t.Helper()
	var mu sync.Mutex
	var seen []arrival
	start := time.Now()
	traffic, err := l.Play(t.Context(), func(_ context.Context, producer int, sequence uint64) {
		one := arrival{producer, sequence, time.Since(start)}
		mu.Lock()
		seen = append(seen, one)
		mu.Unlock()
		if takes != nil {
			time.Sleep(takes(one))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return traffic, seen
}

func TestArrivalsFollowTheirSchedule(t *testing.T) {
	for _, c := range []struct {
		name string
		load Load
		want map[time.Duration]int // calls by the time of their tick
	}{
		{
			"a constant rate",
			Load{Producers: 1, Phases: []Phase{{Name: "steady", Duration: 5 * ms, Rate: 2000}}},
			map[time.Duration]int{0: 2, ms: 2, 2 * ms: 2, 3 * ms: 2, 4 * ms: 2},
		},
		{
			"less than one a tick",
			Load{Producers: 1, Phases: []Phase{{Name: "steady", Duration: 10 * ms, Rate: 300}}},
			map[time.Duration]int{3 * ms: 1, 6 * ms: 1, 9 * ms: 1},
		},
		{
			"several producers share the rate",
			Load{Producers: 3, Phases: []Phase{{Name: "steady", Duration: 4 * ms, Rate: 1000}}},
			map[time.Duration]int{0: 1, ms: 1, 2 * ms: 1, 3 * ms: 1},
		},
		{
			"a ramp",
			Load{Producers: 1, Phases: []Phase{{Name: "ramp", Duration: 4 * ms, Rate: 0, EndRate: 4000}}},
			map[time.Duration]int{ms: 2, 2 * ms: 2, 3 * ms: 4},
		},
		{
			"bursts beside a rate",
			Load{Producers: 2, Phases: []Phase{{Name: "burst", Duration: 4 * ms, Rate: 1000, Burst: 5, Every: 2 * ms}}},
			map[time.Duration]int{0: 6, ms: 1, 2 * ms: 6, 3 * ms: 1},
		},
		{
			"one burst",
			Load{Producers: 2, Phases: []Phase{{Name: "burst", Duration: 4 * ms, Burst: 5}}},
			map[time.Duration]int{0: 5},
		},
		{
			"a coarser tick",
			Load{Producers: 1, Tick: 5 * ms, Phases: []Phase{{Name: "steady", Duration: 10 * ms, Rate: 1000}}},
			map[time.Duration]int{0: 5, 5 * ms: 5},
		},
		{
			"a phase behind another",
			Load{Producers: 2, Phases: []Phase{{Name: "warm-up", Duration: 2 * ms, Rate: 500}, {Name: "steady", Duration: 2 * ms, Rate: 2000}}},
			map[time.Duration]int{ms: 1, 2 * ms: 2, 3 * ms: 2},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				traffic, seen := play(t, c.load, nil)
				got := map[time.Duration]int{}
				for _, a := range seen {
					got[a.at]++
				}
				for at, n := range c.want {
					if got[at] != n {
						t.Errorf("%d calls at %v: want %d", got[at], at, n)
					}
				}
				total := 0
				for _, n := range c.want {
					total += n
				}
				if len(seen) != total || traffic.Calls != total || traffic.Scheduled != total {
					t.Errorf("%d calls arrived, %d counted, %d scheduled: want %d", len(seen), traffic.Calls, traffic.Scheduled, total)
				}
			})
		})
	}
}

// The reason for open loops (Tene): a stall of 100 ms hits the hundred callers
// who come meanwhile, and a generator that waits for the call would see one.
func TestAStallIsChargedForAllWhoComeMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := Load{Producers: 1, Phases: []Phase{{Name: "steady", Duration: time.Second, Rate: 1000, Measured: true}}}
		traffic, _ := play(t, l, func(a arrival) time.Duration {
			if a.sequence == 500 {
				return 100 * ms
			}
			return 0
		})
		if got := traffic.Response.Quantile(0.95); math.Abs(got-float64(50*ms)) > float64(2*ms) {
			t.Errorf("the response time has a 95th percentile of %v: a tenth of the callers wait up to 100ms, so want 50ms", time.Duration(got))
		}
		if got := traffic.Service.Quantile(0.99); got > 1 {
			t.Errorf("the service time has a 99th percentile of %v: one call in a thousand is slow", time.Duration(got))
		}
		if traffic.Missed != 0 || traffic.Calls != 1000 || traffic.Measured != 1000 {
			t.Errorf("%d of %d arrivals count as missed by the pacer: the caller was not free", traffic.Missed, traffic.Measured)
		}
		if traffic.Blocked != 100*ms {
			t.Errorf("blocked for %v: want 100ms", traffic.Blocked)
		}
		if traffic.Offered != 1000 || traffic.Achieved != 1000 {
			t.Errorf("offered %v, achieved %v: it has caught up", traffic.Offered, traffic.Achieved)
		}
	})
}

func TestOverloadShowsInTheAchievedRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := Load{Producers: 1, Phases: []Phase{{Name: "steady", Duration: time.Second, Rate: 1000, Measured: true}}}
		traffic, _ := play(t, l, func(arrival) time.Duration { return 2 * ms })
		if traffic.Achieved != 500 || traffic.Offered != 1000 || traffic.Calls != 1000 || traffic.Wall != 2*time.Second || traffic.Missed != 0 {
			t.Errorf("%+v: want all of 1,000 calls made in 2s, half of them in time, none missed", traffic)
		}
	})
}

func TestAPhaseThatIsNotMeasuredLeavesNoTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := Load{Producers: 2, Phases: []Phase{
			{Name: "warm-up", Duration: 10 * ms, Rate: 1000},
			{Name: "steady", Duration: 10 * ms, Rate: 1000, Measured: true},
			{Name: "drain", Duration: 50 * ms},
		}}
		began := time.Now()
		traffic, seen := play(t, l, nil)
		if len(seen) != 20 || traffic.Calls != 20 || traffic.Measured != 10 || traffic.Service.Count() != 10 || traffic.Response.Count() != 10 {
			t.Errorf("%d calls, %d measured, %d service times: want 20, 10, 10", traffic.Calls, traffic.Measured, traffic.Service.Count())
		}
		if took := time.Since(began); took < 70*ms || took > 71*ms {
			t.Errorf("it took %v: the last phase is a pause, want 70ms", took)
		}
	})
}

func TestUsersCallAgainAsSoonAsTheirLastCallReturned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := Load{Producers: 4, Phases: []Phase{{Name: "users", Duration: 10 * ms, Users: 3, Measured: true}}}
		traffic, seen := play(t, l, func(arrival) time.Duration { return 2 * ms })
		if len(seen) != 15 || traffic.Scheduled != 0 || traffic.Service.Count() != 15 || traffic.Response.Count() != 0 {
			t.Errorf("%d calls, %d service and %d response times: want 5 of each of 3 users and no response times",
				len(seen), traffic.Service.Count(), traffic.Response.Count())
		}
		for _, a := range seen {
			if a.producer > 2 {
				t.Errorf("producer %d called: want the first 3 alone", a.producer)
			}
		}
	})
}

func TestTheEndOfTheContextEndsTheLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*ms)
		defer cancel()
		l := Load{Producers: 2, Phases: []Phase{{Name: "steady", Duration: time.Hour, Rate: 1000}}}
		began := time.Now()
		traffic, err := l.Play(ctx, func(context.Context, int, uint64) {})
		if err == nil || traffic.Calls > 52 || time.Since(began) > 51*ms {
			t.Errorf("%v after %v and %d calls: want the error of the context after 50ms", err, time.Since(began), traffic.Calls)
		}
	})
}

// In a bubble nobody is late, so what lateness means is tested at its place.
func TestALateStartOfAFreeProducerIsTheFaultOfThePacer(t *testing.T) {
	for _, c := range []struct {
		by     time.Duration
		missed int
	}{{0, 0}, {ms, 0}, {ms + 1, 3}, {time.Second, 3}} {
		p := pacer{load: Load{Producers: 1}, recorder: newRecorder(false), tally: &tally{}}
		p.late(c.by, 3)
		if p.tally.missed != c.missed || p.recorder.lateness.Count() != 1 {
			t.Errorf("late by %v: %d arrivals missed, want %d", c.by, p.tally.missed, c.missed)
		}
	}
}

func TestEveryArrivalIsCalledOnceAndInTurn(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		l := Load{Producers: rapid.IntRange(1, 100).Draw(rt, "producers")}
		for range rapid.IntRange(1, 3).Draw(rt, "phases") {
			l.Phases = append(l.Phases, Phase{
				Name: "steady", Duration: time.Duration(rapid.IntRange(1, 50).Draw(rt, "ticks")) * ms,
				Rate: rapid.Float64Range(0, 30_000).Draw(rt, "rate"), EndRate: rapid.Float64Range(0, 30_000).Draw(rt, "end"),
				Burst: rapid.IntRange(0, 20).Draw(rt, "burst"), Every: time.Duration(rapid.IntRange(0, 5).Draw(rt, "every")) * ms,
			})
		}
		synctest.Test(t, func(t *testing.T) {
			traffic, seen := play(t, l, nil)
			if traffic.Scheduled != l.Arrivals() || len(seen) != traffic.Scheduled {
				rt.Fatalf("%d scheduled, %d called", traffic.Scheduled, len(seen))
			}
			next := make([]uint64, l.Producers)
			for _, a := range seen {
				if a.sequence != next[a.producer] {
					rt.Fatalf("producer %d makes call %d: want %d", a.producer, a.sequence, next[a.producer])
				}
				next[a.producer]++
			}
			if most, least := extremes(next); most-least > 1 {
				rt.Fatalf("one producer made %d calls, another %d: arrivals go to them in turn", most, least)
			}
		})
	})
}

func extremes(xs []uint64) (most, least uint64) {
	least = math.MaxUint64
	for _, x := range xs {
		most, least = max(most, x), min(least, x)
	}
	return most, least
}

func TestFaultsOfALoadAreNamed(t *testing.T) {
	good := Phase{Name: "steady", Duration: ms, Rate: 1}
	for _, c := range []struct {
		load Load
		want string
	}{
		{Load{Phases: []Phase{good}}, "0 producers"},
		{Load{Producers: 1}, "no phase"},
		{Load{Producers: 1, Tick: -1, Phases: []Phase{good}}, "tick is -1ns"},
		{Load{Producers: 1, Phases: []Phase{{Duration: ms}}}, "no name"},
		{Load{Producers: 1, Phases: []Phase{{Name: "x", Duration: 1500 * time.Microsecond}}}, "multiple of the tick"},
		{Load{Producers: 1, Phases: []Phase{{Name: "x", Duration: ms, Rate: math.NaN()}}}, "finite"},
		{Load{Producers: 1, Phases: []Phase{{Name: "x", Duration: ms, Rate: -1}}}, "finite"},
		{Load{Producers: 1, Phases: []Phase{{Name: "x", Duration: ms, Burst: -1}}}, "bursts of -1"},
		{Load{Producers: 1, Phases: []Phase{{Name: "x", Duration: ms, Users: 2}}}, "2 users"},
		{Load{Producers: 2, Phases: []Phase{{Name: "x", Duration: ms, Users: 2, Rate: 1}}}, "open or closed"},
	} {
		if _, err := c.load.Play(t.Context(), nil); err == nil || !containsText(err, c.want) {
			t.Errorf("%+v: %v, want %q", c.load, err, c.want)
		}
	}
}

func containsText(err error, want string) bool { return strings.Contains(err.Error(), want) }

// A beat that comes between the look at the clock and the wait must not be lost,
// and one that came for an earlier tick must not end a later wait.
func TestTheMetronomeWakesEachProducerAtItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMetronome(Load{Producers: 3}, time.Now())
		stop := m.run(t.Context())
		var producers sync.WaitGroup
		for number := range m.seats {
			producers.Go(func() {
				for i := range 50 {
					until := time.Duration(i*(number+1)) * ms
					m.wait(t.Context(), number, until)
					if at := time.Since(m.start); at != until {
						t.Errorf("producer %d is woken at %v: want %v", number, at, until)
					}
				}
			})
		}
		producers.Wait()
		m.seats[0].wake <- struct{}{} // of a beat that came late
		begin := time.Since(m.start)
		m.wait(t.Context(), 0, begin+5*ms)
		if at := time.Since(m.start); at != begin+5*ms {
			t.Errorf("a beat from before ends the wait after %v: want 5ms", at-begin)
		}
		stop()
	})
}

// A signal of the runtime may end a sleep early, so not each has to be whole.
func TestNanosleepSleeps(t *testing.T) {
	const d = 300 * time.Microsecond
	Nanosleep(-d)
	for range 100 {
		began := time.Now()
		if Nanosleep(d); time.Since(began) >= d {
			return
		}
	}
	t.Errorf("none of 100 sleeps lasted %v", d)
}

func TestATimelineHasAPointEveryPeriodAndAtBothEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0.0
		stop := Watch(t.Context(), 10*ms, func(values map[string]float64) { n++; values["n"] = n })
		time.Sleep(25 * ms)
		points := stop()
		want := []time.Duration{0, 10 * ms, 20 * ms, 25 * ms}
		if len(points) != len(want) {
			t.Fatalf("%d points: want %d", len(points), len(want))
		}
		for i, p := range points {
			if p.At != want[i] || p.Values["n"] != float64(i+1) {
				t.Errorf("point %d is %v: want the values of the sample at %v", i, p, want[i])
			}
		}
	})
}

// The memory comes from the kernel and not from the heap: what earlier tests have
// freed there may still be resident, and to touch it again adds nothing.
func TestTheResidentSizeIsThatOfThisProcess(t *testing.T) {
	const size = 32 << 20
	debug.FreeOSMemory() // a heap that shrinks meanwhile would hide the growth
	before := RSS()
	held, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < size; i += os.Getpagesize() {
		held[i] = 1
	}
	if grown := RSS() - before; before < 1<<20 || grown < size*3/4 {
		t.Errorf("%d B, %d more with %d B touched", before, grown, size)
	}
	if err := unix.Munmap(held); err != nil {
		t.Error(err)
	}
}
