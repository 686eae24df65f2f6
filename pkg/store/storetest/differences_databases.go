package storetest

// databaseDifferences are the differences that the database or the server around
// the service causes. The tests of the packages that open databases check them; no
// case does.
var databaseDifferences = []Difference{
	{
		"waiting writers", "transactions", "SQLite: another process writes to the file",
		"nearly every put fails with ABORTED immediately",
		"the put waits up to the retry timeout of the store, 10 seconds by default, or the call's deadline; then ABORTED",
		"concurrent writers are not an error",
	},
	{
		"repeated transactions", "transactions", "a deadlock, a serialization failure, a lock timeout, a certification " +
			"failure in a cluster",
		"ABORTED on MySQL, INTERNAL on PostgreSQL",
		"the transaction is retried within the same time; then ABORTED",
		"it was rolled back, so that a retry is safe",
	},
	{
		"calls end", "transactions", "a call is canceled or its deadline passes",
		"ignored",
		"the transaction is rolled back: CANCELLED or DEADLINE_EXCEEDED",
		"an absent client must not hold locks",
	},
	{
		"one winner", "transactions", "PostgreSQL: two concurrent requests with abort_if_latest_updated_time_changed, " +
			"or with the same new type",
		"both succeed: the second overwrites the first, and the type exists twice",
		"as on the other databases: FAILED_PRECONDITION, and one type",
		"preventing this is the purpose of the option",
	},
	{
		"quiet messages", "messages", "the database fails",
		"the message contains the database's text and the statement",
		"a message of the engine; the database's is logged",
		"statements and stored values may be confidential",
	},
	{
		"sorted lists", "reads", "lists without options, on MySQL and PostgreSQL",
		"in any order",
		"by ID, as on SQLite; events in the order of their puts",
		"clients rely on it",
	},
	{
		"lists go around gaps", "reads", "the members of a context, listed without options, after the row of one was " +
			"deleted manually",
		"INTERNAL, or a crash if the node's properties still exist; with options the node is omitted",
		"the node is omitted",
		"a missing row must not hide others",
	},
	{
		"lists go around damage", "reads", "a property without a value, or with an unparsable one; an input type that " +
			"is not JSON; a missing parent; " +
			"times before 1970",
		"INTERNAL for every read and list that includes it; lists omit nodes with such times",
		"the property, input type or parent is omitted, with a warning in the log; " +
			"a write of the property replaces or removes it",
		"an unreadable row must not hide others",
	},
	{
		"exact text", "text", "MySQL: text that differs in case, accents or trailing spaces",
		"mostly equal, by the collation of the database",
		"different, byte for byte, even in tables of the reference implementation; " +
			"but its unique indexes reject names that they consider equal",
		"a name has the same meaning on every database",
	},
	{
		"plain utf8mb4", "text", "MySQL: non-ASCII text",
		"sent as latin1, and therefore stored encoded twice",
		"stored as utf8mb4; mysql.WithReferenceEncoding() stores it as the reference implementation does, for a " +
			"database that " +
			"both use. mlmd-server does so by default if the flags or the configuration file of metadata_store_server " +
			"name the database",
		"other programs can read the text",
	},
	{
		"any text on postgres", "text", "PostgreSQL: a backslash in text; a URI, string or struct above some 2,700 bytes",
		"INTERNAL",
		"stored. Indexes of strings contain the first 255 characters, and that of URIs is SP-GiST, which has no limit. " +
			"A database that the reference implementation created keeps its B-trees, and long text is INVALID_ARGUMENT there",
		"no unnecessary limits",
	},
	{
		"typed limits", "databases", "a value that a column cannot store: integers beyond 32 bits and long names on " +
			"MySQL and PostgreSQL, " +
			"text that is not UTF-8",
		"INTERNAL; excess trailing spaces are dropped silently",
		"INVALID_ARGUMENT, without truncation",
		"the value is invalid, not the store",
	},
	{
		"upgrades on postgres", "schema", "PostgreSQL: a database of version 6 to 8 with nodes in it",
		"the upgrade fails: times do not fit the columns that it creates",
		"upgraded on request",
		"every store can be upgraded",
	},
	{
		"more indexes", "schema", "the secondary indexes of a new or upgraded database",
		"those of version 10",
		"also indexes for the nodes of a type in each order, for names, and for the contexts of a node. " +
			"The reference implementation opens such a database, and this module one without them; a downgrade drops them",
		"lists and lineage must stay fast in a large store",
	},
	{
		"values that a downgrade loses", "schema", "a database with proto or boolean properties was downgraded to " +
			"version 9 or less, and upgraded again",
		"rows without a value remain: their nodes are permanently unreadable",
		"the rows are deleted with their values, even if the reference implementation did the downgrade",
		"an unreadable row must not hide others",
	},
	{
		"careful opening", "schema", "two processes create the schema of an empty database concurrently",
		"one of them fails, and system types may exist twice",
		"one waits for the other",
		"replicas start at the same time",
	},
	{
		"kept memory", "server", "the server starts without a database",
		"every call sees its own empty store",
		"the server does not start; --db :memory: requests a store in memory",
		"a forgotten flag must not lose data",
	},
	{
		"codes of a database's troubles", "databases", "the disk is full; the database is read-only, or damaged",
		"INTERNAL",
		"RESOURCE_EXHAUSTED; FAILED_PRECONDITION; DATA_LOSS",
		"clients can tell what to retry from what needs a repair",
	},
	{
		"moved files", "databases", "SQLite: the file is removed, or replaced by another, while the server runs",
		"each call opens the present file, or creates one",
		"calls open the present file if it is a store; after a removal they fail with UNAVAILABLE until a file exists again",
		"an empty store that replaces a full one is an unnoticed data loss",
	},
	{
		"files of others", "databases", "SQLite: a file with the tables or the application id of another application, " +
			"and without MLMD's tables",
		"gets MLMD's tables",
		"rejected",
		"a wrong path must not change another application's file",
	},
	{
		"told mistakes", "server", "an unreadable configuration file, contradictory flags",
		"the file is ignored, or the process aborts",
		"a usage error that names the flag",
		"a server on the wrong database is worse than no server",
	},
	{
		"orderly end", "server", "SIGTERM; health checks; reflection",
		"the process terminates; neither service exists",
		"running calls finish first; the standard health and reflection services exist",
		"it can run under an orchestrator",
	},
	{
		"loopback by default", "server", "--db or --db_file name the database, and clients are not authenticated",
		"these flags do not exist; it listens on all addresses",
		"listens on 127.0.0.1, unless --host is set. With the flags or the configuration file of " +
			"metadata_store_server it listens on all addresses, and logs a warning",
		"a server that every client may write to is opened on purpose",
	},
}
