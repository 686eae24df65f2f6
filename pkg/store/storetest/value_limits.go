package storetest

import (
	"fmt"
	"math"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// putCustom creates an artifact with one custom property.
func (s *scene) putCustom(v *mlmdpb.Value) (id int64, err error) {
	typeID, _ := artifacts.newType(s, nil)
	got, err := artifacts.put(s, nil, node{typeID: &typeID, custom: values{"c": v}})
	if err != nil {
		return 0, err
	}
	return got[0], nil
}

func (s *scene) customReads(sent, want *mlmdpb.Value) {
	s.Helper()
	id, err := s.putCustom(sent)
	s.ok(err)
	s.same(artifacts.read(s, id).custom["c"], want)
}

func wideIntegers() Case {
	wide := []*mlmdpb.Value{integer(math.MaxInt64), integer(math.MinInt64), integer(math.MaxInt32 + 1)}
	return Case{
		Name: "integers have 64 bits", Requires: []Capability{Int64Values},
		Run: on(func(s *scene) {
			for _, v := range wide {
				s.customReads(v, v)
			}
		}),
		WithoutCapability: on(func(s *scene) {
			typeID, typeName := artifacts.newType(s, nil)
			for _, v := range wide {
				s.refusedByDatabase(artifacts, typeName, node{typeID: &typeID, custom: values{"c": v}})
			}
		}),
	}
}

func sixDecimals() Case {
	return Case{Name: "doubles with six decimals and 15 digits are exact", Run: on(func(s *scene) {
		for _, v := range []float64{0, 1, -1, 0.5, 0.000001, 123456789.123456, 1e14, -0.25} {
			s.customReads(double(v), double(v))
		}
	})}
}

func exactDoubles() Case {
	// read is what the reference implementation on SQLite returns instead.
	odd := map[float64]float64{
		1e-7: 0, 0.1234567: 0.123457, 123456789012345678: 1.23456789012346e17,
		math.MaxFloat64: math.Inf(1), math.SmallestNonzeroFloat64: 0, math.Copysign(0, -1): 0,
	}
	return Case{
		Name: "doubles of every size are exact", Requires: []Capability{ExactDoubles},
		Run: on(func(s *scene) {
			for v := range odd {
				s.customReads(double(v), double(v))
			}
		}),
		WithoutCapability: on(func(s *scene) {
			for v, reads := range odd {
				s.customReads(double(v), double(reads))
			}
		}),
	}
}

func refusedNumbers() Case {
	refuse := func(code codes.Code) func(s *scene) {
		return func(s *scene) {
			for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
				_, err := s.putCustom(double(v))
				s.refused(err, code, "")
			}
		}
	}
	return Case{
		Name: "NaN and infinities are rejected", Requires: []Capability{RejectsNonFinite},
		Run: on(refuse(codes.InvalidArgument)), WithoutCapability: on(refuse(codes.Internal)),
	}
}

// valueWithoutKind does not run on the reference implementation, which crashes.
func valueWithoutKind() Case {
	return Case{
		Name: "a custom property without a kind is rejected", Requires: []Capability{RejectsUnsetValues},
		Run: on(func(s *scene) {
			_, err := s.putCustom(&mlmdpb.Value{})
			s.refused(err, codes.InvalidArgument, "")
			id, err := s.putCustom(integer(1))
			s.ok(err)
			_, err = artifacts.put(s, nil, node{id: &id, custom: values{"c": {}}})
			s.refused(err, codes.InvalidArgument, "")
			s.same(artifacts.read(s, id).custom["c"], integer(1))
		}),
		WithoutCapability: on(func(s *scene) { // there, only properties of the type can be checked
			typeID, _ := artifacts.newType(s, everyProperty)
			_, err := artifacts.put(s, nil, node{typeID: &typeID, properties: values{"i": {}}})
			s.refused(err, codes.InvalidArgument, "Found unmatched property type: ")
		}),
	}
}

func anyWithoutType() Case {
	return Case{
		Name: "a proto value without a type is rejected", Requires: []Capability{RejectsUntypedAny}, CorruptsStore: true,
		Run: on(func(s *scene) {
			_, err := s.putCustom(anyOf("", []byte("x")))
			s.refused(err, codes.InvalidArgument, "")
		}),
		WithoutCapability: on(func(s *scene) {
			id, err := s.putCustom(anyOf("", []byte("x")))
			s.ok(err)
			_, err = artifacts.byID(s, id)
			s.refused(err, codes.Internal, "Retrieved proto_value should have a nonempty type_url")
		}),
	}
}

func wholeText() Case {
	return Case{
		Name: "text with a NUL byte is not truncated silently", Requires: []Capability{NULBytes},
		Run: on(func(s *scene) {
			id, err := s.putCustom(str("a\x00b"))
			found := func(filter string) []int64 {
				filter = fmt.Sprintf("%s AND id = %d", filter, id) // the store may contain others
				got, _, failed := s.page(anArtifact, &mlmdpb.ListOperationOptions{FilterQuery: &filter})
				if err != nil {
					s.refused(failed, codes.InvalidArgument, "")
				} else {
					s.ok(failed)
				}
				return got
			}
			if err != nil { // a database that cannot store it
				s.refused(err, codes.InvalidArgument, "")
				found(`custom_properties.c.string_value = 'a\x00b'`)
				return
			}
			s.same(artifacts.read(s, id).custom["c"], str("a\x00b"))
			for filter, want := range map[string]int{
				`= 'a\x00b'`: 1, `IN ('x', 'a\000b')`: 1, `= 'a\u0000b'`: 1, `= 'a'`: 0, `= 'a\x00'`: 0, `= 'a\x00c'`: 0,
				`> 'a\x00a'`: 1, `> 'a\x00c'`: 0,
			} {
				if got := found("custom_properties.c.string_value " + filter); len(got) != want {
					s.Errorf("%s finds %d, want %d", filter, len(got), want)
				}
			}
		}),
		WithoutCapability: on(func(s *scene) { s.customReads(str("a\x00b"), str("a")) }),
	}
}

func nullMarker() Case {
	return Case{
		Name: "__MLMD_NULL__ is ordinary text", Requires: []Capability{NullMarkerAsText}, CorruptsStore: true,
		Run: on(func(s *scene) { s.customReads(str("__MLMD_NULL__"), str("__MLMD_NULL__")) }),
		WithoutCapability: on(func(s *scene) {
			id, err := s.putCustom(str("__MLMD_NULL__"))
			s.ok(err)
			_, err = artifacts.byID(s, id)
			s.refused(err, codes.Internal, "Attempt to populate property with null value")
		}),
	}
}

func structMarker() Case {
	return Case{
		Name: "a string that would be read as a struct is rejected", Requires: []Capability{
			RejectsStructMarker,
		}, CorruptsStore: true,
		Run: on(func(s *scene) {
			for _, text := range []string{"mlmd-struct::", "mlmd-struct::AAAA"} {
				_, err := s.putCustom(str(text))
				s.refused(err, codes.InvalidArgument, "")
			}
			s.customReads(str("mlmd-struct:"), str("mlmd-struct:"))
			s.customReads(str(" mlmd-struct::"), str(" mlmd-struct::"))
		}),
		WithoutCapability: on(func(s *scene) {
			s.customReads(str("mlmd-struct::"), structOf(nil))
			id, err := s.putCustom(str("mlmd-struct::!"))
			s.ok(err)
			_, err = artifacts.byID(s, id)
			s.refused(err, codes.InvalidArgument, "Unable to parse serialized")
		}),
	}
}

func structsCompareByContent() Case {
	return Case{Name: "a struct put again with its keys in any order changes nothing", Run: on(func(s *scene) {
		fields := map[string]*structpb.Value{}
		for _, key := range texts {
			fields[key] = structpb.NewStringValue(key)
		}
		id, err := s.putCustom(structOf(fields))
		s.ok(err)
		before := artifacts.read(s, id)
		for range 5 {
			tick()
			_, err = artifacts.put(s, nil, node{
				id: before.id, typeName: before.typeName, uri: proto.String(""), custom: values{"c": structOf(fields)},
			})
			s.ok(err)
		}
		s.same(artifacts.read(s, id).artifact(), before.artifact())
	})}
}

// deepStruct returns a struct of nested objects.
func deepStruct(objects int) *mlmdpb.Value {
	s := &structpb.Struct{Fields: map[string]*structpb.Value{"a": structpb.NewNumberValue(1)}}
	for range objects - 1 {
		s = &structpb.Struct{Fields: map[string]*structpb.Value{"a": structpb.NewStructValue(s)}}
	}
	return &mlmdpb.Value{Value: &mlmdpb.Value_StructValue{StructValue: s}}
}

// deepType returns an execution type whose input type consists of nested lists.
func deepType(name string, lists int) *mlmdpb.PutExecutionTypeRequest {
	input := &mlmdpb.ArtifactStructType{Kind: &mlmdpb.ArtifactStructType_Any{Any: &mlmdpb.AnyArtifactStructType{}}}
	for range lists {
		input = &mlmdpb.ArtifactStructType{Kind: &mlmdpb.ArtifactStructType_List{
			List: &mlmdpb.ListArtifactStructType{Element: input},
		}}
	}
	return &mlmdpb.PutExecutionTypeRequest{ExecutionType: &mlmdpb.ExecutionType{Name: &name, InputType: input}}
}

func deepNesting() Case {
	refuse := func(words string) func(s *scene) {
		return func(s *scene) {
			s.customReads(deepStruct(31), deepStruct(31))
			_, err := s.rpc.PutExecutionType(s.ctx, deepType(s.own("fits"), 30))
			s.ok(err)
			for _, objects := range []int{33, 45, 1000} {
				_, err := s.putCustom(deepStruct(objects))
				s.refused(err, codes.InvalidArgument, words)
			}
			for _, lists := range []int{49, 60, 1000} {
				_, err := s.rpc.PutExecutionType(s.ctx, deepType(s.own("deep"), lists))
				s.refused(err, codes.InvalidArgument, words)
			}
		}
	}
	return Case{
		Name: "values that some clients cannot read are rejected", Requires: []Capability{NestingLimit},
		Run: on(func(s *scene) {
			refuse("messages deep: at most ")(s)
			_, err := s.rpc.PutExecutionType(s.ctx, deepType(s.own("fits, too"), 48))
			s.ok(err)
			_, err = s.putCustom(deepStruct(32))
			s.refused(err, codes.InvalidArgument, "messages deep: at most 95 ")
		}),
		WithoutCapability: on(func(s *scene) {
			refuse("Could not parse proto")(s)
			s.customReads(deepStruct(32), deepStruct(32))
		}),
	}
}
