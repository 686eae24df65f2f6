// Package breaking tells what a change of a spec breaks: the data that is
// stored, or the programs that are compiled against what was generated.
package breaking

// A Rule is one thing that a change must not do.
type Rule struct {
	ID      string
	Why     string // what goes wrong
	Instead string // how to make the change safely
	Warning bool   // nothing breaks by the change alone: it asks for care
}

// Rules returns the rules, in the order of the documentation.
func Rules() []Rule {
	return []Rule{
		{
			ID:      "ENTITY_NO_DELETE",
			Why:     "what is stored of it stays, out of reach of every program that is generated from now on",
			Instead: "keep the entity and mark it deprecated: true",
		},
		{
			ID:      "ENTITY_SAME_NAME",
			Why:     "callers name the Go type, the mapping and the symbols, and do not compile any more; what is stored is safe",
			Instead: "keep the name of the schema, or bring callers up to date together with it",
		},
		{
			ID:      "ENTITY_SAME_KIND",
			Why:     "a stored artifact, execution or context cannot become another kind",
			Instead: "add an entity of the new kind, copy what is stored, and mark the old one deprecated: true",
		},
		{
			ID:      "ENTITY_SAME_TYPE_NAME",
			Why:     "what is stored has the old type: programs look for the new one and find nothing",
			Instead: "keep the stored name with x-mlmd-type; the entity and its Go type may have another",
		},
		{
			ID:      "ENTITY_SAME_NAME_RULE",
			Why:     "stored names have the old form: programs look for the new one, find nothing, and create everything again",
			Instead: "keep x-mlmd-name as it was",
		},
		{
			ID:      "ENTITY_SAME_GO_NAME",
			Why:     "callers name the Go type and do not compile any more",
			Instead: "keep the name with x-go-name",
		},
		{
			ID:      "PARENT_SAME",
			Why:     "a node keeps the parent that it was stored with: its link, and the prefix of its name",
			Instead: "add an entity with the new parent, copy what is stored, and mark the old one deprecated: true",
		},
		{
			ID:      "COPY_NO_DELETE",
			Why:     "filters and other readers of the store ask for the property, which new nodes do not have",
			Instead: "keep it in x-mlmd-copies",
		},
		{
			ID:      "FIELD_NO_DELETE",
			Why:     "what is stored in it is out of reach, and callers that use it do not compile any more",
			Instead: "keep the field and mark it deprecated: true; if it has another name now, say its old one with x-mlmd-renamed-from",
		},
		{
			ID:      "FIELD_SAME_NAME",
			Why:     "callers and JSON documents have the old name; what is stored is safe",
			Instead: "keep the name and change only where it is stored, with x-mlmd-property and x-mlmd-renamed-from; or add a second field and mark the old one deprecated: true",
		},
		{
			ID:      "FIELD_SAME_GO_NAME",
			Why:     "callers use the Go name, of a field, a type or a constant, and do not compile any more; what is stored is safe",
			Instead: "keep the name with x-go-name, that of a constant with x-enum-varnames",
		},
		{
			ID:      "FIELD_SAME_SLOT",
			Why:     "programs look for the value in the new place; what is stored is in the old one",
			Instead: "keep the place; a property may get another name if x-mlmd-renamed-from says the old one",
		},
		{
			ID:      "FIELD_SAME_TYPE",
			Why:     "what is stored is of the old type, which the new one cannot always hold, and callers do not compile any more",
			Instead: "add a field of the new type beside it, fill both for a while, and mark the old one deprecated: true",
		},
		{
			ID:      "FIELD_SAME_TYPE_AS_REMOVED",
			Why:     "the spec had the name before, and what was stored under it is still there: programs cannot read it in the new field, and a store whose type declares the old kind refuses the new one",
			Instead: "give the field another name, or keep its name and store it elsewhere with x-mlmd-property",
		},
		{
			ID:      "FIELD_STILL_REQUIRED",
			Why:     "the Go field changes between a value and a pointer, so that callers do not compile any more; what is stored is safe",
			Instead: "leave it required and not nullable, or add an optional field beside it",
		},
		{
			ID:      "FIELD_NOT_NEWLY_REQUIRED",
			Why:     "callers that leave it out are refused, and what is stored may lack it",
			Instead: "leave it optional; give it a default, or check it in your own code",
		},
		{
			ID:      "FIELD_NOT_NEWLY_IMMUTABLE",
			Why:     "callers that change it are refused",
			Instead: "leave it changeable",
		},
		{
			ID:      "FIELD_NOT_STRICTER",
			Why:     "callers that pass what was allowed are refused, and what is stored may be like that",
			Instead: "leave the rule as it was, and check the stricter one in your own code",
		},
		{
			ID:      "FIELD_SAME_DEFAULT",
			Why:     "what is stored without a value reads differently from now on",
			Instead: "leave the default, and set the value where another is meant",
		},
		{
			ID:      "FIELD_KEEPS_OLD_NAMES",
			Why:     "what older programs stored under the old name is out of reach",
			Instead: "keep every name in x-mlmd-renamed-from, until registry.RenameProperties has rewritten every store",
		},
		{
			ID: "FIELD_KEY_NOT_CUSTOM",
			Why: "callers may have stored a custom property of this name: one of the kind that the field is stored as is read as the field from now on, " +
				"and moved to it by the next write of the field or by registry.RenameProperties; one of another kind stays a custom property",
			Instead: "run registry.PlanTypeChanges against each store, which counts such custom properties; give the field another x-mlmd-property if they mean something else",
			Warning: true,
		},
		{
			ID:      "ENUM_VALUE_NO_DELETE",
			Why:     "callers that use the constant do not compile any more, and what is stored with the value is none of the enum's",
			Instead: "keep the value, and say in the description that it is not used any more",
		},
		{
			ID:      "OBJECT_SAME_MEMBERS",
			Why:     "an object is stored whole: a program from before the change that writes it leaves out the member, which it does not know",
			Instead: "bring every program that writes the object up to date before one sets the member, or add a field beside the object",
			Warning: true,
		},
	}
}
