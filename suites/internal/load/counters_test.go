package load

import (
	"strings"
	"testing"
	"time"

	"github.com/logperf/logperf/fixtures/server"
	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/queue"
	"github.com/logperf/logperf/logging/sink/http"
	"github.com/logperf/logperf/suites/internal/experiment"
)

// says asserts that the error has the text, or that there is none.
func says(t *testing.T, what string, err error, want string) {
	t.Helper()
	if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
		t.Errorf("%s: %v, want %q", what, err, want)
	}
}

func TestThePolicyOfAFullQueueIsRespected(t *testing.T) {
	for _, c := range []struct {
		policy queue.Policy
		stats  logging.Stats
		want   string
	}{
		{queue.Block, logging.Stats{Offered: 1000}, ""},
		{queue.Block, logging.Stats{Offered: 1000, Rejected: 1}, "1 records were rejected under block: want at most 0"},
		{queue.Block, logging.Stats{Offered: 1000, Evicted: 1}, "1 records were evicted under block: want none"},
		{queue.DropNewest, logging.Stats{Offered: 1000, Rejected: 900}, ""},
		{queue.DropNewest, logging.Stats{Offered: 1000, Evicted: 1}, "1 records were evicted under drop-newest: want none"},
		{queue.DropOldest, logging.Stats{Offered: 1000, Evicted: 900, Rejected: 10}, ""},
		{queue.DropOldest, logging.Stats{Offered: 1000, Evicted: 900, Rejected: 11}, "11 records were rejected under drop-oldest: want at most 10"},
		{queue.DropOldest, logging.Stats{Offered: 99, Rejected: 1}, "1 records were rejected under drop-oldest: want at most 0"},
	} {
		says(t, c.policy.String(), respects(c.stats, c.policy), c.want)
	}
}

func TestTheCountersOfASinkFitThoseOfItsCollector(t *testing.T) {
	// What a network that was down for a while leaves.
	good := http.Stats{Requests: 12, Batches: 10, Retries: 2, BreakerOpened: 1, BreakerState: http.StateClosed}
	for _, c := range []struct {
		name  string
		spoil func(*http.Stats, *server.Report)
		want  string
	}{
		{"as it has to be", nil, ""},
		{"a request too many", func(s *http.Stats, _ *server.Report) { s.Requests++ }, "13 requests are not 10 batches and 2 retries"},
		{"a request too few", func(s *http.Stats, _ *server.Report) { s.Requests-- }, "11 requests are not"},
		{"a lost record", func(s *http.Stats, _ *server.Report) { s.Lost = 1 }, "the sink has lost 1 records, 0 fell back, and it holds 0"},
		{"a record that fell back", func(s *http.Stats, _ *server.Report) { s.FellBack = 1 }, "1 fell back"},
		{"a record that is held", func(s *http.Stats, _ *server.Report) { s.HeldRecords = 1 }, "it holds 1"},
		{"a breaker that is left open", func(s *http.Stats, _ *server.Report) { s.BreakerState = http.StateOpen }, "the breaker is open behind the last delivery: want closed"},
		{"a breaker that is left half open", func(s *http.Stats, _ *server.Report) { s.BreakerState = http.StateHalfOpen }, "want closed"},
		{"a request that was refused", func(_ *http.Stats, r *server.Report) { r.Refused, r.Fault = 1, "no gzip" }, "the collector has refused 1 requests: no gzip"},
		{"a request whose connection ended", func(_ *http.Stats, r *server.Report) { r.Broken = 1 }, ""},
		{"as many batches twice as retries", func(_ *http.Stats, r *server.Report) { r.Repeated = 2 }, ""},
		{"more batches twice than retries", func(_ *http.Stats, r *server.Report) { r.Repeated = 3 }, "took 3 batches twice, the sink repeated 2 requests"},
	} {
		stats, report := good, server.Report{Requests: 10}
		if c.spoil != nil {
			c.spoil(&stats, &report)
		}
		says(t, c.name, agree(stats, report), c.want)
	}
}

func TestAShareOfTheKneeNeedsAKnee(t *testing.T) {
	for _, c := range []struct {
		options experiment.Options
		want    float64
		err     string
	}{
		{experiment.Options{Knee: 1000}, 800, ""},
		{experiment.Options{Knee: 1000, Check: true}, checkRate, ""},
		{experiment.Options{Check: true}, checkRate, ""},
		{experiment.Options{}, 0, "the rate at the knee is 0 records/s: want more than 0"},
		{experiment.Options{Knee: -1}, 0, "the rate at the knee is -1 records/s"},
	} {
		got, err := shareOf(c.options, 0.8)
		if got != c.want {
			t.Errorf("%+v: the rate is %v, want %v", c.options, got, c.want)
		}
		says(t, "the share", err, c.err)
	}
}

func TestNothingIsSurvivedWithoutAHardLimit(t *testing.T) {
	for _, c := range []struct {
		options experiment.Options
		want    string
	}{
		{experiment.Options{Hard: true, Limiter: "64 MiB by a memory cgroup (v2)"}, ""},
		{experiment.Options{Limiter: "no hard limit: there is no cgroup"}, "no hard limit: there is no cgroup"},
		{experiment.Options{}, "the process has no hard limit on its memory"},
	} {
		doubts := (&confined{o: c.options}).Doubts()
		if doubts["survived"] != c.want || (len(doubts) > 0) != (c.want != "") {
			t.Errorf("%+v: the doubts are %v, want %q", c.options, doubts, c.want)
		}
	}
}

func TestASoakIsAsLongAsItIsAskedFor(t *testing.T) {
	s, err := openSoak(t.Context(), experiment.Options{Seed: 1, Dir: t.TempDir(), Soak: 2 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	long := s.(*soak)
	if got := long.Lasts(); got != 2*time.Minute || long.Size() != 120*soakRate {
		t.Errorf("a soak of 2m lasts %v and has %d records, want %d", got, long.Size(), 120*soakRate)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	_, err = openSoak(t.Context(), experiment.Options{Dir: t.TempDir(), Soak: 59 * time.Millisecond})
	says(t, "a soak of 59 ms", err, "a soak of 59ms is too short: want 60ms or more")
}

func TestATroubleThatDidNotReachTheSinkIsFoundOut(t *testing.T) {
	holding := func(b float64) []experiment.Point {
		return []experiment.Point{{Values: map[string]float64{"held-B": b}}, {Values: map[string]float64{"held-B": 1}}}
	}
	for _, c := range []struct {
		name   string
		seen   seen
		stats  http.Stats
		points []experiment.Point
		want   string
	}{
		{"it holds more", held, http.Stats{}, holding(2 * networkBatch), ""},
		{"it holds no more than ever", held, http.Stats{}, holding(networkBatch), "the sink has held at most 65536 B: rain was not felt"},
		{"it is not watched", held, http.Stats{}, nil, "the sink has held at most 0 B"},
		{"it tries again", retried, http.Stats{Retries: 1}, nil, ""},
		{"it does not", retried, http.Stats{}, nil, "no request was repeated: rain was not felt"},
		{"the breaker opens", broke, http.Stats{Retries: 1, BreakerOpened: 1}, nil, ""},
		{"it does not open", broke, http.Stats{Retries: 1}, nil, "the breaker has not opened"},
		{"it tries as often as it may", broke, http.Stats{Retries: 29, BreakerOpened: 1}, nil, ""},
		{"it tries more often", broke, http.Stats{Retries: 30, BreakerOpened: 1}, nil, "30 requests were repeated in 2s: want at most 29"},
		{"it tries more often than a slow network needs", held, http.Stats{Retries: 30}, holding(1 << 20), "30 requests were repeated"},
	} {
		says(t, c.name, troubleOf{title: "rain", lasts: 2 * time.Second, seen: c.seen}.reached(c.stats, c.points), c.want)
	}
}

func TestCallersThatStandStillAreFoundOut(t *testing.T) {
	says(t, "as on a busy machine", unfelt(0.04), "")
	says(t, "held up by the sink", unfelt(0.78), "the callers stood still for 78 % of their time: want at most 20 %")
}
