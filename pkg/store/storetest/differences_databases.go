package storetest

// databaseDifferences are those that lie in the database beneath, and in the
// server around the service. No case shows them: the tests of the packages that
// open databases do.
var databaseDifferences = []Difference{
	{
		"waiting writers", "transactions", "SQLite: another process writes to the file",
		"ABORTED at once, in nearly every put",
		"the put waits, for 10 seconds unless the store is told otherwise or the call's deadline comes first; then ABORTED",
		"two writers are no error",
	},
	{
		"repeated transactions", "transactions", "a deadlock, a serialization failure, a lock that times out, a cluster whose other node was first",
		"ABORTED on MySQL, INTERNAL on PostgreSQL",
		"the transaction runs again, within the same time; then ABORTED",
		"nothing was done, so nothing is lost by trying again",
	},
	{
		"calls end", "transactions", "a call is cancelled or its deadline passes",
		"the server does not look",
		"the transaction is rolled back: CANCELLED or DEADLINE_EXCEEDED",
		"a client that left must not hold locks",
	},
	{
		"one winner", "transactions", "PostgreSQL: two requests at once with abort_if_latest_updated_time_changed, or with the same new type",
		"both succeed: the second overwrites the first, and the type is there twice",
		"as on the other databases: FAILED_PRECONDITION, and one type",
		"the option exists to prevent it",
	},
	{
		"quiet messages", "messages", "the database fails",
		"the message holds the database's text and the statement",
		"the message is ours; the database's goes to the log",
		"statements and stored values are not for every client",
	},
	{
		"sorted lists", "reads", "lists without options, on MySQL and PostgreSQL",
		"in any order",
		"by id, as on SQLite; events in the order in which they were put",
		"clients came to rely on it",
	},
	{
		"lists go around gaps", "reads", "the members of a context, listed without options, where somebody has deleted the row of one by hand",
		"INTERNAL, and the process ends if the node's properties are still there; with options the node is left out",
		"the node is left out",
		"one lost row does not hide the others",
	},
	{
		"lists go around damage", "reads", "a property without a value, or with one that cannot be parsed; an input type that is not JSON; a parent that is gone; times before 1970",
		"INTERNAL for every read and list that comes across it; lists leave out nodes with such times",
		"the property, input type or parent is left out, with a warning in the log; a write that names the property replaces or removes it",
		"one row that cannot be read does not hide the others",
	},
	{
		"exact text", "text", "MySQL: text that differs in case, accents or trailing blanks",
		"mostly equal, by the collation of the database",
		"different, byte for byte, also in tables of the original; but two names that its unique indexes hold for equal are refused there",
		"a name means the same on every database",
	},
	{
		"plain utf8mb4", "text", "MySQL: text beyond ASCII",
		"sent as latin1, so that it is stored encoded twice",
		"stored as utf8mb4; mysql.SharedWithOriginal() stores it as the original does, for a database that both use. " +
			"mlmd-server takes that for granted when the original's flags or its configuration file name the database",
		"other programs read what is stored",
	},
	{
		"any text on postgres", "text", "PostgreSQL: a backslash in text; a uri, string or struct above some 2,700 bytes",
		"INTERNAL",
		"stored. The indexes of strings have the first 255 characters, and that of uris is SP-GiST, which has no limit. " +
			"Only a database that the original made keeps its b-trees, and long text there is INVALID_ARGUMENT",
		"no limit without a need",
	},
	{
		"typed limits", "databases", "a value that a column cannot hold: integers beyond 32 bits and long names on MySQL and PostgreSQL, text that is not UTF-8",
		"INTERNAL; excess blanks are cut without a word",
		"INVALID_ARGUMENT, and nothing is clipped",
		"the value is at fault, not the store",
	},
	{
		"upgrades on postgres", "schema", "PostgreSQL: a database of version 6 to 8 with nodes in it",
		"its upgrade fails: times do not fit into the columns that it makes",
		"upgraded, when asked",
		"no store is left behind",
	},
	{
		"more indexes", "schema", "the secondary indexes of a new or upgraded database",
		"those of version 10",
		"besides them, indexes for the nodes of a type in each order, for names, and for the contexts of a node. " +
			"The original opens such a database; ours opens one without them, and a step down to an older version drops them",
		"lists and lineage must not get slower with everything that is stored",
	},
	{
		"values that a downgrade loses", "schema", "a database that had proto or boolean properties was taken down to version 9 or less, and up again",
		"rows without a value stay: their nodes can never be read again",
		"those rows go with their values, also when the original took it down and ours takes it up",
		"what cannot be read must not hide the rest",
	},
	{
		"careful opening", "schema", "two processes set up one empty database at once",
		"one of them fails, and system types may be there twice",
		"one waits for the other",
		"replicas start together",
	},
	{
		"kept memory", "server", "the server starts without a database",
		"every call sees an empty store of its own",
		"it does not start; --db :memory: asks for one store in memory",
		"a flag that was forgotten must not cost the data",
	},
	{
		"codes of a database's troubles", "databases", "the disk is full; the database can only be read, or is damaged",
		"INTERNAL",
		"RESOURCE_EXHAUSTED; FAILED_PRECONDITION; DATA_LOSS",
		"clients can tell what to try again from what somebody has to mend",
	},
	{
		"moved files", "databases", "SQLite: the file is removed, or another one is moved over it, while the server runs",
		"each call opens the file that is there, and makes one where there is none",
		"calls open the file that is there, if it is a store; one that was removed is UNAVAILABLE until there is one again",
		"an empty store in place of a full one is a loss that nobody notices",
	},
	{
		"files of others", "databases", "SQLite: a file with the tables or the application id of another application, and without MLMD's tables",
		"gets MLMD's tables",
		"refused",
		"a wrong path must not change another application's file",
	},
	{
		"told mistakes", "server", "a configuration file that cannot be read, flags that contradict each other",
		"the file is passed over, or the process aborts",
		"a usage error that names the flag",
		"a server that runs on the wrong database is worse than one that does not run",
	},
	{
		"orderly end", "server", "SIGTERM; health checks; reflection",
		"the process is killed; neither service is there",
		"running calls finish first; the standard health and reflection services answer",
		"it runs under an orchestrator",
	},
}
