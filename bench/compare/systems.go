package main

import (
	"cmp"
	"context"
	"errors"
	"os"
	"time"
)

// A system is a registry to measure. It has two stores with the same models: one is only
// read, so that reads are of the same models in each round, and the other is written.
type system interface {
	// times repeats an operation for the duration, at least once, and returns the times of
	// the calls. It returns errLacking for an operation that the system does not have.
	times(ctx context.Context, op string, d time.Duration) ([]time.Duration, error)
	// write stores new models for the duration, by writers at once.
	write(ctx context.Context, writers int, d time.Duration) (written, error)
	// close ends what belongs to the system.
	close() error
}

// written is what writers did. The models are those stored before the end of their time.
type written struct {
	Stored, Failed int
	Longest        time.Duration // of one write
	Failure        string        // of one that failed
}

func (w *written) add(other written) {
	w.Stored += other.Stored
	w.Failed += other.Failed
	w.Longest = max(w.Longest, other.Longest)
	w.Failure = cmp.Or(w.Failure, other.Failure)
}

var (
	errLacking     = errors.New("the system does not have the operation")
	errUnavailable = errors.New("not installed")
)

// A kind is a kind of system, and a column of the table.
type kind struct {
	name  string // of the flag -only
	title string
	about string // VERSION stands for its version
	// open returns a filled system with its version. Its files may be in dir, which does
	// not exist. If the system cannot run here, the error is errUnavailable or
	// testdb.ErrNone.
	open func(ctx context.Context, o options, dir string) (system, string, error)
}

// baseline is the name of the system that others are compared with.
const baseline = "file"

const (
	viaPython = "through its Python client in the process of the caller, so that the figures include Python's part"
	processes = "The writers are processes."
	asShipped = "opened as the program does by default: rollback journal, `synchronous = FULL`"
)

// settings describes the database server that the variable names or, if it is empty, that
// package testdb starts.
func settings(variable string) string {
	if os.Getenv(variable) != "" {
		return "a server with settings of its own."
	}
	return "a local server: a commit waits for the disk, as by default."
}

var kinds = []kind{
	{
		name: "memory", title: "memory", open: openMemory,
		about: "this SDK (Go) on its embedded store in memory, VERSION; nothing is kept. The writers are goroutines, here " +
			"and in the next four.",
	},
	{
		name: baseline, title: "file", open: openFile,
		about: "this SDK on its embedded store in a file, VERSION with a write-ahead log and `synchronous = FULL`: " +
			"a commit waits for the disk, and writers that wait share one.",
	},
	{
		name: "grpc", title: "gRPC", open: openGRPC,
		about: "this SDK as the client of a server with such a file, VERSION, over a loopback connection; the server runs " +
			"in the same process.",
	},
	{
		name: "postgres", title: "PostgreSQL", open: openPostgres,
		about: "this SDK with its embedded store on VERSION, " + settings("MLMD_TEST_POSTGRES"),
	},
	{
		name: "mariadb", title: "MariaDB", open: openMySQL,
		about: "this SDK with its embedded store on VERSION, " + settings("MLMD_TEST_MYSQL"),
	},
	{
		name: "core-memory", title: "C++, memory", open: openCoreMemory,
		about: "MLMD's C++ core, VERSION, " + viaPython + ", with its fake database in memory. Registering takes " +
			"five calls. The writers are threads that take turns, because other processes cannot reach the database.",
	},
	{
		name: "core-file", title: "C++, file", open: openCoreFile,
		about: "the same core, VERSION, on a SQLite file, " + asShipped + ". " + processes +
			" MLMD's gRPC server is not measured.",
	},
	{
		name: "mlflow", title: "MLflow, file", open: openMLflow,
		about: "MLflow's model registry, VERSION, " + viaPython + " (`MlflowClient`, without a server), on a SQLite file, " +
			asShipped + ". The owner is a tag. Registering takes two calls, because a version has a source in place of " +
			"artifacts; a model has no ID besides its name. " + processes,
	},
}
