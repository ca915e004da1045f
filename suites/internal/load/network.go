package load

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/logperf/logperf/fixtures/netlimit"
	"github.com/logperf/logperf/fixtures/server"
	"github.com/logperf/logperf/fixtures/workload"
	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/sink/http"
	"github.com/logperf/logperf/suites/internal/experiment"
)

const (
	// networkRate is what a service logs that is busy and no benchmark: at some 200 B
	// a record three times what 1 Mbit/s carries.
	networkRate = 2000
	// networkHealthy is how long callers are timed on a healthy network first.
	networkHealthy = 500 * time.Millisecond
	// networkCapacity is the records of an eighth of a second: a sink that holds up
	// its worker for longer is felt by the callers.
	networkCapacity = 256
	// networkBatch is a multiple of what comes between two requests.
	networkBatch = 64 << 10
	// breakerFailures and breakerCooldown are when the sink's breaker opens, and for
	// how long at least.
	breakerFailures = 3
	breakerCooldown = 100 * time.Millisecond
)

// troubleOf is what happens to the network in the time of a load.
type troubleOf struct {
	name, title, tier string
	lasts             time.Duration
	do                func(ctx context.Context, l *netlimit.Link, lasts time.Duration) error
	seen              seen
}

// seen is what tells that the trouble has reached the sink.
type seen int

const (
	held    seen = iota // more bytes wait in the sink than on a healthy network
	retried             // requests were repeated
	broke               // the breaker opened too
)

// NetworkLimited is the table of the loads to a collector over a network in
// trouble.
func NetworkLimited() []experiment.Scenario {
	const full = 2 * time.Second
	var rows []experiment.Scenario
	for _, c := range []troubleOf{
		{
			name: "bandwidth=1Mbit", title: "1 Mbit/s", tier: "full", lasts: full,
			do: once(func(l *netlimit.Link) error { return l.Bandwidth(1_000_000) }),
		},
		{
			name: "latency=200ms", title: "a latency of 200 ms that varies by 50 ms", tier: "full", lasts: full,
			do: once(func(l *netlimit.Link) error { return l.Latency(200*time.Millisecond, 50*time.Millisecond) }),
		},
		{
			name: "sliced", title: "packets in slices", tier: "full", lasts: full,
			do: once(func(l *netlimit.Link) error { return l.Slice(200, 100, 100*time.Microsecond) }),
		},
		{
			name: "timeout", title: "connections that hang until they time out", tier: "full", lasts: full,
			do: once(func(l *netlimit.Link) error { return l.Timeout(0) }), seen: retried,
		},
		{
			name: "reset=2s", title: "resets every 2 s", tier: "full", lasts: 5 * time.Second, do: resets, seen: broke,
		},
		{
			name: "down=3s", title: "3 s without a network", tier: "smoke", lasts: 3500 * time.Millisecond,
			do: downFor(3 * time.Second), seen: broke,
		},
		{
			name: "down=10s", title: "10 s without a network", tier: "full", lasts: 10500 * time.Millisecond,
			do: downFor(10 * time.Second), seen: broke,
		},
	} {
		rows = append(rows, experiment.Scenario{
			Name: "load/network-limited/" + c.name, Tier: c.tier, Measure: "latency", Proxied: true,
			Title:   "delivers all it took, and lets no caller feel it, with " + c.title,
			Metrics: common("service-slowdown", "retries", "breaker-opened"),
			Arms: ours(func(ctx context.Context, o experiment.Options) (experiment.Subject, error) {
				return openNetwork(ctx, o, c)
			}),
		})
	}
	return from(rows, "network.go")
}

// once is a trouble that begins at once and lasts until the network is healed.
func once(begin func(*netlimit.Link) error) func(context.Context, *netlimit.Link, time.Duration) error {
	return func(ctx context.Context, l *netlimit.Link, lasts time.Duration) error {
		return errors.Join(begin(l), pause(ctx, lasts))
	}
}

// downFor takes the network away for so long, and less where the load is shorter.
func downFor(d time.Duration) func(context.Context, *netlimit.Link, time.Duration) error {
	return func(ctx context.Context, l *netlimit.Link, lasts time.Duration) error {
		d := min(d, lasts)
		return errors.Join(l.Down(), pause(ctx, d), l.Up(), pause(ctx, lasts-d))
	}
}

// resets cuts each connection at once, every two seconds, for a tenth of that.
func resets(ctx context.Context, l *netlimit.Link, lasts time.Duration) error {
	const every = 2 * time.Second
	for left := lasts; left > 0; left -= every {
		cut := min(every/10, left)
		if err := errors.Join(l.Reset(0), pause(ctx, cut), l.Heal(), pause(ctx, min(every, left)-cut)); err != nil {
			return err
		}
	}
	return nil
}

// wire is a sink with its collector, and the network between the two.
type wire struct {
	sink      *http.Sink
	collector *server.Process
	proxy     *netlimit.Proxy
	link      *netlimit.Link
	report    server.Report
}

// openWire starts the collector and the proxy before it.
func openWire(ctx context.Context, o experiment.Options) (*wire, error) {
	w := &wire{}
	var err error
	if w.collector, err = server.Start(context.WithoutCancel(ctx), http.BatchHeader); err != nil {
		return nil, err
	}
	if err := w.connect(ctx, o); err != nil {
		return nil, errors.Join(err, w.release())
	}
	return w, nil
}

func (w *wire) connect(ctx context.Context, o experiment.Options) error {
	var err error
	if w.proxy, err = netlimit.Start(context.WithoutCancel(ctx), netlimit.Options{Binary: o.Proxy, Dir: o.Dir}); err != nil {
		return err
	}
	target, err := url.Parse(w.collector.URL)
	if err != nil {
		return err
	}
	if w.link, err = w.proxy.Through(ctx, "collector", target.Host); err != nil {
		return err
	}
	w.sink, err = http.New(http.Options{
		URL: "http://" + w.link.Address(), BatchDelay: 50 * time.Millisecond, BatchBytes: networkBatch,
		Timeout: time.Second, Backoff: http.Backoff{Min: 20 * time.Millisecond, Max: 200 * time.Millisecond},
		Breaker: http.Breaker{Failures: breakerFailures, Cooldown: breakerCooldown, Max: 400 * time.Millisecond},
		Seed:    o.Seed,
	})
	return err
}

func (w *wire) arrived(ctx context.Context) (arrivals, error) {
	var err error
	w.report, err = w.collector.Report(ctx)
	return arrivalsOf(w.report), err
}

func (w *wire) release() error {
	var err error
	if w.proxy != nil {
		err = w.proxy.Close()
	}
	return errors.Join(err, w.collector.Close())
}

func openNetwork(ctx context.Context, o experiment.Options, c troubleOf) (experiment.Subject, error) {
	inputs, err := generated(o, workload.Mixed)
	if err != nil {
		return nil, err
	}
	var w *wire
	settings := logging.Settings{Queue: logging.QueueSettings{Capacity: networkCapacity}}
	t, err := openTarget(o, opening{producers: 2, inputs: inputs, settings: settings, far: func(o experiment.Options) (far, error) {
		if w, err = openWire(ctx, o); err != nil {
			return far{}, err
		}
		return far{sink: w.sink, arrived: w.arrived, release: w.release}, nil
	}})
	if err != nil {
		return nil, err
	}
	lasts := shorter(o, c.lasts)
	return &drive{plan: plan{
		target: t, lossless: true, limiter: "toxiproxy between sink and collector: " + c.title,
		before: steadily(2, networkRate, shorter(o, networkHealthy)),
		// The logger is warm: what the beginning of the trouble does belongs to it.
		loads: []part{{load: experiment.Load{Producers: 2, Sleep: experiment.Nanosleep, Phases: []experiment.Phase{
			{Name: "trouble", Duration: lasts, Rate: networkRate, Measured: true},
		}}}},
		trouble: func(ctx context.Context, _ *drive) error {
			return errors.Join(c.do(ctx, w.link, lasts), w.link.Heal())
		},
		expect: func(d *drive) error {
			if o.Check {
				return w.check()
			}
			return errors.Join(w.check(), c.reached(w.sink.Stats(), d.points), unfelt(d.traffic[0].BlockedShare))
		},
		extra: func(d *drive, values map[string]float64) {
			s := w.sink.Stats()
			values["retries"], values["breaker-opened"] = float64(s.Retries), float64(s.BreakerOpened)
			if healthy := d.healthy.Service.Quantile(0.99); healthy > 0 {
				values["service-slowdown"] = d.traffic[0].Service.Quantile(0.99) / healthy
			}
		},
	}}, nil
}

// reached reports whether the trouble was felt by the sink, and answered as its
// options say: it may try once for each cooldown of its breaker, and as often as
// that takes to open, each time that the network fails anew.
func (c troubleOf) reached(s http.Stats, points []experiment.Point) error {
	most := uint64(0)
	for _, p := range points {
		most = max(most, uint64(p.Values["held-B"]))
	}
	tries := uint64(c.lasts/breakerCooldown) + breakerFailures*uint64(1+c.lasts/time.Second)
	switch {
	case c.seen == held && most < 2*networkBatch:
		return fmt.Errorf("the sink has held at most %d B: %s was not felt", most, c.title)
	case c.seen != held && s.Retries == 0:
		return fmt.Errorf("no request was repeated: %s was not felt", c.title)
	case c.seen == broke && s.BreakerOpened == 0:
		return fmt.Errorf("the breaker has not opened: %s was not felt", c.title)
	case s.Retries > tries:
		return fmt.Errorf("%d requests were repeated in %v: want at most %d, by the cooldown of %v", s.Retries, c.lasts, tries, breakerCooldown)
	}
	return nil
}

// mostBlocked is the share of their time that callers may stand in calls that take
// longer than a tick: some 4 % on a machine with ten times its work, 0 on one that
// is idle, and 78 % where the sink holds up its worker.
const mostBlocked = 0.2

// unfelt reports whether the callers went on. A quantile of the service time does
// not tell: a caller that is held up for the whole trouble is one slow call.
func unfelt(blocked float64) error {
	if blocked > mostBlocked {
		return fmt.Errorf("the callers stood still for %.0f %% of their time: want at most %.0f %%", 100*blocked, 100*mostBlocked)
	}
	return nil
}

// check holds the counters of the sink against each other and against the
// collector.
func (w *wire) check() error { return agree(w.sink.Stats(), w.report) }

func agree(s http.Stats, r server.Report) error {
	switch {
	case s.Requests != s.Batches+s.Retries:
		return fmt.Errorf("%d requests are not %d batches and %d retries", s.Requests, s.Batches, s.Retries)
	case s.Lost > 0 || s.FellBack > 0 || s.HeldRecords > 0:
		return fmt.Errorf("the sink has lost %d records, %d fell back, and it holds %d: want none of them", s.Lost, s.FellBack, s.HeldRecords)
	case s.BreakerState != http.StateClosed:
		return fmt.Errorf("the breaker is %s behind the last delivery: want %s", s.BreakerState, http.StateClosed)
	case r.Refused > 0:
		return fmt.Errorf("the collector has refused %d requests: %s", r.Refused, r.Fault)
	case uint64(r.Repeated) > s.Retries:
		return fmt.Errorf("the collector took %d batches twice, the sink repeated %d requests", r.Repeated, s.Retries)
	}
	return nil
}
