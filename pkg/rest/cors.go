package rest

import (
	"net/http"
	"slices"
)

// cors adds the headers that let pages of other origins call the API, and
// answers the preflight request of a browser. It reports whether it did that.
func (s *service) cors(w http.ResponseWriter, r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if len(s.origins) == 0 {
		return false
	}
	h := w.Header()
	h.Add("Vary", "Origin")
	if origin == "" || !slices.Contains(s.origins, "*") && !slices.Contains(s.origins, origin) {
		return false
	}
	allowed := origin
	if slices.Contains(s.origins, "*") {
		allowed = "*"
	}
	h.Set("Access-Control-Allow-Origin", allowed)
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		h.Set("Access-Control-Expose-Headers", "Link, Deprecation, Sunset")
		return false
	}
	h.Set("Access-Control-Allow-Methods", "GET, POST, PATCH")
	h.Set("Access-Control-Allow-Headers", "Accept, Authorization, Content-Type, X-CSRF-Token")
	h.Set("Access-Control-Max-Age", "300")
	w.WriteHeader(http.StatusNoContent)
	return true
}
