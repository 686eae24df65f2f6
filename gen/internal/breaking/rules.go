// Package breaking compares two versions of a spec. It finds changes that break
// stored data, or programs compiled against the code that was generated before.
package breaking

// A Rule is a kind of change that breaks stored data or callers.
type Rule struct {
	ID      string
	Finds   string // the change that it finds
	Why     string // what breaks
	Instead string // how to make the change safely
	Warning bool   // the change alone breaks nothing, but needs care
}

// Rules returns the rules, in the order of docs/breaking.md.
func Rules() []Rule {
	return []Rule{
		{
			ID:      "ENTITY_NO_DELETE",
			Finds:   "an entity was removed, and no other entity is stored as its MLMD type",
			Why:     "stored nodes of the entity stay in the store, where newly generated programs cannot reach them",
			Instead: "keep the entity and mark it deprecated: true",
		},
		{
			ID:      "ENTITY_SAME_NAME",
			Finds:   "an entity was renamed; its MLMD type is the same",
			Why:     "callers that name the Go type, the mapping or the symbols no longer compile; stored data is safe",
			Instead: "keep the name of the schema, or update callers together with it",
		},
		{
			ID:      "ENTITY_SAME_KIND",
			Finds:   "x-mlmd-kind changed",
			Why:     "a stored artifact, execution or context cannot become another kind",
			Instead: "add an entity of the new kind, copy the stored data, and mark the old one deprecated: true",
		},
		{
			ID:      "ENTITY_SAME_TYPE_NAME",
			Finds:   "the MLMD type that an entity is stored as has another name",
			Why:     "stored nodes have the old type, so programs that look for the new one find no nodes",
			Instead: "keep the stored name with x-mlmd-type; the entity and its Go type may have another",
		},
		{
			ID:      "ENTITY_SAME_NAME_RULE",
			Finds:   "the stored names of an entity gain or lose the parent's ID as a prefix",
			Why:     "stored names have the old form: programs look for the new one, find no node, and create every node again",
			Instead: "keep x-mlmd-name as it was",
		},
		{
			ID:      "ENTITY_SAME_GO_NAME",
			Finds:   "the Go type of an entity has another name",
			Why:     "callers that name the Go type no longer compile; stored data is safe",
			Instead: "keep the name with x-go-name",
		},
		{
			ID:      "PARENT_SAME",
			Finds:   "an entity has another parent, gains one, or loses it",
			Why:     "a stored node keeps its parent: the link to it, and the prefix of its name",
			Instead: "add an entity with the new parent, copy the stored data, and mark the old one deprecated: true",
		},
		{
			ID:      "COPY_NO_DELETE",
			Finds:   "a property of x-mlmd-copies was removed, or repeats another value",
			Why:     "filters and other programs read the property, which new nodes lack",
			Instead: "keep it in x-mlmd-copies",
		},
		{
			ID:    "FIELD_NO_DELETE",
			Finds: "a field, or a member of an object, was removed",
			Why:   "its stored values are out of reach, and callers that use it no longer compile",
			Instead: "keep the field and mark it deprecated: true; if it was renamed, give its old name with " +
				"x-mlmd-renamed-from",
		},
		{
			ID:    "FIELD_SAME_NAME",
			Finds: "a field was renamed; it is stored as before",
			Why:   "callers and JSON documents use the old name; stored data is safe",
			Instead: "keep the name and change only where it is stored, with x-mlmd-property and x-mlmd-renamed-from; " +
				"or add a second field and mark the old one deprecated: true",
		},
		{
			ID:      "FIELD_SAME_GO_NAME",
			Finds:   "the Go name of a field, of its type, of a constant of an enum, or of a variant changed",
			Why:     "callers that use the Go name no longer compile; stored data is safe",
			Instead: "keep the name with x-go-name, and that of a constant with x-enum-varnames",
		},
		{
			ID:      "FIELD_SAME_SLOT",
			Finds:   "a field is stored elsewhere: in another property, in an attribute of the node, or as a link",
			Why:     "programs look for the value in the new place, and stored values are in the old one",
			Instead: "keep the place; a property may get another name if x-mlmd-renamed-from gives the old one",
		},
		{
			ID:    "FIELD_SAME_TYPE",
			Finds: "a field is stored as another type, or has a Go type that holds other values",
			Why:   "stored values have the old type, which the new one cannot always hold, and callers no longer compile",
			Instead: "an integer becomes a number in a property of its own, named by x-mlmd-property, with the old one " +
				"in x-mlmd-renamed-from; otherwise add a field of the new type, fill both for a while, and mark the old " +
				"one deprecated: true",
		},
		{
			ID:    "FIELD_STILL_INTEGER",
			Finds: "an integer became a number that is stored in a property of its own",
			Why: "callers that use the Go field as an integer no longer compile; stored data is safe: integers are read " +
				"as numbers, and registry.MigrateAll moves them",
			Instead: "leave it an integer, or update callers together with it",
		},
		{
			ID:    "FIELD_SAME_TYPE_AS_REMOVED",
			Finds: "a new field has the stored name of a field that was removed earlier and had another type",
			Why: "what was stored under the name is still there: programs cannot read it in the new field, and a store " +
				"whose type declares the old kind refuses the new one",
			Instead: "give the field another name, or keep its name and store it elsewhere with x-mlmd-property",
		},
		{
			ID:      "FIELD_STILL_REQUIRED",
			Finds:   "a field became optional or nullable, or stopped being so",
			Why:     "the Go field changes between a value and a pointer, so callers no longer compile; stored data is safe",
			Instead: "leave it required and not nullable, or add an optional field",
		},
		{
			ID:      "FIELD_NOT_NEWLY_REQUIRED",
			Finds:   "an optional field became required, a new one is, or a discriminator may not be left empty any more",
			Why:     "callers that leave it out are refused, and stored entities may lack it",
			Instead: "leave it optional; give it a default, or check it in your own code",
		},
		{
			ID:      "FIELD_NOT_NEWLY_IMMUTABLE",
			Finds:   "x-mlmd-immutable was added to a field",
			Why:     "callers that change it are refused",
			Instead: "leave it changeable",
		},
		{
			ID:      "FIELD_NOT_STRICTER",
			Finds:   "a length, a range, a number of elements or a pattern refuses values that were allowed",
			Why:     "callers that pass what was allowed are refused, and stored values may break the rule",
			Instead: "leave the rule as it was, and check the stricter one in your own code",
		},
		{
			ID:      "FIELD_SAME_DEFAULT",
			Finds:   "the default of a field changed",
			Why:     "entities that were stored without a value now read as the new default",
			Instead: "leave the default, and set the value where another is meant",
		},
		{
			ID:      "FIELD_KEEPS_OLD_NAMES",
			Finds:   "a name was removed from x-mlmd-renamed-from",
			Why:     "what older programs stored under the old name is out of reach",
			Instead: "keep every name in x-mlmd-renamed-from until registry.MigrateAll has rewritten every store",
		},
		{
			ID:    "FIELD_KEY_NOT_CUSTOM",
			Finds: "an entity with custom properties has a new property",
			Why: "callers may have stored a custom property with this name. If its value has the type of the field, it " +
				"is read as the field, and the next write of the field or registry.MigrateAll moves it there; " +
				"otherwise it stays a custom property",
			Instead: "run registry.PlanTypeChanges against each store, which counts such custom properties; give the " +
				"field another x-mlmd-property if they mean something else",
			Warning: true,
		},
		{
			ID:      "ENUM_VALUE_NO_DELETE",
			Finds:   "a value of an enum was removed",
			Why:     "callers that use the constant no longer compile, and stored values may not be in the enum",
			Instead: "keep the value, and note in the description that it is obsolete",
		},
		{
			ID:    "UNION_VARIANT_NO_DELETE",
			Finds: "a variant of a union was removed from oneOf",
			Why: "callers that use its Go type no longer compile, and stored values of the variant become unknown " +
				"variants, which programs can only write back",
			Instead: "keep the variant, and note in the description that it is obsolete",
		},
		{
			ID:    "UNION_SAME_DISCRIMINATOR",
			Finds: "the discriminator of a union has another name, or a variant has another value of it",
			Why:   "stored values have the old one, so programs cannot tell which variant they are",
			Instead: "keep the name of the property, and the values with the mapping of the discriminator; add a variant " +
				"where another value is meant",
		},
		{
			ID:    "OBJECT_SAME_MEMBERS",
			Finds: "an object has a new member",
			Why: "an object is stored as a whole: a program from before the change that writes it, except by Update or " +
				"PATCH, drops the member, which it does not know",
			Instead: "update every program that writes the object before one sets the member, or add a field beside " +
				"the object",
			Warning: true,
		},
		{
			ID: "REST_OPERATION_NO_DELETE",
			Finds: "an operation of the REST API was removed, or has another path, operation ID, query parameter or " +
				"status of success",
			Why:     "clients that call it are answered with 404 or 405, or no longer compile; stored data is safe",
			Instead: "keep it in this version of the API; x-rest-versions takes it out of a new one",
		},
		{
			ID:      "EDGE_NO_DELETE",
			Finds:   "an edge was removed",
			Why:     "its links stay in the store, where new programs cannot follow them, and callers no longer compile",
			Instead: "keep the edge, and say in its description that it is not used any more",
		},
		{
			ID:      "EDGE_SAME_NAME",
			Finds:   "an edge or its inverse was renamed or has another type in Go; it is stored as before",
			Why:     "callers that name the symbol no longer compile; stored links are safe",
			Instead: "keep the name, or update callers together with it; go names the symbol",
		},
		{
			ID:      "EDGE_SAME_KIND",
			Finds:   "an edge is stored as another kind of link, or under another key",
			Why:     "links that are stored are not found along the edge any more",
			Instead: "add an edge of the new kind, link the stored entities again, and keep the old edge",
		},
		{
			ID:      "EDGE_KEEPS_TARGETS",
			Finds:   "an entity that an edge or a reference could lead to is not among its targets any more",
			Why:     "stored links to such entities are not found, and stored IDs of them would be refused",
			Instead: "keep the entity among the targets; an edge may lead to several",
		},
		{
			ID:      "EDGE_NOT_STRICTER",
			Finds:   "an edge is newly required or unique, may have fewer neighbors, or a stored ID is newly checked",
			Why:     "what is stored may break the rule, and callers that do what was allowed are refused",
			Instead: "check the rule in your own code until all that is stored keeps it",
		},
		{
			ID:      "REST_MEMBER_NO_DELETE",
			Finds:   "a member was removed from what the REST API shows or takes",
			Why:     "clients that read it do not find it, and those that send it are refused; stored data is safe",
			Instead: "keep it in this version of the API; x-rest-versions takes it out of a new one",
		},
		{
			ID:      "REST_NOT_NEWLY_REQUIRED",
			Finds:   "a request of the REST API to create an entity must have a member that it could lack",
			Why:     "clients that leave it out are refused",
			Instead: "leave it optional, or make a new version of the API",
		},
		{
			ID:      "REST_SAME_TYPE",
			Finds:   "an operation of the REST API takes or returns another schema, or a constant member has another value",
			Why:     "clients send and expect the old form; stored data is safe",
			Instead: "keep it in this version of the API",
		},
		{
			ID:      "REST_SAME_DEFAULT",
			Finds:   "the default of a request of the REST API to create an entity changed",
			Why:     "clients that leave the member out store another value",
			Instead: "keep the default, and let clients send the value where another is meant",
		},
	}
}
