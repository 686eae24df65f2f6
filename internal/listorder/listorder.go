// Package listorder carries an order of a list beside the request. MLMD's messages
// have only the orders by ID and by time.
//
// Nodes that have no value come last, in both directions. Among equal values, the
// ID decides, in the direction of the list. Text is compared byte for byte, that
// of properties and URIs by its first MaxText characters.
package listorder

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"

	"google.golang.org/grpc/metadata"
)

// MaxText is the number of characters by which text of any length is sorted. The
// databases can compare as many.
const MaxText = 255

// key is the key of the request metadata that holds a [By] in JSON. Servers that
// do not know it, such as the reference implementation, ignore it and sort as
// the request says.
const key = "mlmd-order-by-bin"

// A Kind is the kind of value that a list is sorted by.
type Kind string

// The kinds of values. A Number is an integer or a double, compared as a double.
const (
	Text   Kind = "text"
	Int    Kind = "int"
	Double Kind = "double"
	Number Kind = "number"
)

// A By is what a list is sorted by: a column of the node, or a property.
type By struct {
	Column string `json:"column,omitempty"` // "name", "external_id" or "uri"
	// OwnName leaves out what precedes the first colon of the name.
	OwnName bool `json:"own,omitempty"`
	// Properties are names of properties. The first that a node has counts.
	Properties []string `json:"properties,omitempty"`
	Custom     bool     `json:"custom,omitempty"`
	Kind       Kind     `json:"kind"`
}

// Check returns an error if b is not one of the orders that there are.
func (b By) Check() error {
	switch b.Kind {
	case Text, Int, Double, Number:
	default:
		return errors.New("the kind is unknown")
	}
	switch b.Column {
	case "":
		if len(b.Properties) == 0 || len(b.Properties) > 8 {
			return errors.New("it must have 1 to 8 properties, or a column")
		}
	case "name", "external_id", "uri":
		if b.Kind != Text || len(b.Properties) > 0 {
			return errors.New("the column is text")
		}
	default:
		return errors.New("the column is unknown")
	}
	return nil
}

// With returns a context whose list requests ask for the order. The page token of
// such a request is that of a [Position].
func With(ctx context.Context, b By) context.Context {
	raw, err := json.Marshal(b)
	if err != nil {
		panic(err) // cannot fail: texts and booleans
	}
	return metadata.AppendToOutgoingContext(ctx, key, string(raw))
}

// In returns the order that the call that ctx belongs to in a service asks for,
// or nil.
func In(ctx context.Context) (*By, error) {
	values := metadata.ValueFromIncomingContext(ctx, key)
	if len(values) == 0 {
		return nil, nil
	}
	b := new(By)
	if err := json.Unmarshal([]byte(values[0]), b); err != nil {
		return nil, err
	}
	return b, b.Check()
}

// A Position is the place of a node in a list: its value, and its ID. In a list by
// ID or time, the value is Int.
type Position struct {
	Int    int64   `json:"k"`
	ID     int64   `json:"i"`
	Text   string  `json:"t,omitempty"`
	Double float64 `json:"d,omitempty"`
	Unset  bool    `json:"u,omitempty"` // there is no value
}

// Compare returns a negative number if p comes before q.
func (p Position) Compare(q Position, desc bool) int {
	if p.Unset != q.Unset {
		if p.Unset {
			return 1
		}
		return -1
	}
	c := cmp.Or(cmp.Compare(p.Int, q.Int), cmp.Compare(p.Double, q.Double), strings.Compare(p.Text, q.Text),
		cmp.Compare(p.ID, q.ID))
	if desc {
		return -c
	}
	return c
}

// Token returns the page token for what follows p.
func (p Position) Token() string {
	raw, err := json.Marshal(p)
	if err != nil {
		panic(err) // cannot fail: text and finite numbers
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// ParseToken returns the position in a token.
func ParseToken(token string) (Position, error) {
	var p Position
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err == nil {
		err = json.Unmarshal(raw, &p)
	}
	return p, err
}

// More is the page token in the response to a request with an order, if there is a
// next page. It begins after the position of the last node.
const More = "more"

// Cut returns the part of a text of any length by which it is sorted.
func Cut(text string) string {
	n := 0
	for i := range text {
		if n == MaxText {
			return text[:i]
		}
		n++
	}
	return text
}
