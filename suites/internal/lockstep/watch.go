package lockstep

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// watch terminates the process when the other end of the pipe is closed. The
// returned function ends the watch.
//
// It is one thread that waits in poll(2) for the hang-up alone. A goroutine
// that reads commands ahead would notice too, but it would have to hand each
// one over to the goroutine that runs the slices, and its read would either
// occupy a processor of the runtime at the beginning of the slice or bring the
// network poller into the scheduling of the subject.
func watch(f *os.File) (func(), error) {
	var end [2]int // closing its second ends the watch; os.Pipe would start the poller
	if err := unix.Pipe(end[:]); err != nil {
		return nil, fmt.Errorf("standard input cannot be watched: %w", err)
	}
	unix.CloseOnExec(end[0])
	unix.CloseOnExec(end[1])
	fds := []unix.PollFd{{Fd: int32(f.Fd())}, {Fd: int32(end[0])}}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			_, err := unix.Poll(fds, -1)
			if fds[1].Revents != 0 {
				return
			}
			if err == nil || !errors.Is(err, unix.EINTR) {
				os.Exit(1)
			}
		}
	}()
	return func() {
		_ = unix.Close(end[1])
		<-ended
		_ = unix.Close(end[0])
	}, nil
}
