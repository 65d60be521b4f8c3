package plugin

import (
	"bytes"
	"io"
	"net/url"
	"slices"
	"strconv"
)

// redacting passes whole log lines on without the secrets.
type redacting struct {
	w       io.Writer
	secrets [][]byte // the longest first: one may be a part of another
}

const shortest = 4 // a secret below this length would tear holes into every line

func newRedacting(w io.Writer, secrets []string) redacting {
	r := redacting{w: w}
	for _, s := range secrets {
		if len(s) >= shortest {
			r.secrets = append(r.secrets, spellings(s)...)
		}
	}
	slices.SortFunc(r.secrets, func(a, b []byte) int { return len(b) - len(a) })
	return r
}

// spellings are the ways in which a secret turns up in a log line: as it is, in
// a URL that an error names, and quoted.
func spellings(secret string) [][]byte {
	all := [][]byte{[]byte(secret), []byte(url.QueryEscape(secret)), []byte(url.PathEscape(secret))}
	quoted := strconv.Quote(secret)
	return append(all, []byte(quoted[1:len(quoted)-1]))
}

func (r redacting) Write(line []byte) (int, error) {
	clean := line
	for _, s := range r.secrets {
		clean = bytes.ReplaceAll(clean, s, []byte("[redacted]"))
	}
	if _, err := r.w.Write(clean); err != nil {
		return 0, err
	}
	return len(line), nil
}
