package breaking

// A KindOfChange is a kind of change to a schema that another tool reports as
// breaking.
type KindOfChange struct {
	Change       string
	Buf, Oasdiff string // the rule or the check, or empty
	Ours         string // the rule here, or empty if the change breaks nothing
	Why          string // what makes it a break here, or none
}

// Elsewhere returns the kinds of change that buf breaking and oasdiff report, as
// far as schemas of OpenAPI can have them: first those that break nothing here.
func Elsewhere() []KindOfChange {
	return []KindOfChange{
		{
			"a description, a title or an example changes", "", "", "",
			"comments and pages change; what is stored and what callers write does not",
		},
		{
			"a format without a meaning changes, such as `uri` to `email`", "", "request-property-type-changed",
			"", "the value is a string of Go and of the store before and after",
		},
		{
			"an enum gets a value", "", "response-property-enum-value-added", "",
			"older programs read a value that they do not know as it is, and leave it",
		},
		{
			"a limit is raised or removed", "", "response-property-max-length-increased", "",
			"limits are checked when a value changes, not when it is read",
		},
		{
			"a pattern is removed", "", "response-property-pattern-removed", "",
			"patterns are checked when a value changes, not when it is read",
		},
		{
			"a required property of a building block moves to the entity", "FIELD_NO_DELETE", "api-schema-removed", "",
			"an entity has the same fields, wherever they are declared",
		},
		{
			"a building block is removed that nothing uses", "MESSAGE_NO_DELETE", "api-schema-removed", "",
			"only entities, and the enums, objects and unions that they use, are generated and stored",
		},
		{
			"properties or values of an enum change their order", "ENUM_VALUE_SAME_NAME", "", "",
			"they are stored by name, not by number",
		},
		{
			"`readOnly` is added", "", "request-optional-property-became-read-only", "",
			"it has no effect here; `x-mlmd-immutable` has, and is compared",
		},
		{
			"a field is deprecated without an end", "", "api-deprecated-sunset-missing", "",
			"a field stays as long as its values do; its removal is what breaks",
		},
		{
			"an extension of another tool changes, such as `x-extensible-enum`", "",
			"request-property-x-extensible-enum-value-removed", "", "other tools give it its meaning",
		},
		{
			"a field is added that is optional", "", "new-optional-request-property", "",
			"older programs keep what they do not know; beside custom properties it is a warning",
		},
		{
			"a field becomes optional", "FIELD_SAME_CARDINALITY", "response-property-became-optional", "FIELD_STILL_REQUIRED",
			"the Go field becomes a pointer",
		},
		{
			"a field may be null", "FIELD_SAME_CARDINALITY", "response-property-became-nullable", "FIELD_STILL_REQUIRED",
			"the Go field becomes a pointer",
		},
		{
			"a field becomes required", "FIELD_SAME_CARDINALITY", "request-property-became-required",
			"FIELD_NOT_NEWLY_REQUIRED", "writes without it are refused",
		},
		{
			"a field is removed", "FIELD_NO_DELETE", "response-optional-property-removed", "FIELD_NO_DELETE",
			"its values are out of reach",
		},
		{"a field is renamed", "FIELD_SAME_NAME", "request-property-removed", "FIELD_SAME_NAME", "callers use the old name"},
		{
			"a type changes", "FIELD_SAME_TYPE", "request-property-type-changed", "FIELD_SAME_TYPE",
			"stored values have the old type",
		},
		{
			"a value of an enum is removed", "ENUM_VALUE_NO_DELETE", "request-property-enum-value-removed",
			"ENUM_VALUE_NO_DELETE", "stored values may have it",
		},
		{
			"a limit is lowered", "", "request-property-max-length-decreased", "FIELD_NOT_STRICTER",
			"values that were allowed are refused",
		},
		{
			"a default changes", "FIELD_SAME_DEFAULT", "request-property-default-value-changed", "FIELD_SAME_DEFAULT",
			"what is not stored reads as the default",
		},
		{"an entity is removed", "MESSAGE_NO_DELETE", "api-schema-removed", "ENTITY_NO_DELETE", "its nodes are out of reach"},
	}
}
