package sqldb

import "cmp"

// Dialect describes what differs between database systems: how statements are
// written and what the driver's errors mean. Statements are written once, with ?
// for parameters.
type Dialect struct {
	// System is the name of the database system, as OpenTelemetry spells it.
	System string
	// Numbered makes placeholders $1, $2, … instead of ?.
	Numbered bool
	// Begin begins a transaction that writes; empty means BEGIN.
	Begin string
	// BeginRead are the statements that begin a transaction that reads one state
	// of the database; nil means BEGIN.
	BeginRead []string
	// Prepare makes connections prepare the statements that they cache. It is not
	// set if the driver has a cache of its own.
	Prepare bool
	// MaxCachedStmts limits the statements that a connection caches; 0 means 1000.
	MaxCachedStmts int
	// DisablePrepare is called after an error of class [StmtLost]. It must make
	// new connections work without prepared statements. It may be nil.
	DisablePrepare func()
	// MessageLimit names the setting that limits the size of a message, and its
	// value. It is empty if no such limit exists.
	MessageLimit string
	// InProcess reports that statements run in this process, as with SQLite. The
	// context is then checked between statements instead of passed to the driver,
	// whose goroutine per statement costs more than a small statement.
	InProcess bool
	// DynamicTypes reports that a column may hold values of different types.
	DynamicTypes bool
	// DataVersionQuery reads a number that changes, on this connection, when
	// others change the database. It is empty if the database has none.
	DataVersionQuery string
	// RowOrder is a column, or empty, that sorts the rows of a table without a key
	// by their place in it. Without it, they are read in that order.
	RowOrder string
	// AfterGivenIDs is a query, with %[1]s for a table, that make the database
	// continue after IDs that were not assigned by it. It is empty if it does so
	// anyway.
	AfterGivenIDs string
	// IntegrityQuery checks the files of the database. Its rows are problems, or a
	// single "ok". It is empty if the server checks its files.
	IntegrityQuery string
	// SingleConn reports that only this connection can change the database.
	SingleConn bool
	// ArrayArg converts ids to one parameter for ArrayPredicate, such as
	// "= ANY(?)". If it is nil, a list is written as IN (?, ?, …).
	ArrayArg       func(ids []int64) any
	ArrayPredicate string
	// ExactTextParam replaces ?$ for a string that is compared with a column. It
	// has one ? and makes the comparison exact, whatever the column's collation.
	// Empty means ?.
	ExactTextParam string
	// InsertIDs tells how the IDs of inserted rows are found.
	InsertIDs IDSource
	// MaxParams is the maximum number of parameters of a statement.
	MaxParams int
	// Insert replaces INSERT INTO. It may leave some of the rows of a statement that
	// fails: the transaction, or its part, is undone then. It may be empty.
	Insert string
	// InsertIgnore replaces INSERT INTO, and OnConflictNothing follows VALUES, in
	// an INSERT that skips rows that exist.
	InsertIgnore, OnConflictNothing string
	// ForUpdate follows a SELECT that locks what it reads. It is empty if
	// transactions that write never run at the same time.
	ForUpdate string
	// SerializeStatements make the transactions that run them wait for each other
	// until their end. They are empty if transactions that write never run at the
	// same time.
	SerializeStatements []string
	// ProtoBase64 makes serialized messages be stored as base64 text rather than
	// as bytes.
	ProtoBase64 bool
	// QueryModeArg goes before the parameters of a query whose text depends on the
	// request. It tells the driver to plan the query for the values of its
	// parameters. It is nil if the database does so anyway.
	QueryModeArg any
	// PlannerIgnoresLimit reports that the planner chooses the first table of a
	// join as if the statement had no LIMIT.
	PlannerIgnoresLimit bool
	// Int32 reports that integer columns have 32 bits.
	Int32 bool

	// Pipeline runs several statements in one round trip. It is nil if statements run
	// in this process, or if the driver cannot do so.
	Pipeline PipelineFunc
	// CommitAlone reports that a COMMIT is not sent by Pipeline, because it does not
	// tell which statement failed.
	CommitAlone bool

	// Explain goes before a statement to get its plan instead of running it. Empty
	// means that plans cannot be read.
	Explain string
	// PlanColumn is the column with the lines of a plan. Empty means that all columns
	// describe it.
	PlanColumn string
	// PlanOmits is a column of plans that is left out because it has the values of
	// parameters. It may be empty.
	PlanOmits string
	// HidePlanValues removes the values of parameters from a plan. It is nil if
	// plans have none.
	HidePlanValues func(string) string

	// TrimsTrailingSpaces reports whether the database would silently strip
	// trailing spaces from text to make it fit its column. nil means never.
	TrimsTrailingSpaces func(column, text string) bool

	// Classify returns the class of a driver's error. It is not called with errors
	// of database/sql itself. It returns [Other] for the error of a context,
	// unless a connection could not be opened in time.
	Classify func(error) ErrorClass
}

func (d *Dialect) beginStmt() string {
	if d.Begin == "" {
		return "BEGIN"
	}
	return d.Begin
}

func (d *Dialect) insert() string { return cmp.Or(d.Insert, "INSERT INTO") }

func (d *Dialect) maxCachedStmts() int {
	if d.MaxCachedStmts == 0 {
		return 1000
	}
	return d.MaxCachedStmts
}

func (d *Dialect) beginReadStmts() []string {
	if d.BeginRead == nil {
		return []string{"BEGIN"}
	}
	return d.BeginRead
}

// IDSource tells how the IDs of the rows of one INSERT are found.
type IDSource uint8

// The sources of IDs.
const (
	// IDsReturned means that INSERT … RETURNING id returns them, ascending in the
	// order of the rows.
	IDsReturned IDSource = iota
	// IDsEndAtLast means that they are consecutive and the driver's last ID is the
	// last one.
	IDsEndAtLast
	// IDsStartAtLast means that the driver's last ID is the first one. The others
	// follow at a distance of @@auto_increment_increment, which may change at any
	// time.
	IDsStartAtLast
)

// ErrorClass is the meaning of an error of the database.
type ErrorClass uint8

// The classes of errors.
const (
	Other           ErrorClass = iota // unexpected
	UniqueViolation                   // a unique constraint is violated
	TxConflict                        // the transaction lost against another one
	ConnLost                          // the connection broke; a COMMIT may have taken effect
	TooLong                           // a value is too long for its column
	OutOfRange                        // a number is too large for its column
	InvalidText                       // the database cannot store a text
	ReadOnly                          // the database is read-only
	Unavailable                       // the database cannot be reached
	NotReady                          // the server accepts no work for now and did nothing
	TxTooLarge                        // the transaction is too large
	TooLarge                          // the statement is too large for one message
	DiskFull                          // the disk or a quota is full
	Damaged                           // stored data cannot be read
	AccessDenied                      // the account lacks access or a privilege
	TooManyConns                      // the database accepts no further connection
	TimedOut                          // a statement reached a time limit of the database
	Starting                          // the server accepts no connections yet
	StmtLost                          // a prepared statement is not on its connection
	TooManyStmts                      // the server accepts no further prepared statement
	NotPreparable                     // the server cannot prepare this kind of statement
	FileMoved                         // the database file is not the one that is open
	OverMemory                        // a reply exceeds the memory for replies
	Unusable                          // the database cannot be used as it is
)
