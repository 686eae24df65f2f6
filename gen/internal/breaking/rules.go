// Package breaking tells what a change of a spec breaks: the data that is
// stored, or the programs that are compiled against what was generated.
package breaking

// A Rule is one thing that a change must not do.
type Rule struct {
	ID      string
	Why     string // what goes wrong
	Instead string // how to make the change safely
}

// Rules returns the rules, in the order of the documentation.
func Rules() []Rule {
	return []Rule{
		{
			"ENTITY_NO_DELETE",
			"what is stored of it stays, out of reach of every program that is generated from now on",
			"keep the entity and mark it deprecated: true",
		},
		{
			"ENTITY_SAME_KIND",
			"a stored artifact, execution or context cannot become another kind",
			"add an entity of the new kind, copy what is stored, and mark the old one deprecated: true",
		},
		{
			"ENTITY_SAME_TYPE_NAME",
			"what is stored has the old type: programs look for the new one and find nothing",
			"keep the stored name with x-mlmd-type; the entity and its Go type may have another",
		},
		{
			"ENTITY_SAME_NAME_RULE",
			"stored names have the old form: programs look for the new one, find nothing, and create everything again",
			"keep x-mlmd-name as it was",
		},
		{
			"ENTITY_SAME_GO_NAME",
			"callers name the Go type and do not compile any more",
			"keep the name with x-go-name",
		},
		{
			"PARENT_SAME",
			"a node keeps the parent that it was stored with: its link, and the prefix of its name",
			"add an entity with the new parent, copy what is stored, and mark the old one deprecated: true",
		},
		{
			"COPY_NO_DELETE",
			"filters and other readers of the store ask for the property, which new nodes do not have",
			"keep it in x-mlmd-copies",
		},
		{
			"FIELD_NO_DELETE",
			"what is stored in it is out of reach, and callers that use it do not compile any more",
			"keep the field and mark it deprecated: true; if it has another name now, say its old one with x-mlmd-renamed-from",
		},
		{
			"FIELD_SAME_NAME",
			"callers and JSON documents have the old name; what is stored is safe",
			"keep the name and change only where it is stored, with x-mlmd-property and x-mlmd-renamed-from; or add a second field and mark the old one deprecated: true",
		},
		{
			"FIELD_SAME_GO_NAME",
			"callers use the Go field and do not compile any more",
			"keep the name with x-go-name",
		},
		{
			"FIELD_SAME_SLOT",
			"programs look for the value in the new place; what is stored is in the old one",
			"keep the place; a property may get another name if x-mlmd-renamed-from says the old one",
		},
		{
			"FIELD_SAME_TYPE",
			"what is stored is of the old type, which the new one cannot always hold, and callers do not compile any more",
			"add a field of the new type beside it, fill both for a while, and mark the old one deprecated: true",
		},
		{
			"FIELD_STILL_REQUIRED",
			"the Go field becomes a pointer, so that callers do not compile any more; what is stored is safe",
			"leave it required, or add an optional field beside it",
		},
		{
			"FIELD_NOT_NEWLY_REQUIRED",
			"callers that leave it out are refused, and what is stored may lack it",
			"leave it optional; give it a default, or check it in your own code",
		},
		{
			"FIELD_NOT_NEWLY_IMMUTABLE",
			"callers that change it are refused",
			"leave it changeable",
		},
		{
			"FIELD_NOT_STRICTER",
			"callers that pass what was allowed are refused, and what is stored may be like that",
			"leave the rule as it was, and check the stricter one in your own code",
		},
		{
			"FIELD_SAME_DEFAULT",
			"what is stored without a value reads differently from now on",
			"leave the default, and set the value where another is meant",
		},
		{
			"FIELD_KEEPS_OLD_NAMES",
			"what older programs stored under the old name is out of reach",
			"keep every name in x-mlmd-renamed-from, until registry.Migrate has rewritten every store",
		},
		{
			"ENUM_VALUE_NO_DELETE",
			"callers that use the constant do not compile any more, and what is stored with the value is none of the enum's",
			"keep the value, and say in the description that it is not used any more",
		},
	}
}
