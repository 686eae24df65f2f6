// Package restext has what the server of this module adds to the REST API of
// the model registry for the clients of this module. Other clients do not ask for
// it, and other servers ignore it.
package restext

import (
	"net/http"
	"strconv"
	"strings"
)

// Header is the header by which a client asks for the extensions and a server
// says that it has them: "1".
//
// With them, entities also have the members that the API hides, in answers and in
// requests, and no members with default values; those without paths of their own
// have [Paths]; null in the body of a PATCH removes the value of a member; PATCH
// refuses an If-Match that is not the [ETag] of the update time, with 412; and POST
// with "If-None-Match: *" never updates an entity of the same name.
const Header = "Mlmd-Extensions"

// On reports whether the header asks for the extensions, or says that the server
// has them.
func On(h http.Header) bool { return h.Get(Header) == "1" }

// ETag returns the entity tag of an entity with the update time in milliseconds.
func ETag(updated int64) string { return strconv.Quote(strconv.FormatInt(updated, 10)) }

// ParseETag returns the update time in an entity tag.
func ParseETag(tag string) (updated int64, ok bool) {
	tag = strings.TrimSpace(tag)
	if len(tag) < 2 || tag[0] != '"' || tag[len(tag)-1] != '"' {
		return 0, false
	}
	n, err := strconv.ParseInt(tag[1:len(tag)-1], 10, 64)
	return n, err == nil
}

// Paths returns the paths of an entity that the API serves only below its parent.
func Paths(entity string) (singular, plural string) {
	return "extension/" + entity, "extension/" + entity + "s"
}
