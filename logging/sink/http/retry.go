package http

import (
	randv2 "math/rand/v2"
	nethttp "net/http"
	"strconv"
	"strings"
	"time"
)

// bound is the longest wait after that many failures in a row.
func (b Backoff) bound(failures int) time.Duration {
	d := b.Min
	for range failures - 1 {
		if d >= b.Max/2 {
			return b.Max
		}
		d *= 2
	}
	return d
}

func (b Backoff) wait(failures int, random *randv2.Rand) time.Duration {
	return time.Duration(random.Int64N(int64(b.bound(failures)) + 1))
}

// retryAfter reads the header of that name: seconds or a date. It returns 0 to
// MaxRetryAfter, and 0 for what is neither.
func retryAfter(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	if value != "" && strings.Trim(value, "0123456789") == "" {
		seconds, _ := strconv.ParseUint(value, 10, 64) // out of range it is the largest number
		return time.Duration(min(seconds, uint64(MaxRetryAfter/time.Second))) * time.Second
	}
	date, err := nethttp.ParseTime(value)
	if err != nil {
		return 0
	}
	return min(max(date.Sub(now), 0), MaxRetryAfter)
}

// States of the breaker, as in Stats.BreakerState.
const (
	StateClosed   = "closed"
	StateOpen     = "open"
	StateHalfOpen = "half-open"
)

// breaker is the state of a [Breaker].
type breaker struct {
	open     bool
	probing  bool          // the request that decides is under way
	failures int           // in a row
	cooldown time.Duration // of the last opening
	opened   uint64
}

// begin is called before each request.
func (b *breaker) begin() { b.probing = b.open }

// succeed is called after each answer that is final.
func (b *breaker) succeed() {
	*b = breaker{opened: b.opened}
}

// fail is called after each failure. It returns for how long no request goes out.
func (b *breaker) fail(l Breaker) time.Duration {
	b.failures++
	switch {
	case b.probing:
		b.cooldown = min(2*b.cooldown, l.Max)
	case b.failures >= l.Failures:
		b.cooldown = l.Cooldown
	default:
		return 0
	}
	b.open, b.probing = true, false
	b.opened++
	return b.cooldown
}

func (b *breaker) state() string {
	switch {
	case b.probing:
		return StateHalfOpen
	case b.open:
		return StateOpen
	}
	return StateClosed
}
