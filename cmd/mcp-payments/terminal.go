package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"github.com/mattn/go-isatty"
)

// errNoTerminal means that there is no human here to decide.
var errNoTerminal = errors.New("only a human can decide this, at a terminal, and there is none here: run this command in a terminal of your own")

// terminal is the human at the controlling terminal: not standard input, which
// a program may write.
type terminal struct {
	in  io.ReadCloser
	out io.WriteCloser
}

func openTerminal() (*terminal, error) {
	in, out := "/dev/tty", "/dev/tty"
	if runtime.GOOS == "windows" {
		in, out = "CONIN$", "CONOUT$"
	}
	r, err := os.OpenFile(in, os.O_RDWR, 0)
	if err != nil {
		return nil, errNoTerminal
	}
	w, err := os.OpenFile(out, os.O_RDWR, 0)
	if err != nil || !isatty.IsTerminal(r.Fd()) {
		_ = r.Close()
		return nil, errNoTerminal
	}
	return &terminal{in: r, out: w}, nil
}

func (t *terminal) close() {
	_ = t.in.Close()
	_ = t.out.Close()
}

// ask returns the line that is typed in answer.
func (t *terminal) ask(format string, args ...any) (string, error) {
	if _, err := fmt.Fprintf(t.out, format, args...); err != nil {
		return "", err
	}
	line, err := bufio.NewReader(t.in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return strings.TrimSpace(line), nil
}
