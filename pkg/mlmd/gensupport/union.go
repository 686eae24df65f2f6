package gensupport

import (
	"strconv"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// KindOf returns the discriminator of the union that is stored as p: its member
// called name.
func KindOf(p *structpb.Value, name string) (string, error) {
	kind := p.GetStructValue().GetFields()[name].GetStringValue()
	if kind == "" {
		return "", isNotStored(p, "an object with a text in "+strconv.Quote(name))
	}
	return kind, nil
}

// EncodeVariant encodes the variant v of a union, whose discriminator is the member
// called name.
func EncodeVariant[V any](
	v *V, name, kind string, encode func(V) (*structpb.Value, error),
) (*structpb.Value, error) {
	if v == nil {
		return NoVariant()
	}
	p, err := encode(*v)
	if err == nil {
		p.GetStructValue().Fields[name] = structpb.NewStringValue(kind)
	}
	return p, err
}

// EncodeUnknown encodes a variant of a union that the spec does not know.
func EncodeUnknown(members map[string]any, name string) (*structpb.Value, error) {
	if kind, _ := members[name].(string); kind == "" {
		return nil, &mlmd.InvalidError{Field: name, Why: "is missing"}
	}
	return EncodeJSON(members)
}

// NoVariant returns the error of a union without a variant, where it cannot be left
// out.
func NoVariant() (*structpb.Value, error) { return nil, missing() }

// CheckVariant checks the variant v of a union with check, which may be nil. The
// discriminator is the member called name, which must be kind or empty.
func CheckVariant[V any, K ~string](
	c *Validator, v *V, name string, member func(*V) *K, kind K, check func(*Validator, *V),
) {
	if v == nil {
		c.Required("", false)
		return
	}
	whole := *v
	switch at := member(&whole); *at {
	case "", kind:
		*at = kind
	default:
		c.Fail(name, string(*at), "must be "+oneOf([]K{kind})+", or empty: the Go type says which variant it is")
		*at = kind
	}
	if check != nil {
		check(c, &whole)
	}
}

// CheckUnknown reports a variant of a union that is not one of those that the spec
// knows.
func CheckUnknown(c *Validator, members map[string]any, name string, kinds ...string) {
	kind, _ := members[name].(string)
	if kind == "" {
		c.Required(name, false)
		return
	}
	for _, known := range kinds {
		if kind == known {
			c.Fail(name, kind, "is a variant of the spec: use its Go type")
			return
		}
	}
	c.Fail(name, kind, "must be "+oneOf(kinds))
}
