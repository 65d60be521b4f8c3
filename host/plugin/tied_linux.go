package plugin

import (
	"os"
	"syscall"
)

// tied makes a process die with the thread that started it, and keeps a
// terminal's Ctrl-C from reaching it before its calls are drained.
func tied() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}

func kill(p *os.Process) {
	_ = syscall.Kill(-p.Pid, syscall.SIGKILL) // the whole group
	_ = p.Kill()
}
