package registry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/value"
)

// MigrateAll records its progress in a context of a type of its own, one for each
// type that it migrates. Programs that list entities by type do not see it.

// A migrationRecord is the record of the latest migration of one type.
type migrationRecord struct {
	ID   string
	Name string // "artifact kf.ModelArtifact"
	// Fingerprint identifies the mapping. A record with another one is of an
	// earlier spec.
	Fingerprint string
	// LastID is the ID up to which all entities are done.
	LastID int64
	// Started and Finished are milliseconds since the epoch. Finished is 0 until
	// all entities are done.
	Started, Finished int64
	Counts            Migration // of all calls since Started
}

// numbers returns the properties of r that are numbers. They are stored as DOUBLE,
// because times exceed the integers of 32 bits that some databases have.
// Properties of the counts have their names in lower case.
func (r *migrationRecord) numbers() map[string]*int64 {
	return map[string]*int64{"last_id": &r.LastID, "started": &r.Started, "finished": &r.Finished}
}

func (m *Migration) numbers() map[string]*int {
	return map[string]*int{
		"examined": &m.Examined, "changed": &m.Changed, "retried": &m.Retried, "renamed": &m.Renamed,
		"converted": &m.Converted, "members": &m.Members, "custom": &m.Custom, "dropped": &m.Dropped, "kept": &m.Kept,
		"transformed": &m.Transformed,
	}
}

// migrationRecords maps records to contexts.
var migrationRecords = mlmd.Mapping[migrationRecord, *mlmdpb.Context]{
	Entity:   "Migration",
	TypeName: "mlmd-go.Migration",
	Fields:   migrationRecordFields(),
	Encode: func(r *migrationRecord, _ mlmd.Parent) (*mlmdpb.Context, error) {
		text := func(s string) *mlmdpb.Value {
			return &mlmdpb.Value{Value: &mlmdpb.Value_StringValue{StringValue: s}}
		}
		number := func(i int64) *mlmdpb.Value {
			return &mlmdpb.Value{Value: &mlmdpb.Value_DoubleValue{DoubleValue: float64(i)}}
		}
		stored := map[string]*mlmdpb.Value{"fingerprint": text(r.Fingerprint)}
		for name, i := range r.numbers() {
			stored[name] = number(*i)
		}
		for name, i := range r.Counts.numbers() {
			stored[name] = number(int64(*i))
		}
		return &mlmdpb.Context{Name: &r.Name, Properties: stored}, nil
	},
	Decode: func(n *mlmdpb.Context) (*migrationRecord, error) {
		r := &migrationRecord{
			ID: value.FormatID(n.GetId()), Name: n.GetName(),
			Fingerprint: n.GetProperties()["fingerprint"].GetStringValue(),
		}
		for name, i := range r.numbers() {
			*i = int64(n.GetProperties()[name].GetDoubleValue())
		}
		for name, i := range r.Counts.numbers() {
			*i = int(n.GetProperties()[name].GetDoubleValue())
		}
		return r, nil
	},
	Ident: func(r *migrationRecord) mlmd.Ident { return mlmd.Ident{ID: r.ID, Name: r.Name} },
	SetID: func(r *migrationRecord, id string) { r.ID = id },
	IsSet: func(*migrationRecord) []bool { return slices.Repeat([]bool{true}, len(migrationRecordFields())) },
}

func migrationRecordFields() mlmd.Fields {
	fields := mlmd.Fields{
		{Name: "name", Immutable: true},
		{Name: "fingerprint", Path: propertyPath + "fingerprint", Type: mlmdpb.PropertyType_STRING},
	}
	var r migrationRecord
	names := slices.Concat(slices.Sorted(maps.Keys(r.numbers())), slices.Sorted(maps.Keys(r.Counts.numbers())))
	for _, name := range names {
		fields = append(fields, mlmd.Field{Name: name, Path: propertyPath + name, Type: mlmdpb.PropertyType_DOUBLE})
	}
	return fields
}

// fingerprint identifies how the values of fields are stored, and whether a function
// transforms them.
func fingerprint(fields mlmd.Fields, enums map[string][]string, transformed bool) string {
	h := sha256.New()
	for i := range fields {
		if f := &fields[i]; !f.Derived {
			fmt.Fprintf(h, "%q %d %q %t %q\n", f.Path, f.Type, f.LegacyNames, f.List, f.LegacyMembers)
			if name, ok := f.Property(); ok && enums[name] != nil {
				fmt.Fprintf(h, "%q\n", enums[name])
			}
		}
	}
	if transformed {
		fmt.Fprintln(h, "transformed")
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// A recorder writes the record of a migration under way. Calls of MigrateAll that
// run at once share a record. Each adds its counts. All entities up to the greater
// of their last IDs are done, whichever call did them.
type recorder struct {
	records *Collection[migrationRecord, *mlmdpb.Context]
	record  *migrationRecord // as it was when the migration began
	dry     bool
	saved   Migration // the counts that the record has
}

// beginRecord reads the record of a type, or makes one. form is the fingerprint of
// the mapping. A record of another
// mapping starts again, and so does any with [WithForce]. In a dry run, beginRecord
// writes nothing.
func beginRecord(
	ctx context.Context, c *Client, typ typeKey, form string, o migrateConfig,
) (*recorder, error) {
	r := &recorder{records: NewCollection(c, migrationRecords), dry: o.dry}
	fresh := &migrationRecord{
		Name: typ.kind.String() + " " + typ.name, Fingerprint: form, Started: time.Now().UnixMilli(),
	}
	for {
		found, err := r.records.FindByName(ctx, fresh.Name)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return nil, err
		}
		restart := found == nil || o.force || found.Fingerprint != fresh.Fingerprint
		if r.record = found; !restart {
			return r, nil
		}
		if r.record = fresh; o.dry {
			return r, nil
		}
		if found == nil {
			if _, err = r.records.Create(ctx, fresh); errors.Is(err, ErrAlreadyExists) {
				continue // another call made it
			}
			return r, err
		}
		fresh.Started = max(fresh.Started, found.Started+1)
		_, err = r.records.Update(ctx, found.ID, func(v *migrationRecord) error {
			if v.isOf(found) { // otherwise another call has started again
				*v = migrationRecord{ID: v.ID, Name: v.Name, Fingerprint: fresh.Fingerprint, Started: fresh.Started}
			}
			r.record = v
			return nil
		})
		if err != nil || r.record.Fingerprint == fresh.Fingerprint {
			return r, err
		}
	}
}

// isOf reports whether r and other are of the same start of a migration.
func (r *migrationRecord) isOf(other *migrationRecord) bool {
	return r.Fingerprint == other.Fingerprint && r.Started == other.Started
}

func (r *recorder) complete() bool { return r.record.Finished != 0 }
func (r *recorder) lastID() int64  { return r.record.LastID }

// save records that all entities up to the given ID are done, and the counts.
func (r *recorder) save(ctx context.Context, done Migration, lastID int64, finished bool) error {
	if r.dry {
		return nil
	}
	_, err := r.records.Update(ctx, r.record.ID, func(v *migrationRecord) error {
		if !v.isOf(r.record) {
			return nil // another call has started again; it reads the entities itself
		}
		v.LastID = max(v.LastID, lastID)
		now, before := done.numbers(), r.saved.numbers()
		for name, total := range v.Counts.numbers() {
			*total += *now[name] - *before[name]
		}
		if finished && v.Finished == 0 {
			v.Finished = max(time.Now().UnixMilli(), v.Started)
		}
		return nil
	})
	if err == nil {
		r.saved = done
	}
	return err
}
