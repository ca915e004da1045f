package lockstep

import (
	"encoding/binary"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/logperf/logperf/suites/internal/experiment"
)

// lies are the ways in which an arm can break the protocol or tell what cannot
// be true, and what the coordinator must say of each.
var lies = map[string]string{
	"wrong magic":            "hello: the first frame does not begin with the protocol's magic",
	"wrong version":          "hello: the other side speaks version 1",
	"wrong scenario":         `hello: the arm runs the arm "logperf" of scenario "another"`,
	"wrong source":           "hello: the arm was built from another source",
	"wrong laps":             "hello: the arm takes 7 laps: want 0",
	"wrong answer":           "hello: the arm sent answer to finish: want the answer to hello",
	"silent in hello":        "hello: the arm was silent",
	"ends in hello":          "hello: the arm ended instead of answering: exit status 0",
	"no operations":          "calibrate: the arm wants slices of 0 operations",
	"too many operations":    "calibrate: the arm wants slices of 1001 operations: want 1 to 1000",
	"barrier too long":       "calibrate: the arm says its barrier takes 1h0m0s",
	"barrier negative":       "calibrate: the arm says its barrier takes -1ns",
	"lasts too long":         "calibrate: the arm says that its slice lasts 168h0m0.000000001s: want at most 168h0m0s",
	"lasts negative":         "calibrate: the arm says that its slice lasts -1ns",
	"no JSON":                "calibrate: the payload cannot be read",
	"silent in run":          "run: the arm was silent",
	"ends in run":            "run: the arm ended instead of answering: exit status 0",
	"other n":                "run: the arm ran 65 operations: want 64",
	"no time":                "run: the arm says that the slice took 0s",
	"negative time":          "run: the arm says that the slice took -1ns",
	"time beyond the trip":   "run: the arm says that the slice took 1h0m0s",
	"negative CPU":           "run: the arm says that the slice used -1ns",
	"CPU beyond the trip":    "run: the arm says that the slice used 1h0m0s",
	"around beyond the trip": "run: the arm says that it was busy for 1h0m0s around the slice",
	"extra lap":              "run: a slice with 0 laps has 40 bytes: want 32",
	"short slice":            "run: a slice with 0 laps has 16 bytes: want 32",
	"truncated frame":        "run: the pipe was closed in the middle of a frame",
	"truncated header":       "run: the pipe was closed in the middle of a frame",
	"oversize frame":         "run: a frame announces 16777217 bytes",
	"unknown kind":           "run: the arm sent kind 120",
	"NaN":                    "finish: the report cannot be read",
	"unknown metric":         `finish: it reports the unknown metric "lines-B/op"`,
	"negative leak":          "finish: its report has -1 for leaked goroutines",
	"other total":            "finish: its report counts 1 operations",
	"bad histogram":          "finish: its latencies",
	"stays":                  "after its last slice: it did not end within 300ms and was killed",
	"fails at the end":       "after its last slice: exit status 3",
}

// liar is an arm that is honest but for one thing.
type liar struct {
	lie string
	c   *conn
	n   int
}

// lie serves as an arm, in a process of its own.
func lie(which string, in io.Reader, out io.Writer) {
	l := &liar{lie: which, c: newConn(in, out)}
	for {
		k, payload, err := l.c.read()
		if err != nil {
			os.Exit(1)
		}
		if err := l.answer(k, payload); err != nil {
			os.Exit(1)
		}
		if k == stop {
			switch which {
			case "stays":
				for {
					time.Sleep(time.Hour)
				}
			case "fails at the end":
				os.Exit(3)
			}
			return
		}
	}
}

func (l *liar) answer(k kind, payload []byte) error {
	if strings.HasSuffix(l.lie, " in "+k.String()) {
		if strings.HasPrefix(l.lie, "ends") {
			os.Exit(0)
		}
		for {
			time.Sleep(time.Hour)
		}
	}
	switch k {
	case hello:
		return l.hello(payload)
	case calibrate:
		return l.calibrate()
	case run:
		return l.run(payload)
	case finish:
		return l.finish()
	}
	l.c.start(k | answer)
	return l.c.send()
}

func (l *liar) hello(payload []byte) error {
	var g greeting
	if err := parseGreeting(payload, &g); err != nil {
		return err
	}
	d, k := description{Scenario: g.Scenario, Arm: g.Arm, Source: "0123"}, hello|answer
	switch l.lie {
	case "wrong scenario":
		d.Scenario = "another"
	case "wrong source":
		d.Source = "4567"
	case "wrong laps":
		d.Laps = 7
	case "wrong answer":
		k = finish | answer
	case "wrong magic":
		return l.raw(k, "hello from a shell")
	case "wrong version":
		return l.raw(k, magic+"\x01\x00{}")
	}
	return l.c.sendGreeting(k, d)
}

func (l *liar) calibrate() error {
	c := experiment.Calibration{N: 64}
	switch l.lie {
	case "no operations":
		c.N = 0
	case "too many operations":
		c.N = 1001
	case "barrier too long":
		c.Barrier = time.Hour
	case "barrier negative":
		c.Barrier = -1
	case "lasts too long":
		c.Lasts = longestSlice + 1
	case "lasts negative":
		c.Lasts = -1
	case "no JSON":
		return l.raw(calibrate|answer, "N=64")
	}
	return l.c.sendJSON(calibrate|answer, c)
}

func (l *liar) run(payload []byte) error {
	n, err := parseRun(payload)
	if err != nil {
		return err
	}
	s := experiment.Slice{N: n, Wall: 100, CPU: 100}
	switch l.lie {
	case "other n":
		s.N++
	case "no time":
		s.Wall = 0
	case "negative time":
		s.Wall = -1
	case "time beyond the trip":
		s.Wall = time.Hour
	case "negative CPU":
		s.CPU = -1
	case "CPU beyond the trip":
		s.CPU = time.Hour
	case "around beyond the trip":
		s.Around = time.Hour
	case "extra lap":
		s.Laps = []time.Duration{1}
	case "short slice":
		return l.raw(run|answer, strings.Repeat("\x01", 16))
	case "unknown kind":
		return l.raw(120, "")
	case "truncated header":
		return l.bytes([]byte{1, 0})
	case "truncated frame":
		return l.bytes([]byte{24, 0, 0, 0, byte(run | answer), 1, 2, 3})
	case "oversize frame":
		return l.bytes(append(binary.LittleEndian.AppendUint32(nil, maxPayload+1), byte(run|answer)))
	}
	l.n += n
	return l.c.sendSlice(s)
}

func (l *liar) finish() error {
	// The coordinator asks for two slices of warm-up, which do not count.
	p := experiment.Report{N: l.n - 2*64, Values: map[string]float64{}}
	switch l.lie {
	case "NaN":
		return l.raw(finish|answer, `{"N":64,"Values":{"ns/op":NaN}}`)
	case "unknown metric":
		p.Values["lines-B/op"] = 1
	case "negative leak":
		p.Leaked = -1
	case "other total":
		p.N = 1
	case "bad histogram":
		p.Latency = []byte("histogram")
	}
	return l.c.sendJSON(finish|answer, p)
}

func (l *liar) raw(k kind, payload string) error {
	l.c.start(k)
	l.c.out = append(l.c.out, payload...)
	return l.c.send()
}

// bytes writes less than a frame and closes the pipe.
func (l *liar) bytes(b []byte) error {
	if _, err := l.c.w.Write(b); err != nil {
		return err
	}
	return os.Stdout.Close()
}

func TestArmThatLiesIsAnError(t *testing.T) {
	s := scenario(t, "idle")
	s.MaxOps, s.Slices = 1000, 3
	for which, want := range lies {
		t.Run(which, func(t *testing.T) {
			o := options(t, which)
			if which == "stays" || strings.HasPrefix(which, "silent") {
				o.Timeout = 300 * time.Millisecond
			}
			_, err := Repeat(t.Context(), s, 4, o)
			if err == nil {
				t.Fatal("the coordinator believes it")
			}
			if got := err.Error(); !strings.HasPrefix(got, "scenario harness/idle, arm logperf, repetition 5: ") || !strings.Contains(got, want) {
				t.Errorf("the error is %q, want scenario, arm, repetition and %q", got, want)
			}
		})
	}
}

// An arm that is honest passes the same path, or the lies would prove nothing.
func TestArmThatDoesNotLieIsBelieved(t *testing.T) {
	s := scenario(t, "idle")
	s.MaxOps, s.Slices = 1000, 3
	if _, err := Repeat(t.Context(), s, 4, options(t, "honest")); err != nil {
		t.Error(err)
	}
}
