package gate

import (
	"errors"
	"fmt"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// lock makes this the only gate on the machine until the returned function is
// called. It is an abstract socket, which needs no file and is gone with its
// process, however that ends; a lock file would be left behind or removed under the
// next holder.
func lock(name string) (func() error, error) {
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: name, Net: "unix"})
	switch {
	case err == nil:
		return l.Close, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, errLocked(holderOf(name))
	}
	return nil, fmt.Errorf("the lock of the gate cannot be taken: %w", err)
}

// holderOf is the process that holds the lock; 0 where that cannot be told.
func holderOf(name string) int32 {
	c, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: name, Net: "unix"})
	if err != nil {
		return 0
	}
	defer func() { _ = c.Close() }()
	raw, err := c.SyscallConn()
	if err != nil {
		return 0
	}
	pid := int32(0)
	_ = raw.Control(func(fd uintptr) {
		if peer, err := unix.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED); err == nil {
			pid = peer.Pid
		}
	})
	return pid
}
