package admission

import (
	"net/http"
	"strings"
)

// ClassOfHTTP returns the class of a request to a REST API. A read is one by ID or
// name if its path ends in a number or its query has a name; other reads are
// lists. Paths that report the health count as reads by ID.
func ClassOfHTTP(r *http.Request) Class {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return Write
	}
	last := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	q := r.URL.Query()
	switch {
	case last != "" && strings.Trim(last, "0123456789") == "", strings.Contains(r.URL.Path, "/readyz/"):
		return Point
	case q.Get("filterQuery") != "":
		return Filter
	case q.Has("name"), q.Has("externalId"):
		return Point
	}
	return List
}
