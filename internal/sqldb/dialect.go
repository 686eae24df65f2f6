package sqldb

// A Dialect is all that the engine knows of one database system. Statements
// are written once, with ? for parameters and MLMD's table names; a Dialect
// says how they must be spelled and what the driver's errors mean.
type Dialect struct {
	// Numbered is set where parameters are spelled $1, $2, … instead of ?.
	Numbered bool
	// Begin begins a transaction that writes; empty is BEGIN.
	Begin string
	// BeginRead are the statements that begin a transaction that reads all of the
	// database as of one moment; none is BEGIN.
	BeginRead []string
	// Prepare is set where the engine should keep prepared statements. A driver
	// that caches them by itself does without.
	Prepare bool
	// MaxCachedStmts is how many statements a connection keeps; 0 is 1000, more than
	// the engine has.
	MaxCachedStmts int
	// DisablePrepare makes new connections do without prepared statements, for which it
	// is called when an error is [StmtLost]. nil: that does not happen.
	DisablePrepare func()
	// MessageLimit names the setting that limits what is sent at once, and its
	// value; empty where there is none.
	MessageLimit string
	// BusyTimeoutStatement, followed by a number of milliseconds, sets for how long a
	// statement waits for other processes; empty: they do not share a file.
	BusyTimeoutStatement string
	// InProcess is set where the engine's own statements are done at once, in this
	// process: their context is looked at before each, and by those who read many
	// rows, but does not interrupt one. Drivers watch a context that can end by
	// goroutines of their own, which costs more than a small statement.
	InProcess bool
	// DynamicTypes is set where a column may hold a value of any type, in each row
	// another.
	DynamicTypes bool
	// DataVersionQuery is a query for a number that is another one, on this connection,
	// after others have changed the database; empty where there is no such query.
	DataVersionQuery string
	// SingleConn is set where nobody but this connection can change the database.
	SingleConn bool
	// ArrayArg turns ids into one parameter for "IN" where the database takes a
	// whole list as one value; nil where a list is spelled out as (?, ?, …).
	// ArrayIn is then the text that follows the column, with one ?: "= ANY(?)".
	ArrayArg       func(ids []int64) any
	ArrayPredicate string
	// ExactTextParam is what stands for ? where the parameter is a string that is
	// compared, if the tables' own collation would not compare text byte for
	// byte; empty elsewhere. It holds one ?. Statements mark these as ?$.
	ExactTextParam string
	// InsertIDs says how the ids of inserted rows are learned.
	InsertIDs IDSource
	// MaxParams is how many parameters one statement may have.
	MaxParams int
	// InsertIgnore is the statement form that leaves existing rows alone: what
	// stands for INSERT INTO, and what follows the VALUES.
	InsertIgnore, OnConflictNothing string
	// ForUpdate and ForShare follow a SELECT that must lock what it reads; empty
	// where a write transaction is alone anyway.
	ForUpdate, ForShare string
	// SerializeStatements are statements that make transactions that create types take
	// turns, until they end; none where a write transaction is alone anyway.
	SerializeStatements []string
	// ProtoBase64 is set where proto values are stored as base64 text rather
	// than as bytes.
	ProtoBase64 bool
	// QueryModeArg goes before the parameters of a query that a client shapes, and tells
	// the driver that its plan must be made for their values; nil: it is anyway.
	QueryModeArg any
	// PlannerIgnoresLimit is set where the planner chooses the table that a statement
	// begins with as if it had no LIMIT.
	PlannerIgnoresLimit bool
	// Int32 is set where ids, int_value and step_index have 32 bits.
	Int32 bool

	// TrimsTrailingSpaces says whether the database would take the blanks that text ends with
	// off it, without an error, to make it fit its column. nil: it never does.
	TrimsTrailingSpaces func(column, text string) bool

	// Classify says what a driver's error means to the engine. It is never given
	// the errors of database/sql itself. That of a context is [Other], but for a
	// connection that could not be made in time.
	Classify func(error) ErrorClass
}

func (d *Dialect) begin() string {
	if d.Begin == "" {
		return "BEGIN"
	}
	return d.Begin
}

func (d *Dialect) maxCachedStmts() int {
	if d.MaxCachedStmts == 0 {
		return 1000
	}
	return d.MaxCachedStmts
}

func (d *Dialect) beginRead() []string {
	if d.BeginRead == nil {
		return []string{"BEGIN"}
	}
	return d.BeginRead
}

// An IDSource is a way to learn the ids of the rows of one INSERT.
type IDSource uint8

// The ways to learn ids.
const (
	// IDsReturned: INSERT … RETURNING id answers them, ascending in the order of
	// the VALUES.
	IDsReturned IDSource = iota
	// IDsEndAtLast: they are consecutive, and the driver's last id is the last.
	IDsEndAtLast
	// IDsStartAtLast: the driver's last id is the first; the others follow in
	// steps of @@auto_increment_increment, which may change at any time.
	IDsStartAtLast
)

// An ErrorClass is the meaning of a driver's error.
type ErrorClass uint8

// The classes of driver errors.
const (
	Other           ErrorClass = iota // not expected: INTERNAL
	UniqueViolation                   // a unique constraint is violated
	TxConflict                        // the transaction lost against another: run it again
	ConnLost                          // the same, but a COMMIT may have taken effect
	TooLong                           // a value is too long for its column
	OutOfRange                        // a number is too large for its column
	InvalidText                       // text that the database cannot hold
	ReadOnly                          // the database cannot be written
	Unavailable                       // the database cannot be reached
	NotReady                          // the server takes no work for now, and has done nothing
	TxTooLarge                        // a transaction is larger than the database takes
	TooLarge                          // a statement is larger than one message to the database may be
	DiskFull                          // the disk is full, or a quota of the database
	Damaged                           // what is stored cannot be read
	AccessDenied                      // the database refuses the account, or a right of it
	TooManyConns                      // the database takes no further connection
	TimedOut                          // a statement met the database's own time limit
	Starting                          // the server does not take connections yet
	StmtLost                          // a prepared statement is not where it was made
	TooManyStmts                      // the server takes no further prepared statement
	FileMoved                         // the database's file is not the one that is open
	Unusable                          // the database cannot be used as it is
)
