package engine

import (
	"context"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/sqldb"
)

var (
	insertType = sqldb.InsertStmt{
		Table:   "Type",
		Columns: []string{"name", "version", "type_kind", "description", "input_type", "output_type", "external_id"},
	}
	insertTypeProperty = sqldb.InsertStmt{Table: "TypeProperty", Columns: []string{"type_id", "name", "data_type"}}
	insertParentType   = sqldb.InsertStmt{Table: "ParentType", Columns: []string{"type_id", "parent_type_id"}}
)

// writePlan writes a plan and sets the IDs of new types.
func (t *tx) writePlan(ctx context.Context, p *typePlan) error {
	t.invalidateTypeQueries()
	var entries []*typeEntry // without duplicates
	seen := make(map[*typeEntry]bool, len(p.entries))
	for _, e := range p.entries {
		if !seen[e] {
			seen[e] = true
			entries = append(entries, e)
		}
	}
	var props []any
	for _, e := range entries {
		if e.id != 0 {
			props = appendProperties(props, e.id, e.added)
		}
	}
	for _, r := range p.renames {
		if err := t.CheckTruncation([]string{"external_id"}, r.external); err != nil {
			return err
		}
		if err := t.Send(ctx, "UPDATE Type SET external_id = ? WHERE id = ?", r.external, r.entry.id); err != nil {
			return err
		}
	}
	created, err := t.insertTypes(ctx, entries)
	if err != nil {
		return err
	}
	for _, e := range created {
		props = appendProperties(appendProperties(props, e.id, e.before), e.id, e.added)
	}
	if err := t.Insert(ctx, insertTypeProperty, props); err != nil {
		return err
	}
	return t.insertParents(ctx, p, entries)
}

func appendProperties(args []any, id int64, props map[string]mlmdpb.PropertyType) []any {
	for name, kind := range props {
		args = append(args, id, name, int64(kind))
	}
	return args
}

// insertTypes inserts the entries without an ID, and sets it.
func (t *tx) insertTypes(ctx context.Context, entries []*typeEntry) ([]*typeEntry, error) {
	var created []*typeEntry
	var args []any
	for _, e := range entries {
		if e.id != 0 {
			continue
		}
		input, err := EncodeStructType(e.inputType)
		if err != nil {
			return nil, err
		}
		output, err := EncodeStructType(e.outputType)
		if err != nil {
			return nil, err
		}
		args = append(args, e.name.name, orNull(optionalString(e.name.version)), int64(e.kind), orNull(e.description), input,
			output, orNull(e.external))
		created = append(created, e)
	}
	ids, err := t.InsertIDs(ctx, insertType, args)
	if err != nil {
		return nil, err
	}
	for i, e := range created {
		e.id = ids[i]
	}
	return created, nil
}

func (t *tx) insertParents(ctx context.Context, p *typePlan, entries []*typeEntry) error {
	var args []any
	for _, e := range entries {
		if e.addBase == "" {
			continue
		}
		base := p.known[kindedName{e.kind, typeName{name: e.addBase}}]
		if base == nil {
			return invalidArgf("The base type %s is not in the database", e.addBase)
		}
		args = append(args, e.id, base.id)
	}
	return t.Insert(ctx, insertParentType, args)
}
