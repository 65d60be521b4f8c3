// Package plugin finds, starts, watches and stops provider processes.
//
// A provider process gets its own configuration over RPC and nothing else of
// the host: no environment, no standard input that carries anything, no way to
// the host's standard output. It ends with the host, however the host ends.
package plugin

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
)

// Streams are the standard streams that this process was started with.
type Streams struct {
	In  *os.File
	Out *os.File
	end *os.File // the other end of the pipe; it is closed when this process ends
}

// TakeStreams takes the process's standard streams for the caller alone, once,
// and returns them: every provider process inherits os.Stdin, which from then
// on is a pipe that only tells when this process ends, and what is printed to
// os.Stdout goes to standard error.
var TakeStreams = sync.OnceValues(func() (Streams, error) {
	lifeline, end, err := os.Pipe()
	if err != nil {
		return Streams{}, fmt.Errorf("plugin: no pipe for provider processes: %w", err)
	}
	kept := Streams{In: os.Stdin, Out: os.Stdout, end: end}
	os.Stdin, os.Stdout = lifeline, os.Stderr
	return kept, nil
})

// Launcher starts provider processes.
type Launcher struct {
	log   io.Writer
	spawn chan func()
}

// NewLauncher returns a launcher that writes what processes log to log. It
// takes the standard streams, as TakeStreams does, and shuts this process to
// others as far as the system lets it.
func NewLauncher(log io.Writer) (*Launcher, error) {
	if _, err := TakeStreams(); err != nil {
		return nil, err
	}
	keepFiles()
	conceal()
	l := &Launcher{log: log, spawn: make(chan func())}
	go l.serve()
	return l, nil
}

// serve starts every process from one thread that lives on: Linux delivers a
// child's parent-death signal when the thread that started it ends.
func (l *Launcher) serve() {
	runtime.LockOSThread()
	for start := range l.spawn {
		start()
	}
}

// do runs f on the launcher's thread.
func (l *Launcher) do(f func()) {
	done := make(chan struct{})
	l.spawn <- func() { defer close(done); f() }
	<-done
}
