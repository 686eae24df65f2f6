package schema

// extraIndexes are indexes that schema version 10 does not have. Without them,
// listing the nodes of a type sorts all of them, finding the contexts of a node
// reads all memberships, and a filter on names reads all nodes. New databases
// have them, and the migration to version 10 adds them. The reference
// implementation opens databases that have them, and this package opens
// databases that do not. The migration below version 10 drops them.
var extraIndexes = append([]index{
	{name: "idx_attribution_artifact_id", table: "Attribution", columns: []string{"artifact_id", "context_id"}},
	{name: "idx_association_execution_id", table: "Association", columns: []string{"execution_id", "context_id"}},
}, typeIndexes("Artifact", "artifact", "Execution", "execution", "Context", "context")...)

// typeIndexes returns indexes for lists of the nodes of a type in each order,
// and for names without a type.
func typeIndexes(kinds ...string) []index {
	var all []index
	for i := 0; i < len(kinds); i += 2 {
		table, word := kinds[i], kinds[i+1]
		all = append(all,
			index{name: "idx_" + word + "_name", table: table, columns: []string{"name"}},
			index{name: "idx_" + word + "_type_id", table: table, columns: []string{"type_id", "id"}},
			index{
				name: "idx_" + word + "_type_create_time", table: table,
				columns: []string{"type_id", "create_time_since_epoch", "id"},
			},
			index{
				name: "idx_" + word + "_type_last_update_time", table: table,
				columns: []string{"type_id", "last_update_time_since_epoch", "id"},
			},
		)
	}
	return all
}

// addExtra adds the extra indexes to tables that exist.
func (d ddl) addExtra() []string {
	var all []string
	for _, x := range extraIndexes {
		statement := d.createIndex(x)
		if d.inlineIndexes {
			statement = "ALTER TABLE " + x.table + " ADD INDEX " + x.name + " " + d.indexed(x)
		}
		all = append(all, statement)
	}
	return all
}

// dropExtra takes the extra indexes away. Not every database has them.
func (d ddl) dropExtra() []string {
	var all []string
	for _, x := range extraIndexes {
		statement := "DROP INDEX IF EXISTS " + x.name
		if d.inlineIndexes {
			statement = "ALTER TABLE " + x.table + " DROP INDEX " + x.name
		}
		all = append(all, statement)
	}
	return all
}
