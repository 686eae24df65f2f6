package registry

import (
	"reflect"

	"github.com/mlmd-go/sdk/pkg/filter"
)

// An UpsertOption configures one Upsert of a T: [Clear], [Set], [OnCreate], a
// [WriteOption], or, for an UpsertAll, a [BatchOption].
type UpsertOption[T any] interface {
	apply(*writeOptions)
	writes(*T)
}

// A WriteOption configures one Upsert, Replace, Update, Archive or Restore of a
// T: [IfUnchanged], [Touch].
type WriteOption[T any] interface {
	UpsertOption[T]
	anyWrite()
}

// A BatchOption configures one UpsertAll or CreateAll of a T: [OnProgress].
type BatchOption[T any] interface {
	UpsertOption[T]
	anyBatch()
}

type writeOptions struct {
	progress []func(done int)
	clear    []string // update_mask paths
	set      []string // update_mask paths
	onCreate []func(any)
	guarded  bool // by IfUnchanged
	read     any  // the value of IfUnchanged
	touch    bool // by Touch
}

type upsertOption[T any] func(*writeOptions)

func (f upsertOption[T]) apply(o *writeOptions) { f(o) }
func (upsertOption[T]) writes(*T)               {}

type writeOption[T any] func(*writeOptions)

func (f writeOption[T]) apply(o *writeOptions) { f(o) }
func (writeOption[T]) writes(*T)               {}
func (writeOption[T]) anyWrite()               {}

type batchOption[T any] func(*writeOptions)

func (f batchOption[T]) apply(o *writeOptions) { f(o) }
func (batchOption[T]) writes(*T)               {}
func (batchOption[T]) anyBatch()               {}

// Clear makes an Upsert remove the stored values of the given fields, or of
// single custom properties. The error is [ErrInvalidArgument] if one of them is
// set in the upserted value or by [OnCreate]. The fields are generated symbols; a
// field that cannot be empty does not compile:
//
//	registry.Clear(field.ModelVersion.Author, field.ModelVersion.Custom("auc"))
func Clear[T any](fields ...filter.Clearable[*T]) UpsertOption[T] {
	return upsertOption[T](func(o *writeOptions) {
		for _, f := range fields {
			if f != nil {
				o.clear = append(o.clear, filter.MaskPath(f))
			}
		}
	})
}

// Set makes an Upsert write the given required numbers and booleans even if they
// are zero in the upserted value. Without it an Upsert leaves a zero out,
// because it cannot be told apart from a field that is not set.
//
//	registry.Set(field.Dataset.Rows)
func Set[T any](fields ...filter.Settable[*T]) UpsertOption[T] {
	return upsertOption[T](func(o *writeOptions) {
		for _, f := range fields {
			if f != nil {
				o.set = append(o.set, filter.ZeroPath(f))
			}
		}
	})
}

// OnCreate makes an Upsert call f on a copy of the value before it creates the
// entity, for fields that only a new entity gets:
//
//	registry.OnCreate(func(v *model.ModelVersion) { v.State = new(model.ModelVersionStateLive) })
//
// If the entity is stored already, what f sets is not written. f must not change
// what identifies the entity, and may run more than once.
func OnCreate[T any](f func(v *T)) UpsertOption[T] {
	return upsertOption[T](func(o *writeOptions) {
		if f != nil {
			o.onCreate = append(o.onCreate, func(v any) { f(v.(*T)) })
		}
	})
}

// OnProgress makes UpsertAll and CreateAll call f after each batch of 500 values,
// and at the end, with the number of values that are done. On an embedded store
// these are stored for good, except in a [Client.Tx]. A single Upsert does not call
// f.
//
//	registry.OnProgress[model.ModelVersion](func(done int) { bar.Set(done) })
func OnProgress[T any](f func(done int)) BatchOption[T] {
	return batchOption[T](func(o *writeOptions) {
		if f != nil {
			o.progress = append(o.progress, f)
		}
	})
}

// IfUnchanged makes a write fail with [ErrConflict] if the stored entity was
// written since v was read by Get, a finder or a query. v is usually the value
// that is written:
//
//	v, err := reg.ModelVersions().Get(ctx, id)
//	…
//	_, err = reg.ModelVersions().Upsert(ctx, v, registry.IfUnchanged(v))
//
// Changes are recognized by the update time, which moves with each write of a
// store of this module. The reference implementation has a resolution of one
// millisecond, and can only compare artifacts within the write itself: of other
// entities a change between this call's read and its write is overwritten.
func IfUnchanged[T any](v *T) WriteOption[T] {
	return writeOption[T](func(o *writeOptions) { o.guarded, o.read = true, v })
}

// Touch makes a write to a stored entity move its update time even if nothing
// else differs. The outcome is then [Updated], without a changed field.
//
//	reg.ModelVersions().Upsert(ctx, v, registry.Touch[model.ModelVersion]())
//
// The reference implementation keeps the update time.
func Touch[T any]() WriteOption[T] {
	return writeOption[T](func(o *writeOptions) { o.touch = true })
}

// collectOptions returns the options that opts set. A nil option is ignored.
func collectOptions[T any, O UpsertOption[T]](opts []O) writeOptions {
	var o writeOptions
	for _, opt := range opts {
		if any(opt) != nil {
			opt.apply(&o)
		}
	}
	return o
}

// forCreate returns v as it is to be created: changed by the functions of
// [OnCreate]. The caller's value stays as it is.
func (o *writeOptions) forCreate(v any) any {
	if len(o.onCreate) == 0 {
		return v
	}
	created := deepCopy(reflect.ValueOf(v)).Interface()
	for _, set := range o.onCreate {
		set(created)
	}
	return created
}

// deepCopy returns a copy of v. It shares with v what only unexported fields
// refer to.
func deepCopy(v reflect.Value) reflect.Value {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Map, reflect.Slice:
		if v.IsNil() {
			return v
		}
	}
	out := reflect.New(v.Type()).Elem()
	switch v.Kind() {
	case reflect.Pointer:
		p := reflect.New(v.Type().Elem())
		p.Elem().Set(deepCopy(v.Elem()))
		out.Set(p)
	case reflect.Interface:
		out.Set(deepCopy(v.Elem()))
	case reflect.Map:
		out.Set(reflect.MakeMapWithSize(v.Type(), v.Len()))
		for iter := v.MapRange(); iter.Next(); {
			out.SetMapIndex(iter.Key(), deepCopy(iter.Value()))
		}
	case reflect.Slice:
		out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		for i := range v.Len() {
			out.Index(i).Set(deepCopy(v.Index(i)))
		}
	case reflect.Struct:
		out.Set(v)
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				out.Field(i).Set(deepCopy(v.Field(i)))
			}
		}
	default:
		return v
	}
	return out
}
