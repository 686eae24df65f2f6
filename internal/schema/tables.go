package schema

// columnType is a column type of the MLMD schema. Each database has its own
// name for it.
type columnType int

const (
	autoID        columnType = iota // an ID that the database assigns
	integer                         // 32 bits; on SQLite 64
	millis                          // milliseconds, 64 bits
	flag                            // a boolean of the schema's first versions
	boolean                         // a boolean of version 10
	kindNumber                      // a small enumeration
	shortText                       // up to 255 characters
	text                            // longer text
	longText                        // string and struct values
	blob                            // bytes
	double                          // a double
	versionNumber                   // the schema's version
	columnTypes                     // the number of types
)

// column is a column of a table. rest follows the type.
type column struct {
	name string
	typ  columnType
	rest string
}

// table is a table of schema version 10. unique is a constraint on several
// columns; a database that names constraints calls it uniqueName.
type table struct {
	name       string
	columns    []column
	primary    []string
	unique     []string
	uniqueName string
}

// index is a secondary index. long means that its last column is text without a
// limit, sparse that SQLite omits NULL.
type index struct {
	name    string
	table   string
	columns []string
	long    bool
	sparse  bool
}

const (
	notNull     = "NOT NULL"
	defaultZero = "NOT NULL DEFAULT 0"
	unique      = "UNIQUE"
)

// tables are the tables of schema version 10, in the order of their creation.
// Columns have the order in which MLMD creates them; no statement may select by
// position, because the order may differ in an upgraded database.
var tables = []table{
	{name: "Type", columns: []column{
		{"id", autoID, ""},
		{"name", shortText, notNull},
		{"version", shortText, ""},
		{"type_kind", kindNumber, notNull},
		{"description", text, ""},
		{"input_type", text, ""},
		{"output_type", text, ""},
		{"external_id", shortText, unique},
	}},
	{name: "TypeProperty", columns: []column{
		{"type_id", integer, notNull}, {"name", shortText, notNull}, {"data_type", integer, ""},
	}, primary: []string{"type_id", "name"}},
	{name: "ParentType", columns: []column{
		{"type_id", integer, notNull}, {"parent_type_id", integer, notNull},
	}, primary: []string{"type_id", "parent_type_id"}},
	{name: "Artifact", columns: []column{
		{"id", autoID, ""},
		{"type_id", integer, notNull},
		{"uri", text, ""},
		{"state", integer, ""},
		{"name", shortText, ""},
		{"external_id", shortText, unique},
		{"create_time_since_epoch", millis, defaultZero},
		{"last_update_time_since_epoch", millis, defaultZero},
	}, unique: []string{"type_id", "name"}, uniqueName: "UniqueArtifactTypeName"},
	properties("ArtifactProperty", "artifact_id"),
	{name: "Execution", columns: []column{
		{"id", autoID, ""},
		{"type_id", integer, notNull},
		{"last_known_state", integer, ""},
		{"name", shortText, ""},
		{"external_id", shortText, unique},
		{"create_time_since_epoch", millis, defaultZero},
		{"last_update_time_since_epoch", millis, defaultZero},
	}, unique: []string{"type_id", "name"}, uniqueName: "UniqueExecutionTypeName"},
	properties("ExecutionProperty", "execution_id"),
	{name: "Event", columns: []column{
		{"id", autoID, ""},
		{"artifact_id", integer, notNull},
		{"execution_id", integer, notNull},
		{"type", integer, notNull},
		{"milliseconds_since_epoch", millis, ""},
	}, unique: []string{"artifact_id", "execution_id", "type"}, uniqueName: "UniqueEvent"},
	{name: "EventPath", columns: []column{
		{"event_id", integer, notNull}, {"is_index_step", flag, notNull}, {"step_index", integer, ""}, {"step_key", text, ""},
	}},
	{name: "MLMDEnv", columns: []column{{"schema_version", versionNumber, ""}}},
	{name: "Context", columns: []column{
		{"id", autoID, ""},
		{"type_id", integer, notNull},
		{"name", shortText, notNull},
		{"external_id", shortText, unique},
		{"create_time_since_epoch", millis, defaultZero},
		{"last_update_time_since_epoch", millis, defaultZero},
	}, unique: []string{"type_id", "name"}},
	properties("ContextProperty", "context_id"),
	{name: "ParentContext", columns: []column{
		{"context_id", integer, notNull}, {"parent_context_id", integer, notNull},
	}, primary: []string{"context_id", "parent_context_id"}},
	{name: "Association", columns: []column{
		{"id", autoID, ""}, {"context_id", integer, notNull}, {"execution_id", integer, notNull},
	}, unique: []string{"context_id", "execution_id"}},
	{name: "Attribution", columns: []column{
		{"id", autoID, ""}, {"context_id", integer, notNull}, {"artifact_id", integer, notNull},
	}, unique: []string{"context_id", "artifact_id"}},
}

// properties returns the table of the properties of one kind of node.
func properties(name, owner string) table {
	return table{name: name, columns: []column{
		{owner, integer, notNull},
		{"name", shortText, notNull},
		{"is_custom_property", flag, notNull},
		{"int_value", integer, ""},
		{"double_value", double, ""},
		{"string_value", longText, ""},
		{"byte_value", blob, ""},
		{"proto_value", blob, ""},
		{"bool_value", boolean, ""},
	}, primary: []string{owner, "name", "is_custom_property"}}
}

// indexes are the secondary indexes of schema version 10.
var indexes = append([]index{
	{name: "idx_artifact_uri", table: "Artifact", columns: []string{"uri"}, long: true},
	{name: "idx_event_execution_id", table: "Event", columns: []string{"execution_id"}},
	{name: "idx_eventpath_event_id", table: "EventPath", columns: []string{"event_id"}},
	{name: "idx_parentcontext_parent_context_id", table: "ParentContext", columns: []string{"parent_context_id"}},
	{name: "idx_type_name", table: "Type", columns: []string{"name"}},
	{name: "idx_type_external_id", table: "Type", columns: []string{"external_id"}},
}, nodeIndexes("Artifact", "artifact", "Execution", "execution", "Context", "context")...)

// nodeIndexes returns the indexes that each kind of node has. kinds are pairs
// of a table and the word for it in the names of its indexes.
func nodeIndexes(kinds ...string) []index {
	var all []index
	for i := 0; i < len(kinds); i += 2 {
		table, word := kinds[i], kinds[i+1]
		for _, column := range []string{"create_time_since_epoch", "last_update_time_since_epoch", "external_id"} {
			all = append(all, index{name: "idx_" + word + "_" + column, table: table, columns: []string{column}})
		}
		for _, kind := range []string{"int", "double", "string"} {
			all = append(all, index{
				name:    "idx_" + word + "_property_" + kind,
				table:   table + "Property",
				columns: []string{"name", "is_custom_property", kind + "_value"},
				long:    kind == "string",
				sparse:  true,
			})
		}
	}
	return all
}
