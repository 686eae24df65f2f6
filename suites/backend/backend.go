// Package backend starts the services that the suites run against: this
// module's in every form, and the reference implementation of MLMD.
//
// A backend that cannot start skips the test with its reason. MLMD_REQUIRE
// turns that into a failure; MLMD_BACKENDS runs some backends only. Both are
// lists of names: those of the backends, "embedded" for memory and file, "all"
// for everything but remote. [Main] prints what ran.
package backend

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/store/storetest"
)

// The names of the backends.
const (
	Memory    = "memory"    // the embedded store in memory
	File      = "file"      // the embedded store in a file
	Bufconn   = "bufconn"   // gRPC within the process
	Postgres  = "postgres"  // the store on PostgreSQL
	MySQL     = "mysql"     // the store on MySQL or MariaDB
	Server    = "server"    // mlmd-server as a process
	Core      = "core"      // the reference implementation as a process
	Container = "container" // the reference implementation in a container
	Remote    = "remote"    // the server at MLMD_ADDR
)

// A Backend is one way to reach a metadata store service.
type Backend struct {
	Name   string
	start  func(ctx context.Context, tb testing.TB) (service, error)
	common *common
}

// A service is what a started backend is.
type service struct {
	client mlmdpb.MetadataStoreServiceClient
	has    []storetest.Capability
}

// errUnavailable marks the reasons for which a backend cannot start here, as
// opposed to one that starts and then fails.
var errUnavailable = errors.New("not available")

func unavailable(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errUnavailable, fmt.Sprintf(format, args...))
}

var all = []*Backend{
	{Memory, startMemory, &common{}},
	{File, startFile, &common{}},
	{Bufconn, startBufconn, &common{}},
	{Postgres, startPostgres, &common{}},
	{MySQL, startMySQL, &common{}},
	{Server, startServer, &common{}},
	{Core, startCore, &common{}},
	{Container, startContainer, &common{}},
	{Remote, startRemote, &common{}},
}

// All are the backends that this run is about: all, or those of MLMD_BACKENDS.
func All() []*Backend {
	return slices.DeleteFunc(slices.Clone(all), func(b *Backend) bool { return !chosen("MLMD_BACKENDS", b.Name) })
}

// chosen reports whether the variable names the backend, or is empty.
func chosen(variable, name string) bool {
	list, err := names(os.Getenv(variable))
	if err != nil {
		panic(variable + ": " + err.Error())
	}
	return len(list) == 0 || slices.Contains(list, name)
}

// Named is the backend of that name, also where MLMD_BACKENDS leaves it out.
func Named(name string) *Backend {
	for _, b := range all {
		if b.Name == name {
			return b
		}
	}
	panic(fmt.Sprintf("no backend is called %q", name))
}

// Start answers a client for a fresh store, and takes everything down when the
// test ends. A foreign server under MLMD_ADDR, or in MLMD_IMAGE, has one store
// for all tests: they use names of their own and never assume that nothing
// else is there.
func (b *Backend) Start(tb testing.TB) mlmdpb.MetadataStoreServiceClient {
	tb.Helper()
	client, _ := b.StartWith(tb)
	return client
}

// StartWith is Start for those who must know what the service can do.
func (b *Backend) StartWith(tb testing.TB) (mlmdpb.MetadataStoreServiceClient, []storetest.Capability) {
	tb.Helper()
	s, err := b.start(context.Background(), tb)
	if err != nil {
		b.refuse(tb, err)
	}
	report.started(b.Name, tb)
	return s.client, s.has
}

// StartShared is StartWith for tests that use names of their own and do not
// mind what else is there: they share a store, which saves setting one up.
func (b *Backend) StartShared(tb testing.TB) (mlmdpb.MetadataStoreServiceClient, []storetest.Capability) {
	tb.Helper()
	s, err := b.common.open(b.start)
	if err != nil {
		b.refuse(tb, err)
	}
	report.started(b.Name, tb)
	return s.client, slices.DeleteFunc(slices.Clone(s.has), func(c storetest.Capability) bool {
		return c == storetest.EmptyStore
	})
}

// refuse ends a test whose backend did not start.
func (b *Backend) refuse(tb testing.TB, err error) {
	tb.Helper()
	report.unavailable(b.Name, err)
	switch {
	case !errors.Is(err, errUnavailable):
		tb.Fatalf("backend %s: %v", b.Name, err)
	case b.required(tb):
		tb.Fatalf("backend %s is required by MLMD_REQUIRE: %v", b.Name, err)
	default:
		tb.Skipf("backend %s: %v", b.Name, err)
	}
}

func (b *Backend) required(tb testing.TB) bool {
	required, err := names(os.Getenv("MLMD_REQUIRE"))
	if err != nil {
		tb.Fatalf("MLMD_REQUIRE: %v", err)
	}
	return slices.Contains(required, b.Name)
}

// names parses a list of backends. An unknown name is an error, so that a
// misspelled backend is not silently left out.
func names(list string) ([]string, error) {
	var out []string
	for _, name := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' }) {
		switch {
		case name == "all":
			for _, b := range all {
				if b.Name != Remote {
					out = append(out, b.Name)
				}
			}
			out = append(out, REST)
		case name == "embedded":
			out = append(out, Memory, File)
		case name == REST, slices.ContainsFunc(all, func(b *Backend) bool { return b.Name == name }):
			out = append(out, name)
		default:
			return nil, fmt.Errorf("no backend is called %q", name)
		}
	}
	return out, nil
}
