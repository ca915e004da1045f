package lockstep

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/logperf/logperf/suites/internal/experiment"
)

// A frame is the length of the payload (4 bytes, little-endian), the kind (1
// byte) and the payload. The lengths are fixed or bounded, so that neither side
// can be made to wait for or to hold more than maxPayload.
const (
	header     = 5
	maxPayload = 16 << 20
)

const (
	magic   = "logperf\n"
	version = 2
)

// kind is what a frame asks for or answers. A command and its answer have the
// same number, the answer with the highest bit set.
type kind uint8

const (
	hello kind = iota + 1
	calibrate
	begin
	run
	finish
	stop

	answer kind = 0x80
	// failed may answer any command; its payload is the error as text.
	failed = answer
)

var kindNames = map[kind]string{
	hello: "hello", calibrate: "calibrate", begin: "begin", run: "run", finish: "finish", stop: "stop",
}

func (k kind) String() string {
	if k == failed {
		return "failed"
	}
	name, known := kindNames[k&^answer]
	switch {
	case !known:
		return fmt.Sprintf("kind %d", uint8(k))
	case k&answer != 0:
		return "answer to " + name
	}
	return name
}

// greeting opens the conversation; the arm answers with a description.
type greeting struct {
	Scenario string
	Arm      string
	Options  experiment.Options
	// Timeout bounds what the arm does without the coordinator's clock, such as
	// closing its subject.
	Timeout time.Duration
	// Profile makes the arm take profiles over its measured slices, and leave them
	// in the scratch folder.
	Profile bool `json:",omitempty"`
}

// description is what the arm understood, for the coordinator to compare.
type description struct {
	Scenario string
	Arm      string
	Source   string
	Laps     int
}

// conn is one side of the pipes. Its buffers are reused: a frame read is valid
// until the next read. Once they have grown, neither reading nor writing
// allocates. It is not safe for concurrent use.
type conn struct {
	r   *bufio.Reader
	w   io.Writer
	in  []byte
	out []byte
}

func newConn(r io.Reader, w io.Writer) *conn {
	return &conn{r: bufio.NewReader(r), w: w, in: make([]byte, 1024), out: make([]byte, 0, 1024)}
}

// read returns the next frame. io.EOF means that the other side ended between
// two frames.
func (c *conn) read() (kind, []byte, error) {
	if _, err := io.ReadFull(c.r, c.in[:header]); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("the pipe was closed in the middle of a frame")
		}
		return 0, nil, err
	}
	size, k := binary.LittleEndian.Uint32(c.in), kind(c.in[header-1])
	if size > maxPayload {
		return 0, nil, fmt.Errorf("a frame announces %d bytes, more than %d: does anything else write to this pipe, such as to standard output?", size, maxPayload)
	}
	if int(size) > len(c.in) {
		c.in = make([]byte, size)
	}
	if _, err := io.ReadFull(c.r, c.in[:size]); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = fmt.Errorf("the pipe was closed in the middle of a frame of %d bytes", size)
		}
		return 0, nil, err
	}
	return k, c.in[:size], nil
}

// start begins a frame in the reused buffer; the payload is appended to c.out
// and send completes it.
func (c *conn) start(k kind) { c.out = append(c.out[:0], 0, 0, 0, 0, byte(k)) }

func (c *conn) send() error {
	size := len(c.out) - header
	if size > maxPayload {
		return fmt.Errorf("a frame of %d bytes is larger than the %d that the protocol allows", size, maxPayload)
	}
	binary.LittleEndian.PutUint32(c.out, uint32(size))
	_, err := c.w.Write(c.out)
	return err
}

// sendJSON sends a frame that is not part of the measured sequence.
func (c *conn) sendJSON(k kind, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	c.start(k)
	c.out = append(c.out, text...)
	return c.send()
}

// The greeting and its answer carry the magic and the version before anything
// else, so that two versions find out before they misread each other.
func (c *conn) sendGreeting(k kind, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	c.start(k)
	c.out = append(c.out, magic...)
	c.out = binary.LittleEndian.AppendUint16(c.out, version)
	c.out = append(c.out, text...)
	return c.send()
}

func parseGreeting(payload []byte, value any) error {
	if len(payload) < len(magic)+2 || string(payload[:len(magic)]) != magic {
		return errors.New("the first frame does not begin with the protocol's magic: the other side is no logperf process in arm mode")
	}
	payload = payload[len(magic):]
	if v := binary.LittleEndian.Uint16(payload); v != version {
		return fmt.Errorf("the other side speaks version %d of the protocol: want %d", v, version)
	}
	return parseJSON(payload[2:], value)
}

func parseJSON(payload []byte, value any) error {
	if err := json.Unmarshal(payload, value); err != nil {
		return fmt.Errorf("the payload cannot be read: %w", err)
	}
	return nil
}

// sendRun and sendSlice are the hot messages: fixed binary, no allocation.
func (c *conn) sendRun(n int) error {
	c.start(run)
	c.out = binary.LittleEndian.AppendUint64(c.out, uint64(n))
	return c.send()
}

func parseRun(payload []byte) (int, error) {
	if len(payload) != 8 {
		return 0, fmt.Errorf("run has %d bytes: want 8", len(payload))
	}
	return int(binary.LittleEndian.Uint64(payload)), nil
}

func (c *conn) sendSlice(s experiment.Slice) error {
	c.start(run | answer)
	c.out = binary.LittleEndian.AppendUint64(c.out, uint64(s.N))
	c.out = binary.LittleEndian.AppendUint64(c.out, uint64(s.Wall))
	c.out = binary.LittleEndian.AppendUint64(c.out, uint64(s.CPU))
	c.out = binary.LittleEndian.AppendUint64(c.out, uint64(s.Around))
	for _, lap := range s.Laps {
		c.out = binary.LittleEndian.AppendUint64(c.out, uint64(lap))
	}
	return c.send()
}

// parseSlice reads a slice; laps receives its parts and says how many there
// have to be.
func parseSlice(payload []byte, laps []time.Duration) (experiment.Slice, error) {
	if want := 32 + 8*len(laps); len(payload) != want {
		return experiment.Slice{}, fmt.Errorf("a slice with %d laps has %d bytes: want %d", len(laps), len(payload), want)
	}
	word := func(i int) int64 { return int64(binary.LittleEndian.Uint64(payload[8*i:])) }
	s := experiment.Slice{N: int(word(0)), Wall: time.Duration(word(1)), CPU: time.Duration(word(2)), Around: time.Duration(word(3)), Laps: laps}
	for i := range laps {
		laps[i] = time.Duration(word(4 + i))
	}
	return s, nil
}
