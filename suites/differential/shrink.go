package differential

import (
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// shrink makes a sequence that fails as short as it gets, while it fails. It
// leaves out steps, then parts of requests, and stops after a number of tries.
func shrink(steps []step, fails func([]step) bool, tries int) []step {
	try := func(candidate []step) bool {
		if tries == 0 {
			return false
		}
		tries--
		if !fails(candidate) {
			return false
		}
		steps = candidate
		return true
	}
	for again := true; again && tries > 0; {
		again = false
		for size := max(1, len(steps)/2); size >= 1; size /= 2 {
			for at := 0; at+size <= len(steps); {
				if try(slices.Delete(slices.Clone(steps), at, at+size)) {
					again = true
				} else {
					at += size
				}
			}
		}
		for i := len(steps) - 1; i >= 0 && tries > 0; i-- {
			again = shrinkRequest(i, &steps, try) || again
		}
	}
	return steps
}

// shrinkRequest leaves out parts of one request.
func shrinkRequest(i int, steps *[]step, try func([]step) bool) bool {
	shrunk := false
	for n := 0; ; n++ {
		smaller, ok := without((*steps)[i].request, n)
		if !ok {
			return shrunk
		}
		candidate := slices.Clone(*steps)
		candidate[i].request = smaller
		if try(candidate) {
			shrunk = true
			n-- // the next part has taken its number
		}
	}
}

// without is the message without its n-th part: a field, an element of a list
// or an entry of a map, counted through all messages in it.
func without(m proto.Message, n int) (proto.Message, bool) {
	out := proto.Clone(m)
	return out, !cut(out.ProtoReflect(), &n)
}

// cut removes the n-th part and answers false; or it counts n down by the parts
// that there are, and answers true.
func cut(m protoreflect.Message, n *int) bool {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		if !m.Has(f) {
			continue
		}
		if *n == 0 {
			m.Clear(f)
			return false
		}
		*n--
		var more bool
		switch {
		case f.IsList():
			more = cutList(m, f, n)
		case f.IsMap():
			more = cutMap(m, f, n)
		case f.Message() != nil:
			more = cut(m.Mutable(f).Message(), n)
		default:
			more = true
		}
		if !more {
			return false
		}
	}
	return true
}

func cutList(m protoreflect.Message, f protoreflect.FieldDescriptor, n *int) bool {
	list := m.Mutable(f).List()
	for i := range list.Len() {
		if *n == 0 {
			for j := i; j+1 < list.Len(); j++ {
				list.Set(j, list.Get(j+1))
			}
			list.Truncate(list.Len() - 1)
			return false
		}
		*n--
		if f.Message() != nil && !cut(list.Get(i).Message(), n) {
			return false
		}
	}
	return true
}

func cutMap(m protoreflect.Message, f protoreflect.FieldDescriptor, n *int) bool {
	entries := m.Mutable(f).Map()
	var keys []protoreflect.MapKey
	entries.Range(func(k protoreflect.MapKey, _ protoreflect.Value) bool {
		keys = append(keys, k)
		return true
	})
	slices.SortFunc(keys, func(a, b protoreflect.MapKey) int {
		switch {
		case a.String() < b.String():
			return -1
		case a.String() > b.String():
			return 1
		}
		return 0
	})
	for _, k := range keys {
		if *n == 0 {
			entries.Clear(k)
			return false
		}
		*n--
		if f.MapValue().Message() != nil && !cut(entries.Mutable(k).Message(), n) {
			return false
		}
	}
	return true
}
