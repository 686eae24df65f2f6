package storetest

import (
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

func putTypesCases() []Case {
	return []Case{
		{Name: "PutTypes returns IDs in the order of the request, with repeats", Run: on(func(s *scene) {
			a, b := s.own("a"), s.own("b")
			r, err := s.rpc.PutTypes(s.ctx, &mlmdpb.PutTypesRequest{
				ContextTypes:   []*mlmdpb.ContextType{{Name: &b}, {Name: &a}},
				ArtifactTypes:  []*mlmdpb.ArtifactType{{Name: &a}, {Name: &b}, {Name: &a}},
				ExecutionTypes: []*mlmdpb.ExecutionType{{Name: &a}},
			})
			s.ok(err)
			for i, name := range []string{a, b, a} {
				got, err := artifacts.typeByName(s, name, nil)
				s.ok(err)
				equal(s, "the artifact type's id", *got.id, r.ArtifactTypeIds[i])
			}
			for i, name := range []string{b, a} {
				got, err := contexts.typeByName(s, name, nil)
				s.ok(err)
				equal(s, "the context type's id", *got.id, r.ContextTypeIds[i])
			}
			equal(s, "the number of execution types", len(r.ExecutionTypeIds), 1)
		})},
		{Name: "PutTypes accepts an empty request", Run: on(func(s *scene) {
			r, err := s.rpc.PutTypes(s.ctx, &mlmdpb.PutTypesRequest{})
			s.ok(err)
			s.same(r, &mlmdpb.PutTypesResponse{})
		})},
		{Name: "PutTypes is all or nothing", Run: on(func(s *scene) {
			name := s.own("undone")
			_, err := s.rpc.PutTypes(s.ctx, &mlmdpb.PutTypesRequest{
				ArtifactTypes: []*mlmdpb.ArtifactType{{Name: &name}},
				ContextTypes:  []*mlmdpb.ContextType{{Name: &name}, {}},
			})
			s.refused(err, codes.InvalidArgument, "No type name is specified.")
			_, err = artifacts.typeByName(s, name, nil)
			s.refused(err, codes.NotFound, "No type found")
			_, err = contexts.typeByName(s, name, nil)
			s.refused(err, codes.NotFound, "No type found")
		})},
		{Name: "PutTypes applies its flags to all types", Run: on(func(s *scene) {
			name := s.own("flags")
			one := func(p props, add, omit, match *bool) error {
				_, err := s.rpc.PutTypes(s.ctx, &mlmdpb.PutTypesRequest{
					ExecutionTypes: []*mlmdpb.ExecutionType{{Name: &name, Properties: p}},
					CanAddFields:   add, CanOmitFields: omit, AllFieldsMatch: match,
				})
				return err
			}
			yes, no := proto.Bool(true), proto.Bool(false)
			s.ok(one(props{"a": kindInt}, nil, nil, nil))
			s.ok(one(props{"a": kindInt, "b": kindInt}, yes, nil, yes))
			s.ok(one(props{"b": kindInt, "c": kindInt}, yes, yes, nil))
			s.refused(one(props{"b": kindInt, "d": kindInt}, yes, no, nil), codes.AlreadyExists, "can_omit_fields is false")
			s.refused(one(props{"d": kindInt}, nil, yes, nil), codes.AlreadyExists, "can_add_fields is false")
			s.refused(one(nil, yes, yes, no), codes.Unimplemented, "Must match all fields.")
		})},
		{Name: "PutTypes adds a repeated property only if its kinds match", Run: on(func(s *scene) {
			name := s.own("twice")
			_, err := s.rpc.PutTypes(s.ctx, &mlmdpb.PutTypesRequest{ArtifactTypes: []*mlmdpb.ArtifactType{{Name: &name}}})
			s.ok(err)
			both := func(first, second mlmdpb.PropertyType) error {
				_, err := s.rpc.PutTypes(s.ctx, &mlmdpb.PutTypesRequest{
					CanAddFields: proto.Bool(true),
					ArtifactTypes: []*mlmdpb.ArtifactType{
						{Name: &name, Properties: props{"p": first}}, {Name: &name, Properties: props{"p": second}},
					},
				})
				return err
			}
			s.refused(both(kindInt, kindString), codes.AlreadyExists, "type is different from the existing type")
			s.ok(both(kindInt, kindInt))
		})},
		putTypesRepeatsAnExternalID(),
		{Name: "PutTypes can move an external ID between types", Run: on(func(s *scene) {
			a, b, c, x, y := s.own("a"), s.own("b"), s.own("c"), s.own("x"), s.own("y")
			_, err := contexts.putType(s, typ{name: &a, externalID: &x})
			s.ok(err)
			_, err = contexts.putType(s, typ{name: &b})
			s.ok(err)
			_, err = s.rpc.PutTypes(s.ctx, &mlmdpb.PutTypesRequest{ContextTypes: []*mlmdpb.ContextType{
				{Name: &a, ExternalId: &y}, {Name: &b, ExternalId: &x}, {
					Name: &b, ExternalId: proto.String(s.own("z")),
				}, {Name: &c, ExternalId: &x},
			}})
			s.ok(err)
			for name, want := range map[string]string{a: y, b: s.own("z"), c: x} {
				got, err := contexts.typesByExternalIDs(s, want)
				s.ok(err)
				equal(s, "the type", *got[0].name, name)
			}
		})},
		{Name: "a put of a missing type equals that of a type without a name", Run: on(func(s *scene) {
			_, err := s.rpc.PutArtifactType(s.ctx, &mlmdpb.PutArtifactTypeRequest{})
			s.refused(err, codes.InvalidArgument, "No type name is specified.")
			_, err = s.rpc.PutExecutionType(s.ctx, &mlmdpb.PutExecutionTypeRequest{})
			s.refused(err, codes.InvalidArgument, "No type name is specified.")
			_, err = s.rpc.PutContextType(s.ctx, &mlmdpb.PutContextTypeRequest{})
			s.refused(err, codes.InvalidArgument, "No type name is specified.")
		})},
	}
}

func putTypesRepeatsAnExternalID() Case {
	repeat := func(want func(externalID string) string) func(s *scene) {
		return func(s *scene) {
			name, externalID := s.own("t"), s.own("x")
			r, err := s.rpc.PutTypes(s.ctx, &mlmdpb.PutTypesRequest{
				ContextTypes: []*mlmdpb.ContextType{{Name: &name, ExternalId: &externalID}, {Name: &name}},
			})
			s.ok(err)
			got, err := contexts.typesByID(s, r.ContextTypeIds[0])
			s.ok(err)
			equal(s, "the external id", *got[0].externalID, want(externalID))
		}
	}
	return Case{
		Name:              "a type repeated in one request without its external id keeps it",
		Requires:          []Capability{TypeExternalIDsKept},
		Run:               on(repeat(func(id string) string { return id })),
		WithoutCapability: on(repeat(func(string) string { return "" })),
	}
}

func baseTypeCases() []Case {
	const dataset, model = mlmdpb.ArtifactType_DATASET, mlmdpb.ArtifactType_MODEL
	put := func(s *scene, name string, base mlmdpb.ArtifactType_SystemDefinedBaseType) error {
		_, err := artifacts.putType(s, typ{name: &name, base: (*int32)(&base)})
		return err
	}
	return []Case{
		{Name: "a base type cannot be changed", Run: on(func(s *scene) {
			name := s.own("based")
			_, err := artifacts.putType(s, typ{name: &name})
			s.ok(err)
			s.ok(put(s, name, dataset))
			s.ok(put(s, name, dataset))
			_, err = artifacts.putType(s, typ{name: &name})
			s.ok(err)
			s.refused(put(s, name, model), codes.Unimplemented, "base_type update is not supported yet")
			s.refused(put(s, name, mlmdpb.ArtifactType_UNSET), codes.Unimplemented, "base_type deletion is not supported yet")
			got, err := artifacts.typeByName(s, name, nil)
			s.ok(err)
			equal(s, "the base type", mlmdpb.ArtifactType_SystemDefinedBaseType(*got.base), dataset)
			equal(s, "the number of inherited properties", len(got.properties), 0)
			all, err := artifacts.typesByID(s, *got.id)
			s.ok(err)
			equal(s, "the base type by id", mlmdpb.ArtifactType_SystemDefinedBaseType(*all[0].base), dataset)
		})},
		{Name: "an unset base type rejects the type", Run: on(func(s *scene) {
			for _, k := range kinds {
				name := s.own("unset" + k.name)
				_, err := k.putType(s, typ{name: &name, base: proto.Int32(0)})
				s.refused(err, codes.Unimplemented, "base_type deletion is not supported yet")
				_, err = k.typeByName(s, name, nil)
				s.refused(err, codes.NotFound, "No type found")
			}
		})},
		{Name: "a base type of an execution type reads back", Run: on(func(s *scene) {
			for number := int32(1); number <= 5; number++ {
				name := s.own(mlmdpb.ExecutionType_SystemDefinedBaseType(number).String())
				_, err := executions.putType(s, typ{name: &name, base: &number})
				s.ok(err)
				got, err := executions.typeByName(s, name, nil)
				s.ok(err)
				equal(s, "the base type", *got.base, number)
			}
		})},
		{Name: "a system type cannot be its own base", Run: on(func(s *scene) {
			s.refused(put(s, "mlmd.Model", model), codes.InvalidArgument, "There is a cycle detected of the given relationship.")
		})},
		{Name: "an unknown base type is treated as absent", Run: on(func(s *scene) {
			name := s.own("odd")
			s.ok(put(s, name, 99))
			got, err := artifacts.typeByName(s, name, nil)
			s.ok(err)
			equal(s, "a base type is there", got.base != nil, false)
		})},
		{Name: "the system types have the first IDs", Requires: []Capability{EmptyStore}, Run: on(func(s *scene) {
			for i, name := range []string{"mlmd.Dataset", "mlmd.Model", "mlmd.Metrics", "mlmd.Statistics"} {
				got, err := artifacts.typeByName(s, name, nil)
				s.ok(err)
				s.same(got.artifact(), typ{id: proto.Int64(int64(i + 1)), name: &name}.artifact())
			}
			for i, name := range []string{"mlmd.Train", "mlmd.Transform", "mlmd.Process", "mlmd.Evaluate", "mlmd.Deploy"} {
				got, err := executions.typeByName(s, name, nil)
				s.ok(err)
				s.same(got.execution(), typ{id: proto.Int64(int64(i + 5)), name: &name}.execution())
			}
			for _, k := range kinds {
				got, err := k.allTypes(s)
				s.ok(err)
				equal(s, "the number of "+k.name+" types", len(got), 0)
			}
			id, _ := contexts.newType(s, nil)
			equal(s, "the first id of a type put", id, 10)
		})},
		{Name: "names of system types are hidden among all types of both " +
			"kinds", Requires: []Capability{EmptyStore}, Run: on(func(s *scene) {
			_, err := executions.putType(s, typ{name: proto.String("mlmd.Dataset")})
			s.ok(err)
			_, err = artifacts.putType(s, typ{name: proto.String("mlmd.Dataset"), version: proto.String("v2")})
			s.ok(err)
			_, err = contexts.putType(s, typ{name: proto.String("mlmd.Dataset")})
			s.ok(err)
			for k, want := range map[string]int{"artifact": 0, "execution": 0, "context": 1} {
				for _, have := range kinds {
					if have.name == k {
						got, err := have.allTypes(s)
						s.ok(err)
						equal(s, "the number of "+k+" types", len(got), want)
					}
				}
			}
		})},
	}
}

func executionSignatureCases() []Case {
	anything := &mlmdpb.ArtifactStructType{Kind: &mlmdpb.ArtifactStructType_Any{Any: &mlmdpb.AnyArtifactStructType{}}}
	dict := &mlmdpb.ArtifactStructType{Kind: &mlmdpb.ArtifactStructType_Dict{Dict: &mlmdpb.DictArtifactStructType{
		Properties: map[string]*mlmdpb.ArtifactStructType{"données": {Kind: &mlmdpb.ArtifactStructType_Simple{
			Simple: &mlmdpb.ArtifactType{Id: proto.Int64(1 << 40), Name: proto.String("日本"), Properties: props{"p": kindInt}},
		}}},
		NoneTypeNotRequired: proto.Bool(false), ExtraPropertiesType: anything,
	}}}
	return []Case{{Name: "input and output types are stored once and read by name, by id and with " +
		"all", Run: on(func(s *scene) {
		want := &mlmdpb.ExecutionType{
			Name: proto.String(s.own("signature")), InputType: dict, OutputType: anything,
			ExternalId: proto.String(s.own("x")),
		}
		r, err := s.rpc.PutExecutionType(s.ctx, &mlmdpb.PutExecutionTypeRequest{ExecutionType: want})
		s.ok(err)
		_, err = s.rpc.PutExecutionType(s.ctx, &mlmdpb.PutExecutionTypeRequest{
			ExecutionType: &mlmdpb.ExecutionType{Name: want.Name, InputType: anything},
		})
		s.ok(err)
		want.Id = r.TypeId
		byID, err := s.rpc.GetExecutionTypesByID(s.ctx, &mlmdpb.GetExecutionTypesByIDRequest{TypeIds: []int64{*want.Id}})
		s.ok(err)
		s.same(byID.ExecutionTypes[0], want)
		external, err := s.rpc.GetExecutionTypesByExternalIds(
			s.ctx, &mlmdpb.GetExecutionTypesByExternalIdsRequest{ExternalIds: []string{*want.ExternalId}},
		)
		s.ok(err)
		s.same(external.ExecutionTypes[0], &mlmdpb.ExecutionType{Id: want.Id, Name: want.Name, ExternalId: want.ExternalId})
		want.ExternalId = nil
		all, err := s.rpc.GetExecutionTypes(s.ctx, &mlmdpb.GetExecutionTypesRequest{})
		s.ok(err)
		for _, got := range all.ExecutionTypes {
			if got.GetId() == want.GetId() {
				s.same(got, want)
				return
			}
		}
		s.Errorf("the type is not among all types")
	})}}
}
