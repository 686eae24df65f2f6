//go:build linux

package cluster_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/mysql"
)

// atOnce calls do n times at the same moment, in turns on the clients, and
// answers the errors.
func atOnce(clients [3]client, n int, do func(rpc client, i int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() {
			<-start
			errs[i] = do(clients[i%len(clients)], i)
		})
	}
	close(start)
	all.Wait()
	return errs
}

// expect fails unless that many errors have each code.
func expect(t *testing.T, errs []error, want map[codes.Code]int) {
	t.Helper()
	got := map[codes.Code]int{}
	for _, err := range errs {
		got[status.Code(err)]++
	}
	for code, n := range want {
		if got[code] != n || len(got) != len(want) {
			t.Fatalf("answers are %v, want %v: %v", got, want, errs)
		}
	}
}

// caughtUp makes reads on every node see what is committed on any.
func caughtUp(t *testing.T, c *cluster, database string) [3]client {
	t.Helper()
	var clients [3]client
	for i, n := range c.nodes {
		s, err := mysql.Open(t.Context(), n.dsn(database)+"?wsrep_sync_wait=7")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		clients[i] = s.Client()
	}
	return clients
}

func putType(ctx context.Context, rpc client, name string) (int64, error) {
	reply, err := rpc.PutContextType(ctx, &mlmdpb.PutContextTypeRequest{ContextType: &mlmdpb.ContextType{
		Name: new(name), Properties: map[string]mlmdpb.PropertyType{"n": mlmdpb.PropertyType_INT},
	}})
	return reply.GetTypeId(), err
}

func putContext(ctx context.Context, rpc client, typeID int64, name string) (int64, error) {
	reply, err := rpc.PutContexts(ctx, &mlmdpb.PutContextsRequest{Contexts: []*mlmdpb.Context{{
		TypeId: new(typeID), Name: new(name),
		Properties: map[string]*mlmdpb.Value{"n": {Value: &mlmdpb.Value_IntValue{IntValue: 1}}},
	}}})
	if err != nil {
		return 0, err
	}
	return reply.GetContextIds()[0], nil
}

func mustPutType(t *testing.T, rpc client, name string) int64 {
	t.Helper()
	id, err := putType(t.Context(), rpc, name)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestConcurrentSetup(t *testing.T) {
	c := theCluster(t)
	for round := range 40 {
		database := c.fresh()
		var all sync.WaitGroup
		errs := make([]error, 9)
		for i := range errs {
			all.Go(func() {
				s, err := mysql.Open(t.Context(), c.nodes[i%3].dsn(database))
				if errs[i] = err; err == nil {
					errs[i] = s.Close()
				}
			})
		}
		all.Wait()
		for i, err := range errs {
			if err != nil {
				t.Errorf("round %d, opening %d through node %d: %v", round, i, i%3+1, err)
			}
		}
		if t.Failed() {
			return
		}
		var types, versions int
		err := c.nodes[0].db.QueryRowContext(t.Context(),
			"SELECT (SELECT COUNT(*) FROM "+database+".Type), (SELECT COUNT(*) FROM "+database+".MLMDEnv)").Scan(&types,
			&versions)
		if err != nil || types != 9 || versions != 1 {
			t.Errorf("round %d: there are %d system types and %d versions, want 9 and 1: %v", round, types, versions, err)
		}
		if _, err := c.nodes[round%3].db.ExecContext(t.Context(), "DROP DATABASE "+database); err != nil {
			t.Fatal(err)
		}
	}
}

// Without a primary key, every event with a path would be refused.
func TestEventPath_PrimaryKey(t *testing.T) {
	c := theCluster(t)
	database := c.fresh()
	rpc := c.nodes[0].open(t, database)
	_, err := c.nodes[0].db.ExecContext(t.Context(), "CREATE TABLE "+database+".keyless (n INT)")
	if err == nil {
		_, err = c.nodes[0].db.ExecContext(t.Context(), "INSERT INTO "+database+".keyless VALUES (1)")
	}
	if err == nil {
		t.Fatal("the cluster takes tables without a primary key: the test proves nothing")
	}
	types, err := rpc.PutTypes(t.Context(), &mlmdpb.PutTypesRequest{
		ArtifactTypes: []*mlmdpb.ArtifactType{{Name: new("a")}}, ExecutionTypes: []*mlmdpb.ExecutionType{{Name: new("e")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	step := func(n int64) *mlmdpb.Event_Path_Step {
		return &mlmdpb.Event_Path_Step{Value: &mlmdpb.Event_Path_Step_Index{Index: n}}
	}
	put, err := rpc.PutExecution(t.Context(), &mlmdpb.PutExecutionRequest{
		Execution: &mlmdpb.Execution{TypeId: new(types.GetExecutionTypeIds()[0])},
		ArtifactEventPairs: []*mlmdpb.PutExecutionRequest_ArtifactAndEvent{{
			Artifact: &mlmdpb.Artifact{TypeId: new(types.GetArtifactTypeIds()[0])},
			Event: &mlmdpb.Event{
				Type: mlmdpb.Event_OUTPUT.Enum(),
				Path: &mlmdpb.Event_Path{Steps: []*mlmdpb.Event_Path_Step{step(3), step(1), step(2)}},
			},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	events, err := rpc.GetEventsByExecutionIDs(t.Context(),
		&mlmdpb.GetEventsByExecutionIDsRequest{ExecutionIds: []int64{put.GetExecutionId()}})
	if err != nil || len(events.GetEvents()) != 1 {
		t.Fatalf("the events are %v, %v", events, err)
	}
	var steps []int64
	for _, s := range events.GetEvents()[0].GetPath().GetSteps() {
		steps = append(steps, s.GetIndex())
	}
	if !slices.Equal(steps, []int64{3, 1, 2}) {
		t.Errorf("the path is %v", steps)
	}
}

func TestConcurrentTypes_NoDuplicates(t *testing.T) {
	c := theCluster(t)
	database := c.fresh()
	clients := c.everywhere(t, database, store.WithRetryTimeout(time.Minute))
	for round := range 20 {
		name := fmt.Sprint("type ", round)
		ids := make([]int64, 12)
		expect(t, atOnce(clients, len(ids), func(rpc client, i int) (err error) {
			ids[i], err = putType(t.Context(), rpc, name)
			return err
		}), map[codes.Code]int{codes.OK: len(ids)})
		if len(slices.Compact(slices.Sorted(slices.Values(ids)))) != 1 {
			t.Errorf("round %d: the type has the ids %v", round, ids)
		}
	}
	var rows int
	if err := c.nodes[0].db.QueryRowContext(t.Context(),
		"SELECT COUNT(*) FROM "+database+".ParentType WHERE type_id = 0").Scan(&rows); err != nil || rows != 0 {
		t.Errorf("%d rows are left of what makes nodes meet, %v", rows, err)
	}
}

func TestConcurrentTypeUpdates_KeepAllProperties(t *testing.T) {
	c := theCluster(t)
	database := c.fresh()
	clients := c.everywhere(t, database, store.WithRetryTimeout(time.Minute))
	mustPutType(t, clients[0], "t")
	readers := caughtUp(t, c, database)
	expect(t, atOnce(readers, 24, func(rpc client, i int) error {
		_, err := rpc.PutContextType(t.Context(), &mlmdpb.PutContextTypeRequest{
			ContextType: &mlmdpb.ContextType{
				Name:       new("t"),
				Properties: map[string]mlmdpb.PropertyType{fmt.Sprint("p", i): mlmdpb.PropertyType_STRING},
			},
			CanAddFields: new(true), CanOmitFields: new(true),
		})
		return err
	}), map[codes.Code]int{codes.OK: 24})
	for i, rpc := range readers {
		reply, err := rpc.GetContextType(t.Context(), &mlmdpb.GetContextTypeRequest{TypeName: new("t")})
		if n := len(reply.GetContextType().GetProperties()); err != nil || n != 25 {
			t.Errorf("node %d has %d properties, want 25: %v", i+1, n, err)
		}
	}
}

func TestConcurrentCreate_OneNode(t *testing.T) {
	c := theCluster(t)
	database := c.fresh()
	clients := c.everywhere(t, database, store.WithRetryTimeout(time.Minute))
	typeID := mustPutType(t, clients[0], "t")
	readers := caughtUp(t, c, database)
	for round := range 20 {
		expect(t, atOnce(readers, 9, func(rpc client, _ int) error {
			_, err := putContext(t.Context(), rpc, typeID, fmt.Sprint("one ", round))
			return err
		}), map[codes.Code]int{codes.OK: 1, codes.AlreadyExists: 8})
	}
}

// Two links make a cycle, and each request has one of them: each alone is right.
func TestConcurrentParentLinks_NoCycle(t *testing.T) {
	c := theCluster(t)
	database := c.fresh()
	clients := c.everywhere(t, database, store.WithRetryTimeout(time.Minute))
	typeID := mustPutType(t, clients[0], "t")
	readers := caughtUp(t, c, database)
	for round := range 20 {
		var ids [3]int64
		for i := range ids {
			var err error
			if ids[i], err = putContext(t.Context(), readers[0], typeID, fmt.Sprintf("%d of round %d", i, round)); err != nil {
				t.Fatal(err)
			}
		}
		expect(t, atOnce(readers, 3, func(rpc client, i int) error {
			_, err := rpc.PutParentContexts(t.Context(),
				&mlmdpb.PutParentContextsRequest{ParentContexts: []*mlmdpb.ParentContext{
					{ChildId: new(ids[i]), ParentId: new(ids[(i+1)%3])},
				}})
			return err
		}), map[codes.Code]int{codes.OK: 2, codes.InvalidArgument: 1})
	}
}

func TestOptimisticUpdates_OneWins(t *testing.T) {
	c := theCluster(t)
	database := c.fresh()
	c.nodes[0].open(t, database)
	clients := caughtUp(t, c, database)
	types, err := clients[0].PutArtifactType(t.Context(),
		&mlmdpb.PutArtifactTypeRequest{ArtifactType: &mlmdpb.ArtifactType{
			Name: new("t"), Properties: map[string]mlmdpb.PropertyType{"n": mlmdpb.PropertyType_INT},
		}})
	if err != nil {
		t.Fatal(err)
	}
	for round := range 10 {
		put, err := clients[0].PutArtifacts(t.Context(),
			&mlmdpb.PutArtifactsRequest{Artifacts: []*mlmdpb.Artifact{{
				TypeId: types.TypeId,
				Name:   new(fmt.Sprint("a ", round)),
			}}})
		if err != nil {
			t.Fatal(err)
		}
		stored, err := clients[1].GetArtifactsByID(t.Context(), &mlmdpb.GetArtifactsByIDRequest{ArtifactIds: put.ArtifactIds})
		if err != nil || len(stored.GetArtifacts()) != 1 {
			t.Fatalf("node 2 does not see what node 1 has answered: %v, %v", stored, err)
		}
		a := stored.GetArtifacts()[0]
		time.Sleep(2 * time.Millisecond) // times have milliseconds
		expect(t, atOnce(clients, 6, func(rpc client, i int) error {
			_, err := rpc.PutArtifacts(t.Context(), &mlmdpb.PutArtifactsRequest{
				Artifacts: []*mlmdpb.Artifact{{
					Id: a.Id, TypeId: a.TypeId, LastUpdateTimeSinceEpoch: a.LastUpdateTimeSinceEpoch,
					Properties: map[string]*mlmdpb.Value{"n": {Value: &mlmdpb.Value_IntValue{IntValue: int64(i) + 10}}},
				}},
				Options: &mlmdpb.PutArtifactsRequest_Options{AbortIfLatestUpdatedTimeChanged: new(true)},
			})
			return err
		}), map[codes.Code]int{codes.OK: 1, codes.FailedPrecondition: 5})
	}
}
