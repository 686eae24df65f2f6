package maintain

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/engine"
	"github.com/mlmd-go/sdk/internal/nesting"
	"github.com/mlmd-go/sdk/internal/sqldb"
	"github.com/mlmd-go/sdk/internal/typekind"
)

// parsers return the rows of the kinds of lines.
var parsers = map[string]func(*loader, json.RawMessage) (lineRows, error){
	"artifact_type":  func(l *loader, m json.RawMessage) (lineRows, error) { return l.parseType(typekind.Artifact, m) },
	"execution_type": func(l *loader, m json.RawMessage) (lineRows, error) { return l.parseType(typekind.Execution, m) },
	"context_type":   func(l *loader, m json.RawMessage) (lineRows, error) { return l.parseType(typekind.Context, m) },
	"parent_type":    (*loader).parseParentType,
	"artifact":       func(l *loader, m json.RawMessage) (lineRows, error) { return l.parseNode(nodeKinds[0], m) },
	"execution":      func(l *loader, m json.RawMessage) (lineRows, error) { return l.parseNode(nodeKinds[1], m) },
	"context":        func(l *loader, m json.RawMessage) (lineRows, error) { return l.parseNode(nodeKinds[2], m) },
	"parent_context": (*loader).parseParentContext,
	"event":          (*loader).parseEvent,
	"association":    (*loader).parseAssociation,
	"attribution":    (*loader).parseAttribution,
}

var (
	insertType = sqldb.InsertStmt{Table: "Type", Columns: []string{
		"id", "type_kind", "name", "version", "description", "external_id", "input_type", "output_type",
	}}
	insertTypeProperty  = sqldb.InsertStmt{Table: "TypeProperty", Columns: []string{"type_id", "name", "data_type"}}
	insertParentType    = sqldb.InsertStmt{Table: "ParentType", Columns: []string{"type_id", "parent_type_id"}}
	insertParentContext = sqldb.InsertStmt{
		Table: "ParentContext", Columns: []string{"context_id", "parent_context_id"},
	}
	insertEvent = sqldb.InsertStmt{Table: "Event", Columns: []string{
		"id", "artifact_id", "execution_id", "type", "milliseconds_since_epoch",
	}}
	insertEventPath = sqldb.InsertStmt{Table: "EventPath", Columns: []string{
		"event_id", "is_index_step", "step_index", "step_key",
	}}
	insertAssociation = sqldb.InsertStmt{Table: "Association", Columns: []string{"context_id", "execution_id"}}
	insertAttribution = sqldb.InsertStmt{Table: "Attribution", Columns: []string{"context_id", "artifact_id"}}
)

// insertNode and insertProperty are the statements of a kind of node.
func (k nodeKind) insertNode() sqldb.InsertStmt {
	return sqldb.InsertStmt{Table: k.table, Columns: k.columns()}
}

func (k nodeKind) insertProperty() sqldb.InsertStmt {
	return sqldb.InsertStmt{Table: k.properties, Columns: []string{
		k.owner, "name", "is_custom_property", "int_value", "double_value", "string_value", "proto_value", "bool_value",
	}}
}

// checkIDs returns an error if the database cannot hold an ID, by its member.
func (l *loader) checkIDs(ids map[string]id) error {
	for _, name := range slices.Sorted(maps.Keys(ids)) {
		switch n := int64(ids[name]); {
		case n == 0:
			return fmt.Errorf("%s is missing", name)
		case n < 0:
			return fmt.Errorf("%s is %d: must be positive", name, n)
		case !l.d.ValidID(n):
			return fmt.Errorf("%s is %d: this database holds integers of 32 bits", name, n)
		}
	}
	return nil
}

// An enum is the name of a value of an enumeration, or a number that has none.
type enum struct {
	name   string
	number int64
}

func (e *enum) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '"' {
		return json.Unmarshal(text, &e.name)
	}
	return json.Unmarshal(text, &e.number)
}

func (e *enum) value(member string, values map[string]int32) (int64, error) {
	if e.name == "" {
		return e.number, nil
	}
	n, ok := values[e.name]
	if !ok {
		return 0, fmt.Errorf("%s is %q: must be one of %s", member, e.name,
			strings.Join(slices.Sorted(maps.Keys(values)), ", "))
	}
	return int64(n), nil
}

type typeLine struct {
	ID          id              `json:"id"`
	Name        string          `json:"name"`
	Version     *string         `json:"version"`
	Description *string         `json:"description"`
	ExternalID  *string         `json:"external_id"`
	Input       json.RawMessage `json:"input_type"`
	Output      json.RawMessage `json:"output_type"`
	Properties  map[string]enum `json:"properties"`
	Base        enum            `json:"base_type"`
}

func (l *loader) parseType(kind typekind.Kind, content json.RawMessage) (rows lineRows, err error) {
	var t typeLine
	if err := decode(content, &t); err != nil {
		return rows, err
	}
	if err := l.checkIDs(map[string]id{"id": t.ID}); err != nil {
		return rows, err
	}
	input, err := structType("input_type", t.Input)
	if err != nil {
		return rows, err
	}
	output, err := structType("output_type", t.Output)
	if err != nil {
		return rows, err
	}
	rows.inserts = []insert{{insertType, []any{
		int64(t.ID), int64(kind), t.Name, orNull(t.Version), orNull(t.Description), orNull(t.ExternalID), input, output,
	}}}
	var properties []any
	for name, value := range t.Properties {
		n, err := value.value("the type of property "+strconv.Quote(name), mlmdpb.PropertyType_value)
		if err != nil {
			return rows, err
		}
		properties = append(properties, int64(t.ID), name, n)
	}
	if len(properties) > 0 {
		rows.inserts = append(rows.inserts, insert{insertTypeProperty, properties})
	}
	l.kinds[int64(t.ID)] = kind
	own := baseKey{kind, t.Name}
	if known := l.base[own]; t.Version == nil && (known == 0 || known > int64(t.ID)) {
		l.base[own] = int64(t.ID)
	}
	if t.Base.name != "" {
		base, err := baseOf(kind, t.Base)
		if err != nil {
			return rows, err
		}
		l.bases = append(l.bases, baseLink{l.line, int64(t.ID), baseKey{kind, base}})
	}
	return rows, nil
}

// structType returns the text to store for an input or output type, or nil.
func structType(member string, text json.RawMessage) (any, error) {
	if len(text) == 0 || string(text) == "null" {
		return nil, nil
	}
	t := &mlmdpb.ArtifactStructType{}
	if err := protojson.Unmarshal(text, t); err != nil {
		return nil, fmt.Errorf("%s is not an ArtifactStructType", member)
	}
	stored, err := engine.EncodeStructType(t)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", member, err)
	}
	return stored, nil
}

// baseOf returns the name of the type that a base type stands for.
func baseOf(kind typekind.Kind, base enum) (string, error) {
	values := map[string]int32{}
	switch kind {
	case typekind.Artifact:
		values = mlmdpb.ArtifactType_SystemDefinedBaseType_value
	case typekind.Execution:
		values = mlmdpb.ExecutionType_SystemDefinedBaseType_value
	}
	n, err := base.value("base_type", values)
	if err != nil {
		return "", err
	}
	if n <= 0 || n >= int64(len(engine.BaseTypes[kind])) {
		return "", fmt.Errorf("base_type is %s: no such base type", base.name)
	}
	return engine.BaseTypes[kind][n], nil
}

func (l *loader) parseParentType(content json.RawMessage) (rows lineRows, err error) {
	var p struct {
		Type   id `json:"type_id"`
		Parent id `json:"parent_type_id"`
	}
	if err := decode(content, &p); err != nil {
		return rows, err
	}
	if err := l.checkIDs(map[string]id{"type_id": p.Type, "parent_type_id": p.Parent}); err != nil {
		return rows, err
	}
	rows.refers = []reference{{"Type", int64(p.Type)}, {"Type", int64(p.Parent)}}
	rows.inserts = []insert{{insertParentType, []any{int64(p.Type), int64(p.Parent)}}}
	return rows, nil
}

type nodeLine struct {
	ID         id               `json:"id"`
	TypeID     id               `json:"type_id"`
	Name       *string          `json:"name"`
	ExternalID *string          `json:"external_id"`
	URI        *string          `json:"uri"`
	State      *enum            `json:"state"`
	LastState  *enum            `json:"last_known_state"`
	Created    id               `json:"create_time_since_epoch"`
	Updated    id               `json:"last_update_time_since_epoch"`
	Properties map[string]value `json:"properties"`
	Custom     map[string]value `json:"custom_properties"`
}

func (l *loader) parseNode(k nodeKind, content json.RawMessage) (rows lineRows, err error) {
	var n nodeLine
	if err := decode(content, &n); err != nil {
		return rows, err
	}
	if err := l.checkIDs(map[string]id{"id": n.ID, "type_id": n.TypeID}); err != nil {
		return rows, err
	}
	state, other := n.State, n.LastState
	if k.state == "last_known_state" {
		state, other = n.LastState, n.State
	}
	kind, known := l.kinds[int64(n.TypeID)]
	switch {
	case !known || kind != k.kind:
		return rows, fmt.Errorf("no earlier line has the %s_type %d: add it, or correct type_id", k.line, n.TypeID)
	case n.URI != nil && !k.uri, other != nil, state != nil && k.state == "":
		return rows, errors.New("it has a uri or state, which this kind of node does not have")
	case n.Name == nil && k.kind == typekind.Context:
		return rows, errors.New("name is missing")
	}
	args := []any{
		int64(n.ID), int64(n.TypeID), orNull(n.Name), orNull(n.ExternalID), int64(n.Created), int64(n.Updated),
	}
	if k.uri {
		args = append(args, orNull(n.URI))
	}
	if k.state != "" {
		var stored any
		if state != nil {
			values := mlmdpb.Artifact_State_value
			if k.kind == typekind.Execution {
				values = mlmdpb.Execution_State_value
			}
			if stored, err = state.value(k.state, values); err != nil {
				return rows, err
			}
		}
		args = append(args, stored)
	}
	rows.inserts = []insert{{k.insertNode(), args}}
	var properties []any
	for _, of := range []struct {
		values map[string]value
		custom bool
	}{{n.Properties, false}, {n.Custom, true}} {
		for name, v := range of.values {
			properties = append(properties, int64(n.ID), name, of.custom)
			if properties, err = v.appendArgs(properties, l.d); err != nil {
				return rows, fmt.Errorf("property %q: %w", name, err)
			}
		}
	}
	if len(properties) > 0 {
		rows.inserts = append(rows.inserts, insert{k.insertProperty(), properties})
	}
	return rows, nil
}

// A value is the value of a property.
type value struct {
	Int    *id             `json:"int_value"`
	Double json.RawMessage `json:"double_value"`
	String *string         `json:"string_value"`
	Struct json.RawMessage `json:"struct_value"`
	Bytes  *[]byte         `json:"struct_bytes"`
	Proto  *protoValue     `json:"proto_value"`
	Bool   *bool           `json:"bool_value"`
}

type protoValue struct {
	TypeURL string `json:"type_url"`
	Value   []byte `json:"value"`
}

// appendArgs appends the values of the columns of a property's value.
func (v value) appendArgs(args []any, d *sqldb.Dialect) ([]any, error) {
	var number, double, text, message, flag any
	n := 0
	if v.Int != nil {
		n++
		number = int64(*v.Int)
	}
	if v.Double != nil {
		n++
		f, err := parseDouble(v.Double)
		if err != nil {
			return nil, err
		}
		double = f
	}
	if v.String != nil {
		n++
		if strings.HasPrefix(*v.String, engine.StructPrefix) {
			return nil, fmt.Errorf("string_value must not begin with %s, which marks structs: use struct_value",
				engine.StructPrefix)
		}
		text = *v.String
	}
	if v.Struct != nil || v.Bytes != nil {
		n++
		if v.Struct != nil && v.Bytes != nil {
			n++
		}
		stored, err := v.structText()
		if err != nil {
			return nil, err
		}
		text = stored
	}
	if v.Proto != nil {
		n++
		if v.Proto.TypeURL == "" {
			return nil, errors.New("type_url is missing")
		}
		stored, err := engine.EncodeProto(&anypb.Any{TypeUrl: v.Proto.TypeURL, Value: v.Proto.Value}, d.ProtoBase64)
		if err != nil {
			return nil, err
		}
		message = stored
	}
	if v.Bool != nil {
		n++
		flag = *v.Bool
	}
	if n != 1 {
		return nil, fmt.Errorf("it has %d values: must have one", n)
	}
	return append(args, number, double, text, message, flag), nil
}

// structText returns the text that is stored for a struct.
func (v value) structText() (string, error) {
	s := &structpb.Struct{}
	if v.Bytes != nil {
		if err := proto.Unmarshal(*v.Bytes, s); err != nil {
			return "", errors.New("struct_bytes is not a struct")
		}
	} else if err := protojson.Unmarshal(v.Struct, s); err != nil {
		return "", errors.New("struct_value is not an object that a struct can hold")
	}
	if err := nesting.CheckStruct(s); err != nil {
		return "", err
	}
	return engine.EncodeStruct(s)
}

func parseDouble(text []byte) (float64, error) {
	switch string(text) {
	case `"NaN"`:
		return math.NaN(), nil
	case `"Infinity"`:
		return math.Inf(1), nil
	case `"-Infinity"`:
		return math.Inf(-1), nil
	}
	var f float64
	if err := json.Unmarshal(text, &f); err != nil || string(text) == "null" {
		return 0, fmt.Errorf("double_value is %s: must be a number", text)
	}
	return f, nil
}

func (l *loader) parseParentContext(content json.RawMessage) (rows lineRows, err error) {
	var p struct {
		Child  id `json:"child_id"`
		Parent id `json:"parent_id"`
	}
	if err := decode(content, &p); err != nil {
		return rows, err
	}
	if err := l.checkIDs(map[string]id{"child_id": p.Child, "parent_id": p.Parent}); err != nil {
		return rows, err
	}
	rows.refers = []reference{{"Context", int64(p.Child)}, {"Context", int64(p.Parent)}}
	rows.inserts = []insert{{insertParentContext, []any{int64(p.Child), int64(p.Parent)}}}
	return rows, nil
}

func (l *loader) parseEvent(content json.RawMessage) (rows lineRows, err error) {
	var e struct {
		Artifact  id `json:"artifact_id"`
		Execution id `json:"execution_id"`
		Path      struct {
			Steps []struct {
				Index *id     `json:"index"`
				Key   *string `json:"key"`
			} `json:"steps"`
		} `json:"path"`
		Type enum `json:"type"`
		At   *id  `json:"milliseconds_since_epoch"`
	}
	if err := decode(content, &e); err != nil {
		return rows, err
	}
	if err := l.checkIDs(map[string]id{"artifact_id": e.Artifact, "execution_id": e.Execution}); err != nil {
		return rows, err
	}
	kind, err := e.Type.value("type", mlmdpb.Event_Type_value)
	if err != nil {
		return rows, err
	}
	l.lastEvent++
	var at any
	if e.At != nil {
		at = int64(*e.At)
	}
	rows.refers = []reference{{"Artifact", int64(e.Artifact)}, {"Execution", int64(e.Execution)}}
	rows.inserts = []insert{{insertEvent, []any{l.lastEvent, int64(e.Artifact), int64(e.Execution), kind, at}}}
	var steps []any
	for _, s := range e.Path.Steps {
		switch {
		case (s.Index == nil) == (s.Key == nil):
			return rows, errors.New("a step of the path must have either an index or a key")
		case s.Index != nil:
			steps = append(steps, l.lastEvent, true, int64(*s.Index), nil)
		default:
			steps = append(steps, l.lastEvent, false, nil, *s.Key)
		}
	}
	if len(steps) > 0 {
		rows.inserts = append(rows.inserts, insert{insertEventPath, steps})
	}
	return rows, nil
}

func (l *loader) parseAssociation(content json.RawMessage) (rows lineRows, err error) {
	var a struct {
		Context   id `json:"context_id"`
		Execution id `json:"execution_id"`
	}
	if err := decode(content, &a); err != nil {
		return rows, err
	}
	if err := l.checkIDs(map[string]id{"context_id": a.Context, "execution_id": a.Execution}); err != nil {
		return rows, err
	}
	rows.refers = []reference{{"Context", int64(a.Context)}, {"Execution", int64(a.Execution)}}
	rows.inserts = []insert{{insertAssociation, []any{int64(a.Context), int64(a.Execution)}}}
	return rows, nil
}

func (l *loader) parseAttribution(content json.RawMessage) (rows lineRows, err error) {
	var a struct {
		Context  id `json:"context_id"`
		Artifact id `json:"artifact_id"`
	}
	if err := decode(content, &a); err != nil {
		return rows, err
	}
	if err := l.checkIDs(map[string]id{"context_id": a.Context, "artifact_id": a.Artifact}); err != nil {
		return rows, err
	}
	rows.refers = []reference{{"Context", int64(a.Context)}, {"Artifact", int64(a.Artifact)}}
	rows.inserts = []insert{{insertAttribution, []any{int64(a.Context), int64(a.Artifact)}}}
	return rows, nil
}

// orNull returns *p as a parameter, or nil for NULL.
func orNull(p *string) any {
	if p == nil {
		return nil
	}
	return *p
}
