package plugin

import (
	"bytes"
	"io"
)

// redacting passes whole log lines on without the secrets.
type redacting struct {
	w       io.Writer
	secrets []string
}

const shortest = 4 // a secret below this length would tear holes into every line

func (r redacting) Write(line []byte) (int, error) {
	clean := line
	for _, s := range r.secrets {
		if len(s) >= shortest {
			clean = bytes.ReplaceAll(clean, []byte(s), []byte("[redacted]"))
		}
	}
	if _, err := r.w.Write(clean); err != nil {
		return 0, err
	}
	return len(line), nil
}
