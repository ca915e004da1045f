package experiment

import (
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

func TestArrivalsFollowTheirTimes(t *testing.T) {
	const us = time.Microsecond
	for _, c := range []struct {
		name string
		load Load
		want map[time.Duration]int // calls by the time of their tick
	}{
		{
			"each in the tick that contains it",
			Load{Producers: 1, Phases: []Phase{{Name: "replay", Duration: 4 * ms, Times: []time.Duration{0, 1, 999 * us, ms, 2*ms - 1, 3 * ms}}}},
			map[time.Duration]int{0: 3, ms: 2, 3 * ms: 1},
		},
		{
			"the last one just before the end",
			Load{Producers: 2, Phases: []Phase{{Name: "replay", Duration: 3 * ms, Times: []time.Duration{3*ms - 1}}}},
			map[time.Duration]int{2 * ms: 1},
		},
		{
			"several at once",
			Load{Producers: 2, Phases: []Phase{{Name: "replay", Duration: 2 * ms, Times: []time.Duration{ms, ms, ms, ms, ms}}}},
			map[time.Duration]int{ms: 5},
		},
		{
			"a coarser tick",
			Load{Producers: 1, Tick: 5 * ms, Phases: []Phase{{Name: "replay", Duration: 10 * ms, Times: []time.Duration{4 * ms, 5*ms - 1, 5 * ms, 9 * ms}}}},
			map[time.Duration]int{0: 2, 5 * ms: 2},
		},
		{
			"gaps of hours",
			Load{Producers: 2, Tick: time.Second, Phases: []Phase{{Name: "replay", Duration: 8 * time.Hour, Times: []time.Duration{
				time.Second, 3 * time.Hour, 3*time.Hour + ms, 8*time.Hour - 1,
			}}}},
			map[time.Duration]int{time.Second: 1, 3 * time.Hour: 2, 8*time.Hour - time.Second: 1},
		},
		{
			"between phases with a rate",
			Load{Producers: 2, Phases: []Phase{
				{Name: "warm-up", Duration: 2 * ms, Rate: 1000},
				{Name: "replay", Duration: 3 * ms, Times: []time.Duration{ms + us}},
				{Name: "steady", Duration: 2 * ms, Rate: 1000},
			}},
			map[time.Duration]int{0: 1, ms: 1, 3 * ms: 1, 5 * ms: 1, 6 * ms: 1},
		},
		{
			"no times are a pause",
			Load{Producers: 1, Phases: []Phase{{Name: "replay", Duration: 2 * ms, Times: []time.Duration{}}, {Name: "steady", Duration: ms, Rate: 1000}}},
			map[time.Duration]int{2 * ms: 1},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				traffic, seen := play(t, c.load, nil)
				got, total := map[time.Duration]int{}, 0
				for _, a := range seen {
					got[a.at]++
				}
				for at, n := range c.want {
					total += n
					if got[at] != n {
						t.Errorf("%d calls at %v: want %d", got[at], at, n)
					}
				}
				if len(seen) != total || traffic.Calls != total || traffic.Scheduled != total {
					t.Errorf("%d calls arrived, %d counted, %d scheduled: want %d", len(seen), traffic.Calls, traffic.Scheduled, total)
				}
			})
		})
	}
}

// A tick of a millisecond has 3.6 million of its like in an hour: to look at each
// would take a producer away from its calls.
func TestTheTickOfAnArrivalBehindHoursIsFound(t *testing.T) {
	times := []time.Duration{5 * ms, 7*time.Hour + 1, 7*time.Hour + ms, 9*time.Hour - 1}
	p := Phase{Name: "replay", Duration: 9 * time.Hour, Times: times}
	for from := range times {
		for arrival := from; arrival < len(times); arrival++ {
			begin := int(times[from] / ms)
			if got, want := tickOf(p, ms, begin, arrival), int(times[arrival]/ms); got != want {
				t.Errorf("from tick %d on arrival %d is in tick %d: want %d", begin, arrival, got, want)
			}
		}
	}
}

func TestAStallIsChargedToArrivalsWithTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var times []time.Duration
		for i := range 1000 {
			times = append(times, time.Duration(i)*ms)
		}
		l := Load{Producers: 1, Phases: []Phase{{Name: "replay", Duration: time.Second, Times: times, Measured: true}}}
		traffic, _ := play(t, l, func(a arrival) time.Duration {
			if a.sequence == 500 {
				return 100 * ms
			}
			return 0
		})
		if got := traffic.Response.Quantile(0.95); math.Abs(got-float64(50*ms)) > float64(2*ms) {
			t.Errorf("the response time has a 95th percentile of %v: want 50ms", time.Duration(got))
		}
		if traffic.Measured != 1000 || traffic.Offered != 1000 || traffic.Achieved != 1000 || traffic.Missed != 0 {
			t.Errorf("measured %d, offered %v, achieved %v, missed %d: want 1000, 1000, 1000 and 0",
				traffic.Measured, traffic.Offered, traffic.Achieved, traffic.Missed)
		}
	})
}

func TestEveryTimeIsCalledOnceAndNotBeforeItsTick(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		l := Load{Producers: rapid.IntRange(1, 70).Draw(rt, "producers"), Tick: time.Duration(rapid.IntRange(1, 5).Draw(rt, "tick")) * ms}
		var due []time.Duration // of each arrival of the load: the beginning of its tick
		var begin time.Duration
		for range rapid.IntRange(1, 3).Draw(rt, "phases") {
			duration := time.Duration(rapid.IntRange(1, 100).Draw(rt, "ticks")) * l.Tick
			times := rapid.SliceOfN(rapid.Map(rapid.Int64Range(0, int64(duration)-1), func(n int64) time.Duration { return time.Duration(n) }), 0, 200).Draw(rt, "times")
			slices.Sort(times)
			for _, at := range times {
				due = append(due, begin+at-at%l.Tick)
			}
			l.Phases = append(l.Phases, Phase{Name: "replay", Duration: duration, Times: times})
			begin += duration
		}
		takes := time.Duration(rapid.IntRange(0, 3000).Draw(rt, "takes")) * time.Microsecond
		synctest.Test(t, func(t *testing.T) {
			traffic, seen := play(t, l, func(arrival) time.Duration { return takes })
			if traffic.Scheduled != len(due) || traffic.Calls != len(due) || len(seen) != len(due) {
				rt.Fatalf("%d scheduled, %d counted, %d called: want %d", traffic.Scheduled, traffic.Calls, len(seen), len(due))
			}
			called := make([]bool, len(due))
			for _, a := range seen {
				// Arrivals go to the producers in turn.
				i := int(a.sequence)*l.Producers + a.producer
				if i >= len(due) || called[i] {
					rt.Fatalf("call %d of producer %d is arrival %d of %d: it is none, or was called before", a.sequence, a.producer, i, len(due))
				}
				called[i] = true
				if a.at < due[i] || takes == 0 && a.at != due[i] {
					rt.Fatalf("arrival %d is called at %v: want it in its tick at %v", i, a.at, due[i])
				}
			}
		})
	})
}

func TestFaultsOfTimesAreNamed(t *testing.T) {
	at := func(times ...time.Duration) Phase { return Phase{Name: "replay", Duration: 5 * ms, Times: times} }
	with := func(change func(*Phase)) Phase {
		p := at(0, ms)
		change(&p)
		return p
	}
	const alone = "times beside a rate, bursts or users: want one of these alone"
	for _, c := range []struct {
		phase Phase
		want  string
	}{
		{at(0, 2*ms, ms), "its time 3 is 1ms and comes behind 2ms: want them sorted"},
		{at(-1), "its time 1 is -1ns: want 0 to below the duration of 5ms"},
		{at(0, 5*ms), "its time 2 is 5ms: want 0 to below the duration of 5ms"},
		{with(func(p *Phase) { p.Rate = 1 }), alone},
		{with(func(p *Phase) { p.EndRate = 1 }), alone},
		{with(func(p *Phase) { p.Burst = 1 }), alone},
		{with(func(p *Phase) { p.Users = 1 }), alone},
	} {
		l := Load{Producers: 1, Phases: []Phase{c.phase}}
		if err := l.Validate(); err == nil || !containsText(err, c.want) {
			t.Errorf("%+v: %v, want %q", c.phase, err, c.want)
		}
	}
	for _, good := range []Phase{at(), at(0, 0, ms, ms, 5*ms-1)} {
		l := Load{Producers: 1, Phases: []Phase{good}}
		if err := l.Validate(); err != nil {
			t.Errorf("%+v: %v, want no fault", good, err)
		}
	}
}
