package emulation

import (
	"bytes"
	"embed"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"sync"
)

//go:embed pages/*.html
var sharedPages embed.FS

// Pages are the web pages on which a provider's customers pay.
type Pages struct{ templates func() *template.Template }

// NewPages are the templates of html/template in the folder pages of files. They can use what is the same
// on every page: "head", "style" and "foot", "numbers" of a list of them, and the function company.
// They are parsed when the first page is shown: few who start an emulator ever see one.
func NewPages(company string, files fs.FS) *Pages {
	return &Pages{sync.OnceValue(func() *template.Template {
		t := template.New(company).Funcs(template.FuncMap{"company": func() string { return company }})
		template.Must(t.ParseFS(sharedPages, "pages/*.html"))
		return template.Must(t.ParseFS(files, "pages/*.html"))
	})}
}

// Show is the page of that name.
func (p *Pages) Show(status int, name string, data any) Answer {
	var page bytes.Buffer
	if err := p.templates().ExecuteTemplate(&page, name, data); err != nil {
		return Answer{Status: http.StatusInternalServerError, Content: Text("emulation: the page cannot be shown, mend its template: " + err.Error())}
	}
	return Answer{Status: status, Header: private(), Content: HTML(page.String())}
}

// Say is a page that says one thing, and leads back to the merchant's address unless that is empty.
func (p *Pages) Say(status int, text, back string) Answer {
	return p.Show(status, "message.html", struct{ Text, Back string }{text, back})
}

// SeeOther leads the customer's browser to another page.
func SeeOther(to string) Answer {
	header := private()
	header.Set("Location", to)
	return Answer{Status: http.StatusSeeOther, Header: header, Content: Text("")}
}

// private is said of pages whose address may be all that it takes to pay: nobody keeps them, and no other
// site hears where the customer came from.
func private() http.Header {
	return http.Header{"Cache-Control": {"no-store"}, "Referrer-Policy": {"no-referrer"}}
}

// IsWeb tells whether a browser may be led to an address: an absolute one of http or https.
func IsWeb(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http")
}
