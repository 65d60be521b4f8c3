package mcpserver

import "time"

// AskFor sets how long a client of an older protocol may take to ask its user.
func (s *Server) AskFor(d time.Duration) { s.askFor = d }
