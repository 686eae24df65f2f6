package engine

import (
	"encoding/base64"
	"math"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/nesting"
	"github.com/mlmd-go/sdk/internal/sqldb"
)

// StructPrefix marks a stored string as a struct. The base64 of a serialized
// google.protobuf.Struct follows.
const StructPrefix = "mlmd-struct::"

// valueColumns are the columns of a property's value. All but one of them are
// NULL.
var valueColumns = []string{"int_value", "double_value", "string_value", "proto_value", "bool_value"}

// propertyRow is a row of a property table.
type propertyRow struct {
	node   int64
	name   string
	custom bool
	value  *mlmdpb.Value
}

// appendArgs appends the parameters of [nodeKind.insertProperty].
func (r propertyRow) appendArgs(args []any, d *sqldb.Dialect) ([]any, error) {
	var number, double, text, message, flag any
	switch v := r.value.GetValue().(type) {
	case *mlmdpb.Value_IntValue:
		number = v.IntValue
	case *mlmdpb.Value_DoubleValue:
		double = v.DoubleValue
	case *mlmdpb.Value_StringValue:
		text = v.StringValue
	case *mlmdpb.Value_StructValue:
		s, err := EncodeStruct(v.StructValue)
		if err != nil {
			return nil, invalidArgf("Property %s: the struct cannot be serialized: %v", r.name, err)
		}
		text = s
	case *mlmdpb.Value_ProtoValue:
		b, err := EncodeProto(v.ProtoValue, d.ProtoBase64)
		if err != nil {
			return nil, invalidArgf("Property %s: the message cannot be serialized: %v", r.name, err)
		}
		message = b
	case *mlmdpb.Value_BoolValue:
		flag = v.BoolValue
	}
	return append(args, r.node, r.name, r.custom, number, double, text, message, flag), nil
}

// EncodeStruct returns the string that is stored for a struct.
func EncodeStruct(s *structpb.Struct) (string, error) {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(s)
	if err != nil {
		return "", err
	}
	return StructPrefix + base64.StdEncoding.EncodeToString(b), nil
}

// EncodeProto serializes a. The reference implementation stores base64 text
// even if the column is a BLOB.
func EncodeProto(a *anypb.Any, asBase64 bool) (any, error) {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(a)
	if err != nil {
		return nil, err
	}
	if asBase64 {
		return base64.StdEncoding.EncodeToString(b), nil
	}
	if b == nil {
		b = []byte{}
	}
	return b, nil
}

// checkValue returns an error for a value that could be stored but not read
// back.
func checkValue(name string, v *mlmdpb.Value, d *sqldb.Dialect) error {
	switch v := v.GetValue().(type) {
	case nil:
		return invalidArgf("Property %s has no value", name)
	case *mlmdpb.Value_IntValue:
		if d.Int32 && v.IntValue != int64(int32(v.IntValue)) {
			return invalidArgf("Property %s: integer %d is out of range: the database holds integers of 32 bits", name,
				v.IntValue)
		}
	case *mlmdpb.Value_DoubleValue:
		if math.IsNaN(v.DoubleValue) || math.IsInf(v.DoubleValue, 0) {
			return invalidArgf("Property %s: a double must be a finite number, not %v", name, v.DoubleValue)
		}
	case *mlmdpb.Value_StringValue:
		if strings.HasPrefix(v.StringValue, StructPrefix) {
			return invalidArgf("Property %s: a string must not begin with %s, which marks structs", name, StructPrefix)
		}
	case *mlmdpb.Value_StructValue:
		if err := nesting.CheckStruct(v.StructValue); err != nil {
			return invalidArgf("Property %s: the struct cannot be stored: %v", name, err)
		}
	case *mlmdpb.Value_ProtoValue:
		if v.ProtoValue.GetTypeUrl() == "" {
			return invalidArgf("Property %s: proto_value should have a nonempty type_url", name)
		}
	}
	return nil
}

// propertyTypeOf returns the type of property that holds v, or UNKNOWN if v is
// empty.
func propertyTypeOf(v *mlmdpb.Value) mlmdpb.PropertyType {
	switch v.GetValue().(type) {
	case *mlmdpb.Value_IntValue:
		return mlmdpb.PropertyType_INT
	case *mlmdpb.Value_DoubleValue:
		return mlmdpb.PropertyType_DOUBLE
	case *mlmdpb.Value_StringValue:
		return mlmdpb.PropertyType_STRING
	case *mlmdpb.Value_StructValue:
		return mlmdpb.PropertyType_STRUCT
	case *mlmdpb.Value_ProtoValue:
		return mlmdpb.PropertyType_PROTO
	case *mlmdpb.Value_BoolValue:
		return mlmdpb.PropertyType_BOOLEAN
	}
	return mlmdpb.PropertyType_UNKNOWN
}

// equalValue reports whether a and b are stored alike.
func equalValue(a, b *mlmdpb.Value) bool {
	switch x := a.GetValue().(type) {
	case *mlmdpb.Value_IntValue:
		y, ok := b.GetValue().(*mlmdpb.Value_IntValue)
		return ok && x.IntValue == y.IntValue
	case *mlmdpb.Value_DoubleValue:
		y, ok := b.GetValue().(*mlmdpb.Value_DoubleValue)
		return ok && x.DoubleValue == y.DoubleValue
	case *mlmdpb.Value_StringValue:
		y, ok := b.GetValue().(*mlmdpb.Value_StringValue)
		return ok && x.StringValue == y.StringValue
	case *mlmdpb.Value_BoolValue:
		y, ok := b.GetValue().(*mlmdpb.Value_BoolValue)
		return ok && x.BoolValue == y.BoolValue
	}
	return proto.Equal(a, b)
}

// Each of these allocates a value and the wrapper of its oneof at once.
type (
	intAlloc struct {
		v mlmdpb.Value
		w mlmdpb.Value_IntValue
	}
	doubleAlloc struct {
		v mlmdpb.Value
		w mlmdpb.Value_DoubleValue
	}
	stringAlloc struct {
		v mlmdpb.Value
		w mlmdpb.Value_StringValue
	}
	boolAlloc struct {
		v mlmdpb.Value
		w mlmdpb.Value_BoolValue
	}
)

// valueAllocs allocates the values of the properties of a reply.
type valueAllocs struct {
	ints    slab[intAlloc]
	doubles slab[doubleAlloc]
	strings slab[stringAlloc]
	bools   slab[boolAlloc]
}

// A slab allocates several elements at once, more each time. One that is in use keeps
// the others of its time in memory.
type slab[T any] struct {
	free []T
	last int // how many were allocated last
}

func (s *slab[T]) next() *T {
	if len(s.free) == 0 {
		s.last = min(max(2, 2*s.last), 16)
		s.free = make([]T, s.last)
	}
	one := &s.free[0]
	s.free = s.free[1:]
	return one
}

// read returns the value of the first column that is not NULL. It returns
// nil if all are NULL: some programs store such rows for a property without a
// value.
func (a *valueAllocs) read(
	r *sqldb.Row, number, double, text, message, flag int, d *sqldb.Dialect,
) (*mlmdpb.Value, error) {
	if n, ok := r.IntOK(number); ok {
		c := a.ints.next()
		c.w.IntValue = n
		c.v.Value = &c.w
		return &c.v, nil
	}
	if f, ok := r.FloatOK(double); ok {
		c := a.doubles.next()
		c.w.DoubleValue = f
		c.v.Value = &c.w
		return &c.v, nil
	}
	if s, ok := r.TextOK(text); ok {
		if strings.HasPrefix(s, StructPrefix) {
			return DecodeStruct(s)
		}
		c := a.strings.next()
		c.w.StringValue = s
		c.v.Value = &c.w
		return &c.v, nil
	}
	if s, ok := r.TextOK(message); ok {
		return DecodeProto(s, d.ProtoBase64)
	}
	if !r.Null(flag) {
		c := a.bools.next()
		c.w.BoolValue = r.Bool(flag)
		c.v.Value = &c.w
		return &c.v, nil
	}
	return nil, nil
}

// DecodeStruct returns the struct for a stored string that begins with
// [StructPrefix].
func DecodeStruct(s string) (*mlmdpb.Value, error) {
	b, err := decodeBase64(s[len(StructPrefix):])
	v := &structpb.Struct{}
	if err == nil {
		err = proto.Unmarshal(b, v)
	}
	if err == nil {
		err = nesting.CheckStruct(v)
	}
	if err != nil {
		return nil, invalidArgf("Unable to parse serialized struct: %v", err)
	}
	return &mlmdpb.Value{Value: &mlmdpb.Value_StructValue{StructValue: v}}, nil
}

// DecodeProto returns the message for what is stored of it.
func DecodeProto(s string, isBase64 bool) (*mlmdpb.Value, error) {
	b := []byte(s)
	if isBase64 {
		var err error
		if b, err = decodeBase64(s); err != nil {
			return nil, errorf(codes.Internal, "Failed to Base64Unescape value: %v", err)
		}
	}
	a := &anypb.Any{}
	if err := proto.Unmarshal(b, a); err != nil {
		return nil, errorf(codes.Internal, "Unable to parse serialized proto_value: %v", err)
	}
	if a.GetTypeUrl() == "" {
		return nil, errorf(codes.Internal, "Retrieved proto_value should have a nonempty type_url")
	}
	return &mlmdpb.Value{Value: &mlmdpb.Value_ProtoValue{ProtoValue: a}}, nil
}

// decodeBase64 ignores white space and missing padding, as the reference
// implementation does.
func decodeBase64(s string) ([]byte, error) {
	s = strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\t', '\r', '\n', '=':
			return -1
		}
		return r
	}, s)
	return base64.RawStdEncoding.DecodeString(s)
}
