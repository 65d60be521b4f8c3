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

// conceal keeps a process of the same user from reading this one's environment,
// memory and files under /proc, which an empty environment of its own would not
// keep it from. Root is not kept from anything.
func conceal() {
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, syscall.PR_SET_DUMPABLE, 0, 0)
}

func kill(p *os.Process) {
	_ = syscall.Kill(-p.Pid, syscall.SIGKILL) // the whole group
	_ = p.Kill()
}
