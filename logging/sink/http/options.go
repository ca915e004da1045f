package http

import (
	"errors"
	"fmt"
	"net"
	nethttp "net/http"
	"slices"
	"strings"
	"time"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/internal/endpoint"
)

// Defaults and bounds of Options.
const (
	DefaultBatchBytes  = 256 << 10
	MinBatchBytes      = 1 << 10
	MaxBatchBytes      = 16 << 20
	MaxBatchRecords    = 1 << 20
	DefaultBatchDelay  = 200 * time.Millisecond
	DefaultBufferBytes = 8 << 20
	MaxBufferBytes     = 1 << 30
	DefaultTimeout     = 10 * time.Second
	DefaultMinBackoff  = 100 * time.Millisecond
	DefaultMaxBackoff  = 10 * time.Second
	DefaultFailures    = 5
	MaxFailures        = 1_000_000
	DefaultCooldown    = time.Second
	DefaultMaxCooldown = 30 * time.Second
	MinDuration        = time.Millisecond // of all durations but GiveUp
	MaxDuration        = time.Hour        // of all durations but GiveUp
	MaxRetryAfter      = time.Minute      // a Retry-After that is longer counts as this
)

const (
	maxDrained = 64 << 10    // bytes of an answer that are read
	maxQuoted  = 200         // bytes of an answer in an error
	closeGrace = time.Second // for a request or a fallback to see that its context is done

	// Of the client that New makes.
	connectTimeout     = 5 * time.Second
	keepAlive          = 30 * time.Second
	maxResponseHeaders = 64 << 10
)

// Options configure a Sink. URL is required; the zero value of each other field
// is its default.
type Options struct {
	// URL is where batches are posted: http or https, with a host. A user and
	// password in it are sent as basic authentication.
	URL string
	// Client sends the requests. The sink uses its Transport, Jar and Timeout
	// and follows no redirects. Default: a client of its own, which connects
	// within 5 seconds and keeps one connection; its proxy is that of the
	// environment.
	Client *nethttp.Client
	// Header is added to each request; New copies it. Names have to be tokens,
	// values free of control characters, and neither may be one that the sink or
	// net/http sets: Content-Type, Content-Encoding, Content-Length,
	// Transfer-Encoding, Trailer, Connection, Host, BatchHeader.
	Header nethttp.Header
	// Gzip compresses the bodies, for speed rather than size. Default off.
	Gzip bool

	// BatchBytes is the number of bytes, before compression, that a batch does
	// not go over, MinBatchBytes to MaxBatchBytes. A record that is larger is a
	// batch by itself. Default DefaultBatchBytes.
	BatchBytes int
	// BatchRecords is the number of records that a batch does not go over, up to
	// MaxBatchRecords. Default 0: any number.
	BatchRecords int
	// BatchDelay is the age of its oldest record at which a batch is sent though
	// it is not full, MinDuration to MaxDuration. Default DefaultBatchDelay.
	BatchDelay time.Duration
	// BufferBytes bounds the records held, sent or not: beyond it Write waits.
	// At least twice BatchBytes, at most MaxBufferBytes. The memory grows to it
	// when it is needed and stays; compression adds the size of a batch.
	// Default DefaultBufferBytes, or twice BatchBytes where that is more.
	BufferBytes int

	// Timeout is the time for one request and its answer, MinDuration to
	// MaxDuration. A shorter one of Client ends it too. Default DefaultTimeout.
	Timeout time.Duration
	// Backoff is the wait between two tries.
	Backoff Backoff
	// GiveUp is how long a batch is tried, counted from when its turn comes,
	// before it goes to the fallback or is lost; a request under way is not cut
	// short. A batch whose next try could only come later is given up at once:
	// while the breaker is open, or a Retry-After runs, for longer than GiveUp,
	// that is without a try. Default 0: for ever while the process lives.
	GiveUp time.Duration
	// Breaker spares a receiver that is down.
	Breaker Breaker
	// Fallback gets the batches that are given up or refused for good. The sink
	// owns it: calls of Write, Flush and Close follow one another, Flush flushes
	// it and Close closes it. Default nil: such batches are lost.
	Fallback logging.Sink
	// Seed makes the jitter of the backoff repeatable. Default 0: a random one.
	Seed uint64
}

// Backoff is the wait after a failure: a random time from 0 up to Min, after
// each further failure in a row up to twice as long, at most Max (exponential
// with full jitter).
type Backoff struct {
	// Min is the bound after the first failure, MinDuration to MaxDuration.
	// Default DefaultMinBackoff, or Max where that is less.
	Min time.Duration
	// Max is the greatest bound, Min to MaxDuration. Default DefaultMaxBackoff,
	// or Min where that is more.
	Max time.Duration
}

// Breaker is a circuit breaker over all batches. A failure is a try that has to
// be repeated; every other answer shows a receiver that works. Closed, requests
// go out. After Failures failures in a row it opens, and none go out for
// Cooldown. Then it is half-open: one request is the probe. Its success closes
// the breaker, its failure opens it again for twice as long as before.
type Breaker struct {
	// Failures in a row open the breaker, 1 to MaxFailures. Default
	// DefaultFailures.
	Failures int
	// Cooldown is the time from opening to the first probe, MinDuration to
	// MaxDuration. Default DefaultCooldown, or Max where that is less.
	Cooldown time.Duration
	// Max is the longest cooldown, Cooldown to MaxDuration. Default
	// DefaultMaxCooldown, or Cooldown where that is more.
	Max time.Duration
}

func (o Options) withDefaults() Options {
	orDefault(&o.BatchBytes, DefaultBatchBytes)
	orDefault(&o.BatchDelay, DefaultBatchDelay)
	orDefault(&o.BufferBytes, max(DefaultBufferBytes, 2*o.BatchBytes))
	orDefault(&o.Timeout, DefaultTimeout)
	orDefaults(&o.Backoff.Min, &o.Backoff.Max, DefaultMinBackoff, DefaultMaxBackoff)
	orDefault(&o.Breaker.Failures, DefaultFailures)
	orDefaults(&o.Breaker.Cooldown, &o.Breaker.Max, DefaultCooldown, DefaultMaxCooldown)
	return o
}

func orDefault[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

// orDefaults keeps the default of the one from contradicting the other.
func orDefaults(least, most *time.Duration, defLeast, defMost time.Duration) {
	if *least == 0 && *most != 0 {
		defLeast = min(defLeast, *most)
	}
	orDefault(least, defLeast)
	orDefault(most, max(defMost, *least))
}

// check reports all faults. Its sentences quote neither the URL nor the values
// of headers: both may hold secrets.
func (o Options) check() error {
	duration := func(name string, d, least time.Duration) error {
		return inRange(name, d, least, MaxDuration)
	}
	errs := []error{
		checkURL(o.URL),
		checkHeader(o.Header),
		inRange("BatchBytes", o.BatchBytes, MinBatchBytes, MaxBatchBytes),
		inRange("BatchRecords", o.BatchRecords, 0, MaxBatchRecords),
		duration("BatchDelay", o.BatchDelay, MinDuration),
		inRange("BufferBytes", o.BufferBytes, 2*o.BatchBytes, MaxBufferBytes),
		duration("Timeout", o.Timeout, MinDuration),
		duration("Backoff.Min", o.Backoff.Min, MinDuration),
		duration("Backoff.Max", o.Backoff.Max, o.Backoff.Min),
		inRange("Breaker.Failures", o.Breaker.Failures, 1, MaxFailures),
		duration("Breaker.Cooldown", o.Breaker.Cooldown, MinDuration),
		duration("Breaker.Max", o.Breaker.Max, o.Breaker.Cooldown),
	}
	if o.GiveUp < 0 {
		errs = append(errs, fmt.Errorf("http sink: GiveUp %v is negative: want 0 or more", o.GiveUp))
	}
	return errors.Join(errs...)
}

func inRange[T int | time.Duration](name string, v, least, most T) error {
	if v < least || v > most {
		return fmt.Errorf("http sink: %s %v is out of range: want %v to %v", name, v, least, most)
	}
	return nil
}

func checkURL(raw string) error {
	if problem := endpoint.URLProblem(raw); problem != "" {
		return fmt.Errorf("http sink: the URL %s: want %s", problem, endpoint.WantURL)
	}
	return nil
}

func checkHeader(h nethttp.Header) error {
	var errs []error
	for name, values := range h {
		if problem, want := endpoint.NameProblem(name); problem != "" {
			errs = append(errs, fmt.Errorf("http sink: the header name %q %s: want %s", name, problem, want))
			continue
		}
		for _, value := range values {
			if problem, want := endpoint.ValueProblem(value); problem != "" {
				errs = append(errs, fmt.Errorf("http sink: a value of the header %s %s: want %s", name, problem, want))
				break
			}
		}
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}

// newClient returns a client that follows no redirects, with what c brings. Of
// its own it has no timeout for idle connections, which would be a timer that
// runs while the sink is idle; the kernel's keep-alives find dead ones.
func newClient(c *nethttp.Client) *nethttp.Client {
	follow := func(*nethttp.Request, []*nethttp.Request) error { return nethttp.ErrUseLastResponse }
	if c != nil {
		own := *c
		own.CheckRedirect = follow
		return &own
	}
	dialer := &net.Dialer{Timeout: connectTimeout, KeepAlive: keepAlive}
	return &nethttp.Client{CheckRedirect: follow, Transport: &nethttp.Transport{
		Proxy:                  nethttp.ProxyFromEnvironment,
		DialContext:            dialer.DialContext,
		TLSHandshakeTimeout:    connectTimeout,
		MaxIdleConnsPerHost:    1, // one batch is under way at a time
		MaxResponseHeaderBytes: maxResponseHeaders,
		ForceAttemptHTTP2:      true,
		DisableCompression:     true, // of answers, which are small
	}}
}
