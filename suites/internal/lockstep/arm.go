package lockstep

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/logperf/logperf/suites/internal/experiment"
)

// cpuSlack is what the kernel's processor clock may be ahead of the wall clock,
// where it counts in ticks.
const cpuSlack = 20 * time.Millisecond

// longestSlice is more than any soak: a deadline has to come.
const longestSlice = 7 * 24 * time.Hour

// arm is the coordinator's view of one arm process.
type arm struct {
	scenario experiment.Scenario
	name     string
	timeout  time.Duration
	process  *process
	conn     *conn
	dir      string
	laps     int
	lasts    time.Duration // of a slice, where the arm knows
	waits    time.Duration // for the present answer, at most
	limit    armLimit
	profiles string // the folder of its profiles; empty: it takes none
	result   Arm
}

// openArm starts the process of an arm and gives it a scratch folder.
func openArm(ctx context.Context, s experiment.Scenario, name string, o Options) (*arm, error) {
	dir, err := os.MkdirTemp(o.Dir, "logperf-arm-")
	if err != nil {
		return nil, fmt.Errorf("the arm gets no scratch folder: %w", err)
	}
	// The arm may run in another folder than the coordinator.
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, err
	}
	command := o.Command
	if name != s.Arms[0].Name {
		command = forgiving(command)
	}
	if o.Profile != "" {
		command = unsampled(command)
	}
	limit, err := limitOf(s, o)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	p, err := startProcess(ctx, limit.apply(command))
	if err != nil {
		return nil, errors.Join(err, limit.close(), os.RemoveAll(dir))
	}
	return &arm{
		scenario: s, name: name, timeout: o.Timeout, process: p, dir: dir, limit: limit, profiles: o.Profile,
		conn: newConn(p.from, p.to), result: Arm{Name: name, Limiter: limit.String()},
	}, nil
}

// close ends the process and removes the scratch folder. A grace of 0 kills.
func (a *arm) close(grace time.Duration) error {
	if grace == 0 {
		a.process.kill()
		grace = afterKill
	}
	err := a.process.end(grace)
	return errors.Join(err, a.limit.close(), os.RemoveAll(a.dir))
}

// deadline bounds one command: the timeout and what the work itself may take.
func (a *arm) deadline(work time.Duration) error {
	a.waits = a.timeout + work
	at := time.Now().Add(a.waits)
	return errors.Join(a.process.to.SetWriteDeadline(at), a.process.from.SetReadDeadline(at))
}

var errEnded = errors.New("the arm ended instead of answering")

// receive reads the answer to the command.
func (a *arm) receive(command kind) ([]byte, error) {
	k, payload, err := a.conn.read()
	switch {
	case errors.Is(err, io.EOF):
		return nil, errEnded
	case err != nil:
		return nil, err
	case k == failed:
		return nil, errors.New(string(payload))
	case k != command|answer:
		return nil, fmt.Errorf("the arm sent %v: want the %v", k, command|answer)
	}
	return payload, nil
}

// explain turns an error of the pipe into what it means.
func (a *arm) explain(command kind, err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = fmt.Errorf("the arm was silent for more than %v and was killed", a.waits)
	}
	return fmt.Errorf("%v: %w", command, err)
}

// ask sends a command and returns its answer.
func (a *arm) ask(command kind, work time.Duration, send func() error) ([]byte, error) {
	if err := a.deadline(work); err != nil {
		return nil, a.explain(command, err)
	}
	sent := send()
	payload, err := a.receive(command)
	if err != nil {
		// An arm that failed has often said why before its pipe broke.
		return nil, a.explain(command, err)
	}
	if sent != nil {
		return nil, a.explain(command, sent)
	}
	return payload, nil
}

// bare sends a command without a payload.
func (a *arm) bare(command kind) func() error {
	return func() error {
		a.conn.start(command)
		return a.conn.send()
	}
}

// hello makes the arm open its subject and compares what it understood.
func (a *arm) hello(o experiment.Options) error {
	o.Dir = a.dir
	o.Limiter, o.Hard = a.limit.String(), a.limit.hard()
	payload, err := a.ask(hello, 0, func() error {
		return a.conn.sendGreeting(hello, greeting{
			Scenario: a.scenario.Name, Arm: a.name, Options: o, Timeout: a.timeout, Profile: a.profiles != "",
		})
	})
	if err != nil {
		return err
	}
	var d description
	if err := parseGreeting(payload, &d); err != nil {
		return a.explain(hello, err)
	}
	switch {
	case d.Scenario != a.scenario.Name || d.Arm != a.name:
		err = fmt.Errorf("the arm runs the arm %q of scenario %q", d.Arm, d.Scenario)
	case d.Source != a.scenario.Source:
		err = fmt.Errorf("the arm was built from another source of the scenario: %s, here %s", d.Source, a.scenario.Source)
	case d.Laps != 0 && d.Laps != len(a.scenario.Laps):
		err = fmt.Errorf("the arm takes %d laps: want %d", d.Laps, len(a.scenario.Laps))
	}
	if err != nil {
		return a.explain(hello, err)
	}
	a.laps = d.Laps
	return nil
}

// calibrate makes the arm find the size of its slices.
func (a *arm) calibrate() error {
	work := 100 * a.scenario.Aim()
	if a.scenario.Ops > 0 { // nothing is searched for
		work = 0
	}
	began := time.Now()
	payload, err := a.ask(calibrate, work, a.bare(calibrate))
	if err != nil {
		return err
	}
	took := time.Since(began)
	var c experiment.Calibration
	if err := parseJSON(payload, &c); err != nil {
		return a.explain(calibrate, err)
	}
	if c.N < 1 || a.scenario.MaxOps > 0 && c.N > a.scenario.MaxOps {
		return a.explain(calibrate, fmt.Errorf("the arm wants slices of %d operations: want 1 to %d", c.N, a.scenario.MaxOps))
	}
	if c.Barrier < 0 || c.Barrier > took {
		return a.explain(calibrate, fmt.Errorf("the arm says its barrier takes %v, measured in %v", c.Barrier, took))
	}
	if c.Lasts < 0 || c.Lasts > longestSlice {
		return a.explain(calibrate, fmt.Errorf("the arm says that its slice lasts %v: want at most %v", c.Lasts, longestSlice))
	}
	a.result.N, a.lasts = c.N, c.Lasts
	return nil
}

// begin makes the arm start its samplers.
func (a *arm) begin() error {
	_, err := a.ask(begin, 0, a.bare(begin))
	return err
}

// run makes the arm run one slice and refuses what cannot be true of it. The
// laps of the slice are written to laps.
func (a *arm) run(laps []time.Duration) (experiment.Slice, error) {
	n := a.result.N
	if err := a.deadline(a.longest()); err != nil {
		return experiment.Slice{}, a.explain(run, err)
	}
	began := time.Now()
	sent := a.conn.sendRun(n)
	payload, err := a.receive(run)
	trip := time.Since(began)
	if err == nil {
		err = sent
	}
	if err != nil {
		return experiment.Slice{}, a.explain(run, err)
	}
	s, err := parseSlice(payload, laps)
	if err == nil {
		err = credible(s, n, trip)
	}
	if err != nil {
		return experiment.Slice{}, a.explain(run, err)
	}
	return s, nil
}

// longest is what a slice may take: a busy machine may make it several times as
// long as it should be.
func (a *arm) longest() time.Duration { return 10*a.scenario.Aim() + 2*a.lasts }

// credible holds a slice against the coordinator's own clock. Both sides read
// the same monotonic clock, the arm inside the coordinator's two readings.
func credible(s experiment.Slice, n int, trip time.Duration) error {
	most := trip*time.Duration(runtime.NumCPU()) + cpuSlack
	switch {
	case s.N != n:
		return fmt.Errorf("the arm ran %d operations: want %d", s.N, n)
	case s.Wall <= 0 || s.Wall > trip:
		return fmt.Errorf("the arm says that the slice took %v; the coordinator waited %v", s.Wall, trip)
	case s.Around < 0 || s.Wall+s.Around > trip:
		return fmt.Errorf("the arm says that it was busy for %v around the slice of %v; the coordinator waited %v", s.Around, s.Wall, trip)
	case s.CPU < 0 || s.CPU > most:
		return fmt.Errorf("the arm says that the slice used %v of processor time; the coordinator waited %v on %d processors", s.CPU, trip, runtime.NumCPU())
	}
	for i, lap := range s.Laps {
		if lap < 0 || lap > most {
			return fmt.Errorf("the arm says that lap %d of the slice took %v; the coordinator waited %v", i+1, lap, trip)
		}
	}
	return nil
}

// finish takes the arm's report, ends the process, and derives the values.
func (a *arm) finish() error {
	// The arm itself bounds the closing of its subject by the timeout.
	payload, err := a.ask(finish, a.timeout, a.bare(finish))
	if err != nil {
		return err
	}
	p := &a.result.Report
	if err := json.Unmarshal(payload, p); err != nil {
		return a.explain(finish, fmt.Errorf("the report cannot be read: %w", err))
	}
	if err := p.Check(); err != nil {
		return a.explain(finish, err)
	}
	if p.Fault != "" {
		return fmt.Errorf("the check of the subject failed: %s", p.Fault)
	}
	if a.result.Values, err = experiment.Derive(a.scenario, a.result.Slices, *p); err != nil {
		return a.explain(finish, err)
	}
	if err := a.keepProfiles(); err != nil {
		return a.explain(finish, err)
	}
	if _, err := a.ask(stop, 0, a.bare(stop)); err != nil {
		return err
	}
	if err := a.close(a.timeout); err != nil {
		return fmt.Errorf("after its last slice: %w", err)
	}
	return nil
}

// complete reports an error where a declared metric was not measured.
func (a *arm) complete() error {
	for _, name := range a.scenario.Metrics {
		if _, ok := a.result.Values[name]; !ok && name != spread {
			return fmt.Errorf("the scenario declares %s and the arm has not measured it", name)
		}
	}
	return nil
}
