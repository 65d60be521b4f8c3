//go:build unix && !linux

package plugin

import (
	"os"
	"syscall"
)

// tied keeps a terminal's Ctrl-C from reaching a process before its calls are
// drained. It ends with the host when its standard input does.
func tied() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}

// conceal has nothing to do: the system has no such switch.
func conceal() {}

func kill(p *os.Process) {
	_ = syscall.Kill(-p.Pid, syscall.SIGKILL) // the whole group
	_ = p.Kill()
}
