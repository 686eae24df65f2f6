package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"
)

// A member is one member of the JSON object of a request.
type member struct {
	name  string
	value json.RawMessage
}

// isNull reports whether the member is null, which means absent.
func (m member) isNull() bool { return string(m.value) == "null" }

// maxNesting limits how deeply the JSON of a request nests.
const maxNesting = 100

// readObject returns the members of the JSON object in the body of a request. For
// null, it returns none.
func readObject(w http.ResponseWriter, r *http.Request, limit int64) ([]member, error) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, fail(http.StatusRequestEntityTooLarge, "the request body has more than %d bytes", limit)
	case err != nil:
		return nil, fail(http.StatusBadRequest, "%v", err)
	case !utf8.Valid(raw):
		return nil, fail(http.StatusBadRequest, "the request body is not valid UTF-8")
	}
	if err := checkJSON(raw); err != nil {
		return nil, fail(http.StatusBadRequest, "%v", err)
	}
	if string(bytes.TrimSpace(raw)) == "null" {
		return nil, nil
	}
	return splitObject(raw), nil
}

// errNUL reports a NUL character in the body of a request. Programs compare its
// text.
var errNUL = fail(http.StatusBadRequest, "Request body contains null bytes which are not allowed")

// checkJSON returns an error unless raw is a JSON object or null, in which no
// member occurs twice.
func checkJSON(raw []byte) error {
	if bytes.IndexByte(raw, 0) >= 0 {
		return errNUL
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	type level struct {
		members map[string]bool // nil for an array
		inValue bool            // a name was read, and its value follows
	}
	var open []level
	for first := true; first || len(open) > 0; first = false {
		t, err := dec.Token()
		if err != nil {
			if errors.Is(err, io.EOF) && !first {
				return io.ErrUnexpectedEOF
			}
			return err
		}
		if s, ok := t.(string); ok && strings.IndexByte(s, 0) >= 0 {
			return errNUL
		}
		if first && t != json.Delim('{') && t != nil {
			return fmt.Errorf("json: cannot unmarshal %s into an object", kindOf(t))
		}
		if n := len(open); n > 0 && open[n-1].members != nil && t != json.Delim('}') {
			l := &open[n-1]
			if !l.inValue {
				name := t.(string) // the decoder returns names and values in turn
				if l.members[name] {
					return fmt.Errorf("duplicate member %q", name)
				}
				l.members[name], l.inValue = true, true
				continue
			}
			l.inValue = false
		}
		switch t {
		case json.Delim('{'):
			open = append(open, level{members: map[string]bool{}})
		case json.Delim('['):
			open = append(open, level{})
		case json.Delim('}'), json.Delim(']'):
			open = open[:len(open)-1]
		}
		if len(open) > maxNesting {
			return fmt.Errorf("the request body nests more than %d levels", maxNesting)
		}
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("the request body goes on after its JSON object")
	}
	return nil
}

// kindOf returns what messages call a JSON value that begins with t.
func kindOf(t json.Token) string {
	switch t.(type) {
	case json.Delim:
		return "array"
	case string:
		return "string"
	case bool:
		return "bool"
	}
	return "number"
}

// splitObject returns the members of an object that checkJSON accepts.
func splitObject(raw []byte) []member {
	dec := json.NewDecoder(bytes.NewReader(raw))
	if _, err := dec.Token(); err != nil {
		panic(err)
	}
	var out []member
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			panic(err)
		}
		m := member{name: name.(string)}
		if err := dec.Decode(&m.value); err != nil {
			panic(err)
		}
		out = append(out, m)
	}
	return out
}
