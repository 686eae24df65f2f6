package storetest

import (
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// A node is an artifact, an execution or a context. Fields that its kind lacks are
// nil.
type node struct {
	id, typeID          *int64
	name, typeName      *string
	externalID, uri     *string
	state               *int32
	properties, custom  values
	created, lastUpdate *int64
	systemMetadata      *anypb.Any
}

// A typ is an artifact type, an execution type or a context type, with the flags of
// its put.
type typ struct {
	id                                *int64
	name, version                     *string
	description, externalID           *string
	properties                        map[string]mlmdpb.PropertyType
	base                              *int32
	add, omit, remove, allFieldsMatch *bool
}

// A kind describes artifacts, executions or contexts for the cases that check all
// three.
type kind struct {
	name string // "artifact"

	putType            func(s *scene, t typ) (int64, error)
	typeByName         func(s *scene, name string, version *string) (typ, error)
	typesByID          func(s *scene, ids ...int64) ([]typ, error)
	typesByExternalIDs func(s *scene, ids ...string) ([]typ, error)
	allTypes           func(s *scene) ([]typ, error)
	put                func(s *scene, mask []string, nodes ...node) ([]int64, error)
	byID               func(s *scene, ids ...int64) ([]node, error)
	byExternalIDs      func(s *scene, ids ...string) ([]node, error)
	byType             func(s *scene, typeName string, version *string) ([]node, error)
	byTypeAndName      func(s *scene, typeName string, version *string, name string) (*node, error)
	all                func(s *scene) ([]node, error)
}

var kinds = []kind{artifacts, executions, contexts}

// forEachKind returns a case for each of the three kinds.
func forEachKind(make func(k kind) Case) []Case {
	out := []Case{}
	for _, k := range kinds {
		c := make(k)
		c.Name = k.name + ": " + c.Name
		out = append(out, c)
	}
	return out
}

// newType creates a type with a unique name.
func (k kind) newType(s *scene, properties map[string]mlmdpb.PropertyType) (id int64, name string) {
	s.Helper()
	s.types++
	name = s.own(fmt.Sprint(k.name, s.types))
	id, err := k.putType(s, typ{name: &name, properties: properties})
	s.ok(err)
	return id, name
}

// one puts one node and returns its ID.
func (k kind) one(s *scene, n node) int64 {
	s.Helper()
	ids, err := k.put(s, nil, n)
	s.ok(err)
	if len(ids) != 1 {
		s.Fatalf("one %s was put and %d ids came back", k.name, len(ids))
	}
	return ids[0]
}

// read returns the node with the ID.
func (k kind) read(s *scene, id int64) node {
	s.Helper()
	nodes, err := k.byID(s, id)
	s.ok(err)
	if len(nodes) != 1 {
		s.Fatalf("reading %s %d answers %d nodes", k.name, id, len(nodes))
	}
	return nodes[0]
}

// stored checks the node that is read, except for its times. It adds the type's name
// and an artifact's URI, which is never absent, to want.
func (k kind) stored(s *scene, id int64, typeName string, want node) node {
	s.Helper()
	got := k.read(s, id)
	want.id, want.typeName = &id, &typeName
	if k.name == artifacts.name && want.uri == nil {
		want.uri = proto.String("")
	}
	want.created, want.lastUpdate = got.created, got.lastUpdate
	s.same(k.message(got), k.message(want))
	return got
}

func (k kind) message(n node) proto.Message {
	switch k.name {
	case artifacts.name:
		return n.artifact()
	case executions.name:
		return n.execution()
	default:
		return n.context()
	}
}

// minimal returns the smallest valid node: a context requires a name.
func (k kind) minimal(s *scene, typeID int64) node {
	n := node{typeID: &typeID}
	if k.name == contexts.name {
		n.name = proto.String("n-" + s.salt)
	}
	return n
}

func (n node) artifact() *mlmdpb.Artifact {
	return &mlmdpb.Artifact{
		Id: n.id, TypeId: n.typeID, Name: n.name, Type: n.typeName, ExternalId: n.externalID, Uri: n.uri,
		State: (*mlmdpb.Artifact_State)(n.state), Properties: n.properties, CustomProperties: n.custom,
		CreateTimeSinceEpoch: n.created, LastUpdateTimeSinceEpoch: n.lastUpdate, SystemMetadata: n.systemMetadata,
	}
}

func (n node) execution() *mlmdpb.Execution {
	return &mlmdpb.Execution{
		Id: n.id, TypeId: n.typeID, Name: n.name, Type: n.typeName, ExternalId: n.externalID,
		LastKnownState: (*mlmdpb.Execution_State)(n.state), Properties: n.properties, CustomProperties: n.custom,
		CreateTimeSinceEpoch: n.created, LastUpdateTimeSinceEpoch: n.lastUpdate, SystemMetadata: n.systemMetadata,
	}
}

func (n node) context() *mlmdpb.Context {
	return &mlmdpb.Context{
		Id: n.id, TypeId: n.typeID, Name: n.name, Type: n.typeName, ExternalId: n.externalID,
		Properties: n.properties, CustomProperties: n.custom,
		CreateTimeSinceEpoch: n.created, LastUpdateTimeSinceEpoch: n.lastUpdate, SystemMetadata: n.systemMetadata,
	}
}

func ofArtifact(m *mlmdpb.Artifact) node {
	return node{
		id: m.Id, typeID: m.TypeId, name: m.Name, typeName: m.Type, externalID: m.ExternalId, uri: m.Uri,
		state: (*int32)(m.State), properties: m.Properties, custom: m.CustomProperties,
		created: m.CreateTimeSinceEpoch, lastUpdate: m.LastUpdateTimeSinceEpoch, systemMetadata: m.SystemMetadata,
	}
}

func ofExecution(m *mlmdpb.Execution) node {
	return node{
		id: m.Id, typeID: m.TypeId, name: m.Name, typeName: m.Type, externalID: m.ExternalId,
		state: (*int32)(m.LastKnownState), properties: m.Properties, custom: m.CustomProperties,
		created: m.CreateTimeSinceEpoch, lastUpdate: m.LastUpdateTimeSinceEpoch, systemMetadata: m.SystemMetadata,
	}
}

func ofContext(m *mlmdpb.Context) node {
	return node{
		id: m.Id, typeID: m.TypeId, name: m.Name, typeName: m.Type, externalID: m.ExternalId,
		properties: m.Properties, custom: m.CustomProperties,
		created: m.CreateTimeSinceEpoch, lastUpdate: m.LastUpdateTimeSinceEpoch, systemMetadata: m.SystemMetadata,
	}
}

func mapped[F, T any](list []F, f func(F) T) []T {
	var out []T
	for _, v := range list {
		out = append(out, f(v))
	}
	return out
}

func ids(nodes []node) []int64 {
	return mapped(nodes, func(n node) int64 { return *n.id })
}

func maskOf(paths []string) *fieldmaskpb.FieldMask {
	if paths == nil {
		return nil
	}
	return &fieldmaskpb.FieldMask{Paths: paths}
}

func (k kind) typeMessage(t typ) proto.Message {
	switch k.name {
	case artifacts.name:
		return t.artifact()
	case executions.name:
		return t.execution()
	default:
		return t.context()
	}
}
