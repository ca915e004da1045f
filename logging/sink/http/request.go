package http

import (
	"context"
	"errors"
	"fmt"
	"io"
	nethttp "net/http"
	"net/url"
	"sync"
	"time"
)

// A verdict is what an answer says of a batch.
type verdict int

const (
	delivered verdict = iota
	again
	tooLarge
	refused
)

func verdictOf(status int) verdict {
	switch {
	case status/100 == 2:
		return delivered
	case status == nethttp.StatusRequestEntityTooLarge:
		return tooLarge
	case status == nethttp.StatusRequestTimeout, status == nethttp.StatusTooEarly,
		status == nethttp.StatusTooManyRequests, status/100 == 5:
		return again
	}
	return refused
}

// request posts the batch under way. It returns what the answer says, its
// Retry-After, and an error unless the batch is delivered.
func (s *Sink) request() (v verdict, after time.Duration, err error) {
	ctx, cancel := s.timeout()
	defer cancel()
	p := &payload{parts: s.load}
	defer func() {
		sent := p.withdraw()
		s.mu.Lock()
		s.stats.BytesSent += sent
		s.mu.Unlock()
		if err != nil {
			err = fmt.Errorf("POST %s: %w", s.target, err)
		}
	}()
	req, err := nethttp.NewRequestWithContext(ctx, nethttp.MethodPost, s.o.URL, p.open())
	if err != nil {
		return refused, 0, err // not after New's checks
	}
	req.ContentLength = p.size()
	req.GetBody = func() (io.ReadCloser, error) { return p.open(), nil }
	req.Header = s.header.Clone()
	req.Header.Set(BatchHeader, s.name())
	var resp *nethttp.Response
	err = guarded(func() (err error) {
		resp, err = s.client.Do(req) //nolint:bodyclose // read closes it
		return err
	})
	if err != nil {
		return again, 0, s.noAnswer(ctx, err)
	}
	text := read(resp)
	v = verdictOf(resp.StatusCode)
	if v == again {
		after = retryAfter(resp.Header.Get("Retry-After"), time.Now())
	}
	if v != delivered {
		err = &StatusError{Code: resp.StatusCode, Text: text}
	}
	return v, after, err
}

// noAnswer takes from an error of the client what does not concern the caller
// of Flush: the URL, which may hold secrets, and a timeout that is not the
// caller's.
func (s *Sink) noAnswer(ctx context.Context, err error) error {
	if e := (*url.Error)(nil); errors.As(err, &e) {
		err = e.Err
	}
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("no answer within %v", s.o.Timeout)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return errors.New(err.Error())
	}
	return err
}

// read drains the body, so that its connection can be used again, and closes
// it. It returns the beginning of what can be printed. Nothing that goes wrong
// here changes what the status says.
func read(resp *nethttp.Response) (text string) {
	_ = guarded(func() error {
		defer func() { _ = resp.Body.Close() }()
		if resp.StatusCode == nethttp.StatusSwitchingProtocols {
			return nil // its body is the connection, and has no end
		}
		body := io.LimitReader(resp.Body, maxDrained)
		if resp.StatusCode/100 != 2 {
			begin := make([]byte, 2*maxQuoted)
			n, _ := io.ReadFull(body, begin)
			text = printable(begin[:n])
		}
		_, err := io.Copy(io.Discard, body)
		return err
	})
	return text
}

var errWithdrawn = errors.New("http sink: the request is over")

// A payload is the body of one request, in memory that is used again: a
// transport may go on reading a body after its request has been answered, so
// the request withdraws it at its end.
type payload struct {
	mu        sync.Mutex // guards what follows
	parts     [2][]byte
	withdrawn bool
	sent      uint64
}

func (p *payload) size() int64 { return int64(len(p.parts[0]) + len(p.parts[1])) }

func (p *payload) open() io.ReadCloser { return &body{p: p} }

// withdraw makes all further reads fail, and returns how many bytes were read.
func (p *payload) withdraw() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.parts, p.withdrawn = [2][]byte{}, true
	return p.sent
}

// A body reads a payload from its beginning.
type body struct {
	p   *payload
	off int // guarded by p.mu
}

func (b *body) Read(dst []byte) (int, error) {
	b.p.mu.Lock()
	defer b.p.mu.Unlock()
	if b.p.withdrawn {
		return 0, errWithdrawn
	}
	n, off := 0, b.off
	for _, part := range b.p.parts {
		if off < len(part) {
			n += copy(dst[n:], part[off:])
		}
		off = max(off-len(part), 0)
	}
	if n == 0 && len(dst) > 0 {
		return 0, io.EOF
	}
	b.off += n
	b.p.sent += uint64(n)
	return n, nil
}

// Close does nothing: the bytes are the sink's.
func (b *body) Close() error { return nil }
