package gensupport

import (
	"slices"
	"strconv"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// KindOf returns the discriminator of the union that is stored as p: its member
// called name. It is an error if p is not an object, or has no text there.
func KindOf(p *structpb.Value, name string) (string, error) {
	kind := p.GetStructValue().GetFields()[name].GetStringValue()
	if kind == "" {
		return "", isNotStored(p, "an object with a text in "+strconv.Quote(name))
	}
	return kind, nil
}

// EncodeVariant encodes the variant v of a union, whose discriminator is the member
// called name. An empty kind stands for what v has there.
func EncodeVariant[V any](
	v *V, name, kind string, encode func(V) (*structpb.Value, error),
) (*structpb.Value, error) {
	if v == nil {
		return NoVariant()
	}
	p, err := encode(*v)
	switch {
	case err != nil:
		return nil, err
	case kind != "":
		p.GetStructValue().Fields[name] = structpb.NewStringValue(kind)
	case p.GetStructValue().GetFields()[name].GetStringValue() == "":
		return nil, &mlmd.InvalidError{Field: name, Why: "is missing"}
	}
	return p, nil
}

// EncodeUnknown encodes a variant of a union that the spec does not know. members must
// have a text under name, the discriminator; otherwise the error is an
// [*mlmd.InvalidError].
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
// discriminator is the member called name, which must be one of kinds, or empty if
// there is one only.
func CheckVariant[V any, K ~string](
	c *Validator, v *V, name string, member func(*V) *K, check func(*Validator, *V), kinds ...K,
) {
	if v == nil {
		c.Required("", false)
		return
	}
	whole := *v
	switch at := member(&whole); {
	case slices.Contains(kinds, *at):
	case len(kinds) > 1:
		c.Fail(name, string(*at), "must be "+oneOf(kinds))
		*at = kinds[0]
	case *at != "":
		c.Fail(name, string(*at), "must be "+oneOf(kinds)+", or empty: the Go type says which variant it is")
		*at = kinds[0]
	default:
		*at = kinds[0]
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
	if slices.Contains(kinds, kind) {
		c.Fail(name, kind, "is a variant of the spec: use its Go type")
		return
	}
	c.Fail(name, kind, "must be "+oneOf(kinds))
}
