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

func kill(p *os.Process) { _ = p.Kill() }
