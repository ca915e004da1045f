//go:build !linux

package gate

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// lock makes this the only gate on the machine until the returned function is
// called. Abstract sockets are Linux's, so it is a lock on a file, which the system
// takes back with its process, however that ends. The file is empty and stays:
// removing it would take it from under the next holder.
func lock(name string) (func() error, error) {
	path := filepath.Join(os.TempDir(), strings.TrimPrefix(name, "@")+".lock")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return nil, fmt.Errorf("the lock of the gate cannot be opened: %w", err)
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	switch {
	case err == nil:
		return f.Close, nil
	case errors.Is(err, unix.EWOULDBLOCK):
		return nil, errors.Join(errLocked(0), f.Close())
	}
	return nil, errors.Join(fmt.Errorf("the lock of the gate %s cannot be taken: %w", path, err), f.Close())
}
