//go:build unix

package plugin

import (
	"os"
	"strconv"
	"syscall"
)

// keepFiles keeps the files for this process alone that whoever started it left
// open: Go closes only its own when it starts another.
func keepFiles() {
	open, err := os.ReadDir("/dev/fd")
	if err != nil {
		return
	}
	for _, f := range open {
		if fd, err := strconv.Atoi(f.Name()); err == nil && fd > 2 {
			syscall.CloseOnExec(fd)
		}
	}
}
