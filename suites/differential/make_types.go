package differential

import (
	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// A typ is what the three kinds of types have.
type typ struct {
	id                                     *int64
	name, version, description, externalID *string
	properties                             map[string]mlmdpb.PropertyType
	base                                   *int32
	input                                  *mlmdpb.ArtifactStructType
}

func (t typ) artifact() *mlmdpb.ArtifactType {
	return &mlmdpb.ArtifactType{
		Id: t.id, Name: t.name, Version: t.version, Description: t.description, ExternalId: t.externalID,
		Properties: t.properties,
		BaseType:   (*mlmdpb.ArtifactType_SystemDefinedBaseType)(t.base),
	}
}

func (t typ) execution() *mlmdpb.ExecutionType {
	return &mlmdpb.ExecutionType{
		Id: t.id, Name: t.name, Version: t.version, Description: t.description, ExternalId: t.externalID,
		Properties: t.properties,
		BaseType:   (*mlmdpb.ExecutionType_SystemDefinedBaseType)(t.base), InputType: t.input,
	}
}

func (t typ) context() *mlmdpb.ContextType {
	return &mlmdpb.ContextType{
		Id: t.id, Name: t.name, Version: t.version, Description: t.description, ExternalId: t.externalID,
		Properties: t.properties,
		BaseType:   (*mlmdpb.ContextType_SystemDefinedBaseType)(t.base),
	}
}

func (w *world) typ() typ {
	t := typ{name: w.maybeText(100, typeNames...), version: w.version(), properties: map[string]mlmdpb.PropertyType{}}
	for _, name := range propertyNames {
		if !w.chance(3) {
			t.properties[name] = kindOfName[name]
		}
		if w.chance(200) {
			t.properties[name] = mlmdpb.PropertyType(w.Int32N(9))
		}
	}
	if w.chance(5) {
		t.description = ptr(w.text("d", ""))
	}
	if w.chance(6) {
		t.externalID = ptr(w.text("x1", "x2", "x3", "x4", ""))
	}
	if w.chance(8) {
		t.base = pick(w, ptr[int32](0), ptr[int32](1), ptr[int32](2), ptr[int32](2), ptr[int32](5), ptr[int32](77))
	}
	if w.chance(20) {
		t.id = ptr[int64](3)
	}
	if w.chance(8) {
		t.input = w.structType(2)
	}
	return t
}

var typeNames = []string{"T1", "T2", "T3", "mlmd.Model", "mlmd.Train"}

func (w *world) version() *string {
	if w.chance(3) {
		return ptr(w.text("", "1", "2"))
	}
	return nil
}

func (w *world) structType(depth int) *mlmdpb.ArtifactStructType {
	if depth > 0 && w.chance(2) {
		inner := w.structType(depth - 1)
		switch w.IntN(4) {
		case 0:
			union := &mlmdpb.UnionArtifactStructType{Candidates: []*mlmdpb.ArtifactStructType{inner, inner}}
			return &mlmdpb.ArtifactStructType{Kind: &mlmdpb.ArtifactStructType_UnionType{UnionType: union}}
		case 1:
			list := &mlmdpb.ListArtifactStructType{Element: inner}
			return &mlmdpb.ArtifactStructType{Kind: &mlmdpb.ArtifactStructType_List{List: list}}
		case 2:
			return &mlmdpb.ArtifactStructType{Kind: &mlmdpb.ArtifactStructType_Tuple{Tuple: &mlmdpb.TupleArtifactStructType{}}}
		}
		return &mlmdpb.ArtifactStructType{Kind: &mlmdpb.ArtifactStructType_Dict{Dict: &mlmdpb.DictArtifactStructType{
			Properties: map[string]*mlmdpb.ArtifactStructType{"é \"q\"": inner}, NoneTypeNotRequired: proto.Bool(w.chance(2)),
		}}}
	}
	switch w.IntN(4) {
	case 0:
		return &mlmdpb.ArtifactStructType{}
	case 1:
		return &mlmdpb.ArtifactStructType{Kind: &mlmdpb.ArtifactStructType_None{None: &mlmdpb.NoneArtifactStructType{}}}
	case 2:
		return &mlmdpb.ArtifactStructType{Kind: &mlmdpb.ArtifactStructType_Any{Any: &mlmdpb.AnyArtifactStructType{}}}
	}
	return &mlmdpb.ArtifactStructType{Kind: &mlmdpb.ArtifactStructType_Simple{Simple: &mlmdpb.ArtifactType{
		Id: ptr[int64](1 << 40), Name: ptr("日本"), Properties: map[string]mlmdpb.PropertyType{"a": 1, "b": 3},
		BaseType: mlmdpb.ArtifactType_MODEL.Enum(),
	}}}
}

// flags are those of a put of types: mostly such that it succeeds.
func (w *world) flags() (add, omit, remove, match *bool) {
	flag := func() *bool { return pick(w, ptr(true), ptr(true), ptr(true), ptr(true), nil, ptr(false)) }
	add, omit = flag(), flag()
	if w.chance(10) {
		remove = flag()
	}
	if w.chance(40) {
		match = flag()
	}
	return add, omit, remove, match
}

func (w *world) putType(kind int) step {
	add, omit, remove, match := w.flags()
	t := w.typ()
	switch kind {
	case artifact:
		return step{"PutArtifactType", &mlmdpb.PutArtifactTypeRequest{
			ArtifactType: t.artifact(), CanAddFields: add,
			CanOmitFields: omit, CanDeleteFields: remove, AllFieldsMatch: match,
		}}
	case execution:
		return step{"PutExecutionType", &mlmdpb.PutExecutionTypeRequest{
			ExecutionType: t.execution(), CanAddFields: add,
			CanOmitFields: omit, CanDeleteFields: remove, AllFieldsMatch: match,
		}}
	}
	return step{"PutContextType", &mlmdpb.PutContextTypeRequest{
		ContextType: t.context(), CanAddFields: add,
		CanOmitFields: omit, CanDeleteFields: remove, AllFieldsMatch: match,
	}}
}

func (w *world) putTypes() step {
	r := &mlmdpb.PutTypesRequest{}
	r.CanAddFields, r.CanOmitFields, r.CanDeleteFields, r.AllFieldsMatch = w.flags()
	for range w.IntN(3) {
		r.ArtifactTypes = append(r.ArtifactTypes, w.typ().artifact())
	}
	for range w.IntN(3) {
		r.ExecutionTypes = append(r.ExecutionTypes, w.typ().execution())
	}
	for range w.IntN(3) {
		t := w.typ()
		if !w.chance(10) {
			t.base = nil // a context type with one always fails
		}
		r.ContextTypes = append(r.ContextTypes, t.context())
	}
	return step{"PutTypes", r}
}
