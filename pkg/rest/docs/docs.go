// Package docs serves a page that shows REST APIs in a browser, by their OpenAPI
// documents. The page loads nothing from other servers.
//
// It contains Swagger UI, whose license is in the folder viewer. Programs that do
// not import this package do not contain it.
package docs

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"strings"

	"github.com/mlmd-go/sdk/pkg/rest"
)

var (
	//go:embed viewer page.js page.css
	files embed.FS
	//go:embed page.html
	source string
	page   = template.Must(template.New("page").Parse(source))
)

// policy lets the page load only what its own server has. Swagger UI sets styles
// in attributes and has pictures in its style sheet.
const policy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// NewHandler returns a handler of the page at /docs/ and of what it loads from
// there. title and version say what serves the APIs. The page finds the OpenAPI
// documents at the same server, where [rest.NewHandler] serves them.
func NewHandler(title, version string, apis []rest.API) http.Handler {
	type link struct{ Name, URL string }
	data := struct {
		Title, Version string
		APIs           []link
	}{Title: title, Version: version}
	for _, a := range apis {
		name := a.Base[strings.LastIndexByte(a.Base, '/')+1:]
		if a.Successor != "" {
			name += " (deprecated)"
		}
		data.APIs = append(data.APIs, link{name, ".." + a.Base + "/openapi.json"})
	}
	var html bytes.Buffer
	if err := page.Execute(&html, data); err != nil {
		panic(err) // cannot fail: the template is a part of this package
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /docs/{$}", func(w http.ResponseWriter, _ *http.Request) {
		send(w, "text/html; charset=utf-8", html.Bytes())
	})
	for name, kind := range map[string]string{
		"page.js": "text/javascript", "page.css": "text/css",
		"viewer/swagger-ui-bundle.js.gz": "text/javascript", "viewer/swagger-ui.css.gz": "text/css",
		"viewer/LICENSE": "text/plain", "viewer/swagger-ui-bundle.js.LICENSE.txt": "text/plain",
	} {
		raw, err := files.ReadFile(name)
		if err != nil {
			panic(err) // cannot fail: the files are embedded
		}
		path, zipped := strings.CutSuffix(name, ".gz")
		mux.HandleFunc("GET /docs/"+path, func(w http.ResponseWriter, _ *http.Request) {
			if zipped { // all browsers take it
				w.Header().Set("Content-Encoding", "gzip")
			}
			w.Header().Set("Cache-Control", "max-age=3600")
			send(w, kind+"; charset=utf-8", raw)
		})
	}
	return mux
}

func send(w http.ResponseWriter, kind string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	_, _ = w.Write(body) // the client may be gone
}
