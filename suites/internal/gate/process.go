package gate

import (
	"os/exec"
	"syscall"
	"time"
)

// inGroup gives a command a process group of its own: ^C in a terminal reaches
// the gate alone, whose context then ends the command and what that has started.
func inGroup(c *exec.Cmd) *exec.Cmd {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	c.WaitDelay = 5 * time.Second // something that left the group may hold the output open
	return c
}
