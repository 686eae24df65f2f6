package spec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// A jsonReader converts JSON to the nodes that a YAML parser would return.
// YAML parsers do not accept all of JSON, such as escapes of characters
// beyond 16 bits and some tabs.
type jsonReader struct {
	src       []byte
	d         *json.Decoder
	at        int // the offset that line and col are of
	line, col int
	depth     int
}

// isJSON reports whether to read a file as JSON, by its name or its
// contents.
func isJSON(name string, src []byte) bool {
	return strings.HasSuffix(name, ".json") || bytes.HasPrefix(bytes.TrimSpace(src), []byte("{")) && json.Valid(src)
}

// A jsonError is a syntax error in JSON, with its place.
type jsonError struct {
	line, col int
	err       error
}

func (e *jsonError) Error() string { return e.err.Error() }

// readJSON returns the root node of a JSON document. An error is a *jsonError.
func readJSON(src []byte) (*yaml.Node, error) {
	r := &jsonReader{src: src, d: json.NewDecoder(bytes.NewReader(src)), line: 1, col: 1}
	r.d.UseNumber()
	n, err := r.value()
	if err == nil {
		if _, end := r.d.Token(); !errors.Is(end, io.EOF) {
			err = errors.New("something follows the document")
		}
	}
	if err == nil {
		return n, nil
	}
	offset := int(r.d.InputOffset())
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		offset = int(syntax.Offset) - 1
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		offset, err = len(src), errors.New("the document ends too early")
	}
	r.move(offset)
	return nil, &jsonError{r.line, r.col, err}
}

// move advances line and column to offset, which must not decrease between
// calls.
func (r *jsonReader) move(offset int) {
	for r.at < min(offset, len(r.src)) {
		c, size := utf8.DecodeRune(r.src[r.at:])
		r.at += size
		r.col++
		if c == '\n' {
			r.line, r.col = r.line+1, 1
		}
	}
}

// value reads one value.
func (r *jsonReader) value() (*yaml.Node, error) {
	r.move(int(r.d.InputOffset()))
	for r.at < len(r.src) && bytes.IndexByte([]byte(" \t\r\n,:"), r.src[r.at]) >= 0 {
		r.move(r.at + 1)
	}
	n := &yaml.Node{Kind: yaml.ScalarNode, Line: r.line, Column: r.col}
	token, err := r.d.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case json.Delim:
		if t == '{' {
			n.Kind, n.Tag = yaml.MappingNode, "!!map"
		} else {
			n.Kind, n.Tag = yaml.SequenceNode, "!!seq"
		}
		return n, r.content(n)
	case string:
		n.Tag, n.Value, n.Style = "!!str", t, yaml.DoubleQuotedStyle
	case json.Number:
		n.Tag, n.Value = "!!int", t.String()
		if strings.ContainsAny(n.Value, ".eE") {
			n.Tag = "!!float"
		}
	case bool:
		n.Tag, n.Value = "!!bool", fmt.Sprint(t)
	default:
		n.Tag, n.Value = "!!null", "null"
	}
	return n, nil
}

// content reads the members of an object or a list, and its end.
func (r *jsonReader) content(n *yaml.Node) error {
	const most = 10000
	if r.depth++; r.depth > most {
		return fmt.Errorf("values are nested more than %d deep", most)
	}
	defer func() { r.depth-- }()
	for r.d.More() {
		v, err := r.value() // keys are values too
		if err != nil {
			return err
		}
		n.Content = append(n.Content, v)
	}
	_, err := r.d.Token()
	return err
}
