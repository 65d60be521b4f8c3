package emulation

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Server is an emulator that is being served on this machine.
type Server struct {
	url   string
	close func() error
}

// Start serves an emulator at a loopback address such as "127.0.0.1:8080"; port 0 takes any free
// port. An emulator accepts published credentials and keeps no secrets, so it listens to this
// machine only: any other address is refused.
func Start(e Emulator, addr string) (*Server, error) {
	local, err := loopback(addr)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", local)
	if err != nil {
		return nil, fmt.Errorf("emulation: %s cannot listen at %s; choose a free port, or port 0 for any: %w", e.Provider(), addr, err)
	}
	server := &http.Server{
		Handler:           e,
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	stop := func() error { return errors.Join(server.Close(), unlessClosed(<-served), e.Close()) }
	return &Server{url: "http://" + listener.Addr().String(), close: sync.OnceValue(stop)}, nil
}

// BaseURL is where the emulator stands, without a slash at the end: http://127.0.0.1:8080.
func (s *Server) BaseURL() string { return s.url }

// Close stops serving, cutting the connections that are open, and closes the emulator.
func (s *Server) Close() error { return s.close() }

func unlessClosed(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// loopback is addr, if only this machine can reach it.
func loopback(addr string) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", fmt.Errorf("emulation: %q is no address to listen at; use 127.0.0.1:port: %w", addr, err)
	}
	if !isLoopback(host) {
		return "", fmt.Errorf("emulation: %q can be reached from other machines, and an emulator is for this one only; use 127.0.0.1:%s", addr, port)
	}
	if host == "localhost" {
		host = "127.0.0.1" // whatever the hosts file makes of it
	}
	return net.JoinHostPort(host, port), nil
}
