package http

import (
	"errors"
	"fmt"
	nethttp "net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/logperf/logperf/logging"
)

// ErrClosed is returned by Write on a sink that is closed.
var ErrClosed = errors.New("http sink: the sink is closed")

// A DeliveryError says that records which Write took did not get to the
// receiver. Flush and Close return it, for the time since the last that did.
type DeliveryError struct {
	Lost     uint64 // records that are nowhere
	FellBack uint64 // records that the fallback has
	Err      error  // why, for the first of them
}

func (e *DeliveryError) Error() string {
	what := fmt.Sprintf("%d records lost", e.Lost)
	if e.FellBack > 0 {
		what += fmt.Sprintf(", %d given to the fallback", e.FellBack)
	}
	return fmt.Sprintf("http sink: %s since the last flush: %v", what, e.Err)
}

// Unwrap returns Err.
func (e *DeliveryError) Unwrap() error { return e.Err }

// A StatusError is an answer other than 2xx.
type StatusError struct {
	Code int    // of the status
	Text string // the printable beginning of the body, at most 200 bytes
}

func (e *StatusError) Error() string {
	s := fmt.Sprintf("status %d %s", e.Code, nethttp.StatusText(e.Code))
	if e.Code/100 == 3 {
		s += " (redirects are not followed)"
	}
	if e.Text != "" {
		s += fmt.Sprintf(": %q", e.Text)
	}
	return s
}

// printable returns the beginning of body, at most maxQuoted bytes, with one
// space for whatever cannot be printed.
func printable(body []byte) string {
	var b strings.Builder
	for len(body) > 0 {
		r, size := utf8.DecodeRune(body)
		body = body[size:]
		if r == utf8.RuneError && size == 1 || !unicode.IsPrint(r) {
			if s := b.String(); s == "" || s[len(s)-1] == ' ' {
				continue
			}
			r, size = ' ', 1
		}
		if b.Len()+size > maxQuoted {
			break
		}
		b.WriteRune(r)
	}
	return strings.TrimSpace(b.String())
}

// guarded calls what others wrote: the sender outlives its panics.
func guarded(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &logging.PanicError{Value: r}
		}
	}()
	return f()
}
