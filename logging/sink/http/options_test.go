package http_test

import (
	nethttp "net/http"
	"strings"
	"testing"
	"time"

	"github.com/logperf/logperf/logging/sink/http"
)

func TestNewRefusesOptionsInOneSentenceEach(t *testing.T) {
	const noURL = "http sink: the URL is empty: want http or https and a host"
	with := func(change func(*http.Options)) http.Options {
		o := http.Options{URL: "http://far"}
		change(&o)
		return o
	}
	header := func(name, value string) http.Options {
		return with(func(o *http.Options) { o.Header = nethttp.Header{name: {"fine", value}} })
	}
	for _, tc := range []struct {
		o    http.Options
		want string
	}{
		{http.Options{}, noURL},
		{http.Options{URL: "http://user:secret@%"}, "http sink: the URL cannot be parsed: want http or https and a host"},
		{http.Options{URL: "ftp://far"}, "http sink: the URL is neither http nor https: want http or https and a host"},
		{http.Options{URL: "far/logs"}, "http sink: the URL is neither http nor https: want http or https and a host"},
		{http.Options{URL: "secret:x@far/logs"}, "http sink: the URL is neither http nor https: want http or https and a host"},
		{http.Options{URL: "http:///logs"}, "http sink: the URL has no host: want http or https and a host"},
		{http.Options{URL: "https://:80/"}, "http sink: the URL has no host: want http or https and a host"},
		{header("Authorization", "secret\r\nX-Evil: 1"), "http sink: a value of the header Authorization has a control character: want none"},
		{header("X", "a\x00"), "http sink: a value of the header X has a control character: want none"},
		{header("X", "a\x7f"), "http sink: a value of the header X has a control character: want none"},
		{header("X\r\nY", "a"), `http sink: the header name "X\r\nY" is not valid: want letters, digits and hyphens`},
		{header("", "a"), `http sink: the header name "" is not valid: want letters, digits and hyphens`},
		{header("content-type", "a"), `http sink: the header name "content-type" is set for each request: want another name`},
		{header("logperf-batch", "a"), `http sink: the header name "logperf-batch" is set for each request: want another name`},
		{with(func(o *http.Options) { o.BatchBytes = 1023 }), "http sink: BatchBytes 1023 is out of range: want 1024 to 16777216"},
		{with(func(o *http.Options) { o.BatchBytes = 16<<20 + 1 }), "http sink: BatchBytes 16777217 is out of range: want 1024 to 16777216"},
		{with(func(o *http.Options) { o.BatchRecords = -1 }), "http sink: BatchRecords -1 is out of range: want 0 to 1048576"},
		{with(func(o *http.Options) { o.BatchDelay = 1 }), "http sink: BatchDelay 1ns is out of range: want 1ms to 1h0m0s"},
		{with(func(o *http.Options) { o.BufferBytes = 512<<10 - 1 }), "http sink: BufferBytes 524287 is out of range: want 524288 to 1073741824"},
		{with(func(o *http.Options) { o.Timeout = -1 }), "http sink: Timeout -1ns is out of range: want 1ms to 1h0m0s"},
		{with(func(o *http.Options) { o.Backoff.Min = 1 }), "http sink: Backoff.Min 1ns is out of range: want 1ms to 1h0m0s"},
		{
			with(func(o *http.Options) { o.Backoff = http.Backoff{Min: time.Second, Max: time.Millisecond} }),
			"http sink: Backoff.Max 1ms is out of range: want 1s to 1h0m0s",
		},
		{with(func(o *http.Options) { o.GiveUp = -1 }), "http sink: GiveUp -1ns is negative: want 0 or more"},
		{with(func(o *http.Options) { o.Breaker.Failures = -1 }), "http sink: Breaker.Failures -1 is out of range: want 1 to 1000000"},
		{with(func(o *http.Options) { o.Breaker.Cooldown = 1 }), "http sink: Breaker.Cooldown 1ns is out of range: want 1ms to 1h0m0s"},
		{
			with(func(o *http.Options) { o.Breaker = http.Breaker{Cooldown: time.Minute, Max: time.Second} }),
			"http sink: Breaker.Max 1s is out of range: want 1m0s to 1h0m0s",
		},
		{http.Options{GiveUp: -1, BatchRecords: -1}, noURL + "\nhttp sink: BatchRecords -1 is out of range: want 0 to 1048576\nhttp sink: GiveUp -1ns is negative: want 0 or more"},
	} {
		if _, err := http.New(tc.o); err == nil || err.Error() != tc.want {
			t.Errorf("got  %v\nwant %s", err, tc.want)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("an error holds a secret: %v", err)
		}
	}
}

func TestDefaultsFollowWhatIsSet(t *testing.T) {
	for _, o := range []http.Options{
		{BatchBytes: http.MaxBatchBytes},
		{Backoff: http.Backoff{Min: time.Minute}},
		{Backoff: http.Backoff{Max: time.Millisecond}},
		{Breaker: http.Breaker{Cooldown: time.Minute}},
		{Breaker: http.Breaker{Max: time.Millisecond}},
		{Header: nethttp.Header{"X-Token": {"plain", "tilde ~ and ümlaut"}}},
	} {
		o.URL = "https://far"
		open(t, nil, o)
	}
}
