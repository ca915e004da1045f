package logging

import (
	"cmp"
	"time"
)

// Defaults and bounds of the HTTP sink, which core does not import.
const (
	defaultHTTPBatch   = 256 << 10
	minHTTPBatch       = 1 << 10
	maxHTTPBatch       = 16 << 20
	maxHTTPRecords     = 1 << 20
	defaultHTTPDelay   = 200 * time.Millisecond
	defaultHTTPBuffer  = 8 << 20
	maxHTTPBuffer      = 1 << 30
	defaultHTTPTimeout = 10 * time.Second
	defaultMinBackoff  = 100 * time.Millisecond
	defaultMaxBackoff  = 10 * time.Second
	defaultFailures    = 5
	maxFailures        = 1_000_000
	defaultCooldown    = time.Second
	defaultMaxCooldown = 30 * time.Second
	minHTTPDuration    = time.Millisecond
	maxHTTPDuration    = time.Hour
)

// Headers are the names and values of HTTP headers. As an environment variable:
// "X-Tenant:shop,Authorization:Bearer abc"; a value with a comma needs the file.
type Headers map[string]string

// HTTPSettings configure the sink of kind http, which gathers records into
// batches and posts each as newline-delimited JSON. It tries a batch again, with
// backoff, where it got no answer or one that says to try later.
//
// URL and Headers may hold secrets: no error quotes them, and JSON leaves them
// out.
type HTTPSettings struct {
	// URL is where batches are posted: http or https, with a host. A user and a
	// password in it are sent as basic authentication. Kind http needs one.
	URL string `yaml:"url" env:"URL" json:"-"`
	// Headers are added to each request. Names are tokens, and none of those that
	// the sink sets: Content-Type, Content-Encoding, Content-Length,
	// Transfer-Encoding, Trailer, Connection, Host, Logperf-Batch. Values have no
	// control characters. Default none.
	Headers Headers `yaml:"headers" env:"HEADERS" json:"-"`
	// Gzip compresses the requests. Default off.
	Gzip bool `yaml:"gzip" env:"GZIP"`

	// BatchBytes is the number of bytes, before compression, that a batch does
	// not go over, 1 KiB to 16 MiB; a record that is larger is a batch by itself.
	// Default 256 KiB.
	BatchBytes int `yaml:"batch_bytes" env:"BATCH_BYTES"`
	// BatchRecords is the number of records that a batch does not go over, up to
	// 1048576. Default 0: any number.
	BatchRecords int `yaml:"batch_records" env:"BATCH_RECORDS"`
	// BatchDelay is the age at which a batch is sent though it is not full, 1ms
	// to 1h. Default 200ms.
	BatchDelay time.Duration `yaml:"batch_delay" env:"BATCH_DELAY"`
	// BufferBytes bounds the records that are held, sent or not: beyond it the
	// worker waits, and then the queue fills. Twice BatchBytes to 1 GiB. Default
	// 8 MiB, or twice BatchBytes where that is more.
	BufferBytes int `yaml:"buffer_bytes" env:"BUFFER_BYTES"`

	// Timeout is the time for one request and its answer, 1ms to 1h. Default 10s.
	Timeout time.Duration `yaml:"timeout" env:"TIMEOUT"`
	// MinBackoff bounds the random wait after a failure, 1ms to 1h; after each
	// further one in a row the bound doubles. Default 100ms, or MaxBackoff where
	// that is less.
	MinBackoff time.Duration `yaml:"min_backoff" env:"MIN_BACKOFF"`
	// MaxBackoff is the greatest bound, MinBackoff to 1h. Default 10s, or
	// MinBackoff where that is more.
	MaxBackoff time.Duration `yaml:"max_backoff" env:"MAX_BACKOFF"`
	// GiveUp is how long a batch is tried before it goes to the fallback, or is
	// lost and counts as failed; not negative. Default 0: for ever.
	GiveUp time.Duration `yaml:"give_up" env:"GIVE_UP"`

	// Failures in a row make the sink pause for Cooldown, 1 to 1000000. Default 5.
	Failures int `yaml:"failures" env:"FAILURES"`
	// Cooldown is the pause before one request probes the receiver, 1ms to 1h; it
	// doubles with each probe that fails. Default 1s, or MaxCooldown where that
	// is less.
	Cooldown time.Duration `yaml:"cooldown" env:"COOLDOWN"`
	// MaxCooldown is the longest pause, Cooldown to 1h. Default 30s, or Cooldown
	// where that is more.
	MaxCooldown time.Duration `yaml:"max_cooldown" env:"MAX_COOLDOWN"`

	// FallbackPath names a file, in a folder that exists, that gets the records
	// which are given up or refused for good. Default none: they are lost.
	FallbackPath string `yaml:"fallback_path" env:"FALLBACK_PATH"`
}

func (h HTTPSettings) withDefaults() HTTPSettings {
	h.BatchBytes = cmp.Or(h.BatchBytes, defaultHTTPBatch)
	h.BatchDelay = cmp.Or(h.BatchDelay, defaultHTTPDelay)
	h.BufferBytes = cmp.Or(h.BufferBytes, max(defaultHTTPBuffer, h.leastBuffer()))
	h.Timeout = cmp.Or(h.Timeout, defaultHTTPTimeout)
	h.MinBackoff, h.MaxBackoff = orDefaults(h.MinBackoff, h.MaxBackoff, defaultMinBackoff, defaultMaxBackoff)
	h.Failures = cmp.Or(h.Failures, defaultFailures)
	h.Cooldown, h.MaxCooldown = orDefaults(h.Cooldown, h.MaxCooldown, defaultCooldown, defaultMaxCooldown)
	return h
}

// leastBuffer is the least BufferBytes. A BatchBytes out of its range is a fault
// itself, and must not be one of the buffer too.
func (h HTTPSettings) leastBuffer() int { return 2 * clamp(h.BatchBytes, minHTTPBatch, maxHTTPBatch) }

// orDefaults returns a pair of durations, each with its default where it is 0,
// which follows the other one where that is beyond it.
func orDefaults(least, most, defLeast, defMost time.Duration) (time.Duration, time.Duration) {
	if least == 0 && most != 0 {
		defLeast = min(defLeast, inHTTPRange(most))
	}
	least = cmp.Or(least, defLeast)
	return least, cmp.Or(most, max(defMost, inHTTPRange(least)))
}

func inHTTPRange(d time.Duration) time.Duration { return clamp(d, minHTTPDuration, maxHTTPDuration) }

func clamp[T cmp.Ordered](v, least, most T) T { return min(max(v, least), most) }
