package mlmd

import "slices"

// A Spec describes the version of a spec that mappings were generated from, as far
// as it matters to what is stored. Package registry keeps a record of it in the
// stores that it writes.
type Spec struct {
	Title   string // of the OpenAPI document
	Version string // of the OpenAPI document, such as "1.2.0"; may be empty
	// Fingerprint identifies what the document says about stored entities, with
	// the rules for their values, in 32 hexadecimal digits.
	Fingerprint string
	Entities    []SpecEntity // sorted by name
}

// A SpecEntity describes what an entity of a spec can store.
type SpecEntity struct {
	Name     string
	Kind     Kind
	TypeName string // of the MLMD type
	// Stores has a line for each property, value of an enum, member of an object,
	// parent and target of an edge, such as "author STRING" and "state = LIVE".
	Stores []string
	// Reads has the lines of former names, which entities are read from, too.
	Reads []string
}

// Lacks returns those of the lines that e neither stores nor reads, in order.
func (e *SpecEntity) Lacks(lines []string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(line string) bool {
		return slices.Contains(e.Stores, line) || slices.Contains(e.Reads, line)
	})
}
