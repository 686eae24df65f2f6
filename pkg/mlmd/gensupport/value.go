package gensupport

import (
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/value"
)

// ToProto converts v to the form that MLMD stores. It fails if v is invalid.
func ToProto(v value.Value) (*mlmdpb.Value, error) {
	switch v.Kind() {
	case value.KindString:
		s, _ := v.AsString()
		return stringValue(s), nil
	case value.KindInt:
		i, _ := v.AsInt()
		return intValue(i), nil
	case value.KindDouble:
		f, _ := v.AsDouble()
		return doubleValue(f), nil
	case value.KindBool:
		b, _ := v.AsBool()
		return boolValue(b), nil
	case value.KindStruct:
		m, _ := v.AsStruct()
		s, err := structpb.NewStruct(m)
		if err != nil {
			return nil, err
		}
		return &mlmdpb.Value{Value: &mlmdpb.Value_StructValue{StructValue: s}}, nil
	case value.KindProto:
		url, message, _ := v.AsProto()
		return &mlmdpb.Value{Value: &mlmdpb.Value_ProtoValue{ProtoValue: &anypb.Any{TypeUrl: url, Value: message}}}, nil
	default:
		return nil, v.Err()
	}
}

// FromProto converts p to a Value. If p is empty, or holds what a Value
// cannot, the result is invalid and its Err method gives the reason.
func FromProto(p *mlmdpb.Value) value.Value {
	switch x := p.GetValue().(type) {
	case *mlmdpb.Value_StringValue:
		return value.String(x.StringValue)
	case *mlmdpb.Value_IntValue:
		return value.Int(x.IntValue)
	case *mlmdpb.Value_DoubleValue:
		return value.Double(x.DoubleValue)
	case *mlmdpb.Value_BoolValue:
		return value.Bool(x.BoolValue)
	case *mlmdpb.Value_StructValue:
		return value.Struct(x.StructValue.AsMap())
	case *mlmdpb.Value_ProtoValue:
		return value.Proto(x.ProtoValue.GetTypeUrl(), x.ProtoValue.GetValue())
	default:
		return value.Value{}
	}
}

// kindOfValue returns the property type that can hold p.
func kindOfValue(p *mlmdpb.Value) mlmdpb.PropertyType {
	switch p.GetValue().(type) {
	case *mlmdpb.Value_StringValue:
		return mlmdpb.PropertyType_STRING
	case *mlmdpb.Value_IntValue:
		return mlmdpb.PropertyType_INT
	case *mlmdpb.Value_DoubleValue:
		return mlmdpb.PropertyType_DOUBLE
	case *mlmdpb.Value_BoolValue:
		return mlmdpb.PropertyType_BOOLEAN
	case *mlmdpb.Value_StructValue:
		return mlmdpb.PropertyType_STRUCT
	case *mlmdpb.Value_ProtoValue:
		return mlmdpb.PropertyType_PROTO
	}
	return mlmdpb.PropertyType_UNKNOWN
}

// stringValue and intValue allocate a value and its oneof member at once.

func stringValue(s string) *mlmdpb.Value {
	v := new(struct {
		outer mlmdpb.Value
		inner mlmdpb.Value_StringValue
	})
	v.inner.StringValue = s
	v.outer.Value = &v.inner
	return &v.outer
}

func intValue(i int64) *mlmdpb.Value {
	v := new(struct {
		outer mlmdpb.Value
		inner mlmdpb.Value_IntValue
	})
	v.inner.IntValue = i
	v.outer.Value = &v.inner
	return &v.outer
}

func doubleValue(f float64) *mlmdpb.Value {
	return &mlmdpb.Value{Value: &mlmdpb.Value_DoubleValue{DoubleValue: f}}
}

func boolValue(b bool) *mlmdpb.Value {
	return &mlmdpb.Value{Value: &mlmdpb.Value_BoolValue{BoolValue: b}}
}
