package mysql

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	driver "github.com/go-sql-driver/mysql"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/engine"
	"github.com/mlmd-go/sdk/internal/sqldb"
	"github.com/mlmd-go/sdk/internal/storeconfig"
	"github.com/mlmd-go/sdk/internal/testdb"
	"github.com/mlmd-go/sdk/pkg/store"
)

// In a cluster IDs increase in steps of its size, which can change at any time. Both
// ways to get new IDs must handle that: RETURNING, and its substitute on MySQL.
func TestPut_IDSteps(t *testing.T) {
	for name, ids := range map[string]sqldb.IDSource{"as MariaDB": sqldb.IDsReturned, "as MySQL": sqldb.IDsStartAtLast} {
		t.Run(name, func(t *testing.T) {
			dsn, err := testdb.MySQL(t)
			testdb.Check(t, "mysql", err)
			if os.Getenv("MLMD_TEST_MYSQL") != "" {
				t.Skip("the test changes settings of the whole server, and MLMD_TEST_MYSQL names one that is not its own")
			}
			rpc := openWith(t, dsn, ids, func(c *engine.Config) {
				// Global settings apply to new connections only, so that each transaction needs
				// one.
				c.DB.MaxLifetime, c.DB.Dialect.Prepare, c.DB.Writers = time.Nanosecond, false, 4
			})
			typ, err := rpc.PutArtifactType(
				t.Context(), &mlmdpb.PutArtifactTypeRequest{ArtifactType: &mlmdpb.ArtifactType{Name: new("t")}},
			)
			if err != nil {
				t.Fatal(err)
			}
			done := make(chan struct{})
			var all, changes sync.WaitGroup
			var steps sync.Map
			changes.Go(func() { changeSteps(t, dsn, done) })
			for writer := range 4 {
				all.Go(func() {
					for round := range 25 {
						steps.Store(putAndCheck(t, rpc, typ.GetTypeId(), fmt.Sprintf("writer %d, round %d", writer, round)), true)
					}
				})
			}
			all.Wait()
			close(done)
			changes.Wait()
			seen := 0
			steps.Range(func(any, any) bool { seen++; return true })
			if seen < 3 {
				t.Errorf("ids went up in %d different steps only: the test has shown nothing", seen)
			}
		})
	}
}

func TestRoundTrips_WithoutReturning(t *testing.T) {
	dsn, err := testdb.MySQL(t)
	testdb.Check(t, "mysql", err)
	config, err := driver.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	relay := testdb.NewRelay(t, config.Addr)
	config.Addr = relay.Address
	testdb.LimitsRoundTrips(t, relay, openWith(t, config.FormatDSN(), sqldb.IDsStartAtLast,
		func(c *engine.Config) { c.DB.Writers = 1 }))
}

func openWith(
	t *testing.T, dsn string, ids sqldb.IDSource, configure func(*engine.Config),
) mlmdpb.MetadataStoreServiceClient {
	t.Helper()
	config, err := parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	options, err := storeconfig.New([]store.Option{store.WithRetryTimeout(time.Minute)})
	if err != nil {
		t.Fatal(err)
	}
	c := engineConfig()
	options.Apply(&c)
	c.DB.Dialect.InsertIDs = ids
	configure(&c)
	if c.DB.Write, err = connect(config, session{}); err != nil {
		t.Fatal(err)
	}
	s, err := storeconfig.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s.Client()
}

// changeSteps changes the server's ID steps repeatedly.
func changeSteps(t *testing.T, dsn string, done <-chan struct{}) {
	config, err := driver.ParseDSN(dsn)
	if err != nil {
		t.Error(err)
		return
	}
	db, err := connect(config, session{})
	if err != nil {
		t.Error(err)
		return
	}
	defer db.Close()
	set := func(step int) {
		ctx := context.WithoutCancel(t.Context())
		for _, statement := range []string{
			fmt.Sprintf("SET GLOBAL auto_increment_increment = %d", step),
			fmt.Sprintf("SET GLOBAL auto_increment_offset = %d", min(step, 2)),
		} {
			if _, err := db.ExecContext(ctx, statement); err != nil {
				t.Error(err)
			}
		}
	}
	defer set(1)
	for step := 3; ; step = step%5 + 1 {
		set(step)
		select {
		case <-done:
			return
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// putAndCheck stores artifacts with one request, reads each by its ID, and returns
// the step between the first IDs.
func putAndCheck(t *testing.T, rpc mlmdpb.MetadataStoreServiceClient, typeID int64, name string) int64 {
	request := &mlmdpb.PutArtifactsRequest{}
	for i := range 20 {
		request.Artifacts = append(request.Artifacts, &mlmdpb.Artifact{TypeId: &typeID, Name: new(fmt.Sprint(name, ": ", i))})
	}
	put, err := rpc.PutArtifacts(t.Context(), request)
	if err != nil {
		t.Error(err)
		return 0
	}
	got, err := rpc.GetArtifactsByID(t.Context(), &mlmdpb.GetArtifactsByIDRequest{ArtifactIds: put.GetArtifactIds()})
	if err != nil || len(got.GetArtifacts()) != len(request.Artifacts) {
		t.Errorf("%s: %d are read, %v", name, len(got.GetArtifacts()), err)
		return 0
	}
	names := map[int64]string{}
	for _, a := range got.GetArtifacts() {
		names[a.GetId()] = a.GetName()
	}
	for i, id := range put.GetArtifactIds() {
		if want := request.Artifacts[i].GetName(); names[id] != want {
			t.Errorf("id %d is answered for %q, and is that of %q", id, want, names[id])
		}
	}
	return put.GetArtifactIds()[1] - put.GetArtifactIds()[0]
}
