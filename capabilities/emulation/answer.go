package emulation

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"strconv"
)

// Content is what an answer or a webhook carries.
type Content struct {
	// Type is the media type.
	Type string
	// Body is the text itself.
	Body []byte
}

// JSON is v as a JSON document.
func JSON(v any) Content {
	body, err := json.Marshal(v)
	if err != nil {
		return Text("emulation: this answer cannot be written as JSON, mend its type: " + err.Error())
	}
	return Content{Type: "application/json", Body: body}
}

// Form is a filled-in form.
func Form(values url.Values) Content {
	return Content{Type: "application/x-www-form-urlencoded", Body: []byte(values.Encode())}
}

// Text is plain text.
func Text(s string) Content {
	return Content{Type: "text/plain; charset=utf-8", Body: []byte(s)}
}

// HTML is a web page.
func HTML(page string) Content {
	return Content{Type: "text/html; charset=utf-8", Body: []byte(page)}
}

// Answer is one HTTP answer, before it is sent or spoiled. The zero Answer is none at all: sending
// it cuts the connection.
type Answer struct {
	// Status is the HTTP status.
	Status int
	// Header is what else the head says, such as the Location of a redirect. Nil: nothing.
	Header http.Header
	Content
}

// Send writes the answer.
func (a Answer) Send(w http.ResponseWriter) {
	if a.Status == 0 {
		Cut(w)
		return
	}
	a.head(w)
	_, _ = w.Write(a.Body) // a caller that has gone is no news to an emulator
}

// Cut closes the connection without an answer.
func Cut(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, "emulation: this server cannot cut a connection ("+err.Error()+
			"); serve the emulator over HTTP/1, as emulation.Start does", http.StatusInternalServerError)
		return
	}
	_ = conn.Close()
}

// Truncate announces the whole answer, sends half of it and closes the connection.
func Truncate(w http.ResponseWriter, a Answer) {
	if a.Status == 0 {
		Cut(w)
		return
	}
	a.head(w)
	_, _ = w.Write(a.Body[:len(a.Body)/2]) // the server closes the connection, seeing the rest missing
}

func (a Answer) head(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.Header)
	w.Header().Set("Content-Type", a.Type)
	w.Header().Set("Content-Length", strconv.Itoa(len(a.Body)))
	w.WriteHeader(a.Status)
}
