// Package http holds the sink that sends records as newline-delimited JSON over
// HTTP.
package http

import (
	"compress/gzip"
	"context"
	"crypto/rand"
	randv2 "math/rand/v2"
	nethttp "net/http"
	"net/url"
	"sync"
	"time"

	"github.com/logperf/logperf/logging"
)

// BatchHeader is the header of each request that names its batch, as ID-N: ID
// is random for each Sink, N counts its batches from 1. A batch that is tried
// again keeps its name, so a receiver that remembers names recognises
// duplicates. The halves of a batch that was split get names of their own: its
// answer, 413, says that the receiver has none of it.
const BatchHeader = "Logperf-Batch"

// A Sink gathers records into batches and POSTs them to a URL, each batch in
// one request with the Content-Type application/x-ndjson.
//
// The promise: each record that Write took is delivered at least once while the
// process lives, unless Options.GiveUp is over, the receiver refuses its batch
// for good, or Close runs out of time; these are counted in Stats.Lost or
// Stats.FellBack, and the next Flush tells why. A batch may arrive twice, when
// the answer to it was lost by a timeout or a reset; both then bear the same
// name, see BatchHeader. Records arrive in the order of Write: one batch is
// under way at a time, and the next waits for its end. Nothing is kept on disk:
// a crash loses what is held.
//
// What an answer means:
//
//   - 2xx: the batch is delivered, whatever the body holds.
//   - 408, 425, 429 and 5xx, as no answer at all: the batch is tried again,
//     after the longest of the backoff, Retry-After and the breaker's cooldown.
//   - 413: a batch of several records is split in two, and each half is a batch
//     of its own.
//   - All else, 413 for a single record too: the batch is refused for good and
//     goes to the fallback, or is lost. Redirects belong here; they are not
//     followed, because most of them make a GET of a POST, and the answer to
//     that would pass for a delivery.
//
// A Sink has one goroutine of its own. While it holds nothing, no timer runs. Any number
// of goroutines may use it.
type Sink struct {
	o      Options // with its defaults
	client *nethttp.Client
	owned  bool // New made client
	header nethttp.Header
	target string // the URL as errors name it: without user and query
	id     string

	ctx    context.Context // of requests; done when Close ends or gives up
	cancel context.CancelFunc
	wake   chan struct{} // holds one; tells the sender that something is due
	done   chan struct{} // closed when the sender has ended
	turn   chan struct{} // holds one; whoever put it there may use the fallback

	// The sender's goroutine alone uses these.
	timer     *time.Timer // its only one; it runs while the sender waits
	random    *randv2.Rand
	notBefore time.Time // no request begins before
	sequence  uint64
	load      [2][]byte // the body of the batch under way
	gzip      *gzip.Writer
	packed    scratch
	result    error // of closing the fallback; set before done is closed

	fallbackClosed bool // guarded by turn

	mu       sync.Mutex      // guards what follows
	lines    ring            // all records held: the batch under way, due, open
	due      queue           // batches that wait for the sender
	open     extent          // the batch that is being filled
	closeCtx context.Context // of the first Close; nil before
	ended    bool            // Close gave up: what is held is lost already
	changed  chan struct{}   // closed at the next change; nil if nobody waits
	breaker  breaker
	stats    Stats
	told     Stats // Lost and FellBack that a Flush has told of
	failure  error // why records were lost or fell back, the first one since
	last     error // of the try before; nil after an answer that is final
}

var (
	_ logging.Sink         = (*Sink)(nil)
	_ logging.LossReporter = (*Sink)(nil)
)

// New checks the options, starts the sender and sends nothing yet. It reports
// all faults at once, each in a sentence that holds no secrets. It takes
// ownership of Options.Fallback, unless it fails.
func New(o Options) (*Sink, error) {
	o = o.withDefaults()
	if err := o.check(); err != nil {
		return nil, err
	}
	if o.Seed == 0 {
		o.Seed = randv2.Uint64()
	}
	s := &Sink{
		o:      o,
		target: target(o.URL),
		id:     rand.Text()[:16], // 80 bits
		header: ownHeader(o),
		wake:   make(chan struct{}, 1),
		done:   make(chan struct{}),
		turn:   make(chan struct{}, 1),
		timer:  time.NewTimer(time.Hour),
		random: randv2.New(randv2.NewPCG(o.Seed, 0)),
		lines:  ring{least: 2 * o.BatchBytes, most: o.BufferBytes},
	}
	s.timer.Stop()
	s.client, s.owned = newClient(o.Client), o.Client == nil
	if o.Gzip {
		s.gzip, _ = gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is a valid one
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	go s.run()
	return s, nil
}

// target is the URL without what may be secret.
func target(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "the URL"
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// ownHeader is the header of each request but for the name of the batch.
func ownHeader(o Options) nethttp.Header {
	h := make(nethttp.Header, len(o.Header)+3)
	for name, values := range o.Header {
		name = nethttp.CanonicalHeaderKey(name)
		h[name] = append(h[name], values...)
	}
	h.Set("Content-Type", "application/x-ndjson")
	if o.Gzip {
		h.Set("Content-Encoding", "gzip")
	}
	return h
}
