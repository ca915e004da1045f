package gate

import (
	"fmt"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// lockName is the socket that the one gate of a machine holds. It is an abstract
// one, which needs no file and is gone with its process, however that ends; a
// lock file would be left behind or removed under the next holder.
const lockName = "@logperf-gate"

// lock makes this the only gate on the machine until the returned function is
// called: two of them would measure each other.
func lock(name string) (func() error, error) {
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: name, Net: "unix"})
	if err == nil {
		return l.Close, nil
	}
	holder := ""
	if pid := holderOf(name); pid > 0 {
		holder = fmt.Sprintf(" (process %d)", pid)
	}
	return nil, fmt.Errorf("another gate runs on this machine%s: wait for its end, two of them would measure each other", holder)
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
