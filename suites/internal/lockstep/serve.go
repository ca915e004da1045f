package lockstep

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/logperf/logperf/suites/internal/experiment"
)

// Serve is the arm's side: it runs the scenario that the coordinator asks for,
// slice by slice, until it is told to stop. An error has been sent to the
// coordinator where that was possible.
//
// Between two commands the arm is idle: one goroutine waits in a read, no timer
// runs. Where in is an *os.File (standard input) its end terminates the process
// at once, in the middle of a slice too, so that no arm outlives its
// coordinator; the end of any other reader is noticed before the next command.
//
// Nothing else may write to out while Serve runs.
func Serve(ctx context.Context, in io.Reader, out io.Writer, scenarios []experiment.Scenario) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if f, ok := in.(*os.File); ok {
		unwatch, err := watch(f)
		if err != nil {
			return err
		}
		defer unwatch()
	}
	s := &server{conn: newConn(in, out), scenarios: scenarios}
	err := s.serve(ctx)
	if err == nil || errors.Is(err, errHungUp) {
		return err
	}
	s.conn.start(failed)
	s.conn.out = append(s.conn.out, err.Error()...)
	return errors.Join(err, s.conn.send())
}

// errHungUp cannot be told to a coordinator that is not there.
var errHungUp = errors.New("the coordinator closed the pipe without a stop")

type server struct {
	conn      *conn
	scenarios []experiment.Scenario
	greeting  greeting
	runner    *experiment.Runner
	profiler  *profiler // nil: no profile is taken
}

func (s *server) serve(ctx context.Context) error {
	for {
		k, payload, err := s.conn.read()
		if errors.Is(err, io.EOF) {
			return errHungUp
		}
		if err != nil {
			return err
		}
		if (k == hello) == (s.runner != nil) {
			return fmt.Errorf("%v is out of place: hello comes first and once", k)
		}
		if k == stop {
			s.conn.start(stop | answer)
			return s.conn.send()
		}
		if err := s.obey(ctx, k, payload); err != nil {
			return err
		}
	}
}

func (s *server) obey(ctx context.Context, k kind, payload []byte) error {
	switch k {
	case hello:
		return s.open(ctx, payload)
	case calibrate:
		c, err := s.runner.Calibrate(ctx)
		if err != nil {
			return err
		}
		return s.conn.sendJSON(calibrate|answer, c)
	case begin:
		if err := s.begin(); err != nil {
			return err
		}
		s.conn.start(begin | answer)
		return s.conn.send()
	case run:
		return s.slice(ctx, payload)
	case finish:
		return s.finish(ctx)
	}
	return fmt.Errorf("the command %v is unknown", k)
}

func (s *server) open(ctx context.Context, payload []byte) error {
	if err := parseGreeting(payload, &s.greeting); err != nil {
		return err
	}
	for _, sc := range s.scenarios {
		if sc.Name != s.greeting.Scenario {
			continue
		}
		r, err := experiment.Open(ctx, sc, s.greeting.Arm, s.greeting.Options)
		if err != nil {
			return err
		}
		s.runner = r
		return s.conn.sendGreeting(hello|answer, description{
			Scenario: sc.Name, Arm: s.greeting.Arm, Source: sc.Source, Laps: r.Laps(),
		})
	}
	return fmt.Errorf("this binary has no scenario %q", s.greeting.Scenario)
}

func (s *server) begin() error {
	if err := s.runner.Begin(); err != nil || !s.greeting.Profile {
		return err
	}
	s.profiler = &profiler{dir: s.greeting.Options.Dir}
	return s.profiler.begin()
}

func (s *server) slice(ctx context.Context, payload []byte) error {
	n, err := parseRun(payload)
	if err != nil {
		return err
	}
	if n < 1 {
		return fmt.Errorf("a slice of %d operations was asked for: want at least 1", n)
	}
	began := time.Now()
	one, err := s.runner.Slice(ctx, n)
	if err != nil {
		return err
	}
	one.Around = time.Since(began) - one.Wall
	return s.conn.sendSlice(one)
}

func (s *server) finish(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.greeting.Timeout)
	defer cancel()
	if s.profiler != nil {
		if err := s.profiler.end(); err != nil {
			return err
		}
	}
	p, err := s.runner.Finish(ctx)
	if err != nil {
		return err
	}
	return s.conn.sendJSON(finish|answer, p)
}
