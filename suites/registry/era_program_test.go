package registry_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// An era describes how the programs of a period stored a model registry.
type era struct {
	name   string
	prefix string
	// props has the declared properties by entity, with the names of the fields that
	// they hold; empty if the program does not read them.
	props map[string][]eraProp
	// uuidNames reports whether artifacts of a version are named "<uuid>:<name>" too.
	uuidNames bool
	// adds reports whether the program can start if the stored types lack properties.
	adds bool
	// before has the legacy names of properties by their present names. The type
	// declares both.
	before map[string]string
}

type eraProp struct {
	property, field string
	kind            mlmdpb.PropertyType
}

const (
	asText = mlmdpb.PropertyType_STRING
	asInt  = mlmdpb.PropertyType_INT
)

// fields returns string properties that have the names of their fields.
func fields(pairs ...string) []eraProp {
	var out []eraProp
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, eraProp{pairs[i], pairs[i+1], asText})
	}
	return out
}

func with(more eraProp, props ...eraProp) []eraProp { return append(slices.Clone(props), more) }

var (
	goModelArtifact = fields(
		"description", "description", "model_format_name", "modelFormatName", "model_format_version", "modelFormatVersion",
		"storage_key", "storageKey", "storage_path", "storagePath", "service_account_name", "serviceAccountName",
	)
	goService = append(fields("description", "description", "runtime", "runtime"),
		eraProp{"registered_model_id", "registeredModelId", asInt}, eraProp{"model_version_id", "modelVersionId", asInt},
		eraProp{"serving_environment_id", "servingEnvironmentId", asInt})
	goServe = append(fields("description", "description"), eraProp{"model_version_id", "modelVersionId", asInt})
	goLate  = map[string][]eraProp{
		"RegisteredModel": fields("description", "description", "state", "state"),
		"ModelVersion": fields(
			"description", "description", "author", "author", "state", "state", "model_name", "", "version", "",
		),
		"ModelArtifact":      goModelArtifact,
		"DocArtifact":        fields("description", "description"),
		"ServingEnvironment": fields("description", "description"),
		"InferenceService":   with(eraProp{"desired_state", "desiredState", asText}, goService...),
		"ServeModel":         goServe,
	}
)

// replaced returns a copy of a map with one entry replaced.
func replaced(all map[string][]eraProp, entity string, props []eraProp) map[string][]eraProp {
	out := maps.Clone(all)
	out[entity] = props
	return out
}

var eras = []*era{
	{name: "E0", prefix: "odh.", adds: true, props: map[string][]eraProp{
		"RegisteredModel": fields("description", "description"),
		"ModelVersion":    fields("author", "author", "model_name", "", "version", ""),
		"ModelArtifact": fields(
			"description", "description", "model_format", "modelFormatName", "storage_key", "storageKey",
		),
	}},
	{name: "E1, Python", prefix: "odh.", uuidNames: true, props: map[string][]eraProp{
		"RegisteredModel": fields("description", "description"),
		"ModelVersion":    fields("description", "description", "author", "author", "model_name", "", "tags", "tags"),
		"ModelArtifact": fields(
			"description", "description", "modelFormatName", "modelFormatName", "modelFormatVersion", "modelFormatVersion",
			"runtime", "runtime", "storageKey", "storageKey", "storagePath", "storagePath", "serviceAccountName",
			"serviceAccountName",
		),
	}},
	{name: "E1, Go, early", prefix: "odh.", adds: true, props: map[string][]eraProp{
		"RegisteredModel":    fields("description", "description"),
		"ModelVersion":       fields("description", "description", "author", "author", "model_name", "", "version", ""),
		"ModelArtifact":      append(fields("runtime", "runtime"), goModelArtifact...),
		"ServingEnvironment": fields("description", "description"),
		"InferenceService":   with(eraProp{"state", "desiredState", asText}, goService...),
		"ServeModel":         goServe,
	}},
	{name: "E1, Go, late", prefix: "odh.", adds: true, props: goLate},
	{
		name:   "E1, Go, with both names of the state",
		prefix: "odh.",
		adds:   true,
		before: map[string]string{"desired_state": "state"},
		props: replaced(goLate, "InferenceService",
			append([]eraProp{{"state", "", asText}}, goLate["InferenceService"]...)),
	},
	{name: "E2", prefix: "kfmr.", adds: true, props: goLate},
	{
		name:   "E3",
		prefix: "kf.",
		adds:   true,
		props:  replaced(goLate, "RegisteredModel", fields("description", "description", "state", "state", "owner", "owner")),
	},
	{name: "E3, another prefix", prefix: "acme.registry.", adds: true, props: goLate},
}

// kinds has the kinds of node by entity.
var kinds = map[string]mlmd.Kind{
	"RegisteredModel": mlmd.Context, "ModelVersion": mlmd.Context, "ModelArtifact": mlmd.Artifact,
	"DocArtifact":        mlmd.Artifact,
	"ServingEnvironment": mlmd.Context, "InferenceService": mlmd.Context, "ServeModel": mlmd.Execution,
}

// parents has the parent entities by entity.
var parents = map[string]string{
	"ModelVersion": "RegisteredModel", "ModelArtifact": "ModelVersion", "DocArtifact": "ModelVersion",
	"InferenceService": "ServingEnvironment", "ServeModel": "InferenceService",
}

// A program simulates a program of an era on a store. At its start it registers
// its types, without can_omit_fields. An update replaces a node by the fields
// that the program knows.
type program struct {
	*era
	rpc   mlmdpb.MetadataStoreServiceClient
	types map[string]int64 // by entity
	uuids int
}

func (p *program) typeName(entity string) string { return p.prefix + entity }

// start registers the types.
func (p *program) start(ctx context.Context) error {
	p.types = make(map[string]int64)
	for entity, list := range p.props {
		props := make(map[string]mlmdpb.PropertyType)
		for _, e := range list {
			props[e.property] = e.kind
		}
		var add *bool
		if p.adds {
			add = new(true)
		}
		name := p.typeName(entity)
		var id int64
		var err error
		switch kinds[entity] {
		case mlmd.Artifact:
			var r *mlmdpb.PutArtifactTypeResponse
			r, err = p.rpc.PutArtifactType(
				ctx,
				&mlmdpb.PutArtifactTypeRequest{
					ArtifactType: &mlmdpb.ArtifactType{Name: &name, Properties: props},
					CanAddFields: add,
				},
			)
			id = r.GetTypeId()
		case mlmd.Execution:
			var r *mlmdpb.PutExecutionTypeResponse
			r, err = p.rpc.PutExecutionType(
				ctx,
				&mlmdpb.PutExecutionTypeRequest{
					ExecutionType: &mlmdpb.ExecutionType{Name: &name, Properties: props},
					CanAddFields:  add,
				},
			)
			id = r.GetTypeId()
		case mlmd.Context:
			var r *mlmdpb.PutContextTypeResponse
			r, err = p.rpc.PutContextType(ctx, &mlmdpb.PutContextTypeRequest{
				ContextType: &mlmdpb.ContextType{Name: &name, Properties: props}, CanAddFields: add,
			})
			id = r.GetTypeId()
		}
		if err != nil {
			return fmt.Errorf("%s: the type %s: %w", p.name, name, err)
		}
		p.types[entity] = id
	}
	return nil
}

// A record is an entity as the program reads it, with the names of our fields.
type record struct {
	entity   string
	id       int64
	parent   int64
	name     string
	values   map[string]string
	external string
	earlier  bool // written by an earlier release, under its names
}

// node has the fields that the three kinds have in common.
type node struct {
	id       *int64
	typeID   *int64
	name     *string
	external *string
	props    map[string]*mlmdpb.Value
	custom   map[string]*mlmdpb.Value
}

func (p *program) put(ctx context.Context, entity string, n node) (int64, error) {
	switch kinds[entity] {
	case mlmd.Artifact:
		r, err := p.rpc.PutArtifacts(ctx, &mlmdpb.PutArtifactsRequest{Artifacts: []*mlmdpb.Artifact{
			{
				Id:               n.id,
				TypeId:           n.typeID,
				Name:             n.name,
				ExternalId:       n.external,
				Properties:       n.props,
				CustomProperties: n.custom,
				State:            mlmdpb.Artifact_LIVE.Enum(),
			},
		}})
		return firstID(r.GetArtifactIds()), err
	case mlmd.Execution:
		r, err := p.rpc.PutExecutions(ctx, &mlmdpb.PutExecutionsRequest{Executions: []*mlmdpb.Execution{
			{Id: n.id, TypeId: n.typeID, Name: n.name, ExternalId: n.external, Properties: n.props, CustomProperties: n.custom},
		}})
		return firstID(r.GetExecutionIds()), err
	default:
		r, err := p.rpc.PutContexts(ctx, &mlmdpb.PutContextsRequest{Contexts: []*mlmdpb.Context{
			{Id: n.id, TypeId: n.typeID, Name: n.name, ExternalId: n.external, Properties: n.props, CustomProperties: n.custom},
		}})
		return firstID(r.GetContextIds()), err
	}
}

func firstID(ids []int64) int64 {
	if len(ids) == 0 {
		return 0
	}
	return ids[0]
}

func (p *program) get(ctx context.Context, entity string, id int64) (node, error) {
	switch kinds[entity] {
	case mlmd.Artifact:
		r, err := p.rpc.GetArtifactsByID(ctx, &mlmdpb.GetArtifactsByIDRequest{ArtifactIds: []int64{id}})
		if err != nil || len(r.Artifacts) == 0 {
			return node{}, fmt.Errorf("%s: %s %d: %v", p.name, entity, id, err)
		}
		n := r.Artifacts[0]
		return node{n.Id, n.TypeId, n.Name, n.ExternalId, n.Properties, n.CustomProperties}, nil
	case mlmd.Execution:
		r, err := p.rpc.GetExecutionsByID(ctx, &mlmdpb.GetExecutionsByIDRequest{ExecutionIds: []int64{id}})
		if err != nil || len(r.Executions) == 0 {
			return node{}, fmt.Errorf("%s: %s %d: %v", p.name, entity, id, err)
		}
		n := r.Executions[0]
		return node{n.Id, n.TypeId, n.Name, n.ExternalId, n.Properties, n.CustomProperties}, nil
	default:
		r, err := p.rpc.GetContextsByID(ctx, &mlmdpb.GetContextsByIDRequest{ContextIds: []int64{id}})
		if err != nil || len(r.Contexts) == 0 {
			return node{}, fmt.Errorf("%s: %s %d: %v", p.name, entity, id, err)
		}
		n := r.Contexts[0]
		return node{n.Id, n.TypeId, n.Name, n.ExternalId, n.Properties, n.CustomProperties}, nil
	}
}

// known returns the names of the properties by field.
func (p *program) known(entity string) map[string]eraProp {
	out := make(map[string]eraProp)
	for _, e := range p.props[entity] {
		if e.field != "" {
			out[e.field] = e
		}
	}
	return out
}

// properties returns the properties that the program stores for r.
func (p *program) properties(r record) map[string]*mlmdpb.Value {
	out := make(map[string]*mlmdpb.Value)
	for field, e := range p.known(r.entity) {
		v, ok := r.values[field]
		if !ok {
			continue
		}
		if e.kind == asInt {
			i, err := strconv.ParseInt(v, 10, 64)
			if err != nil {
				panic(err)
			}
			out[e.property] = &mlmdpb.Value{Value: &mlmdpb.Value_IntValue{IntValue: i}}
		} else {
			out[e.property] = text(v)
		}
	}
	for now, before := range p.before {
		if r.earlier && out[now] != nil {
			out[before] = out[now]
			delete(out, now)
		}
	}
	for _, e := range p.props[r.entity] { // what the program writes beside
		switch e.property {
		case "model_name":
			out[e.property] = text("the model")
		case "version":
			out[e.property] = text(r.name)
		}
	}
	return out
}

// storedName returns the name that the program stores for a child.
func (p *program) storedName(r record) string {
	switch {
	case r.parent == 0:
		return r.name
	case p.uuidNames && kinds[r.entity] == mlmd.Artifact:
		p.uuids++
		return fmt.Sprintf("0f8fad5b-d9cb-469f-a165-%012x:%s", p.uuids, r.name)
	}
	return fmt.Sprintf("%d:%s", r.parent, r.name)
}

// create stores a new entity and returns its ID.
func (p *program) create(ctx context.Context, r record) (int64, error) {
	t := p.types[r.entity]
	n := node{typeID: &t, name: new(p.storedName(r)), props: p.properties(r)}
	if r.external != "" {
		n.external = &r.external
	}
	id, err := p.put(ctx, r.entity, n)
	if err != nil || r.parent == 0 {
		return id, err
	}
	switch kinds[r.entity] {
	case mlmd.Artifact:
		_, err = p.rpc.PutAttributionsAndAssociations(
			ctx,
			&mlmdpb.PutAttributionsAndAssociationsRequest{
				Attributions: []*mlmdpb.Attribution{{ContextId: &r.parent, ArtifactId: &id}},
			},
		)
	case mlmd.Execution:
		_, err = p.rpc.PutAttributionsAndAssociations(
			ctx,
			&mlmdpb.PutAttributionsAndAssociationsRequest{
				Associations: []*mlmdpb.Association{{ContextId: &r.parent, ExecutionId: &id}},
			},
		)
	case mlmd.Context:
		_, err = p.rpc.PutParentContexts(ctx, &mlmdpb.PutParentContextsRequest{
			ParentContexts: []*mlmdpb.ParentContext{{ParentId: &r.parent, ChildId: &id}},
		})
	}
	return id, err
}

// update sets fields of a stored entity. It erases what the program does not know
// of the node.
func (p *program) update(ctx context.Context, r record, change map[string]string) error {
	n, err := p.get(ctx, r.entity, r.id)
	if err != nil {
		return err
	}
	r.values, err = p.read(ctx, r)
	if err != nil {
		return err
	}
	maps.Copy(r.values, change)
	n.props = p.properties(r)
	_, err = p.put(ctx, r.entity, n)
	return err
}

// read returns the fields of a stored entity that the program knows.
func (p *program) read(ctx context.Context, r record) (map[string]string, error) {
	n, err := p.get(ctx, r.entity, r.id)
	if err != nil {
		return nil, err
	}
	if r.parent != 0 && !strings.Contains(*n.name, ":") {
		return nil, fmt.Errorf("%s: the name %q of %s %d has no prefix", p.name, *n.name, r.entity, r.id)
	}
	out := make(map[string]string)
	for field, e := range p.known(r.entity) {
		switch v := n.props[e.property].GetValue().(type) {
		case nil:
		case *mlmdpb.Value_IntValue:
			out[field] = strconv.FormatInt(v.IntValue, 10)
		case *mlmdpb.Value_StringValue:
			out[field] = v.StringValue
		default:
			return nil, fmt.Errorf("%s: %s of %s %d is %v", p.name, e.property, r.entity, r.id, v)
		}
	}
	return out, nil
}
