package plugin

import (
	"os"
	"syscall"
)

// tied keeps a console's Ctrl-C from reaching a process before its calls are
// drained. It ends with the host when its standard input does.
func tied() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// conceal has nothing to do: the system has no such switch.
func conceal() {}

// keepFiles has nothing to do: only what is named is handed on.
func keepFiles() {}

func kill(p *os.Process) { _ = p.Kill() }
