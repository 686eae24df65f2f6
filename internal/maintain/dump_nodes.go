package maintain

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/engine"
	"github.com/mlmd-go/sdk/internal/sqldb"
	"github.com/mlmd-go/sdk/internal/typekind"
)

// A nodeKind describes the lines and tables of a kind of node.
type nodeKind struct {
	line                     string
	kind                     typekind.Kind
	table, properties, owner string
	state                    string // column; empty if it has none
	states                   map[int32]string
	uri                      bool
}

var nodeKinds = []nodeKind{
	{
		"artifact", typekind.Artifact, "Artifact", "ArtifactProperty", "artifact_id", "state", mlmdpb.Artifact_State_name,
		true,
	},
	{
		"execution", typekind.Execution, "Execution", "ExecutionProperty", "execution_id", "last_known_state",
		mlmdpb.Execution_State_name, false,
	},
	{"context", typekind.Context, "Context", "ContextProperty", "context_id", "", nil, false},
}

// The columns that all nodes have, in the order of the dump. Those of a kind follow.
var nodeColumns = []string{
	"id", "type_id", "name", "external_id", "create_time_since_epoch", "last_update_time_since_epoch",
}

func (k nodeKind) columns() []string {
	all := nodeColumns
	if k.uri {
		all = append(all[:len(all):len(all)], "uri")
	}
	if k.state != "" {
		all = append(all[:len(all):len(all)], k.state)
	}
	return all
}

// A head is a node without its properties, and the beginning of its line.
type head struct {
	id   int64
	text []byte
}

func (d *dumper) nodes(ctx context.Context, k nodeKind, s span) error {
	columns := k.columns()
	text := "SELECT " + strings.Join(columns, ", ") + " FROM " + k.table + " WHERE id > ? AND id <= ? ORDER BY id LIMIT " +
		strconv.Itoa(chunk)
	var heads []head
	var arena []byte
	for last := s.after; ; {
		heads, arena = heads[:0], arena[:0]
		read := 0
		err := d.each(ctx, len(columns), func(r *sqldb.Row) error {
			read++
			last = r.Int(0)
			start := len(arena)
			var err error
			if arena, err = k.appendHead(arena, r); err != nil {
				arena = arena[:start]
				return d.damaged(fmt.Sprintf("the row of %s with the ID %d: %v", k.table, last, err))
			}
			heads = append(heads, head{last, arena[start:len(arena):len(arena)]})
			return nil
		}, text, last, s.last)
		if err != nil {
			return err
		}
		if err := d.withProperties(ctx, k, heads); err != nil {
			return err
		}
		if read < chunk {
			return nil
		}
	}
}

func (k nodeKind) appendHead(b []byte, r *sqldb.Row) ([]byte, error) {
	b = append(append(append(b, `{"`...), k.line...), `":{"id":`...)
	b = appendID(b, r.Int(0))
	b = appendID(append(b, `,"type_id":`...), r.Int(1))
	var err error
	text := func(i int, member string) {
		if err == nil && !r.Null(i) {
			b, err = appendText(append(b, member...), r.Text(i))
		}
	}
	text(2, `,"name":`)
	text(3, `,"external_id":`)
	b = appendID(append(b, `,"create_time_since_epoch":`...), r.Int(4))
	b = appendID(append(b, `,"last_update_time_since_epoch":`...), r.Int(5))
	next := 6
	if k.uri {
		text(next, `,"uri":`)
		next++
	}
	if k.state != "" && !r.Null(next) {
		b = appendEnum(append(append(append(b, `,"`...), k.state...), `":`...), r.Int(next), k.states)
	}
	if failed := r.TakeErr(); err == nil {
		err = failed
	}
	return b, err
}

// A member is a property as JSON.
type member struct {
	name     string
	custom   bool
	from, to int // of its text
}

// withProperties writes nodes, in the order of their IDs, with their properties.
func (d *dumper) withProperties(ctx context.Context, k nodeKind, heads []head) error {
	if len(heads) == 0 {
		return nil
	}
	var members []member
	var arena []byte
	next := 0
	finish := func(id int64) error { // writes the nodes up to id
		for ; next < len(heads) && heads[next].id <= id; next++ {
			var own []member
			if heads[next].id == id {
				own = members
			}
			if err := d.putNode(heads[next].text, own, arena); err != nil {
				return err
			}
		}
		members, arena = members[:0], arena[:0]
		return nil
	}
	at := int64(0)
	read := propertiesOf(d.conn.Dialect())
	err := d.each(ctx, read.width, func(r *sqldb.Row) error {
		owner := r.Int(0)
		if owner != at {
			if err := finish(at); err != nil {
				return err
			}
			at = owner
		}
		m := member{name: r.Text(1), custom: r.Bool(2), from: len(arena)}
		which, column := read.column(r)
		b, err := d.appendProperty(arena, m.name, r, which, column)
		if failed := r.TakeErr(); err == nil {
			err = failed
		}
		if err != nil {
			return d.damaged(fmt.Sprintf("the property %q in %s of the node with the ID %d: %v", m.name, k.properties, owner,
				err))
		}
		if b == nil {
			return nil
		}
		arena, m.to = b, len(b)
		members = append(members, m)
		return nil
	}, "SELECT "+k.owner+", name, is_custom_property, "+read.columns+" FROM "+k.properties+
		" WHERE "+k.owner+" >= ? AND "+k.owner+" <= ? ORDER BY "+k.owner, heads[0].id, heads[len(heads)-1].id)
	if err != nil {
		return err
	}
	if err := finish(at); err != nil {
		return err
	}
	return finish(heads[len(heads)-1].id)
}

func (d *dumper) putNode(head []byte, members []member, arena []byte) error {
	slices.SortFunc(members, func(a, b member) int {
		if a.custom != b.custom {
			if b.custom {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.name, b.name)
	})
	b := append(d.line[:0], head...)
	for i, m := range members {
		switch {
		case i > 0 && members[i-1].custom == m.custom:
			b = append(b, ',')
		case i > 0:
			b = append(b, `},"custom_properties":{`...)
		case m.custom:
			b = append(b, `,"custom_properties":{`...)
		default:
			b = append(b, `,"properties":{`...)
		}
		b = append(b, arena[m.from:m.to]...)
	}
	if len(members) > 0 {
		b = append(b, '}')
	}
	d.line = append(b, "}}"...)
	return d.writeLine()
}

// The columns of values, by their place.
const (
	noValue = iota
	intValue
	doubleValue
	stringValue
	protoValueColumn
	boolValue
)

var valueColumns = []string{"int_value", "double_value", "string_value", "proto_value", "bool_value"}

// A propertyRead is how values are read: which columns follow the third one, the number
// of all columns, and a function that returns which value a row has.
type propertyRead struct {
	columns string
	width   int
	dynamic bool
}

// propertiesOf returns how values are read. Each column of a row takes time, so that
// they share one if the database allows.
func propertiesOf(d *sqldb.Dialect) propertyRead {
	if !d.DynamicTypes {
		return propertyRead{strings.Join(valueColumns, ", "), 3 + len(valueColumns), false}
	}
	which := "CASE"
	for i, column := range valueColumns {
		which += fmt.Sprintf(" WHEN %s IS NOT NULL THEN %d", column, i+1)
	}
	return propertyRead{which + " ELSE 0 END, COALESCE(" + strings.Join(valueColumns, ", ") + ")", 5, true}
}

// column returns which value a row has, and its column.
func (p propertyRead) column(r *sqldb.Row) (which, column int) {
	if p.dynamic {
		return int(r.Int(3)), 4
	}
	for i := range valueColumns {
		if !r.Null(3 + i) {
			return i + 1, 3 + i
		}
	}
	return noValue, 3
}

// appendProperty appends the name and value of a property. It returns nil if the row
// has no value.
func (d *dumper) appendProperty(b []byte, name string, r *sqldb.Row, which, column int) ([]byte, error) {
	if which == noValue {
		return nil, nil
	}
	b, err := appendText(b, name)
	if err != nil {
		return b, err
	}
	switch which {
	case intValue:
		b = appendID(append(b, `:{"int_value":`...), r.Int(column))
	case doubleValue:
		b = appendDouble(append(b, `:{"double_value":`...), r.Float(column))
	case stringValue:
		s := r.Text(column)
		if strings.HasPrefix(s, engine.StructPrefix) {
			b, err = appendStructProperty(b, s)
		} else {
			b, err = appendText(append(b, `:{"string_value":`...), s)
		}
	case protoValueColumn:
		v, err := engine.DecodeProto(r.Text(column), d.conn.Dialect().ProtoBase64)
		if err != nil {
			return b, err
		}
		if b, err = appendText(append(b, `:{"proto_value":{"type_url":`...), v.GetProtoValue().GetTypeUrl()); err != nil {
			return b, err
		}
		b = append(appendBytes(append(b, `,"value":`...), v.GetProtoValue().GetValue()), '}')
	case boolValue:
		b = strconv.AppendBool(append(b, `:{"bool_value":`...), r.Bool(column))
	}
	return append(b, '}'), err
}

// appendStructProperty appends a struct as JSON, or as bytes if JSON cannot hold it.
func appendStructProperty(b []byte, stored string) ([]byte, error) {
	v, err := engine.DecodeStruct(stored)
	if err != nil {
		return b, err
	}
	start := len(b)
	if b, err = appendStruct(append(b, `:{"struct_value":`...), v.GetStructValue()); err == nil {
		return b, nil
	}
	raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(v.GetStructValue())
	return appendBytes(append(b[:start], `:{"struct_bytes":`...), raw), err
}
