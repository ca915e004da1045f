package lockstep

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/logperf/logperf/suites/internal/result"
)

const (
	// stderrTail is how much of an arm's standard error a failure shows.
	stderrTail = 64 << 10
	// afterKill bounds what cannot be forced: reading the rest of standard error
	// where a process that left the group still holds it.
	afterKill = time.Second
)

// Command is how an arm process is started.
type Command struct {
	// Path of the binary, and Args behind its name.
	Path string
	Args []string
	// Env is the whole environment; nil means that of this process. GOMAXPROCS
	// is set to what result.ArmProcs makes of it; GORACE is added where it is
	// missing, so that the race detector does not delay the end.
	Env []string
}

// process is a running arm. It is not safe for concurrent use but for kill.
type process struct {
	cmd    *exec.Cmd
	to     *os.File // its standard input
	from   *os.File // its standard output
	errs   *os.File // its standard error
	tail   tail
	reader sync.WaitGroup // the goroutine that fills tail
	unkill func() bool    // ends the watch on the context

	mu    sync.Mutex // guards ended, against a kill by the context
	ended bool
}

// startProcess starts the command in a process group of its own: ^C in a
// terminal reaches the coordinator alone, which then ends its arms in order,
// and what an arm has started can be killed with it. The end of ctx kills the
// group. (Pdeathsig would be tied to the thread that starts the arm, which the
// runtime may end at any time; that standard input closes is enough.)
func startProcess(ctx context.Context, c Command) (*process, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	stdin, to, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	from, stdout, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, stdin.Close(), to.Close())
	}
	errs, stderr, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, stdin.Close(), to.Close(), from.Close(), stdout.Close())
	}
	p := &process{to: to, from: from, errs: errs, cmd: exec.Command(c.Path, c.Args...)}
	p.cmd.Env = environment(c.Env)
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = stdin, stdout, stderr
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	err = p.cmd.Start()
	_, _, _ = stdin.Close(), stdout.Close(), stderr.Close()
	if err != nil {
		_, _, _ = to.Close(), from.Close(), errs.Close()
		return nil, fmt.Errorf("the arm cannot be started: %w", err)
	}
	p.reader.Go(func() { _, _ = io.Copy(&p.tail, p.errs) })
	p.unkill = context.AfterFunc(ctx, p.kill)
	return p, nil
}

// forgiving makes the race detector report what it finds in a reference without
// failing it: a data race inside a peer is the peer's, and phuslu/log 1.0.121
// has one in its asynchronous writer. A subject's own race still fails.
func forgiving(c Command) Command {
	if c.Env == nil {
		c.Env = os.Environ()
	}
	if !slices.ContainsFunc(c.Env, func(one string) bool { return strings.HasPrefix(one, "GORACE=") }) {
		c.Env = append(slices.Clip(c.Env), "GORACE=atexit_sleep_ms=0 exitcode=0")
	}
	return c
}

// environment completes that of an arm. A build with the race detector sleeps
// for a second at its end by default, which a fresh process for each arm and
// repetition would make the longest part of a run.
func environment(env []string) []string {
	if env == nil {
		env = os.Environ()
	}
	// What the arm gets is what run.json says that it had.
	procs := fmt.Sprintf("GOMAXPROCS=%d", result.ArmProcs(env))
	env = append(slices.Clip(env), procs) // the last of a name counts
	if !slices.ContainsFunc(env, func(set string) bool { return strings.HasPrefix(set, "GORACE=") }) {
		env = append(env, "GORACE=atexit_sleep_ms=0")
	}
	return env
}

// kill ends the whole process group at once.
func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.ended {
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	}
}

// end waits for the process, at most for the grace, then kills its group; what
// the process has left behind in the group is killed in any case. Afterwards
// nothing of it remains. It returns how the process ended and may be called
// again.
func (p *process) end(grace time.Duration) error {
	if p.ended {
		return nil
	}
	exited := make(chan error, 1)
	go func() { exited <- p.cmd.Wait() }()
	patience := time.NewTimer(grace)
	defer patience.Stop()
	var err error
	select {
	case err = <-exited:
	case <-patience.C:
		p.kill()
		err = fmt.Errorf("it did not end within %v and was killed: %w", grace, <-exited)
	}
	// The process itself is gone, so this reaches only its children; their group
	// keeps its number while one of them lives.
	p.kill()
	p.unkill()
	p.mu.Lock()
	p.ended = true
	p.mu.Unlock()
	_ = p.errs.SetReadDeadline(time.Now().Add(afterKill))
	p.reader.Wait()
	// Not before its end: a pipe that closes makes an arm end as a failure.
	_, _, _ = p.to.Close(), p.from.Close(), p.errs.Close()
	return err
}

// tail keeps the last bytes written to it. It belongs to one goroutine until
// that has ended.
type tail struct{ text []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	if over := len(t.text) - stderrTail; over > 0 {
		t.text = append(t.text[:0], t.text[over:]...)
	}
	return len(p), nil
}

func (t *tail) String() string { return strings.TrimSpace(string(t.text)) }
