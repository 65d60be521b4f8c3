//go:build unix

package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// leaveTerminal gives up the terminal that the tests were started in. One that
// a script opened for this process, which then leads its session, stays.
func leaveTerminal() {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return // there is none
	}
	defer func() { _ = tty.Close() }()
	if leader, err := unix.Getsid(0); err == nil && leader != os.Getpid() {
		_ = unix.IoctlSetInt(int(tty.Fd()), unix.TIOCNOTTY, 0)
	}
}
